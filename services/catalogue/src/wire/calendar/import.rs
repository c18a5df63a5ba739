//! Requests about the calendar, and its rows.

use chrono::{Datelike as _, NaiveDate, NaiveTime, Weekday};
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::page;
use kit::text::normalise;
use proto::catalogue::v1 as pb;
use worktime::{DayHours, DayKind, OfficeHours, Opening, Season, Shift, SpecialDay};

use crate::calendar::{Day, Draft, Hours};
use crate::ledger::CalendarImport;

const LONGEST: usize = 200;
/// Days beyond these are slips of the pen.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;
const USUAL_PAGE: u64 = 100;
const LARGEST_PAGE: u64 = 500;

/// Which version is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// The newest.
    Newest,
    /// By its number.
    Revision(i64),
    /// In force on a day.
    On(NaiveDate),
}

impl TryFrom<&pb::GetCalendarRequest> for Wanted {
    type Error = Failure;

    fn try_from(message: &pb::GetCalendarRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let wanted = match (message.revision, message.as_of.as_str()) {
            (0, "") => Some(Self::Newest),
            (0, day) => fields.take(date("as_of", day)).map(Self::On),
            (revision, _) => Some(Self::Revision(revision)),
        };
        fields.finish()?;
        Ok(wanted.unwrap_or(Self::Newest))
    }
}

/// Which versions to list.
pub(crate) struct Versions {
    /// Only older ones than this.
    pub before: Option<i64>,
    /// At most so many.
    pub size: u64,
}

impl TryFrom<&pb::ListCalendarVersionsRequest> for Versions {
    type Error = Failure;

    fn try_from(message: &pb::ListCalendarVersionsRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let size = fields.page_size(message.page_size, USUAL_PAGE, LARGEST_PAGE);
        let last = fields.take(page::keys::<1>(&message.page_token)).flatten();
        fields.finish()?;
        Ok(Self {
            before: last.and_then(|[revision]| revision.parse().ok()),
            size,
        })
    }
}

/// A request to make the next version.
pub(crate) struct ImportCalendar {
    pub request_id: String,
    pub import: CalendarImport,
}

impl TryFrom<&pb::ImportCalendarRequest> for ImportCalendar {
    type Error = Failure;

    fn try_from(message: &pb::ImportCalendarRequest) -> Result<Self, Failure> {
        let mut fields = Fields::new();
        let request_id = fields.request_id(&message.request_id);
        let expected_revision = fields.revision(message.expected_revision);
        let announced_on = match message.announced_on.as_str() {
            "" => None,
            day => fields.take(date("announced_on", day)),
        };
        let basis = match message.basis.as_str() {
            "" => String::new(),
            basis => normalise(&fields.text("basis", basis, LONGEST)),
        };
        let draft = Draft {
            hours: hours(&mut fields, &message.hours),
            days: days(&mut fields, &message.days),
            removed: removed(&mut fields, &message.removed_dates),
        };
        fields.finish()?;
        let import = CalendarImport {
            is_dry_run: message.dry_run,
            expected_revision,
            announced_on,
            basis,
            draft,
        };
        Ok(Self { request_id, import })
    }
}

fn removed(fields: &mut Fields, dates: &[String]) -> Vec<NaiveDate> {
    let mut removed = Vec::new();
    for (index, text) in dates.iter().enumerate() {
        removed.extend(fields.take(date(&format!("removed_dates[{index}]"), text)));
    }
    removed
}

/// Rows of office hours; those with faults are left out, and the faults noted.
pub(super) fn hours(fields: &mut Fields, rows: &[pb::OfficeHours]) -> Vec<Hours> {
    let mut hours = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        hours.extend(office_hours(fields, &format!("hours[{index}]"), row));
    }
    hours
}

fn office_hours(fields: &mut Fields, at: &str, row: &pb::OfficeHours) -> Option<Hours> {
    let unit = match row.unit_uid.as_str() {
        "" => None,
        unit => Some(fields.text(&format!("{at}.unit_uid"), unit, LONGEST)),
    };
    let from = fields.take(date(&format!("{at}.from"), &row.from));
    let season = match (row.season_first.as_str(), row.season_last.as_str()) {
        ("", "") => Some(None),
        (first, last) => {
            let season = month_day(first).zip(month_day(last));
            let season = season.and_then(|(first, last)| Season::new(first, last));
            let field = format!("{at}.season_first");
            fields.take(season.ok_or_else(|| malformed_season(field)).map(Some))
        }
    };
    let mut openings = Vec::new();
    for (index, row) in row.openings.iter().enumerate() {
        openings.extend(opening(fields, &format!("{at}.openings[{index}]"), row));
    }
    // With a malformed opening the week is not looked at.
    if openings.len() == row.openings.len() {
        let week = OfficeHours::new(openings.iter().copied());
        fields.take(week.map_err(|invalid| conflict(format!("{at}.openings"), invalid)));
    }
    Some(Hours {
        unit,
        from: from?,
        season: season?,
        openings,
    })
}

fn opening(fields: &mut Fields, at: &str, row: &pb::Opening) -> Option<Opening> {
    let weekday = u8::try_from(row.weekday - 1).ok();
    let weekday = weekday.and_then(|day| Weekday::try_from(day).ok());
    let weekday = weekday.ok_or_else(|| {
        Violation::new(
            format!("{at}.weekday"),
            "OUT_OF_RANGE",
            "must be 1 (Monday) to 7 (Sunday)",
            "phải từ 1 (thứ hai) đến 7 (chủ nhật)",
        )
    });
    let weekday = fields.take(weekday);
    let Shift { open, close } = shift(fields, at, row)?;
    Some(Opening {
        weekday: weekday?,
        open,
        close,
    })
}

fn shift(fields: &mut Fields, at: &str, row: &pb::Opening) -> Option<Shift> {
    let open = fields.take(time(format!("{at}.open"), &row.open));
    let close = fields.take(time(format!("{at}.close"), &row.close));
    Some(Shift {
        open: open?,
        close: close?,
    })
}

/// Rows of days; those with faults are left out, and the faults noted.
pub(super) fn days(fields: &mut Fields, rows: &[pb::SpecialDay]) -> Vec<Day> {
    let mut days = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        days.extend(day(fields, &format!("days[{index}]"), row));
    }
    days
}

fn day(fields: &mut Fields, at: &str, row: &pb::SpecialDay) -> Option<Day> {
    let date_of = |field: &str, text: &str| date(&format!("{at}.{field}"), text);
    let on = fields.take(date_of("date", &row.date));
    let name = fields.text(&format!("{at}.name"), &row.name, LONGEST);
    let paired_with = match row.paired_with.as_str() {
        "" => Some(None),
        other => fields.take(date_of("paired_with", other)).map(Some),
    };
    let kind = kind(fields, at, row);
    Some(Day {
        special: SpecialDay {
            date: on?,
            name: normalise(&name),
            kind: kind?,
        },
        paired_with: paired_with?,
    })
}

fn kind(fields: &mut Fields, at: &str, row: &pb::SpecialDay) -> Option<DayKind> {
    let kind = match row.kind() {
        pb::SpecialDayKind::Unspecified => {
            fields.reject(required(&format!("{at}.kind")));
            return None;
        }
        pb::SpecialDayKind::ShortDay => return short_day(fields, at, row),
        pb::SpecialDayKind::PublicHoliday => DayKind::PublicHoliday,
        pb::SpecialDayKind::CompensatoryDayOff => DayKind::CompensatoryDayOff,
        pb::SpecialDayKind::SwappedDayOff => DayKind::SwappedDayOff,
        pb::SpecialDayKind::WorkingDay => DayKind::WorkingDay,
    };
    if !row.openings.is_empty() {
        fields.reject(Violation::new(
            format!("{at}.openings"),
            "NOT_ALLOWED",
            "only a short day has hours of its own",
            "chỉ ngày làm việc rút ngắn mới có giờ làm việc riêng",
        ));
    }
    Some(kind)
}

fn short_day(fields: &mut Fields, at: &str, row: &pb::SpecialDay) -> Option<DayKind> {
    let field = format!("{at}.openings");
    if row.openings.is_empty() {
        fields.reject(required(&field));
        return None;
    }
    let mut shifts = Vec::new();
    for (index, row) in row.openings.iter().enumerate() {
        shifts.push(shift(fields, &format!("{field}[{index}]"), row)?);
    }
    let hours = DayHours::new(shifts).map_err(|invalid| conflict(field, invalid));
    fields.take(hours).map(DayKind::ShortDay)
}

/// A day of the years that calendars are made for.
pub(super) fn date(field: &str, text: &str) -> Result<NaiveDate, Violation> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
    date.filter(|date| YEARS.contains(&date.year()))
        .ok_or_else(|| {
            Violation::new(
                field,
                "MALFORMED",
                "must be a day of 2000 to 2100, such as 2017-01-31",
                "phải là ngày từ năm 2000 đến 2100, ví dụ 2017-01-31",
            )
        })
}

fn month_day(text: &str) -> Option<(u32, u32)> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

fn time(field: String, text: &str) -> Result<NaiveTime, Violation> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
        Violation::new(
            field,
            "MALFORMED",
            "must be a time such as 07:30",
            "phải là giờ, ví dụ 07:30",
        )
    })
}

fn malformed_season(field: String) -> Violation {
    Violation::new(
        field,
        "MALFORMED",
        "a season has a first and a last day such as 04-16",
        "mùa phải có ngày đầu và ngày cuối, ví dụ 04-16",
    )
}

fn conflict(field: String, invalid: worktime::InvalidHours) -> Violation {
    Violation::new(
        field,
        "HOURS_CONFLICT",
        invalid.to_string(),
        "giờ làm việc trống, ngược hoặc trùng nhau",
    )
}
