//! The calendar: which instants are working time.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};
use thiserror::Error;

use crate::hours::{OfficeHours, Opening};
use crate::working_time::WorkingTime;

/// How far every search goes: twenty years.
pub(crate) const SEARCH_DAYS: u32 = 20 * 366;

/// How a day differs from the ordinary week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A public holiday (Labour Code 2019 art 112): off.
    PublicHoliday,
    /// A weekday off because a public holiday fell on a weekly day off (Labour Code 2019 art 111.3).
    CompensatoryDayOff,
    /// A weekday off that is made up for on another day, by yearly decision of the government.
    SwappedDayOff,
    /// A day that is worked although the week would not have it: a make-up Saturday.
    WorkingDay,
}

/// One day that differs from the ordinary week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecialDay {
    /// The date.
    pub date: NaiveDate,
    /// What the day is called, in Vietnamese, as announced.
    pub name: String,
    /// How it differs.
    pub kind: DayKind,
}

/// There is no working time within twenty years, or the limit is longer than that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not enough working time in the twenty years after {after}")]
pub struct NoWorkingTime {
    /// Where the search began.
    pub after: NaiveDateTime,
}

/// The working time of one office: its week, and the days that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    hours: OfficeHours,
    special: BTreeMap<NaiveDate, SpecialDay>,
}

impl Calendar {
    /// If a date comes more than once the last entry holds: later announcements amend earlier ones (domain.md R15).
    pub fn new(hours: OfficeHours, special: impl IntoIterator<Item = SpecialDay>) -> Self {
        let special = special.into_iter().map(|day| (day.date, day)).collect();
        Self { hours, special }
    }

    /// Whether the office opens at all on `date`.
    #[must_use]
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        !self.openings_on(date).is_empty()
    }

    /// The first open instant at or after `at`: `at` itself if the office is open. At closing time it is not.
    ///
    /// # Errors
    /// [`NoWorkingTime`] if the office does not open within twenty years.
    pub fn next_opening(&self, at: NaiveDateTime) -> Result<NaiveDateTime, NoWorkingTime> {
        self.openings_from(at.date())
            .find(|(_, close)| at < *close)
            .map(|(open, _)| open.max(at))
            .ok_or(NoWorkingTime { after: at })
    }

    /// The first working day later than `after`.
    ///
    /// # Errors
    /// [`NoWorkingTime`] if there is none within twenty years.
    pub fn next_working_day(&self, after: NaiveDate) -> Result<NaiveDate, NoWorkingTime> {
        self.nth_working_day(after, 1)
    }

    /// The `n`-th working day later than `after`, from 1; 0 is taken as 1.
    pub(crate) fn nth_working_day(
        &self,
        after: NaiveDate,
        n: u32,
    ) -> Result<NaiveDate, NoWorkingTime> {
        days_from(after)
            .skip(1)
            .filter(|date| self.is_working_day(*date))
            .nth(n.saturating_sub(1) as usize)
            .ok_or(NoWorkingTime {
                after: midnight(after),
            })
    }

    /// When the office closes for the day on `date`, if it is a working day.
    #[must_use]
    pub fn closing(&self, date: NaiveDate) -> Option<NaiveDateTime> {
        let last = self.openings_on(date).last()?;
        Some(date.and_time(last.close))
    }

    /// The instant at which `time` of working time since `from` has passed. If that is a closing time, it is that
    /// closing time and not the next opening (domain.md R3). Allocates nothing.
    ///
    /// # Errors
    /// [`NoWorkingTime`] if there is less than `time` in the twenty years after `from`.
    pub fn add(
        &self,
        from: NaiveDateTime,
        time: WorkingTime,
    ) -> Result<NaiveDateTime, NoWorkingTime> {
        let mut left = time.as_delta();
        for (open, close) in self.openings_from(from.date()) {
            let start = from.max(open);
            if start > close {
                continue;
            }
            let available = close - start;
            if left <= available {
                return Ok(start + left);
            }
            left -= available;
        }
        Err(NoWorkingTime { after: from })
    }

    /// The working time from `from` to `to`, in whole minutes; nothing if `to` is not later. Takes time in
    /// proportion to the days between.
    #[must_use]
    pub fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> WorkingTime {
        let dates = from
            .date()
            .iter_days()
            .take_while(|date| *date <= to.date());
        WorkingTime::elapsed(dates.map(|date| self.open_on(date, from, to)).sum())
    }

    /// How long the office is open on `date`, not before `from` and not after `to`.
    pub(crate) fn open_on(
        &self,
        date: NaiveDate,
        from: NaiveDateTime,
        to: NaiveDateTime,
    ) -> TimeDelta {
        let open = |opening: &Opening| {
            let start = date.and_time(opening.open).max(from);
            let end = date.and_time(opening.close).min(to);
            (end - start).max(TimeDelta::zero())
        };
        self.openings_on(date).iter().map(open).sum()
    }

    /// The entry for `date`, if it differs from the ordinary week.
    pub(crate) fn special_day(&self, date: NaiveDate) -> Option<&SpecialDay> {
        self.special.get(&date)
    }

    fn openings_on(&self, date: NaiveDate) -> &[Opening] {
        match self.special_day(date).map(|day| day.kind) {
            None => self.hours.ordinary(date.weekday()),
            Some(DayKind::WorkingDay) => self.hours.make_up(date.weekday()),
            Some(DayKind::PublicHoliday | DayKind::CompensatoryDayOff | DayKind::SwappedDayOff) => {
                &[]
            }
        }
    }

    fn openings_from(
        &self,
        first: NaiveDate,
    ) -> impl Iterator<Item = (NaiveDateTime, NaiveDateTime)> {
        days_from(first).flat_map(|date| {
            let openings = self.openings_on(date).iter();
            openings.map(move |opening| (date.and_time(opening.open), date.and_time(opening.close)))
        })
    }
}

/// `first` and the days after it, for twenty years.
fn days_from(first: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take(SEARCH_DAYS as usize)
}

pub(crate) fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN)
}
