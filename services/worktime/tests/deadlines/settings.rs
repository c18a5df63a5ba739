//! Other hours and other starts of counting than the standard ones.

use chrono::{NaiveDateTime, NaiveTime, Weekday};
use worktime::{
    Calendar, CountFrom, Cutoffs, DayHours, DayKind, DayReason, LegalClock, Limit, OfficeHours,
    Opening, Period, RuleSet, Schedule, Season, Shift, SpecialDay, WorkingTime, appointment,
};

use crate::province::{announced, at, daklak};

fn time(text: &str) -> NaiveTime {
    text.parse().unwrap()
}

/// The standard week and Saturday mornings.
fn with_saturday_mornings() -> Calendar {
    let opening = |weekday, open, close| Opening {
        weekday,
        open: time(open),
        close: time(close),
    };
    let mut openings = vec![opening(Weekday::Sat, "07:00:00", "11:00:00")];
    for weekday in [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
    ] {
        openings.push(opening(weekday, "07:00:00", "11:30:00"));
        openings.push(opening(weekday, "13:30:00", "17:00:00"));
    }
    Calendar::weekly(OfficeHours::new(openings).unwrap(), announced())
}

fn due(calendar: &Calendar, count_from: CountFrom, received: &str, limit: Limit) -> NaiveDateTime {
    let received = at(received);
    let in_force = RuleSet::in_force_on(received.date());
    let rules = RuleSet {
        cutoffs: Cutoffs {
            count_from,
            ..in_force.cutoffs
        },
        ..in_force
    };
    appointment(calendar, &rules, received, limit).unwrap()
}

#[test]
fn a_half_day_counts_as_a_working_day_and_ends_when_it_closes() {
    let rows = [
        (
            "2017-08-25 10:00",
            Limit::WorkingDays(1),
            "2017-08-26 11:00",
        ),
        (
            "2017-08-25 10:00",
            Limit::WorkingDays(2),
            "2017-08-28 17:00",
        ),
        (
            "2017-08-25 15:00",
            Limit::WorkingHours(4),
            "2017-08-26 09:00",
        ),
        (
            "2017-08-25 15:00",
            Limit::WorkingHours(8),
            "2017-08-28 09:00",
        ),
        ("2017-08-26 10:00", Limit::SameDay, "2017-08-26 11:00"),
    ];
    for (received, limit, expected) in rows {
        let due = due(
            &with_saturday_mornings(),
            CountFrom::NextWorkingDay,
            received,
            limit,
        );
        assert_eq!(due, at(expected), "received {received}, {limit:?}");
    }
}

#[test]
fn a_same_day_result_asked_for_after_a_half_day_closed_is_due_the_next_working_day() {
    let calendar = with_saturday_mornings();
    let received = at("2017-08-26 12:00");
    let rules = RuleSet::in_force_on(received.date());
    let limit = Limit::SameDay;
    let due = appointment(&calendar, &rules, received, limit);
    assert_eq!(due, Ok(at("2017-08-28 17:00")));
    let clock = LegalClock {
        calendar: &calendar,
        rules: &rules,
        received,
        limit,
        interruptions: &[],
    };
    let explained = clock.explain().unwrap();
    assert_eq!(explained.days[0].why, DayReason::AfterClosing);
}

#[test]
fn a_make_up_saturday_is_a_full_day_even_where_saturdays_are_half_days() {
    let calendar = with_saturday_mornings();
    let saturday = at("2024-05-04 00:00").date();
    assert_eq!(calendar.closing(saturday), Some(at("2024-05-04 17:00")));
}

#[test]
fn counted_from_the_instant_a_working_day_is_eight_working_hours() {
    let due = |received, days| {
        due(
            &daklak(),
            CountFrom::Instant,
            received,
            Limit::WorkingDays(days),
        )
    };
    assert_eq!(due("2017-08-28 10:00", 1), at("2017-08-29 10:00"));
    assert_eq!(due("2017-08-28 07:00", 10), at("2017-09-11 17:00"));
    assert_eq!(due("2017-08-26 10:00", 1), at("2017-08-28 17:00"));
}

#[test]
fn counted_from_the_next_opening_its_day_is_the_day_of_receipt() {
    let due = |received, limit| due(&daklak(), CountFrom::NextOpening, received, limit);
    assert_eq!(
        due("2017-08-26 10:00", Limit::WorkingDays(1)),
        at("2017-08-28 17:00")
    );
    assert_eq!(
        due("2017-08-28 12:00", Limit::WorkingDays(1)),
        at("2017-08-29 11:30")
    );
    assert_eq!(
        due("2017-08-26 10:00", Limit::CalendarDays(1)),
        at("2017-08-29 17:00")
    );
    assert_eq!(
        due("2017-08-25 10:00", Limit::CalendarDays(1)),
        at("2017-08-28 17:00")
    );
}

#[test]
fn a_later_announcement_for_a_date_replaces_the_earlier_one() {
    let mut days = announced();
    let mut amended = days[0].clone();
    amended.kind = worktime::DayKind::WorkingDay;
    days.push(amended.clone());
    let calendar = Calendar::weekly(OfficeHours::standard(), days);
    assert!(calendar.is_working_day(amended.date));
}

#[test]
fn a_half_day_is_worked_in_hours_of_its_own_and_named() {
    let morning = Shift {
        open: time("07:00:00"),
        close: time("11:30:00"),
    };
    let mut days = announced();
    days.push(SpecialDay {
        date: at("2017-08-30 00:00").date(),
        name: "Nghỉ chiều tránh bão".to_owned(),
        kind: DayKind::ShortDay(DayHours::new(vec![morning]).unwrap()),
    });
    let calendar = Calendar::weekly(OfficeHours::standard(), days);
    let received = at("2017-08-30 10:00");
    let rules = RuleSet::in_force_on(received.date());
    let due = |limit| appointment(&calendar, &rules, received, limit);
    assert_eq!(due(Limit::SameDay), Ok(at("2017-08-30 11:30")));
    assert_eq!(due(Limit::WorkingHours(2)), Ok(at("2017-08-31 07:30")));
    let before = at("2017-08-29 10:00");
    let due = appointment(&calendar, &rules, before, Limit::WorkingDays(1));
    assert_eq!(due, Ok(at("2017-08-30 11:30")));
}

#[test]
fn hours_change_with_the_season_and_with_the_day_from_which_new_ones_hold() {
    let week = |open| {
        let day = |weekday| Opening {
            weekday,
            open: time(open),
            close: time("17:00:00"),
        };
        OfficeHours::new([Weekday::Mon, Weekday::Tue, Weekday::Fri].map(day)).unwrap()
    };
    let period = |from: &str, season, open| Period {
        from: from.parse().unwrap(),
        season,
        week: week(open),
    };
    let summer = Season::new((4, 16), (10, 15));
    let schedule = Schedule::new(vec![
        period("2017-01-01", None, "08:00:00"),
        period("2017-01-01", summer, "07:00:00"),
        period("2018-01-01", None, "09:00:00"),
    ]);
    let calendar = Calendar::new(schedule.unwrap(), []);
    let opens = |from: &str| calendar.next_opening(at(from));
    assert_eq!(opens("2017-10-13 00:00"), Ok(at("2017-10-13 07:00")));
    assert_eq!(opens("2017-10-13 18:00"), Ok(at("2017-10-16 08:00")));
    assert_eq!(opens("2017-12-29 18:00"), Ok(at("2018-01-01 09:00")));
    let worked = calendar.between(at("2017-10-13 00:00"), at("2017-10-18 00:00"));
    assert_eq!(worked, WorkingTime::from_hours(10 + 9 + 9));
}
