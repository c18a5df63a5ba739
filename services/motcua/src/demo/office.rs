//! When offices work: the calendar of the province, as the catalogue serves it.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use kit::copies;
use proto::catalogue::v1 as pb;
use worktime::{Calendar, WorkingTime};

use super::error::Error;

/// Working time in the province.
#[derive(Clone, Debug)]
pub struct Office(Calendar);

impl Office {
    /// The working time that a calendar describes.
    ///
    /// # Errors
    /// When it is no calendar, or never opens.
    pub fn from_wire(calendar: &pb::Calendar) -> Result<Self, Error> {
        let calendars = copies::calendars(calendar);
        let calendars = calendars.ok_or(Error::Province("its calendar is malformed".to_owned()))?;
        Ok(Self(calendars.of_the_province().clone()))
    }

    /// The instant at which so many working minutes have passed since `at`. After twenty years without work it is `at`.
    #[must_use]
    pub fn after(&self, at: NaiveDateTime, minutes: u32) -> NaiveDateTime {
        let open = self.0.next_opening(at).unwrap_or(at);
        self.0
            .add(open, WorkingTime::from_minutes(minutes))
            .unwrap_or(at)
    }

    /// Working minutes between two instants.
    #[must_use]
    pub fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> u32 {
        self.0.between(from, to).minutes()
    }

    /// The first `count` working days from `first` on.
    #[must_use]
    pub fn working_days(&self, first: NaiveDate, count: usize) -> Vec<NaiveDate> {
        let days = first
            .iter_days()
            .filter(|date| self.0.is_working_day(*date));
        days.take(count).collect()
    }

    /// When a working day ends.
    #[must_use]
    pub fn closing(&self, date: NaiveDate) -> NaiveDateTime {
        self.0
            .closing(date)
            .unwrap_or_else(|| midnight(date) + TimeDelta::days(1))
    }

    /// Working minutes of one day.
    #[must_use]
    pub fn length(&self, date: NaiveDate) -> u32 {
        self.between(midnight(date), midnight(date) + TimeDelta::days(1))
    }
}

/// The first instant of a day.
#[must_use]
pub fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN)
}

#[cfg(test)]
pub mod tests {
    use worktime::{DayKind, OfficeHours, SpecialDay};

    use super::*;

    fn date(month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2017, month, day).unwrap()
    }

    /// The ordinary week with the national day of 2017.
    pub fn office() -> Office {
        let day = |day, kind| SpecialDay {
            date: date(9, day),
            name: "Quốc khánh".to_owned(),
            kind,
        };
        let days = [
            day(2, DayKind::PublicHoliday),
            day(4, DayKind::CompensatoryDayOff),
        ];
        Office(Calendar::weekly(OfficeHours::standard(), days))
    }

    #[test]
    fn ten_working_days_from_28_august_2017_end_on_11_september() {
        let days = office().working_days(date(8, 28), 10);
        assert_eq!(days.last(), Some(&date(9, 11)));
        assert!(!days.contains(&date(9, 4)));
    }

    #[test]
    fn work_that_begins_at_night_begins_in_the_morning() {
        let night = date(9, 1).and_hms_opt(21, 30, 0).unwrap();
        let tuesday = date(9, 5).and_hms_opt(7, 20, 0).unwrap();
        assert_eq!(office().after(night, 20), tuesday);
    }
}
