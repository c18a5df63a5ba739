//! A position: a role of an officer at a unit for a period, its own or that of somebody for whom it acts.

use std::fmt;

use chrono::NaiveDate;
use kit::caller::Role;

use crate::subject::Subject;
use crate::unit;

/// Ours, opaque.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(String);

impl Uid {
    /// Any text may be a uid; whether there is such a position is for the store to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Days in a row, the last of which may be open. One that ends on the day before its first has no day: it was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    first: NaiveDate,
    last: Option<NaiveDate>,
}

/// A period would end before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndsBeforeItBegins;

impl Period {
    /// From the first to the last day.
    ///
    /// # Errors
    /// When the last is before the first.
    pub fn new(first: NaiveDate, last: Option<NaiveDate>) -> Result<Self, EndsBeforeItBegins> {
        if last.is_some_and(|last| last < first) {
            return Err(EndsBeforeItBegins);
        }
        Ok(Self { first, last })
    }

    /// The same with another last day, which may be the one before the first: then no day is left.
    ///
    /// # Errors
    /// When it is still earlier.
    pub fn until(self, last: NaiveDate) -> Result<Self, EndsBeforeItBegins> {
        if last.succ_opt().is_none_or(|after| after < self.first) {
            return Err(EndsBeforeItBegins);
        }
        Ok(Self {
            last: Some(last),
            ..self
        })
    }

    /// The first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.first
    }

    /// The last day; `None` while it goes on.
    #[must_use]
    pub fn last(self) -> Option<NaiveDate> {
        self.last
    }

    /// The first day after it.
    #[must_use]
    pub fn day_after(self) -> Option<NaiveDate> {
        self.last?.succ_opt()
    }

    /// Whether it goes on after this day.
    #[must_use]
    pub fn outlasts(self, day: NaiveDate) -> bool {
        self.last.is_none_or(|last| last > day)
    }

    /// Whether it has this day.
    #[must_use]
    pub fn has(self, day: NaiveDate) -> bool {
        self.first <= day && self.last.is_none_or(|last| last >= day)
    }

    fn is_empty(self) -> bool {
        self.last.is_some_and(|last| last < self.first)
    }

    /// Whether both have one day in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let ends_before = |one: Self, other: Self| one.last.is_some_and(|l| l < other.first);
        !self.is_empty()
            && !other.is_empty()
            && !ends_before(self, other)
            && !ends_before(other, self)
    }

    /// Whether it has all days of the other.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.first <= other.first
            && match (self.last, other.last) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(own), Some(other)) => other <= own,
            }
    }
}

/// For whom an officer acts, and in which position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActingFor {
    /// The position that is acted in.
    pub position: Uid,
    /// Who holds that.
    pub officer: Subject,
}

/// A position as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Ours.
    pub uid: Uid,
    /// Who holds it.
    pub officer: Subject,
    /// The role, one of officers.
    pub role: Role,
    /// Where.
    pub unit: unit::Uid,
    /// When.
    pub period: Period,
    /// For whom, where it is a delegation.
    pub acting_for: Option<ActingFor>,
    /// Whether the log has told of its end.
    pub end_told: bool,
}

impl Position {
    /// Whether both are the same role of the same officer at the same unit, for the same person.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        (self.role, &self.unit, &self.officer) == (other.role, &other.unit, &other.officer)
            && self.for_whom() == other.for_whom()
    }

    /// For whom it is held, where it is a delegation.
    #[must_use]
    pub fn for_whom(&self) -> Option<&Subject> {
        self.acting_for.as_ref().map(|acting| &acting.officer)
    }

    /// Whether both cannot be.
    #[must_use]
    pub fn clashes_with(&self, other: &Self) -> bool {
        self.period.overlaps(other.period) && self.uid != other.uid && self.is_alike(other)
    }

    /// Whether it is acted in under that position.
    #[must_use]
    pub fn is_delegated_by(&self, position: &Uid) -> bool {
        let acting = self.acting_for.as_ref();
        acting.is_some_and(|acting| acting.position == *position)
    }

    /// The same with another period, of whose end nothing was told yet.
    #[must_use]
    pub fn with_period(&self, period: Period) -> Self {
        Self {
            period,
            end_told: self.end_told && period == self.period,
            ..self.clone()
        }
    }
}

/// Whether only the province gives and takes this role: it governs others.
#[must_use]
pub fn is_given_by_the_province(role: Role) -> bool {
    matches!(
        role,
        Role::UnitAdministrator | Role::ProvinceAdministrator | Role::Auditor
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2025, 7, day).unwrap()
    }

    fn period(first: u32, last: u32) -> Period {
        Period::new(day(first), Some(day(last))).unwrap()
    }

    fn open(first: u32) -> Period {
        Period::new(day(first), None).unwrap()
    }

    #[test]
    fn a_period_does_not_end_before_it_begins() {
        assert_eq!(Period::new(day(2), Some(day(1))), Err(EndsBeforeItBegins));
        assert!(period(2, 2).has(day(2)));
    }

    #[test]
    fn periods_overlap_when_they_share_a_day() {
        assert!(period(1, 5).overlaps(period(5, 9)));
        assert!(!period(1, 4).overlaps(period(5, 9)));
        assert!(open(3).overlaps(period(1, 3)));
        assert!(!open(4).overlaps(period(1, 3)));
        assert!(open(1).overlaps(open(9)));
    }

    #[test]
    fn a_period_that_was_taken_back_has_no_day_and_is_in_nobodys_way() {
        let taken_back = period(5, 9).until(day(4)).unwrap();
        assert!(!taken_back.has(day(4)) && !taken_back.has(day(5)));
        assert!(!taken_back.overlaps(open(1)));
        assert_eq!(period(5, 9).until(day(3)), Err(EndsBeforeItBegins));
    }

    #[test]
    fn an_open_period_is_covered_by_an_open_one_only() {
        assert!(open(1).covers(open(2)) && open(1).covers(period(2, 3)));
        assert!(!period(1, 9).covers(open(2)));
        assert!(period(1, 9).covers(period(1, 9)) && !period(2, 9).covers(period(1, 9)));
    }
}
