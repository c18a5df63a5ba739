//! Any office, any instant, any limit.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;
use worktime::{CountFrom, Cutoffs, DayHours, DayKind, Limit, Opening, RuleSet, Shift, SpecialDay};

use crate::oracle::Office;

pub const SPAN_DAYS: u32 = 400;

fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2017, 1, 1).unwrap()
}

fn time(minute: u32) -> NaiveTime {
    NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap()
}

pub fn second() -> impl Strategy<Value = NaiveDateTime> {
    let midnight = first_day().and_time(NaiveTime::MIN);
    (0..i64::from(SPAN_DAYS) * 86_400)
        .prop_map(move |seconds| midnight + TimeDelta::seconds(seconds))
}

pub fn minute() -> impl Strategy<Value = NaiveDateTime> {
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
        (0_u32..1_439, 1_u32..300).prop_map(short_day),
    ]
}

fn short_day((open, length): (u32, u32)) -> DayKind {
    let (open, close) = (time(open), time((open + length).min(1_439)));
    DayKind::ShortDay(DayHours::new(vec![Shift { open, close }]).unwrap())
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
pub fn office() -> impl Strategy<Value = Office> {
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

pub fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        Just(Limit::SameDay),
        (0_u32..100).prop_map(Limit::WorkingHours),
        (0_u32..40).prop_map(Limit::WorkingDays),
        (0_u32..60).prop_map(Limit::CalendarDays),
        (0_u32..8).prop_map(Limit::Months),
    ]
}

pub fn rules() -> impl Strategy<Value = RuleSet> {
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
