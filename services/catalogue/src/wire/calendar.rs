//! The calendar on the wire.

mod import;

use chrono::NaiveTime;
use kit::failure::Violation;
use kit::fields::Fields;
use kit::page;
use prost::Message as _;
use proto::catalogue::v1 as pb;
use proto::catalogue::v1::catalogue_change::Change;
use proto::event::v1::Event;
use worktime::{DayKind, MonthDay, Opening, Season, Shift};

use crate::calendar::{Calendar, Day, Difference, Fault, Hours, PROVINCE, Version};
use crate::error::Error;
use crate::store::calendar::Listed;

pub(crate) use import::{ImportCalendar, Versions, Wanted};

/// One version of the calendar.
pub(crate) fn calendar(calendar: &Calendar, version: &Version) -> pb::Calendar {
    pb::Calendar {
        key: PROVINCE.to_owned(),
        hours: calendar.hours.iter().map(hours).collect(),
        days: calendar.days.values().map(special_day).collect(),
        revision: version.revision,
        announced_on: version.announced_on.to_string(),
        basis: version.basis.clone(),
    }
}

/// A version as the store has it.
pub(crate) fn stored(body: &[u8]) -> Result<(Version, Calendar), Error> {
    let message = pb::Calendar::decode(body)?;
    let mut fields = Fields::new();
    let hours = import::hours(&mut fields, &message.hours);
    let days = import::days(&mut fields, &message.days);
    let announced_on = fields.take(import::date("announced_on", &message.announced_on));
    fields.finish().map_err(|_| Error::CalendarUnreadable)?;
    let version = Version {
        revision: message.revision,
        announced_on: announced_on.ok_or(Error::CalendarUnreadable)?,
        basis: message.basis,
    };
    let days = days.into_iter().map(|day| (day.special.date, day));
    let days = days.collect();
    Ok((version, Calendar { hours, days }))
}

fn hours(hours: &Hours) -> pb::OfficeHours {
    let day = |(month, day): MonthDay| format!("{month:02}-{day:02}");
    let season = hours.season.map(Season::days);
    let (first, last) = season
        .map(|(first, last)| (day(first), day(last)))
        .unwrap_or_default();
    pb::OfficeHours {
        unit_uid: hours.unit.clone().unwrap_or_default(),
        from: hours.from.to_string(),
        season_first: first,
        season_last: last,
        openings: hours.openings.iter().map(opening).collect(),
    }
}

fn opening(opening: &Opening) -> pb::Opening {
    pb::Opening {
        weekday: i32::try_from(opening.weekday.number_from_monday()).unwrap_or_default(),
        open: time(opening.open),
        close: time(opening.close),
    }
}

fn special_day(
    Day {
        special,
        paired_with,
    }: &Day,
) -> pb::SpecialDay {
    let (kind, shifts): (_, &[Shift]) = match &special.kind {
        DayKind::PublicHoliday => (pb::SpecialDayKind::PublicHoliday, &[]),
        DayKind::CompensatoryDayOff => (pb::SpecialDayKind::CompensatoryDayOff, &[]),
        DayKind::SwappedDayOff => (pb::SpecialDayKind::SwappedDayOff, &[]),
        DayKind::WorkingDay => (pb::SpecialDayKind::WorkingDay, &[]),
        DayKind::ShortDay(hours) => (pb::SpecialDayKind::ShortDay, hours.shifts()),
    };
    let opening = |shift: &Shift| pb::Opening {
        weekday: 0,
        open: time(shift.open),
        close: time(shift.close),
    };
    pb::SpecialDay {
        date: special.date.to_string(),
        name: special.name.clone(),
        kind: kind.into(),
        paired_with: paired_with.map(|date| date.to_string()).unwrap_or_default(),
        openings: shifts.iter().map(opening).collect(),
    }
}

fn time(time: NaiveTime) -> String {
    time.format("%H:%M").to_string()
}

/// What the log tells of a version.
pub(crate) fn published(calendar: pb::Calendar) -> pb::CatalogueChange {
    let calendar = Some(calendar);
    pb::CatalogueChange {
        change: Some(Change::CalendarPublished(pb::CalendarPublished {
            calendar,
        })),
    }
}

/// What a watch of the calendar tells of an event.
pub(crate) fn told(event: &Event) -> Option<pb::Calendar> {
    let change = pb::CatalogueChange::decode(kit::copies::change_of(event)).ok()?;
    match change.change? {
        Change::CalendarPublished(published) => published.calendar,
        Change::ProcedureChanged(_) | Change::DraftChanged(_) => None,
    }
}

/// What an import changes, of a version and as of a day.
pub(crate) fn report(
    difference: &Difference,
    named: usize,
    (revision, today): (i64, chrono::NaiveDate),
) -> pb::ImportCalendarResponse {
    let texts = |dates: &[chrono::NaiveDate]| dates.iter().map(ToString::to_string).collect();
    let past = difference.dates().filter(|date| **date < today);
    let put = difference.added.len() + difference.changed.len();
    pb::ImportCalendarResponse {
        dry_run: false,
        revision,
        added_dates: texts(&difference.added),
        changed_dates: texts(&difference.changed),
        removed_dates: texts(&difference.removed),
        past_dates: past.map(ToString::to_string).collect(),
        hours_changed: difference.hours,
        unchanged: i32::try_from(named.saturating_sub(put)).unwrap_or(i32::MAX),
    }
}

/// A page of versions, of which one too many was asked for to know whether another page follows.
pub(crate) fn versions(listed: &[Listed], size: u64) -> pb::ListCalendarVersionsResponse {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let page = listed.iter().take(size);
    let last = page.clone().next_back().filter(|_| listed.len() > size);
    let token = |(revision, ..): &Listed| page::token(&[&revision.to_string()]);
    pb::ListCalendarVersionsResponse {
        next_page_token: last.map(token).unwrap_or_default(),
        versions: page
            .map(|(revision, announced_on, basis)| pb::CalendarVersion {
                revision: *revision,
                announced_on: announced_on.to_string(),
                basis: basis.clone(),
            })
            .collect(),
    }
}

/// A fault as a violation of a field of the request.
pub(crate) fn violation(fault: &Fault) -> Violation {
    Violation::new(
        fault.field(),
        fault.flaw.reason(),
        fault.flaw.to_string(),
        fault.flaw.vietnamese(),
    )
}
