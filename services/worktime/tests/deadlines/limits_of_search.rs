//! Every search ends.

use chrono::{Days, NaiveDate, NaiveDateTime};
use worktime::Limit::{CalendarDays, Months, SameDay, WorkingDays, WorkingHours};
use worktime::{
    Calendar, DayKind, NoWorkingTime, OfficeHours, RuleSet, SpecialDay, WorkingTime, appointment,
};

use crate::province::{at, daklak, date};

#[test]
fn limits_beyond_twenty_years_have_no_appointment() {
    let received = at("2017-08-28 09:00");
    let rules = RuleSet::in_force_on(received.date());
    for limit in [
        WorkingHours(u32::MAX),
        WorkingDays(u32::MAX),
        CalendarDays(u32::MAX),
        Months(u32::MAX),
        Months(12 * 21),
    ] {
        assert!(
            appointment(&daklak(), &rules, received, limit).is_err(),
            "{limit:?}"
        );
    }
    assert!(appointment(&daklak(), &rules, received, Months(12 * 20)).is_ok());
}

#[test]
fn an_office_closed_for_twenty_years_has_no_working_time() {
    let first = date("2017-01-01");
    let closed = first.iter_days().take(21 * 366).map(|date| SpecialDay {
        date,
        name: "Nghỉ".to_owned(),
        kind: DayKind::PublicHoliday,
    });
    let calendar = Calendar::weekly(OfficeHours::standard(), closed);
    let after = at("2017-01-01 00:00");
    assert_eq!(calendar.next_opening(after), Err(NoWorkingTime { after }));
    assert_eq!(
        calendar.next_working_day(first),
        Err(NoWorkingTime { after })
    );
    assert_eq!(
        calendar.add(after, WorkingTime::from_minutes(1)),
        Err(NoWorkingTime { after })
    );
    let later = after + Days::new(30);
    assert_eq!(calendar.between(after, later), WorkingTime::ZERO);
}

#[test]
fn the_end_of_time_is_an_error_and_not_a_panic() {
    let calendar = daklak();
    let rules = RuleSet::in_force_on(NaiveDate::MAX);
    for limit in [
        SameDay,
        WorkingHours(1),
        WorkingDays(1),
        CalendarDays(1),
        Months(1),
    ] {
        let due = |received| appointment(&calendar, &rules, received, limit);
        assert!(due(NaiveDateTime::MAX).is_err(), "{limit:?}");
        assert!(due(NaiveDateTime::MIN).is_ok(), "{limit:?}");
    }
}

#[test]
fn there_is_no_working_time_backwards() {
    let calendar = daklak();
    let (from, to) = (at("2017-08-28 10:00"), at("2017-08-28 09:00"));
    assert_eq!(calendar.between(from, to), WorkingTime::ZERO);
    assert_eq!(calendar.between(from, from), WorkingTime::ZERO);
}
