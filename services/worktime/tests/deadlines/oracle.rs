//! The slow truth: walk through time minute by minute and look whether the office is open.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use worktime::{Calendar, DayKind, OfficeHours, Opening, SpecialDay};

/// The raw material of a calendar; no date comes twice among the special days.
#[derive(Debug, Clone)]
pub struct Office {
    pub openings: Vec<Opening>,
    pub special: Vec<SpecialDay>,
}

impl Office {
    pub fn calendar(&self) -> Calendar {
        let hours = OfficeHours::new(self.openings.clone()).expect("valid hours");
        Calendar::weekly(hours, self.special.clone())
    }

    pub fn works_on(&self, date: NaiveDate) -> bool {
        let midnight = date.and_time(NaiveTime::MIN);
        (0..24 * 60).any(|minute| self.is_open(midnight + TimeDelta::minutes(minute)))
    }

    /// Open minutes from `from` up to `to`.
    pub fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> u32 {
        let mut open = 0;
        let mut minute = from;
        while minute < to {
            open += u32::from(self.is_open(minute));
            minute += TimeDelta::minutes(1);
        }
        open
    }

    /// The end of the `minutes`-th open minute from `from`.
    pub fn add(&self, from: NaiveDateTime, minutes: u32) -> NaiveDateTime {
        let mut left = minutes;
        let mut now = from;
        while left > 0 {
            left -= u32::from(self.is_open(now));
            now += TimeDelta::minutes(1);
        }
        now
    }

    /// Closing time of the `days`-th working day after `received`.
    pub fn end_of_working_day(&self, received: NaiveDateTime, days: u32) -> NaiveDateTime {
        let mut date = received.date();
        let mut left = days;
        while left > 0 {
            date = date.succ_opt().expect("a next day");
            left -= u32::from(self.works_on(date));
        }
        let mut now = date.and_time(NaiveTime::MIN) + TimeDelta::days(1);
        while !self.is_open(now - TimeDelta::minutes(1)) {
            now -= TimeDelta::minutes(1);
        }
        now
    }

    fn is_open(&self, at: NaiveDateTime) -> bool {
        let special = self.special.iter().find(|day| day.date == at.date());
        let weekday = match special.map(|day| &day.kind) {
            None => at.weekday(),
            Some(DayKind::WorkingDay) => self.day_worked_instead(at.weekday()),
            Some(DayKind::ShortDay(hours)) => {
                let mut shifts = hours.shifts().iter();
                return shifts.any(|shift| shift.open <= at.time() && at.time() < shift.close);
            }
            Some(_) => return false,
        };
        self.openings.iter().any(|opening| {
            opening.weekday == weekday && opening.open <= at.time() && at.time() < opening.close
        })
    }

    /// The weekday itself, or the first that is worked longer than any before it.
    fn day_worked_instead(&self, weekday: Weekday) -> Weekday {
        let mut best = weekday;
        let mut candidate = Weekday::Mon;
        for _ in 0..7 {
            if self.minutes_of(candidate) > self.minutes_of(best) {
                best = candidate;
            }
            candidate = candidate.succ();
        }
        best
    }

    fn minutes_of(&self, weekday: Weekday) -> i64 {
        let openings = self
            .openings
            .iter()
            .filter(|opening| opening.weekday == weekday);
        openings
            .map(|opening| (opening.close - opening.open).num_minutes())
            .sum()
    }
}

/// Every minute of some years, looked at once: for many walks over the same office.
pub struct Minutes {
    first: NaiveDateTime,
    open: Vec<bool>,
}

impl Minutes {
    pub fn of(office: &Office, first: NaiveDate, last: NaiveDate) -> Self {
        let first = first.and_time(NaiveTime::MIN);
        let minutes = (last.and_time(NaiveTime::MIN) - first).num_minutes();
        let open = (0..minutes).map(|minute| office.is_open(first + TimeDelta::minutes(minute)));
        Self {
            first,
            open: open.collect(),
        }
    }

    pub fn between(&self, from: NaiveDateTime, to: NaiveDateTime) -> u32 {
        let mut open = 0;
        for minute in self.index(from)..self.index(to) {
            open += u32::from(self.open[minute]);
        }
        open
    }

    /// The end of the `minutes`-th open minute from `from`.
    pub fn add(&self, from: NaiveDateTime, minutes: u32) -> NaiveDateTime {
        let (mut left, mut minute) = (minutes, self.index(from));
        while left > 0 {
            left -= u32::from(self.open[minute]);
            minute += 1;
        }
        self.instant(minute)
    }

    /// Closing time of the `days`-th day after `from` that has an open minute.
    pub fn end_of_working_day(&self, from: NaiveDateTime, days: u32) -> NaiveDateTime {
        let mut left = days;
        let mut minute = self.index(from) / DAY * DAY + DAY;
        loop {
            let day = &self.open[minute..minute + DAY];
            if let Some(last) = day.iter().rposition(|open| *open) {
                left -= 1;
                if left == 0 {
                    return self.instant(minute + last + 1);
                }
            }
            minute += DAY;
        }
    }

    fn index(&self, at: NaiveDateTime) -> usize {
        usize::try_from((at - self.first).num_minutes()).expect("within the years")
    }

    fn instant(&self, minute: usize) -> NaiveDateTime {
        self.first + TimeDelta::minutes(i64::try_from(minute).expect("within the years"))
    }
}

const DAY: usize = 24 * 60;
