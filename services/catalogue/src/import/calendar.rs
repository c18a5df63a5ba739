//! `office-hours.csv` and `holidays.csv`.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{NaiveDate, NaiveTime, Weekday};
use kit::sheet::{BadRow, Findings, Row, Sheet};
use worktime::{DayHours, DayKind, Opening, Season, Shift, SpecialDay};

use crate::calendar::{Calendar, Day, Found, Hours};

const HOURS: &[&str] = &["unit", "from", "season", "weekday", "open", "close"];
const HOLIDAYS: &[&str] = &["date", "name", "kind", "paired_with", "hours"];
const DATE: &str = "a date such as 2017-01-31";

/// Reads both files of a folder.
pub(super) fn read(folder: &Path, findings: &mut Findings) -> Calendar {
    let hours = findings.take_all(Sheet::read(&folder.join("office-hours.csv"), HOURS));
    let holidays = findings.take_all(Sheet::read(&folder.join("holidays.csv"), HOLIDAYS));
    let hours = hours.map(|sheet| sheet.rows);
    let mut calendar = Calendar::default();
    for row in hours.iter().flatten() {
        if let Some(read) = opening(row, findings) {
            take_opening(&mut calendar.hours, read, row, findings);
        }
    }
    let mut rows = BTreeMap::new();
    for row in holidays.iter().flat_map(|sheet| &sheet.rows) {
        let Some(day) = day(row, findings) else {
            continue;
        };
        if rows.insert(day.special.date, row).is_some() {
            findings.note(row.bad("date", "stands here a second time"));
        }
        calendar.days.insert(day.special.date, day);
    }
    for found in calendar.flaws() {
        match found {
            Found::Day(date, flaw) => {
                if let Some(row) = rows.get(&date) {
                    findings.note(row.bad("paired_with", flaw.to_string()));
                }
            }
            // A file that could not be read has said so.
            Found::Hours(..) if hours.is_none() => {}
            Found::Hours(unit, flaw) => {
                let of_unit = |row: &&Row| row.get("unit") == unit.as_deref().unwrap_or_default();
                let row = hours.iter().flatten().find(of_unit);
                let file = folder.join("office-hours.csv").display().to_string();
                let whole = BadRow {
                    file,
                    line: 1,
                    column: String::new(),
                    reason: flaw.to_string(),
                };
                findings.note(row.map_or(whole, |row| row.bad("from", flaw.to_string())));
            }
        }
    }
    calendar
}

/// Puts an opening to those of the same unit, first day and season.
fn take_opening(all: &mut Vec<Hours>, read: Hours, row: &Row, findings: &mut Findings) {
    let same = |hours: &&mut Hours| {
        (&hours.unit, hours.from, hours.season) == (&read.unit, read.from, read.season)
    };
    let Some(hours) = all.iter_mut().find(same) else {
        all.push(read);
        return;
    };
    for opening in read.openings {
        let overlaps = |other: &Opening| {
            other.weekday == opening.weekday
                && other.open < opening.close
                && opening.open < other.close
        };
        if hours.openings.iter().any(overlaps) {
            findings.note(row.bad("open", "overlaps an earlier row of the same weekday"));
        }
        hours.openings.push(opening);
    }
}

fn opening(row: &Row, findings: &mut Findings) -> Option<Hours> {
    let from = findings.take(row.parse("from", DATE));
    let season = findings.take(season(row));
    let weekday = findings.take(weekday(row));
    let open = findings.take(time(row, "open", row.get("open")));
    let close = findings.take(time(row, "close", row.get("close")));
    let (weekday, open, close) = (weekday?, open?, close?);
    if close <= open {
        findings.note(row.bad("close", "is not after `open`"));
    }
    let unit = row.get("unit");
    Some(Hours {
        unit: (!unit.is_empty()).then(|| unit.to_owned()),
        from: from?,
        season: season?,
        openings: vec![Opening {
            weekday,
            open,
            close,
        }],
    })
}

fn season(row: &Row) -> Result<Option<Season>, BadRow> {
    let cell = row.get("season");
    if cell.is_empty() {
        return Ok(None);
    }
    let season = cell.split_once("..").and_then(|(first, last)| {
        let day = |text: &str| {
            let (month, day) = text.split_once('-')?;
            Some((month.parse().ok()?, day.parse().ok()?))
        };
        Season::new(day(first)?, day(last)?)
    });
    let wrong = || {
        row.bad(
            "season",
            format!("`{cell}` is not a season such as 04-16..10-15"),
        )
    };
    season.map(Some).ok_or_else(wrong)
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

fn time(row: &Row, column: &str, text: &str) -> Result<NaiveTime, BadRow> {
    NaiveTime::parse_from_str(text, "%H:%M")
        .map_err(|_| row.bad(column, format!("`{text}` is not a time such as 07:30")))
}

fn day(row: &Row, findings: &mut Findings) -> Option<Day> {
    let date = findings.take(row.parse("date", DATE));
    let name = findings.take(row.text("name"));
    let kind = findings.take(kind(row));
    let paired_with = match row.get("paired_with") {
        "" => None,
        _ => findings.take(row.parse::<NaiveDate>("paired_with", DATE)),
    };
    Some(Day {
        special: SpecialDay {
            date: date?,
            name: name?,
            kind: kind?,
        },
        paired_with,
    })
}

fn kind(row: &Row) -> Result<DayKind, BadRow> {
    let kind = match row.get("kind") {
        "public_holiday" => DayKind::PublicHoliday,
        "compensatory_day_off" => DayKind::CompensatoryDayOff,
        "swapped_day_off" => DayKind::SwappedDayOff,
        "swapped_working_day" => DayKind::WorkingDay,
        "short_day" => return Ok(DayKind::ShortDay(short_hours(row)?)),
        other => {
            let kinds = "public_holiday, compensatory_day_off, swapped_day_off, swapped_working_day or short_day";
            return Err(row.bad("kind", format!("`{other}` is not {kinds}")));
        }
    };
    if row.get("hours").is_empty() {
        return Ok(kind);
    }
    Err(row.bad("hours", "only a short_day has hours of its own"))
}

fn short_hours(row: &Row) -> Result<DayHours, BadRow> {
    let mut shifts = Vec::new();
    for part in super::list(row, "hours") {
        let (open, close) = part.split_once('-').unwrap_or((part.as_str(), ""));
        shifts.push(Shift {
            open: time(row, "hours", open)?,
            close: time(row, "hours", close)?,
        });
    }
    if shifts.is_empty() {
        return Err(row.bad("hours", "a short_day has hours, such as 07:00-11:30"));
    }
    DayHours::new(shifts).map_err(|invalid| row.bad("hours", invalid.to_string()))
}
