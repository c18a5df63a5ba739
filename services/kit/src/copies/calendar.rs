//! The working calendar as the catalogue publishes it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, NaiveTime, Weekday};
use prost::Message as _;
use proto::catalogue::v1 as pb;
use worktime::{Calendar, DayKind, OfficeHours, Opening, SpecialDay};

use super::Copy;

/// The last calendar that was parsed, so that it is parsed once.
#[derive(Default)]
pub struct CalendarCache(Mutex<Option<(Vec<u8>, Arc<Calendar>)>>);

impl CalendarCache {
    /// The calendar among these copies; `None` when there is none.
    #[must_use]
    pub fn find(&self, copies: &[Copy]) -> Option<Arc<Calendar>> {
        let copy = copies.iter().find(|copy| copy.kind == super::CALENDAR)?;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((body, calendar)) = last.as_ref()
            && *body == copy.body
        {
            return Some(Arc::clone(calendar));
        }
        let message = pb::Calendar::decode(copy.body.as_slice()).ok()?;
        let calendar = Arc::new(calendar(&message)?);
        *last = Some((copy.body.clone(), Arc::clone(&calendar)));
        Some(calendar)
    }
}

fn calendar(message: &pb::Calendar) -> Option<Calendar> {
    let openings: Option<Vec<_>> = message.openings.iter().map(opening).collect();
    let hours = OfficeHours::new(openings?).ok()?;
    let days: Option<Vec<_>> = message.days.iter().map(special_day).collect();
    Some(Calendar::new(hours, days?))
}

fn opening(opening: &pb::Opening) -> Option<Opening> {
    let weekday = u8::try_from(opening.weekday.checked_sub(1)?).ok()?;
    Some(Opening {
        weekday: Weekday::try_from(weekday).ok()?,
        open: time(&opening.open)?,
        close: time(&opening.close)?,
    })
}

fn special_day(day: &pb::SpecialDay) -> Option<SpecialDay> {
    let kind = match day.kind() {
        pb::SpecialDayKind::Unspecified => return None,
        pb::SpecialDayKind::PublicHoliday => DayKind::PublicHoliday,
        pb::SpecialDayKind::CompensatoryDayOff => DayKind::CompensatoryDayOff,
        pb::SpecialDayKind::SwappedDayOff => DayKind::SwappedDayOff,
        pb::SpecialDayKind::WorkingDay => DayKind::WorkingDay,
    };
    Some(SpecialDay {
        date: NaiveDate::parse_from_str(&day.date, "%Y-%m-%d").ok()?,
        name: day.name.clone(),
        kind,
    })
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}
