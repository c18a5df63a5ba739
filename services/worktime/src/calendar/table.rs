//! The hours of every date around the days that differ, worked out once: a deadline walks over many dates.

use std::collections::HashMap;

use chrono::{Datelike as _, Days, NaiveDate};

use super::{Calendar, SEARCH_DAYS};
use crate::hours::DayHours;
use crate::working_time::WorkingTime;

/// Deadlines of dossiers received on the last days that are known reach so far beyond them.
const BEYOND_DAYS: u64 = 2 * 366;

/// Hours by number of the day. Dates outside are worked out when asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Table {
    first: i32,
    /// For each day its place among `kinds`.
    days: Vec<u32>,
    /// The different hours that days have; a handful.
    kinds: Vec<DayHours>,
}

impl Table {
    /// The table of all dates from the first to the last that the calendar knows of, and two years more.
    pub fn of(calendar: &Calendar) -> Self {
        let special = calendar.special.keys();
        let (Some(first), Some(last)) = (special.clone().next(), special.last()) else {
            return Self::default();
        };
        let hours_begin = calendar.schedule.first_days();
        let hours_begin = hours_begin.filter(|date| *date > NaiveDate::MIN).max();
        let last = hours_begin.map_or(*last, |begin| begin.max(*last));
        let last = last.checked_add_days(Days::new(BEYOND_DAYS));
        let last = last.unwrap_or(NaiveDate::MAX);
        let mut places: HashMap<&DayHours, u32> = HashMap::new();
        let mut table = Self {
            first: first.num_days_from_ce(),
            ..Self::default()
        };
        for date in first.iter_days().take_while(|date| *date <= last) {
            let hours = calendar.reckon_hours(date);
            let place = *places.entry(hours).or_insert_with(|| {
                table.kinds.push(hours.clone());
                u32::try_from(table.kinds.len() - 1).unwrap_or(u32::MAX)
            });
            table.days.push(place);
        }
        table
    }

    /// The hours of the day with this number, counted from the common era.
    pub fn get(&self, number: i32) -> Option<&DayHours> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let place = *self.days.get(index)?;
        self.kinds.get(usize::try_from(place).ok()?)
    }

    /// How many days from this one on end before `left` has passed; what they have is taken from it.
    pub fn skip(&self, number: i32, left: &mut WorkingTime) -> u32 {
        let index = usize::try_from(i64::from(number) - i64::from(self.first));
        let days = index.ok().and_then(|index| self.days.get(index..));
        let mut skipped = 0;
        for place in days.unwrap_or_default().iter().take(SEARCH_DAYS as usize) {
            let length = self.kinds[*place as usize].length();
            if *left <= length {
                break;
            }
            *left = left.saturating_sub(length);
            skipped += 1;
        }
        skipped
    }
}
