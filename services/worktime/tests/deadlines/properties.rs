//! What holds for every office, every instant and every limit.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use worktime::{
    CountFrom, Cutoffs, DayKind, Limit, Opening, RuleSet, SpecialDay, WorkingTime, appointment,
    step_due,
};

use crate::oracle::Office;

const SPAN_DAYS: u32 = 400;

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 1, 1).unwrap()
}

fn time(minute: u32) -> NaiveTime {
    NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap()
}

fn second() -> impl Strategy<Value = NaiveDateTime> {
    let midnight = first_day().and_time(NaiveTime::MIN);
    (0..i64::from(SPAN_DAYS) * 86_400)
        .prop_map(move |seconds| midnight + TimeDelta::seconds(seconds))
}

fn minute() -> impl Strategy<Value = NaiveDateTime> {
    let midnight = first_day().and_time(NaiveTime::MIN);
    (0..i64::from(SPAN_DAYS) * 1_440)
        .prop_map(move |minutes| midnight + TimeDelta::minutes(minutes))
}

/// Up to three openings between marks anywhere in the day.
fn openings_of(weekday: Weekday) -> impl Strategy<Value = Vec<Opening>> {
    btree_set(0_u32..1_440, 0..=6).prop_map(move |marks| {
        let marks: Vec<_> = marks.into_iter().collect();
        let pairs = marks.chunks_exact(2);
        pairs
            .map(|pair| Opening {
                weekday,
                open: time(pair[0]),
                close: time(pair[1]),
            })
            .collect()
    })
}

fn standard_wednesday() -> Vec<Opening> {
    let hours = [(7 * 60, 11 * 60 + 30), (13 * 60 + 30, 17 * 60)];
    let opening = |(open, close)| Opening {
        weekday: Weekday::Wed,
        open: time(open),
        close: time(close),
    };
    hours.map(opening).to_vec()
}

fn kind() -> impl Strategy<Value = DayKind> {
    prop_oneof![
        Just(DayKind::PublicHoliday),
        Just(DayKind::CompensatoryDayOff),
        Just(DayKind::SwappedDayOff),
        Just(DayKind::WorkingDay),
    ]
}

fn special_days(kinds: BTreeMap<u32, DayKind>) -> Vec<SpecialDay> {
    let day = |(offset, kind)| SpecialDay {
        date: first_day() + Days::new(u64::from(offset)),
        name: "Ngày".to_owned(),
        kind,
    };
    kinds.into_iter().map(day).collect()
}

/// Any week with the standard hours on Wednesdays at least, so that searches end in time, and with up to sixty days that differ.
fn office() -> impl Strategy<Value = Office> {
    let week = (
        openings_of(Weekday::Mon),
        Just(standard_wednesday()),
        openings_of(Weekday::Thu),
        openings_of(Weekday::Sat),
    );
    let special = btree_map(0..SPAN_DAYS + 60, kind(), 0..60);
    (week, special).prop_map(|((monday, wednesday, thursday, saturday), kinds)| Office {
        openings: [monday, wednesday, thursday, saturday].concat(),
        special: special_days(kinds),
    })
}

fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        Just(Limit::SameDay),
        (0_u32..100).prop_map(Limit::WorkingHours),
        (0_u32..40).prop_map(Limit::WorkingDays),
        (0_u32..60).prop_map(Limit::CalendarDays),
        (0_u32..8).prop_map(Limit::Months),
    ]
}

fn rules() -> impl Strategy<Value = RuleSet> {
    let count_from = prop_oneof![
        Just(CountFrom::Instant),
        Just(CountFrom::NextOpening),
        Just(CountFrom::NextWorkingDay)
    ];
    (0_u32..1_440, 0_u32..1_440, count_from).prop_map(|(handover, same_day, count_from)| RuleSet {
        name: "any",
        cutoffs: Cutoffs {
            handover: time(handover),
            same_day: time(same_day),
            count_from,
        },
    })
}

proptest! {
    #[test]
    fn the_time_between_an_instant_and_the_instant_plus_some_time_is_that_time(
        office in office(), from in second(), minutes in 0_u32..30_000,
    ) {
        let calendar = office.calendar();
        let time = WorkingTime::from_minutes(minutes);
        let due = calendar.add(from, time).unwrap();
        prop_assert!(due >= from);
        prop_assert_eq!(calendar.between(from, due), time);
    }

    #[test]
    fn adding_is_monotone_in_the_instant_and_in_the_time(
        office in office(), a in second(), b in second(), x in 0_u32..9_000, y in 0_u32..9_000,
    ) {
        let calendar = office.calendar();
        let add = |from, minutes| calendar.add(from, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert!(add(a.min(b), x) <= add(a.max(b), x));
        prop_assert!(add(a, x.min(y)) <= add(a, x.max(y)));
    }

    #[test]
    fn adding_in_two_parts_is_adding_at_once(
        office in office(), from in second(), x in 1_u32..5_000, y in 1_u32..5_000,
    ) {
        let calendar = office.calendar();
        let add = |from, minutes| calendar.add(from, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert_eq!(add(add(from, x), y), add(from, x + y));
    }

    #[test]
    fn the_parts_of_an_interval_add_up_to_the_whole(
        office in office(), mut instants in vec(minute(), 3),
    ) {
        instants.sort();
        let calendar = office.calendar();
        let first = calendar.between(instants[0], instants[1]);
        let second = calendar.between(instants[1], instants[2]);
        prop_assert_eq!(first.saturating_add(second), calendar.between(instants[0], instants[2]));
    }

    #[test]
    fn days_off_have_no_working_time(office in office(), at in minute()) {
        let calendar = office.calendar();
        let start = at.date().and_time(NaiveTime::MIN);
        let worked = calendar.between(start, start + Days::new(1));
        prop_assert_eq!(calendar.is_working_day(at.date()), worked > WorkingTime::ZERO);
        prop_assert_eq!(calendar.is_working_day(at.date()), calendar.closing(at.date()).is_some());
    }

    #[test]
    fn nothing_is_due_on_a_day_off_or_after_closing_or_before_receipt(
        office in office(), rules in rules(), received in second(), limit in limit(),
    ) {
        let calendar = office.calendar();
        let due = appointment(&calendar, &rules, received, limit).unwrap().due;
        prop_assert!(due >= received);
        prop_assert!(calendar.is_working_day(due.date()));
        prop_assert!(Some(due) <= calendar.closing(due.date()));
    }

    #[test]
    fn no_step_is_due_on_a_day_off(
        office in office(), rules in rules(), offered in second(), minutes in 0_u32..9_000,
    ) {
        let calendar = office.calendar();
        let due = step_due(&calendar, &rules, offered, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert!(due >= offered);
        prop_assert!(calendar.is_working_day(due.date()));
    }

    #[test]
    fn who_comes_later_is_never_promised_an_earlier_time(
        office in office(), rules in rules(), a in second(), b in second(), limit in limit(),
    ) {
        let calendar = office.calendar();
        let due = |received| appointment(&calendar, &rules, received, limit).unwrap().due;
        prop_assert!(due(a.min(b)) <= due(a.max(b)));
    }

    #[test]
    fn an_explanation_names_every_date_and_adds_up_to_the_limit(
        office in office(), rules in rules(), received in second(), limit in limit(),
    ) {
        let promised = appointment(&office.calendar(), &rules, received, limit).unwrap();
        let days = &promised.explanation.days;
        let dates: Vec<_> = received.date().iter_days().take_while(|day| *day <= promised.due.date()).collect();
        prop_assert_eq!(days.iter().map(|day| day.date).collect::<Vec<_>>(), dates);
        let counted = days.iter().map(|day| day.counted).fold(WorkingTime::ZERO, WorkingTime::saturating_add);
        match limit {
            Limit::WorkingHours(hours) => prop_assert_eq!(counted, WorkingTime::from_hours(hours)),
            Limit::WorkingDays(n @ 1..) => prop_assert_eq!(counted, WorkingTime::from_days(n)),
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn adding_agrees_with_walking_minute_by_minute(
        office in office(), from in minute(), minutes in 1_u32..2_000,
    ) {
        let due = office.calendar().add(from, WorkingTime::from_minutes(minutes)).unwrap();
        prop_assert_eq!(due, office.add(from, minutes));
    }

    #[test]
    fn the_time_between_agrees_with_walking_minute_by_minute(
        office in office(), from in minute(), length in 0_i64..30_000,
    ) {
        let to = from + TimeDelta::minutes(length);
        prop_assert_eq!(office.calendar().between(from, to).minutes(), office.between(from, to));
    }

    #[test]
    fn working_days_agree_with_walking_day_by_day(
        office in office(), received in minute(), days in 1_u32..15,
    ) {
        let rules = RuleSet::in_force_on(received.date());
        let promised = appointment(&office.calendar(), &rules, received, Limit::WorkingDays(days)).unwrap();
        prop_assert_eq!(promised.due, office.end_of_working_day(received, days));
    }
}
