//! The calendar that the province ships: office hours and all days that differ, 2017–2026.

use std::path::Path;

use chrono::{NaiveDate, NaiveDateTime};
use csv::StringRecord;
use worktime::{Calendar, DayKind, OfficeHours, SpecialDay};

/// `YYYY-MM-DD`.
pub fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

/// `YYYY-MM-DD HH:MM` or `YYYY-MM-DD HH:MM:SS`.
pub fn at(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M"))
        .expect("a date and time")
}

pub fn announced() -> Vec<SpecialDay> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/daklak/holidays.csv");
    let mut rows = csv::Reader::from_path(file).expect("the province's holidays");
    let days = rows.records().map(|row| special_day(&row.expect("a row")));
    days.collect()
}

fn special_day(row: &StringRecord) -> SpecialDay {
    let kind = match &row[2] {
        "public_holiday" => DayKind::PublicHoliday,
        "compensatory_day_off" => DayKind::CompensatoryDayOff,
        "swapped_day_off" => DayKind::SwappedDayOff,
        "swapped_working_day" => DayKind::WorkingDay,
        other => panic!("{other} is no kind of day"),
    };
    SpecialDay {
        date: date(&row[0]),
        name: row[1].to_owned(),
        kind,
    }
}

/// The standard hours and the announced days.
pub fn daklak() -> Calendar {
    Calendar::weekly(OfficeHours::standard(), announced())
}
