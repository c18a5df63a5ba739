//! 100,000 random cases of the province's own calendar against a count minute by minute.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use worktime::{Limit, Opening, RuleSet, WorkingTime, appointment};

use crate::oracle::{Minutes, Office};
use crate::province::{announced, daklak, date};

const CASES: u32 = 100_000;
const FIRST: &str = "2017-01-01";
const YEARS: i64 = 10;

/// The hours that everybody in the province knows, written down a second time.
fn by_hand() -> Office {
    let time = |hour, minute| NaiveTime::from_hms_opt(hour, minute, 0).unwrap();
    let mut openings = Vec::new();
    for weekday in [
        Weekday::Mon,
        Weekday::Tue,
        Weekday::Wed,
        Weekday::Thu,
        Weekday::Fri,
    ] {
        for (open, close) in [(time(7, 0), time(11, 30)), (time(13, 30), time(17, 0))] {
            openings.push(Opening {
                weekday,
                open,
                close,
            });
        }
    }
    let special = announced();
    Office { openings, special }
}

fn any_minute(dice: &mut StdRng) -> NaiveDateTime {
    let minute = dice.random_range(0..YEARS * 365 * 24 * 60);
    date(FIRST).and_time(NaiveTime::MIN) + TimeDelta::minutes(minute)
}

#[test]
fn a_hundred_thousand_random_cases_agree_with_a_count_minute_by_minute() {
    let calendar = daklak();
    let last = NaiveDate::from_ymd_opt(2028, 1, 1).unwrap();
    let minutes = Minutes::of(&by_hand(), date(FIRST), last);
    let mut dice = StdRng::seed_from_u64(2017);
    for case in 0..CASES {
        let from = any_minute(&mut dice);
        let rules = RuleSet::in_force_on(from.date());
        match case % 4 {
            0 => {
                let time = dice.random_range(1..60 * 8 * 60);
                let due = calendar.add(from, WorkingTime::from_minutes(time)).unwrap();
                assert_eq!(due, minutes.add(from, time), "{from} and {time} minutes");
            }
            1 => {
                let to = from + TimeDelta::minutes(dice.random_range(0..90 * 24 * 60));
                let open = calendar.between(from, to);
                assert_eq!(open.minutes(), minutes.between(from, to), "{from} to {to}");
            }
            2 => {
                let days = dice.random_range(1..60);
                let due = appointment(&calendar, &rules, from, Limit::WorkingDays(days)).unwrap();
                let slow = minutes.end_of_working_day(from, days);
                assert_eq!(due, slow, "{from} and {days} working days");
            }
            _ => {
                let opening = calendar.next_opening(from).unwrap();
                let slow = minutes.add(from, 1) - TimeDelta::minutes(1);
                assert_eq!(opening, slow, "the opening after {from}");
            }
        }
    }
}
