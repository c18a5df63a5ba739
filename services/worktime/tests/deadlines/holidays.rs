//! The days off and make-up days that the golden rows cross, as announced (2017–2019, 2024–2026).

use chrono::{NaiveDate, NaiveDateTime};
use worktime::{Calendar, DayKind, OfficeHours, SpecialDay};

use DayKind::{CompensatoryDayOff, PublicHoliday, SwappedDayOff, WorkingDay};

const DAYS: &[(&str, DayKind, &str)] = &[
    ("2017-01-26", PublicHoliday, "Tết Nguyên đán: 29 tháng Chạp"),
    ("2017-01-27", PublicHoliday, "Tết Nguyên đán: 30 tháng Chạp"),
    ("2017-01-28", PublicHoliday, "Tết Nguyên đán: Mùng 1 Tết"),
    ("2017-01-29", PublicHoliday, "Tết Nguyên đán: Mùng 2 Tết"),
    ("2017-01-30", PublicHoliday, "Tết Nguyên đán: Mùng 3 Tết"),
    ("2017-01-31", CompensatoryDayOff, "Nghỉ bù Tết Nguyên đán"),
    ("2017-02-01", CompensatoryDayOff, "Nghỉ bù Tết Nguyên đán"),
    ("2017-09-02", PublicHoliday, "Quốc khánh"),
    ("2017-09-04", CompensatoryDayOff, "Nghỉ bù Quốc khánh"),
    (
        "2018-12-31",
        SwappedDayOff,
        "Nghỉ hoán đổi (làm bù ngày 05/01/2019)",
    ),
    ("2019-01-01", PublicHoliday, "Tết Dương lịch"),
    ("2019-01-05", WorkingDay, "Làm bù cho ngày 31/12/2018"),
    (
        "2024-04-29",
        SwappedDayOff,
        "Nghỉ hoán đổi (làm bù ngày 04/05/2024)",
    ),
    ("2024-04-30", PublicHoliday, "Ngày Chiến thắng"),
    ("2024-05-01", PublicHoliday, "Ngày Quốc tế lao động"),
    ("2024-05-04", WorkingDay, "Làm bù cho ngày 29/04/2024"),
    ("2025-04-26", WorkingDay, "Làm bù cho ngày 02/05/2025"),
    ("2025-04-30", PublicHoliday, "Ngày Chiến thắng"),
    ("2025-05-01", PublicHoliday, "Ngày Quốc tế lao động"),
    (
        "2025-05-02",
        SwappedDayOff,
        "Nghỉ hoán đổi (làm bù ngày 26/04/2025)",
    ),
    ("2026-01-01", PublicHoliday, "Tết Dương lịch"),
    (
        "2026-01-02",
        SwappedDayOff,
        "Nghỉ hoán đổi (làm bù ngày 10/01/2026)",
    ),
    ("2026-01-10", WorkingDay, "Làm bù cho ngày 02/01/2026"),
];

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
    DAYS.iter()
        .map(|(day, kind, name)| SpecialDay {
            date: date(day),
            name: (*name).to_owned(),
            kind: *kind,
        })
        .collect()
}

/// The standard hours and the announced days.
pub fn daklak() -> Calendar {
    Calendar::new(OfficeHours::standard(), announced())
}
