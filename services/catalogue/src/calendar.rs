//! The working calendar of the province, in versions: office hours of units and seasons, and the days that differ.

mod flaw;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use worktime::{DayKind, OfficeHours, Opening, Period, Schedule, Season, SpecialDay};

pub use flaw::{Column, Fault, Flaw, Place};

/// The key of the one calendar that all units share.
pub const PROVINCE: &str = "province";

/// What one version of the calendar says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calendar {
    /// Office hours in the order of the file.
    pub hours: Vec<Hours>,
    /// The days that differ, by date.
    pub days: BTreeMap<NaiveDate, Day>,
}

/// The hours of an ordinary week, from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hours {
    /// The unit; none for all that have no hours of their own.
    pub unit: Option<String>,
    /// First day.
    pub from: NaiveDate,
    /// Only in this season.
    pub season: Option<Season>,
    /// When the office is open.
    pub openings: Vec<Opening>,
}

/// A day that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub special: SpecialDay,
    /// The holiday that it is off for, or the day that it is swapped with.
    pub paired_with: Option<NaiveDate>,
}

/// Which version, since when and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub revision: i64,
    /// When it was announced.
    pub announced_on: NaiveDate,
    /// What it was announced by.
    pub basis: String,
}

/// What is to be put over a calendar, each row with its place in the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Draft {
    /// Office hours; all of a unit's at once.
    pub hours: Vec<Hours>,
    /// Days that differ.
    pub days: Vec<Day>,
    /// Dates that no longer differ.
    pub removed: Vec<NaiveDate>,
}

/// What a draft changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Dates that are new.
    pub added: Vec<NaiveDate>,
    /// Dates that were known and changed.
    pub changed: Vec<NaiveDate>,
    /// Dates that were taken out.
    pub removed: Vec<NaiveDate>,
    /// Whether office hours changed.
    pub hours: bool,
}

impl Difference {
    /// Whether anything changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dates().next().is_none() && !self.hours
    }

    /// All dates that change.
    pub fn dates(&self) -> impl Iterator<Item = &NaiveDate> {
        self.added.iter().chain(&self.changed).chain(&self.removed)
    }
}

impl Calendar {
    /// The calendar with a draft put over it. What the draft does not name stays, days of the past too: what was worked then
    /// must always be reckoned the same.
    ///
    /// # Errors
    /// Every fault of the draft.
    pub fn amended(&self, draft: &Draft) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut next = self.clone();
        for (index, date) in draft.removed.iter().enumerate() {
            if next.days.remove(date).is_none() {
                faults.push(Fault::new(
                    Place::Removed(index),
                    Column::Date,
                    Flaw::NotKnown,
                ));
            }
        }
        let mut named = BTreeSet::new();
        for (index, day) in draft.days.iter().enumerate() {
            if !named.insert(day.special.date) {
                faults.push(Fault::new(Place::Day(index), Column::Date, Flaw::Twice));
            }
            next.days.insert(day.special.date, day.clone());
        }
        let units: BTreeSet<_> = draft.hours.iter().map(|hours| &hours.unit).collect();
        next.hours.retain(|hours| !units.contains(&hours.unit));
        next.hours.extend(draft.hours.iter().cloned());
        faults.extend(next.flaws().into_iter().map(|found| found.in_draft(draft)));
        if faults.is_empty() {
            return Ok(next);
        }
        Err(faults)
    }

    /// What is wrong with it as a whole: hours that leave a date without or give it two, days off without the day that they are
    /// off for.
    #[must_use]
    pub fn flaws(&self) -> Vec<Found> {
        let days = self.days.values().filter_map(|day| {
            let flaw = self.flaw_of(day)?;
            Some(Found::Day(day.special.date, flaw))
        });
        self.flaws_of_hours().into_iter().chain(days).collect()
    }

    fn flaws_of_hours(&self) -> Vec<Found> {
        let mut units: BTreeMap<&Option<String>, Option<Vec<Period>>> =
            BTreeMap::from([(&None, Some(Vec::new()))]);
        for hours in &self.hours {
            let of_unit = units.entry(&hours.unit).or_insert_with(|| Some(Vec::new()));
            let week = OfficeHours::new(hours.openings.iter().copied());
            // A week whose openings do not fit together is told of with its row, and nothing more of its unit.
            match (of_unit.as_mut(), week) {
                (Some(periods), Ok(week)) => periods.push(Period {
                    from: hours.from,
                    season: hours.season,
                    week,
                }),
                _ => *of_unit = None,
            }
        }
        let flaws = units.into_iter().filter_map(|(unit, periods)| {
            let invalid = Schedule::new(periods?).err()?;
            Some(Found::Hours(unit.clone(), Flaw::Hours(invalid)))
        });
        flaws.collect()
    }

    fn flaw_of(&self, day: &Day) -> Option<Flaw> {
        let other = day.paired_with.and_then(|date| self.days.get(&date));
        let kind = other.map(|other| &other.special.kind);
        let names_back = || other.and_then(|other| other.paired_with) == Some(day.special.date);
        match day.special.kind {
            DayKind::PublicHoliday | DayKind::ShortDay(_) => None,
            DayKind::CompensatoryDayOff if kind == Some(&DayKind::PublicHoliday) => None,
            DayKind::SwappedDayOff if kind == Some(&DayKind::WorkingDay) && names_back() => None,
            DayKind::WorkingDay if kind == Some(&DayKind::SwappedDayOff) && names_back() => None,
            DayKind::CompensatoryDayOff => Some(Flaw::NoHoliday),
            DayKind::SwappedDayOff | DayKind::WorkingDay => Some(Flaw::NotSwapped),
        }
    }

    /// What another version changes.
    #[must_use]
    pub fn difference(&self, next: &Self) -> Difference {
        let mut difference = Difference {
            hours: self.hours != next.hours,
            ..Difference::default()
        };
        for (date, day) in &next.days {
            match self.days.get(date) {
                None => difference.added.push(*date),
                Some(before) if before != day => difference.changed.push(*date),
                Some(_) => {}
            }
        }
        let gone = self
            .days
            .keys()
            .filter(|date| !next.days.contains_key(*date));
        difference.removed = gone.copied().collect();
        difference
    }
}

/// A flaw of a calendar as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Of the hours of a unit.
    Hours(Option<String>, Flaw),
    /// Of a day.
    Day(NaiveDate, Flaw),
}

impl Found {
    /// The row of the draft that brought it about: that of the unit or date, or of the day that it was paired with.
    fn in_draft(self, draft: &Draft) -> Fault {
        match self {
            Self::Hours(unit, flaw) => {
                let row = draft.hours.iter().position(|hours| hours.unit == unit);
                Fault::new(Place::Hours(row.unwrap_or_default()), Column::From, flaw)
            }
            Self::Day(date, flaw) => {
                let names = |day: &Day| day.special.date == date;
                let row = draft.days.iter().position(names);
                let place = row.map_or(Place::Known(date), Place::Day);
                Fault::new(place, Column::PairedWith, flaw)
            }
        }
    }
}

impl Version {
    /// The first version is in force since the first day that the shipped calendar knows of.
    #[must_use]
    pub fn first() -> Self {
        Self {
            revision: 1,
            announced_on: NaiveDate::from_ymd_opt(2017, 1, 1).unwrap_or_default(),
            basis: String::new(),
        }
    }

    /// The version after this one.
    #[must_use]
    pub fn next(&self, announced_on: NaiveDate, basis: String) -> Self {
        Self {
            revision: self.revision + 1,
            announced_on,
            basis,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn day(on: &str, kind: DayKind, paired_with: &str) -> Day {
        Day {
            special: SpecialDay {
                date: date(on),
                name: on.to_owned(),
                kind,
            },
            paired_with: (!paired_with.is_empty()).then(|| date(paired_with)),
        }
    }

    fn calendar() -> Calendar {
        let opening = Opening {
            weekday: chrono::Weekday::Mon,
            open: chrono::NaiveTime::MIN,
            close: chrono::NaiveTime::from_hms_opt(17, 0, 0).unwrap(),
        };
        let hours = Hours {
            unit: None,
            from: date("2017-01-01"),
            season: None,
            openings: vec![opening],
        };
        let draft = Draft {
            hours: vec![hours],
            days: vec![
                day("2017-09-02", DayKind::PublicHoliday, ""),
                day("2017-09-04", DayKind::CompensatoryDayOff, "2017-09-02"),
            ],
            removed: Vec::new(),
        };
        Calendar::default().amended(&draft).unwrap()
    }

    #[test]
    fn days_of_the_past_stay_when_later_ones_are_put_over_them() {
        let draft = Draft {
            days: vec![day("2026-09-02", DayKind::PublicHoliday, "")],
            ..Draft::default()
        };
        let before = calendar();
        let after = before.amended(&draft).unwrap();
        assert!(after.days.contains_key(&date("2017-09-04")));
        let difference = before.difference(&after);
        assert_eq!(difference.added, [date("2026-09-02")]);
        assert!(difference.changed.is_empty() && !difference.hours);
        assert!(after.difference(&after).is_empty());
    }

    #[test]
    fn a_day_off_names_the_day_that_it_is_off_for_and_a_swap_both_ways() {
        let swap = |off: &str, worked: &str| Draft {
            days: vec![
                day("2026-01-02", DayKind::SwappedDayOff, off),
                day("2026-01-10", DayKind::WorkingDay, worked),
            ],
            ..Draft::default()
        };
        assert!(
            calendar()
                .amended(&swap("2026-01-10", "2026-01-02"))
                .is_ok()
        );
        let faults = calendar().amended(&swap("2026-01-10", "")).unwrap_err();
        let places: Vec<_> = faults.iter().map(|fault| fault.place).collect();
        assert_eq!(places, [Place::Day(0), Place::Day(1)]);
        let orphaned = Draft {
            removed: vec![date("2017-09-02")],
            ..Draft::default()
        };
        let faults = calendar().amended(&orphaned).unwrap_err();
        assert_eq!(faults[0].place, Place::Known(date("2017-09-04")));
        assert_eq!(faults[0].flaw, Flaw::NoHoliday);
    }

    #[test]
    fn what_is_named_twice_or_taken_out_unknown_is_a_fault() {
        let holiday = day("2026-09-02", DayKind::PublicHoliday, "");
        let draft = Draft {
            days: vec![holiday.clone(), holiday],
            removed: vec![date("2026-09-03")],
            ..Draft::default()
        };
        let faults = calendar().amended(&draft).unwrap_err();
        let found: Vec<_> = faults.iter().map(|fault| fault.place).collect();
        assert_eq!(found, [Place::Removed(0), Place::Day(1)]);
    }
}
