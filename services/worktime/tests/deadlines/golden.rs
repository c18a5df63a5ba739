//! Rows worked out by hand with a wall calendar.

use worktime::Limit::{self, CalendarDays, Months, SameDay, WorkingDays, WorkingHours};
use worktime::{RuleSet, WorkingTime, appointment, handover_start, step_due};

use crate::holidays::{at, daklak, date};

/// Received, limit, due.
type Row = (&'static str, Limit, &'static str);

fn check(rows: &[Row]) {
    let calendar = daklak();
    for (received, limit, due) in rows {
        let received = at(received);
        let rules = RuleSet::in_force_on(received.date());
        let promised = appointment(&calendar, &rules, received, *limit).unwrap();
        assert_eq!(promised.due, at(due), "received {received}, {limit:?}");
    }
}

#[test]
fn ten_working_days_of_2017_cross_the_national_day_and_the_day_off_in_lieu() {
    check(&[
        ("2017-08-28 09:00", WorkingDays(10), "2017-09-12 17:00"),
        ("2017-08-28 09:00", WorkingDays(4), "2017-09-01 17:00"),
        ("2017-08-28 09:00", WorkingDays(5), "2017-09-05 17:00"),
        ("2017-01-25 09:00", WorkingDays(1), "2017-02-02 17:00"),
    ]);
}

#[test]
fn a_cut_off_does_not_shift_a_limit_in_days_a_second_time() {
    check(&[
        ("2017-08-28 15:00:01", WorkingDays(10), "2017-09-12 17:00"),
        ("2017-08-28 20:00", WorkingDays(10), "2017-09-12 17:00"),
        ("2017-08-28 15:30", CalendarDays(3), "2017-08-31 17:00"),
    ]);
}

#[test]
fn make_up_saturdays_are_worked_and_the_days_swapped_for_them_are_not() {
    check(&[
        ("2018-12-28 10:00", WorkingDays(3), "2019-01-04 17:00"),
        ("2018-12-28 10:00", WorkingDays(4), "2019-01-05 17:00"),
        ("2024-04-26 10:00", WorkingDays(1), "2024-05-02 17:00"),
        ("2024-04-26 10:00", WorkingDays(3), "2024-05-04 17:00"),
        ("2025-04-25 10:00", WorkingDays(1), "2025-04-26 17:00"),
        ("2025-04-25 10:00", WorkingDays(5), "2025-05-06 17:00"),
        ("2025-12-31 10:00", WorkingDays(1), "2026-01-05 17:00"),
        ("2025-12-31 10:00", WorkingDays(6), "2026-01-10 17:00"),
        ("2024-05-03 14:00", WorkingHours(8), "2024-05-04 14:00"),
        ("2024-05-04 14:00", SameDay, "2024-05-04 17:00"),
        ("2024-04-04 10:00", Months(1), "2024-05-04 17:00"),
    ]);
}

#[test]
fn three_o_clock_is_not_after_three_o_clock_and_a_second_later_is() {
    check(&[
        ("2017-08-28 15:00:00", SameDay, "2017-08-28 17:00"),
        ("2017-08-28 15:00:01", SameDay, "2017-08-29 17:00"),
        ("2017-08-28 15:00:00", WorkingHours(8), "2017-08-29 15:00"),
        ("2017-08-28 15:00:01", WorkingHours(8), "2017-08-29 17:00"),
        ("2017-09-01 15:00:00", SameDay, "2017-09-01 17:00"),
        ("2017-09-01 15:00:01", SameDay, "2017-09-05 17:00"),
        ("2017-09-01 15:00:01", WorkingHours(8), "2017-09-05 17:00"),
    ]);
}

#[test]
fn working_hours_that_end_at_closing_time_are_due_then_and_not_at_the_next_opening() {
    check(&[
        ("2017-08-28 07:30", WorkingHours(4), "2017-08-28 11:30"),
        ("2017-08-28 07:00", WorkingHours(8), "2017-08-28 17:00"),
        ("2017-09-01 07:00", WorkingHours(8), "2017-09-01 17:00"),
        ("2017-08-28 08:00", WorkingHours(4), "2017-08-28 14:00"),
        ("2017-08-28 12:00", WorkingHours(2), "2017-08-28 15:30"),
        ("2017-08-28 07:00", WorkingHours(80), "2017-09-11 17:00"),
    ]);
}

#[test]
fn what_comes_on_a_day_off_counts_from_the_next_working_day() {
    check(&[
        ("2017-08-26 10:00", WorkingDays(1), "2017-08-28 17:00"),
        ("2017-08-26 10:00", WorkingHours(4), "2017-08-28 11:00"),
        ("2017-08-27 20:00", SameDay, "2017-08-28 17:00"),
        ("2017-08-27 20:00", WorkingHours(4), "2017-08-28 11:00"),
        ("2017-09-02 09:00", SameDay, "2017-09-05 17:00"),
        ("2017-08-28 05:00", SameDay, "2017-08-28 17:00"),
    ]);
}

#[test]
fn calendar_days_run_through_days_off_but_never_end_on_one() {
    check(&[
        ("2017-08-28 09:00", CalendarDays(3), "2017-08-31 17:00"),
        ("2017-08-25 09:00", CalendarDays(8), "2017-09-05 17:00"),
        ("2017-08-25 09:00", CalendarDays(10), "2017-09-05 17:00"),
        ("2017-08-25 09:00", CalendarDays(11), "2017-09-05 17:00"),
        ("2017-08-25 09:00", CalendarDays(12), "2017-09-06 17:00"),
        ("2017-08-26 09:00", CalendarDays(2), "2017-08-28 17:00"),
    ]);
}

#[test]
fn months_end_on_the_same_day_of_the_month_or_on_its_last_day() {
    check(&[
        ("2024-01-31 09:00", Months(1), "2024-02-29 17:00"),
        ("2023-01-31 09:00", Months(1), "2023-02-28 17:00"),
        ("2024-02-29 09:00", Months(12), "2025-02-28 17:00"),
        ("2017-06-02 09:00", Months(3), "2017-09-05 17:00"),
        ("2024-03-31 09:00", Months(1), "2024-05-02 17:00"),
    ]);
}

#[test]
fn a_leap_day_is_a_day_like_any_other() {
    check(&[
        ("2024-02-28 09:00", WorkingDays(1), "2024-02-29 17:00"),
        ("2024-02-28 09:00", CalendarDays(1), "2024-02-29 17:00"),
        ("2024-02-29 09:00", WorkingDays(1), "2024-03-01 17:00"),
        ("2023-02-28 09:00", WorkingDays(1), "2023-03-01 17:00"),
    ]);
}

#[test]
fn a_limit_of_zero_days_is_a_same_day_limit() {
    check(&[
        ("2017-08-28 09:00", WorkingDays(0), "2017-08-28 17:00"),
        ("2017-08-28 15:30", CalendarDays(0), "2017-08-29 17:00"),
        ("2017-08-27 09:00", Months(0), "2017-08-28 17:00"),
        ("2017-08-28 12:00", WorkingHours(0), "2017-08-28 13:30"),
    ]);
}

#[test]
fn the_next_unit_starts_the_same_day_unless_handed_to_after_the_cut_off() {
    let rows = [
        ("2017-08-28 09:15", "2017-08-28 09:15"),
        ("2017-08-28 12:00", "2017-08-28 13:30"),
        ("2017-08-28 15:00:00", "2017-08-28 15:00"),
        ("2017-08-28 15:00:01", "2017-08-29 07:00"),
        ("2017-09-01 16:00", "2017-09-05 07:00"),
        ("2017-09-02 08:00", "2017-09-05 07:00"),
        ("2017-09-03 23:00", "2017-09-05 07:00"),
    ];
    let rules = RuleSet::in_force_on(date("2017-08-28"));
    for (offered, starts) in rows {
        let start = handover_start(&daklak(), &rules, at(offered)).unwrap();
        assert_eq!(start, at(starts), "offered {offered}");
    }
}

#[test]
fn a_step_is_due_its_working_time_after_its_clock_starts() {
    let rules = RuleSet::in_force_on(date("2017-08-28"));
    let due = |offered, hours| {
        step_due(
            &daklak(),
            &rules,
            at(offered),
            WorkingTime::from_hours(hours),
        )
    };
    assert_eq!(due("2017-08-28 07:00", 4), Ok(at("2017-08-28 11:00")));
    assert_eq!(due("2017-08-28 15:00:01", 20), Ok(at("2017-08-31 11:00")));
    assert_eq!(due("2017-09-01 15:30", 4), Ok(at("2017-09-05 11:00")));
}

#[test]
fn past_holidays_count_as_well_as_those_to_come() {
    let worked = daklak().between(at("2017-08-28 00:00"), at("2017-09-13 00:00"));
    assert_eq!(worked, WorkingTime::from_days(11));
}
