//! The calendar: which instants are working time.

mod table;

use std::collections::BTreeMap;

use chrono::{Datelike as _, Days, NaiveDate, NaiveDateTime, NaiveTime};
use thiserror::Error;

use crate::hours::{DayHours, OfficeHours};
use crate::schedule::Schedule;
use crate::working_time::WorkingTime;
use table::Table;

/// How far every search goes: twenty years.
pub(crate) const SEARCH_DAYS: u32 = 20 * 366;

/// How a day differs from the ordinary week.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DayKind {
    /// A public holiday (Labour Code 2019 art 112): off.
    PublicHoliday,
    /// A weekday off because a public holiday fell on a weekly day off (Labour Code 2019 art 111.3).
    CompensatoryDayOff,
    /// A weekday off that is made up for on another day, by yearly decision of the government.
    SwappedDayOff,
    /// A day that is worked although the week would not have it: a make-up Saturday. It has the hours of a full day.
    WorkingDay,
    /// A day that is worked in hours of its own: a half day.
    ShortDay(DayHours),
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

/// The working time of one office: its ordinary weeks, and the days that differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    schedule: Schedule,
    special: BTreeMap<NaiveDate, SpecialDay>,
    table: Table,
}

impl Calendar {
    /// If a date comes more than once the last entry holds: later announcements amend earlier ones (domain.md R15).
    pub fn new(schedule: Schedule, special: impl IntoIterator<Item = SpecialDay>) -> Self {
        let special = special.into_iter().map(|day| (day.date, day)).collect();
        let mut calendar = Self {
            schedule,
            special,
            table: Table::default(),
        };
        calendar.table = Table::of(&calendar);
        calendar
    }

    /// The same hours every week.
    pub fn weekly(week: OfficeHours, special: impl IntoIterator<Item = SpecialDay>) -> Self {
        Self::new(Schedule::weekly(week), special)
    }

    /// The first day of which another calendar says something else; `None` when there is none. Where ordinary weeks are not the
    /// same, that is the first day of all.
    #[must_use]
    pub fn first_difference(&self, other: &Self) -> Option<NaiveDate> {
        if self.schedule != other.schedule {
            return Some(NaiveDate::MIN);
        }
        let missing = |from: &Self, to: &Self| {
            let mut days = from.special.iter();
            let day = days.find(|(date, day)| to.special.get(date) != Some(day));
            day.map(|(date, _)| *date)
        };
        let differences = [missing(self, other), missing(other, self)];
        differences.into_iter().flatten().min()
    }

    /// Whether the office opens at all on `date`.
    #[must_use]
    pub fn is_working_day(&self, date: NaiveDate) -> bool {
        !self.hours_on(date).is_off()
    }

    /// The first open instant at or after `at`: `at` itself if the office is open. At closing time it is not.
    ///
    /// # Errors
    /// [`NoWorkingTime`] if the office does not open within twenty years.
    pub fn next_opening(&self, at: NaiveDateTime) -> Result<NaiveDateTime, NoWorkingTime> {
        for (date, hours) in self.days_from(at.date()) {
            for shift in hours.shifts() {
                if at < date.and_time(shift.close) {
                    return Ok(date.and_time(shift.open).max(at));
                }
            }
        }
        Err(NoWorkingTime { after: at })
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
        let mut working = self
            .days_from(after)
            .skip(1)
            .filter(|(_, hours)| !hours.is_off());
        let nth = working.nth(n.saturating_sub(1) as usize);
        nth.map(|(date, _)| date).ok_or(NoWorkingTime {
            after: midnight(after),
        })
    }

    /// When the office closes for the day on `date`, if it is a working day.
    #[must_use]
    pub fn closing(&self, date: NaiveDate) -> Option<NaiveDateTime> {
        let last = self.hours_on(date).shifts().last()?;
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
        let (today, mut left) = (from.date(), time);
        if let Some(end) = end_on(today, self.hours_on(today), from, &mut left) {
            return Ok(end);
        }
        let nothing = NoWorkingTime { after: from };
        let skipped = self.table.skip(today.num_days_from_ce() + 1, &mut left);
        let next = today.checked_add_days(Days::new(u64::from(skipped) + 1));
        let days = self.days_from(next.ok_or(nothing)?);
        for (date, hours) in days.take((SEARCH_DAYS - skipped) as usize) {
            if hours.length() < left {
                left = left.saturating_sub(hours.length());
            } else if let Some(end) = end_on(date, hours, midnight(date), &mut left) {
                return Ok(end);
            }
        }
        Err(nothing)
    }

    /// The working time from `from` to `to`, of twenty years at most; nothing if `to` is not later. Allocates nothing.
    #[must_use]
    pub fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> WorkingTime {
        let days = self.days_from(from.date());
        let days = days.take_while(|(date, _)| *date <= to.date());
        let open = days.map(|(date, hours)| {
            if date == from.date() || date == to.date() {
                open_on(date, hours, from, to)
            } else {
                hours.length()
            }
        });
        open.sum()
    }

    /// The hours of one date.
    pub(crate) fn hours_on(&self, date: NaiveDate) -> &DayHours {
        self.table
            .get(date.num_days_from_ce())
            .unwrap_or_else(|| self.reckon_hours(date))
    }

    /// The entry for `date`, if it differs from the ordinary week.
    pub(crate) fn special_day(&self, date: NaiveDate) -> Option<&SpecialDay> {
        self.special.get(&date)
    }

    fn reckon_hours(&self, date: NaiveDate) -> &DayHours {
        let week = self.schedule.on(date);
        match self.special_day(date).map(|day| &day.kind) {
            None => week.ordinary(date.weekday()),
            Some(DayKind::WorkingDay) => week.make_up(date.weekday()),
            Some(DayKind::ShortDay(hours)) => hours,
            Some(DayKind::PublicHoliday | DayKind::CompensatoryDayOff | DayKind::SwappedDayOff) => {
                const { &DayHours::OFF }
            }
        }
    }

    /// `first` and the days after it, for twenty years.
    fn days_from(&self, first: NaiveDate) -> impl Iterator<Item = (NaiveDate, &DayHours)> {
        let dates = first.iter_days().take(SEARCH_DAYS as usize);
        dates.zip(first.num_days_from_ce()..).map(|(date, number)| {
            let known = self.table.get(number);
            (date, known.unwrap_or_else(|| self.reckon_hours(date)))
        })
    }
}

/// The instant at which `left` has passed on `date` since `from`; otherwise none, and what the day had is gone from it.
fn end_on(
    date: NaiveDate,
    hours: &DayHours,
    from: NaiveDateTime,
    left: &mut WorkingTime,
) -> Option<NaiveDateTime> {
    for shift in hours.shifts() {
        let start = from.max(date.and_time(shift.open));
        let close = date.and_time(shift.close);
        if start > close {
            continue;
        }
        let available = WorkingTime::elapsed(close - start);
        if *left <= available {
            return Some(start + left.as_delta());
        }
        *left = left.saturating_sub(available);
    }
    None
}

/// How long an office with these hours is open on `date`, not before `from` and not after `to`.
fn open_on(
    date: NaiveDate,
    hours: &DayHours,
    from: NaiveDateTime,
    to: NaiveDateTime,
) -> WorkingTime {
    let open = hours.shifts().iter().map(|shift| {
        let start = date.and_time(shift.open).max(from);
        let end = date.and_time(shift.close).min(to);
        WorkingTime::elapsed(end - start)
    });
    open.sum()
}

pub(crate) fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN)
}
