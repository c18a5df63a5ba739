//! Simulated time as people read it.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use kit::clock;
use prost_types::Timestamp;

/// Monday 28/08/2017, so that ten working days cross the national day and the day off in its place.
pub const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2017, 8, 28) {
    Some(date) => date,
    None => NaiveDate::MIN,
};

/// 07:00 on the first day.
#[must_use]
pub fn start() -> NaiveDateTime {
    FIRST_DAY.and_time(NaiveTime::from_hms_opt(7, 0, 0).unwrap_or(NaiveTime::MIN))
}

/// A time of the contract, local; the earliest of all where there is none.
#[must_use]
pub fn of(timestamp: Option<&Timestamp>) -> NaiveDateTime {
    timestamp.map_or(NaiveDateTime::MIN, |timestamp| {
        clock::local(clock::from_timestamp(timestamp))
    })
}

/// `28/08 07:15`; empty where there is no time.
#[must_use]
pub fn short(timestamp: Option<&Timestamp>) -> String {
    timestamp.map_or_else(String::new, |_| {
        of(timestamp).format("%d/%m %H:%M").to_string()
    })
}
