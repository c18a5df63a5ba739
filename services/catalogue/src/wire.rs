//! Protobuf to domain and back.

pub(crate) mod event;
pub(crate) mod parse;
pub(crate) mod procedure;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod request;

use prost::Message;
use proto::catalogue::v1 as pb;
use proto::catalogue::v1::catalogue_change::Change;
use worktime::{DayKind, Opening, SpecialDay};

use crate::calendar::{Calendar, PROVINCE};
use crate::error::Error;

/// A message that the store keeps.
pub(crate) fn stored<M: Message + Default>(body: &[u8]) -> Result<M, Error> {
    Ok(M::decode(body)?)
}

/// The province's calendar at one revision.
pub(crate) fn calendar(calendar: &Calendar, revision: i64) -> pb::Calendar {
    pb::Calendar {
        key: PROVINCE.to_owned(),
        openings: calendar.openings.iter().map(opening).collect(),
        days: calendar.days.iter().map(special_day).collect(),
        revision,
    }
}

fn opening(opening: &Opening) -> pb::Opening {
    let time = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
    pb::Opening {
        weekday: i32::try_from(opening.weekday.number_from_monday()).unwrap_or_default(),
        open: time(opening.open),
        close: time(opening.close),
    }
}

fn special_day(day: &SpecialDay) -> pb::SpecialDay {
    let kind = match day.kind {
        DayKind::PublicHoliday => pb::SpecialDayKind::PublicHoliday,
        DayKind::CompensatoryDayOff => pb::SpecialDayKind::CompensatoryDayOff,
        DayKind::SwappedDayOff => pb::SpecialDayKind::SwappedDayOff,
        DayKind::WorkingDay => pb::SpecialDayKind::WorkingDay,
    };
    pb::SpecialDay {
        date: day.date.to_string(),
        name: day.name.clone(),
        kind: kind.into(),
    }
}

/// What the log tells of a calendar.
pub(crate) fn calendar_published(calendar: pb::Calendar) -> pb::CatalogueChange {
    let calendar = Some(calendar);
    pb::CatalogueChange {
        change: Some(Change::CalendarPublished(pb::CalendarPublished {
            calendar,
        })),
    }
}
