//! What real systems got wrong about time (domain.md, 7), each in a test of its own.

use worktime::{Calendar, Limit, OfficeHours, RuleSet, SpecialDay, WorkingTime, appointment};

use crate::province::{announced, at, daklak, date};

/// A date that nobody gave was replaced by "now". Here nothing can be: there is no clock to ask, and the same question has
/// the same answer ten years later.
#[test]
fn a_missing_date_is_never_replaced_by_now() {
    let received = at("2017-08-28 09:00");
    let rules = RuleSet::in_force_on(received.date());
    let due = appointment(&daklak(), &rules, received, Limit::WorkingDays(10));
    assert_eq!(due, Ok(at("2017-09-12 17:00")));
    for source in [
        include_str!("../../src/appointment.rs"),
        include_str!("../../src/calendar.rs"),
        include_str!("../../src/legal_clock.rs"),
        include_str!("../../src/rules.rs"),
    ] {
        assert!(!source.contains("::now("), "asks the machine for the time");
    }
}

/// Holidays were loaded from today on, so past intervals came out too long.
#[test]
fn holidays_of_the_past_count_as_well_as_those_to_come() {
    let (from, to) = (at("2017-08-28 00:00"), at("2017-09-13 00:00"));
    assert_eq!(daklak().between(from, to), WorkingTime::from_days(11));
    let from_today_on = announced()
        .into_iter()
        .filter(|day| day.date > date("2026-01-01"));
    let forgetful = Calendar::weekly(OfficeHours::standard(), from_today_on);
    assert_eq!(forgetful.between(from, to), WorkingTime::from_days(12));
}

/// Make-up Saturdays were taken for weekends.
#[test]
fn make_up_saturdays_are_worked_and_the_days_swapped_for_them_are_not() {
    let calendar = daklak();
    for (worked, off) in [
        ("2019-01-05", "2018-12-31"),
        ("2019-05-04", "2019-04-29"),
        ("2024-05-04", "2024-04-29"),
        ("2025-04-26", "2025-05-02"),
        ("2026-01-10", "2026-01-02"),
        ("2026-08-22", "2026-08-31"),
    ] {
        assert!(calendar.is_working_day(date(worked)), "{worked}");
        assert!(!calendar.is_working_day(date(off)), "{off}");
        let day = |text| date(text).and_time(chrono::NaiveTime::MIN);
        let worked = calendar.between(day(worked), day(worked) + chrono::Days::new(1));
        assert_eq!(worked, WorkingTime::from_hours(8));
    }
}

/// Hours were added on the wall clock as if they were working time.
#[test]
fn wall_clock_time_is_never_added_as_if_it_were_working_time() {
    let calendar = daklak();
    let friday = at("2017-09-01 16:00");
    let due = calendar.add(friday, WorkingTime::from_hours(4));
    assert_eq!(due, Ok(at("2017-09-05 10:00")));
    assert_ne!(due, Ok(friday + chrono::TimeDelta::hours(4)));
    let worked = calendar.between(friday, at("2017-09-05 10:00"));
    assert_eq!(worked, WorkingTime::from_hours(4));
}

/// An announcement came late: 2 January 2026 was swapped on 25 December 2025 (domain.md R15).
#[test]
fn a_late_announcement_moves_what_is_due_after_it_and_nothing_before() {
    let swap = [date("2026-01-02"), date("2026-01-10")];
    let before: Vec<SpecialDay> = announced()
        .into_iter()
        .filter(|day| !swap.contains(&day.date))
        .collect();
    let before = Calendar::weekly(OfficeHours::standard(), before);
    let after = daklak();
    let received = at("2025-12-22 09:00");
    let rules = RuleSet::in_force_on(received.date());
    for (days, due_before, due_after) in [
        (7, "2025-12-31 17:00", "2025-12-31 17:00"),
        (8, "2026-01-02 17:00", "2026-01-05 17:00"),
        (13, "2026-01-09 17:00", "2026-01-10 17:00"),
        (14, "2026-01-12 17:00", "2026-01-12 17:00"),
    ] {
        for (calendar, due) in [(&before, due_before), (&after, due_after)] {
            let promised = appointment(calendar, &rules, received, Limit::WorkingDays(days));
            assert_eq!(promised, Ok(at(due)), "{days} days");
        }
    }
}
