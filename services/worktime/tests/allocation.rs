//! Working-time arithmetic allocates nothing.

#![cfg(test)]

use allocation_counter::measure;
use chrono::{NaiveDate, NaiveDateTime};
use worktime::{Calendar, DayKind, Limit, OfficeHours, RuleSet, SpecialDay, WorkingTime};

fn calendar() -> Calendar {
    let holiday = |day| SpecialDay {
        date: NaiveDate::from_ymd_opt(2017, 9, day).unwrap(),
        name: "Quốc khánh".to_owned(),
        kind: DayKind::PublicHoliday,
    };
    Calendar::weekly(OfficeHours::standard(), [2, 4].map(holiday))
}

fn received(year: i32) -> NaiveDateTime {
    let date = NaiveDate::from_ymd_opt(year, 8, 28).unwrap();
    date.and_hms_opt(9, 0, 0).unwrap()
}

#[test]
fn adding_comparing_and_promising_allocate_nothing_inside_and_outside_the_known_years() {
    let calendar = calendar();
    for from in [received(2010), received(2017), received(2040)] {
        let rules = RuleSet::in_force_on(from.date());
        let mut due = None;
        let counted = measure(|| {
            let limit = WorkingTime::from_days(60);
            let later = calendar.add(from, limit).unwrap();
            assert_eq!(calendar.between(from, later), limit);
            for limit in [
                Limit::SameDay,
                Limit::WorkingHours(96),
                Limit::WorkingDays(60),
                Limit::CalendarDays(60),
                Limit::Months(2),
            ] {
                due = worktime::appointment(&calendar, &rules, from, limit).ok();
            }
        });
        assert!(due.is_some());
        assert_eq!(counted.count_total, 0, "{from}: {counted:?}");
    }
}

#[test]
fn the_counter_counts() {
    let counted = measure(|| drop(calendar()));
    assert!(counted.count_total > 0);
}
