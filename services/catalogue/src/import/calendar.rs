//! `office-hours.csv` and `holidays.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{NaiveDate, NaiveTime, Weekday};
use kit::sheet::{BadRow, Findings, Row, Sheet};
use worktime::{DayKind, Opening, SpecialDay};

use crate::calendar::{Calendar, overlap};

const HOURS: &[&str] = &["weekday", "open", "close"];
const HOLIDAYS: &[&str] = &["date", "name", "kind", "paired_with"];
const DATE: &str = "a date such as 2017-01-31";

/// Reads both files of a folder.
pub(super) fn read(folder: &Path, findings: &mut Findings) -> Calendar {
    Calendar {
        openings: openings(&folder.join("office-hours.csv"), findings),
        days: days(&folder.join("holidays.csv"), findings),
    }
}

fn openings(path: &Path, findings: &mut Findings) -> Vec<Opening> {
    let mut openings: Vec<Opening> = Vec::new();
    let Some(sheet) = findings.take_all(Sheet::read(path, HOURS)) else {
        return openings;
    };
    for row in &sheet.rows {
        let Some(opening) = opening(row, findings) else {
            continue;
        };
        if openings.iter().any(|other| overlap(other, &opening)) {
            findings.note(row.bad("open", "overlaps an earlier row of the same weekday"));
        }
        openings.push(opening);
    }
    if sheet.rows.is_empty() {
        findings.note(BadRow {
            file: path.display().to_string(),
            line: 1,
            column: String::new(),
            reason: "has no row: the offices would never open".to_owned(),
        });
    }
    openings
}

fn opening(row: &Row, findings: &mut Findings) -> Option<Opening> {
    let weekday = findings.take(weekday(row));
    let open = findings.take(time(row, "open"));
    let close = findings.take(time(row, "close"));
    let (weekday, open, close) = (weekday?, open?, close?);
    if close <= open {
        findings.note(row.bad("close", "is not after `open`"));
    }
    Some(Opening {
        weekday,
        open,
        close,
    })
}

fn weekday(row: &Row) -> Result<Weekday, BadRow> {
    match row.get("weekday") {
        "monday" => Ok(Weekday::Mon),
        "tuesday" => Ok(Weekday::Tue),
        "wednesday" => Ok(Weekday::Wed),
        "thursday" => Ok(Weekday::Thu),
        "friday" => Ok(Weekday::Fri),
        "saturday" => Ok(Weekday::Sat),
        "sunday" => Ok(Weekday::Sun),
        other => Err(row.bad(
            "weekday",
            format!("`{other}` is not monday, tuesday … sunday"),
        )),
    }
}

fn time(row: &Row, column: &str) -> Result<NaiveTime, BadRow> {
    let cell = row.get(column);
    NaiveTime::parse_from_str(cell, "%H:%M")
        .map_err(|_| row.bad(column, format!("`{cell}` is not a time such as 07:30")))
}

fn days(path: &Path, findings: &mut Findings) -> Vec<SpecialDay> {
    let sheet = findings.take_all(Sheet::read(path, HOLIDAYS));
    let mut days = BTreeMap::new();
    for row in sheet.iter().flat_map(|sheet| &sheet.rows) {
        let Some(day) = day(row, findings) else {
            continue;
        };
        if days.insert(day.date, day).is_some() {
            findings.note(row.bad("date", "stands here a second time"));
        }
    }
    days.into_values().collect()
}

fn day(row: &Row, findings: &mut Findings) -> Option<SpecialDay> {
    let date = findings.take(row.parse("date", DATE));
    let name = findings.take(row.text("name"));
    let kind = findings.take(kind(row));
    if !row.get("paired_with").is_empty() {
        findings.take(row.parse::<NaiveDate>("paired_with", DATE));
    }
    Some(SpecialDay {
        date: date?,
        name: name?,
        kind: kind?,
    })
}

fn kind(row: &Row) -> Result<DayKind, BadRow> {
    match row.get("kind") {
        "public_holiday" => Ok(DayKind::PublicHoliday),
        "compensatory_day_off" => Ok(DayKind::CompensatoryDayOff),
        "swapped_day_off" => Ok(DayKind::SwappedDayOff),
        "swapped_working_day" => Ok(DayKind::WorkingDay),
        other => {
            let kinds =
                "public_holiday, compensatory_day_off, swapped_day_off or swapped_working_day";
            Err(row.bad("kind", format!("`{other}` is not {kinds}")))
        }
    }
}
