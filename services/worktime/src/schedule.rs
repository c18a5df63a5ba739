//! Which week of office hours holds on a date: by season, and by the day from which new hours were set.

use chrono::{Datelike as _, NaiveDate};
use thiserror::Error;

use crate::hours::OfficeHours;

/// A part of every year, both days included; it may run over the end of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Season {
    first: MonthDay,
    last: MonthDay,
}

/// A day of every year that has it: month and day.
pub type MonthDay = (u32, u32);

/// Office hours that hold from a day on, all year round or in one season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// First day. Those of one first day belong together, and replace all that held before.
    pub from: NaiveDate,
    /// Only in this season; otherwise whenever no season of the same first day says otherwise.
    pub season: Option<Season>,
    /// The week.
    pub week: OfficeHours,
}

/// Why a list of periods is not a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidSchedule {
    /// There is no period at all.
    #[error("there are no office hours")]
    NoHours,
    /// No hours are said for the rest of the year.
    #[error("the hours from {0} on have seasons and nothing for the rest of the year")]
    NoRestOfYear(NaiveDate),
    /// Two periods of one first day say different hours for one date.
    #[error("two hours from {0} on hold at the same time")]
    Overlap(NaiveDate),
}

/// The hours of one office through the years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// By first day; the first holds before its first day too.
    eras: Vec<Era>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Era {
    from: NaiveDate,
    all_year: OfficeHours,
    seasons: Vec<(Season, OfficeHours)>,
}

impl Season {
    /// From a day of every year to another.
    #[must_use]
    pub fn new(first: MonthDay, last: MonthDay) -> Option<Self> {
        // A leap year has every day that any year has.
        let exists = |(month, day)| NaiveDate::from_ymd_opt(2024, month, day).is_some();
        (exists(first) && exists(last)).then_some(Self { first, last })
    }

    /// Its first and its last day.
    #[must_use]
    pub fn days(self) -> (MonthDay, MonthDay) {
        (self.first, self.last)
    }

    fn has(self, day: MonthDay) -> bool {
        if self.first <= self.last {
            self.first <= day && day <= self.last
        } else {
            self.first <= day || day <= self.last
        }
    }

    fn overlaps(self, other: Self) -> bool {
        self.has(other.first) || other.has(self.first)
    }
}

impl Schedule {
    /// Sorts periods into a schedule. The hours of the earliest first day hold before it too.
    ///
    /// # Errors
    /// [`InvalidSchedule`] if a date would have no hours, or two.
    pub fn new(mut periods: Vec<Period>) -> Result<Self, InvalidSchedule> {
        periods.sort_by_key(|period| period.from);
        let of_one_day = periods.chunk_by(|one, next| one.from == next.from);
        let eras: Result<Vec<Era>, _> = of_one_day.map(Era::new).collect();
        let eras = eras?;
        if eras.is_empty() {
            return Err(InvalidSchedule::NoHours);
        }
        Ok(Self { eras })
    }

    /// The same hours every week.
    #[must_use]
    pub fn weekly(week: OfficeHours) -> Self {
        let era = Era {
            from: NaiveDate::MIN,
            all_year: week,
            seasons: Vec::new(),
        };
        Self { eras: vec![era] }
    }

    /// This schedule until the other begins: a unit that got hours of its own had the province's before.
    #[must_use]
    pub fn followed_by(&self, own: &Self) -> Self {
        let begins = own.eras.first().map_or(NaiveDate::MAX, |era| era.from);
        let before = self.eras.iter().filter(|era| era.from < begins);
        Self {
            eras: before.chain(&own.eras).cloned().collect(),
        }
    }

    /// The week that holds on a date.
    pub(crate) fn on(&self, date: NaiveDate) -> &OfficeHours {
        let begun = self.eras.partition_point(|era| era.from <= date);
        let era = &self.eras[begun.saturating_sub(1)];
        let day = (date.month(), date.day());
        let season = era.seasons.iter().find(|(season, _)| season.has(day));
        season.map_or(&era.all_year, |(_, week)| week)
    }

    /// First days of hours, the earliest first.
    pub(crate) fn first_days(&self) -> impl Iterator<Item = NaiveDate> {
        self.eras.iter().map(|era| era.from)
    }
}

impl Era {
    fn new(periods: &[Period]) -> Result<Self, InvalidSchedule> {
        let mut all_year = None;
        let (mut from, mut seasons) = (NaiveDate::MIN, Vec::<(Season, OfficeHours)>::new());
        for period in periods {
            from = period.from;
            let Some(season) = period.season else {
                if all_year.replace(period.week.clone()).is_some() {
                    return Err(InvalidSchedule::Overlap(from));
                }
                continue;
            };
            if seasons.iter().any(|(other, _)| season.overlaps(*other)) {
                return Err(InvalidSchedule::Overlap(from));
            }
            seasons.push((season, period.week.clone()));
        }
        Ok(Self {
            from,
            all_year: all_year.ok_or(InvalidSchedule::NoRestOfYear(from))?,
            seasons,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::Weekday;

    use super::*;
    use crate::hours::{Opening, time};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn mondays(open: u32) -> OfficeHours {
        let (open, close) = (time(open, 0), time(17, 0));
        let weekday = Weekday::Mon;
        let opening = Opening {
            weekday,
            open,
            close,
        };
        OfficeHours::new([opening]).unwrap()
    }

    fn period(from: &str, season: Option<(MonthDay, MonthDay)>, open: u32) -> Period {
        Period {
            from: day(from),
            season: season.map(|(first, last)| Season::new(first, last).unwrap()),
            week: mondays(open),
        }
    }

    fn hours_on(schedule: &Schedule, date: &str) -> OfficeHours {
        schedule.on(day(date)).clone()
    }

    #[test]
    fn a_season_has_its_hours_every_year_also_over_new_year() {
        let winter = Some(((10, 16), (4, 15)));
        let schedule = Schedule::new(vec![
            period("2017-01-01", winter, 8),
            period("2017-01-01", None, 7),
        ]);
        let schedule = schedule.unwrap();
        for (date, open) in [
            ("2018-04-15", 8),
            ("2018-04-16", 7),
            ("2018-10-15", 7),
            ("2018-10-16", 8),
            ("2018-12-31", 8),
            ("2016-01-01", 8),
        ] {
            assert_eq!(hours_on(&schedule, date), mondays(open), "{date}");
        }
    }

    #[test]
    fn new_hours_hold_from_their_first_day_and_the_old_ones_before_it() {
        let schedule = Schedule::new(vec![
            period("2020-03-01", None, 8),
            period("2017-01-01", Some(((5, 1), (8, 31))), 6),
            period("2017-01-01", None, 7),
        ]);
        let schedule = schedule.unwrap();
        for (date, open) in [("2019-06-01", 6), ("2020-02-29", 7), ("2020-06-01", 8)] {
            assert_eq!(hours_on(&schedule, date), mondays(open), "{date}");
        }
    }

    #[test]
    fn a_unit_has_the_hours_of_the_province_until_it_has_its_own() {
        let province = Schedule::new(vec![
            period("2017-01-01", None, 7),
            period("2021-01-01", None, 9),
        ]);
        let own = Schedule::new(vec![period("2020-01-01", None, 8)]).unwrap();
        let unit = province.unwrap().followed_by(&own);
        for (date, open) in [("2019-12-31", 7), ("2020-01-01", 8), ("2022-01-01", 8)] {
            assert_eq!(hours_on(&unit, date), mondays(open), "{date}");
        }
    }

    #[test]
    fn hours_that_leave_a_date_without_or_give_it_two_are_refused() {
        let (first, summer) = ("2017-01-01", Some(((5, 1), (8, 31))));
        let refused = |periods| Schedule::new(periods).unwrap_err();
        assert_eq!(refused(vec![]), InvalidSchedule::NoHours);
        let alone = vec![period(first, summer, 6)];
        assert_eq!(refused(alone), InvalidSchedule::NoRestOfYear(day(first)));
        let twice = vec![period(first, None, 6), period(first, None, 7)];
        assert_eq!(refused(twice), InvalidSchedule::Overlap(day(first)));
        let overlapping = vec![
            period(first, summer, 6),
            period(first, Some(((8, 31), (9, 30))), 8),
            period(first, None, 7),
        ];
        assert_eq!(refused(overlapping), InvalidSchedule::Overlap(day(first)));
    }

    #[test]
    fn a_season_has_days_that_some_year_has() {
        assert!(Season::new((2, 29), (3, 1)).is_some());
        assert!(Season::new((2, 30), (3, 1)).is_none());
        assert!(Season::new((1, 1), (13, 1)).is_none());
    }
}
