//! The working calendar as the catalogue publishes it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{NaiveDate, NaiveTime, Weekday};
use prost::Message as _;
use proto::catalogue::v1 as pb;
use sea_orm::{ConnectionTrait, DbErr};
use worktime::{
    Calendar, DayHours, DayKind, MonthDay, OfficeHours, Opening, Period, Schedule, Season, Shift,
    SpecialDay,
};

use super::Copy;
use crate::clock::{self, Moment};

/// The calendar of the province, and of units that have office hours of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendars {
    province: Calendar,
    units: HashMap<String, Calendar>,
    revision: i64,
}

impl Calendars {
    /// One calendar for all.
    #[must_use]
    pub fn of_all(province: Calendar) -> Self {
        Self {
            province,
            units: HashMap::new(),
            revision: 1,
        }
    }

    /// When a unit works.
    #[must_use]
    pub fn of(&self, unit: &str) -> &Calendar {
        self.units.get(unit).unwrap_or(&self.province)
    }

    /// When the units of the province work that have no hours of their own.
    #[must_use]
    pub fn of_the_province(&self) -> &Calendar {
        &self.province
    }

    /// The time before which no unit works otherwise than in another version; `None` when that is no time at all.
    #[must_use]
    pub fn same_until(&self, other: &Self) -> Option<Moment> {
        let units = self.units.keys().chain(other.units.keys());
        let units = units.map(|unit| (self.of(unit), other.of(unit)));
        let differences = units
            .chain([(&self.province, &other.province)])
            .filter_map(|(own, other)| own.first_difference(other));
        match differences.min() {
            None => Some(Moment::MAX_UTC),
            Some(NaiveDate::MIN) => None,
            Some(day) => Some(clock::from_local(day.and_time(NaiveTime::MIN))),
        }
    }

    /// The version.
    #[must_use]
    pub fn revision(&self) -> i64 {
        self.revision
    }
}

/// The last calendar that was parsed, so that it is parsed once.
#[derive(Default)]
pub struct CalendarCache(Mutex<Option<(Vec<u8>, Arc<Calendars>)>>);

impl CalendarCache {
    /// The calendar as this store's copy has it; none before the first.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn newest(&self, db: &impl ConnectionTrait) -> Result<Option<Arc<Calendars>>, DbErr> {
        let copies = super::load(db, &BTreeSet::from([super::calendar_name()])).await?;
        Ok(self.find(&copies))
    }

    /// One version of it; none where this store has it no more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn version(
        &self,
        db: &impl ConnectionTrait,
        revision: i64,
    ) -> Result<Option<Arc<Calendars>>, DbErr> {
        let name = (super::CALENDAR, super::calendar_key(revision));
        let copies = super::load(db, &BTreeSet::from([name])).await?;
        Ok(self.find(&copies))
    }

    /// The calendar among these copies; `None` when there is none.
    #[must_use]
    pub fn find(&self, copies: &[Copy]) -> Option<Arc<Calendars>> {
        let copy = copies.iter().find(|copy| copy.kind == super::CALENDAR)?;
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((body, calendars)) = last.as_ref()
            && *body == copy.body
        {
            return Some(Arc::clone(calendars));
        }
        let message = pb::Calendar::decode(copy.body.as_slice()).ok()?;
        let calendars = Arc::new(calendars(&message)?);
        *last = Some((copy.body.clone(), Arc::clone(&calendars)));
        Some(calendars)
    }
}

/// The calendars in a message; `None` when it is not one that the catalogue publishes.
#[must_use]
pub fn calendars(message: &pb::Calendar) -> Option<Calendars> {
    let days: Option<Vec<_>> = message.days.iter().map(special_day).collect();
    let days = days?;
    let mut periods: BTreeMap<&str, Vec<Period>> = BTreeMap::new();
    for hours in &message.hours {
        let of_unit = periods.entry(&hours.unit_uid).or_default();
        of_unit.push(period(hours)?);
    }
    let province = Schedule::new(periods.remove("")?).ok()?;
    let mut units = HashMap::new();
    for (unit, own) in periods {
        let own = province.followed_by(&Schedule::new(own).ok()?);
        units.insert(unit.to_owned(), Calendar::new(own, days.clone()));
    }
    Some(Calendars {
        province: Calendar::new(province, days),
        units,
        revision: message.revision,
    })
}

fn period(hours: &pb::OfficeHours) -> Option<Period> {
    let openings: Option<Vec<_>> = hours.openings.iter().map(opening).collect();
    let season = match (hours.season_first.as_str(), hours.season_last.as_str()) {
        ("", "") => None,
        (first, last) => Some(Season::new(month_day(first)?, month_day(last)?)?),
    };
    Some(Period {
        from: date(&hours.from)?,
        season,
        week: OfficeHours::new(openings?).ok()?,
    })
}

fn opening(opening: &pb::Opening) -> Option<Opening> {
    let weekday = u8::try_from(opening.weekday.checked_sub(1)?).ok()?;
    let Shift { open, close } = shift(opening)?;
    Some(Opening {
        weekday: Weekday::try_from(weekday).ok()?,
        open,
        close,
    })
}

fn shift(opening: &pb::Opening) -> Option<Shift> {
    let time = |text| NaiveTime::parse_from_str(text, "%H:%M").ok();
    Some(Shift {
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
        pb::SpecialDayKind::ShortDay => {
            let shifts: Option<Vec<_>> = day.openings.iter().map(shift).collect();
            DayKind::ShortDay(DayHours::new(shifts?).ok()?)
        }
    };
    Some(SpecialDay {
        date: date(&day.date)?,
        name: day.name.clone(),
        kind,
    })
}

fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn month_day(text: &str) -> Option<MonthDay> {
    let (month, day) = text.split_once('-')?;
    Some((month.parse().ok()?, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2017, 9, day).unwrap()
    }

    fn off(on: u32) -> SpecialDay {
        SpecialDay {
            date: day(on),
            name: "Nghỉ".to_owned(),
            kind: DayKind::PublicHoliday,
        }
    }

    fn with(days: &[u32], of_unit: Option<OfficeHours>) -> Calendars {
        let days: Vec<SpecialDay> = days.iter().map(|on| off(*on)).collect();
        let own = |week| ("u".to_owned(), Calendar::weekly(week, days.clone()));
        Calendars {
            province: Calendar::weekly(OfficeHours::standard(), days.clone()),
            units: of_unit.map(own).into_iter().collect(),
            revision: 1,
        }
    }

    #[test]
    fn two_versions_are_the_same_until_the_first_day_that_only_one_of_them_knows() {
        let until = |on: u32| Some(clock::from_local(day(on).and_time(NaiveTime::MIN)));
        let before = with(&[4, 20], None);
        assert_eq!(before.same_until(&before), Some(Moment::MAX_UTC));
        assert_eq!(before.same_until(&with(&[4, 8, 20], None)), until(8));
        assert_eq!(with(&[4, 8, 20], None).same_until(&before), until(8));
        assert_eq!(before.same_until(&with(&[5, 20], None)), until(4));
    }

    #[test]
    fn hours_of_one_unit_that_differ_differ_from_the_start() {
        let standard = OfficeHours::standard();
        let monday = Opening {
            weekday: Weekday::Mon,
            open: NaiveTime::MIN,
            close: NaiveTime::MIN + chrono::TimeDelta::hours(1),
        };
        let own = OfficeHours::new([monday]).unwrap();
        let before = with(&[4], None);
        assert_eq!(
            before.same_until(&with(&[4], Some(standard))),
            Some(Moment::MAX_UTC)
        );
        assert_eq!(before.same_until(&with(&[4], Some(own))), None);
    }
}
