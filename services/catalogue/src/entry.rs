//! A procedure through all its versions: drafted, published from a day, over when the next begins or it is retired.

use chrono::NaiveDate;
use kit::online::OnlineLevels;

use crate::error::Error;
use crate::fault::{Fault, Problem};
use crate::procedure::{Code, Procedure};

/// A procedure with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its code.
    pub code: Code,
    /// Raised by every change but those of the draft.
    pub revision: i64,
    /// How far it is online.
    pub online: OnlineLevels,
    /// What was published, in order of first days and of numbers.
    pub versions: Vec<Version>,
    /// The next version; one at most.
    pub draft: Option<Draft>,
    /// The revision of a draft that was discarded, from which the next goes on; 0 where there is none.
    pub discarded: i64,
}

/// A published version. What it says never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// 1, 2, 3 …
    pub number: i32,
    /// First day in force.
    pub from: NaiveDate,
    /// First day on which it is retired; a next version ends it as well.
    pub until: Option<NaiveDate>,
    /// What it says.
    pub procedure: Procedure,
}

/// A version that may still change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The number that it will have.
    pub number: i32,
    /// Raised by every change of it.
    pub revision: i64,
    /// What it says so far.
    pub procedure: Procedure,
}

/// How a version stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// For a day to come.
    Published,
    /// In force.
    InForce,
    /// Over.
    Retired,
}

impl Entry {
    /// A procedure of which nothing is known yet.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            code,
            revision: 0,
            online: OnlineLevels::default(),
            versions: Vec::new(),
            draft: None,
            discarded: 0,
        }
    }

    /// The version in force on a day.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> Option<&Version> {
        let begun = self.versions.iter().rfind(|version| version.from <= day)?;
        begun.until.is_none_or(|until| day < until).then_some(begun)
    }

    /// The version with this number.
    #[must_use]
    pub fn version(&self, number: i32) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.number == number)
    }

    /// The versions that are not over on a day.
    pub fn not_over_on(&self, day: NaiveDate) -> impl Iterator<Item = &Version> {
        let standing = move |version: &&Version| self.standing(version, day) != Standing::Retired;
        self.versions.iter().filter(standing)
    }

    /// The last day of a version; `None` while no end is known.
    #[must_use]
    pub fn last_day(&self, version: &Version) -> Option<NaiveDate> {
        let next = self.versions.iter().find(|next| next.from > version.from);
        let ends = [version.until, next.map(|next| next.from)];
        ends.into_iter().flatten().min()?.pred_opt()
    }

    /// How a version stands on a day.
    #[must_use]
    pub fn standing(&self, version: &Version, day: NaiveDate) -> Standing {
        if day < version.from {
            Standing::Published
        } else if self.last_day(version).is_some_and(|last| last < day) {
            Standing::Retired
        } else {
            Standing::InForce
        }
    }

    /// The number of the next version.
    #[must_use]
    pub fn next_number(&self) -> i32 {
        self.versions.last().map_or(1, |last| last.number + 1)
    }

    /// The draft, as a caller has seen it.
    ///
    /// # Errors
    /// `DRAFT_NOT_FOUND`, `REVISION_CHANGED`.
    pub fn draft(&self, expected_revision: i64) -> Result<&Draft, Error> {
        let draft = self.draft.as_ref();
        let draft = draft.ok_or_else(|| Error::DraftNotFound(self.code.to_string()))?;
        must_be(expected_revision, draft.revision)?;
        Ok(draft)
    }

    /// Begins a draft.
    ///
    /// # Errors
    /// `DRAFT_EXISTS`.
    pub fn begin_draft(&mut self, procedure: Procedure) -> Result<(), Error> {
        if self.draft.is_some() {
            return Err(Error::DraftExists(self.code.to_string()));
        }
        self.draft = Some(Draft {
            number: self.next_number(),
            revision: self.discarded + 1,
            procedure,
        });
        self.discarded = 0;
        Ok(())
    }

    /// Discards the draft, as a caller has seen it.
    ///
    /// # Errors
    /// `DRAFT_NOT_FOUND`, `REVISION_CHANGED`.
    pub fn discard_draft(&mut self, expected_revision: i64) -> Result<(), Error> {
        self.discarded = self.draft(expected_revision)?.revision;
        self.draft = None;
        Ok(())
    }

    /// What keeps a version from beginning on a day: versions begin one after the other.
    #[must_use]
    pub fn must_follow(&self, from: NaiveDate) -> Option<Fault> {
        let last = self.versions.last()?;
        let first_free = last.until.unwrap_or(last.from);
        let is_free = from > last.from && from >= first_free;
        (!is_free).then(|| Fault::new("effective_from", Problem::DayTaken(last.from)))
    }

    /// Publishes what was found to be right.
    pub fn publish(&mut self, procedure: Procedure, from: NaiveDate) {
        self.versions.push(Version {
            number: self.next_number(),
            from,
            until: None,
            procedure,
        });
        // A draft that was begun before is of the version after this.
        let next = self.next_number();
        if let Some(draft) = &mut self.draft {
            draft.number = next;
        }
    }

    /// Retires the last version from a day on.
    ///
    /// # Errors
    /// `RETIREMENT_REFUSED`.
    pub fn retire(&mut self, from: NaiveDate, today: NaiveDate) -> Result<(), Error> {
        let refused = || Error::RetirementRefused(self.code.to_string());
        let last = self.versions.last_mut();
        let can_end = |last: &&mut Version| last.until.is_none() && last.from < from;
        let last = last.filter(can_end).filter(|_| from >= today);
        match last {
            Some(last) => last.until = Some(from),
            None => return Err(refused()),
        }
        Ok(())
    }
}

/// Whether a caller has seen what is; 0 does not check.
///
/// # Errors
/// `REVISION_CHANGED`.
pub fn must_be(expected: i64, current: i64) -> Result<(), Error> {
    if expected != 0 && expected != current {
        return Err(Error::RevisionChanged { expected, current });
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::procedure::Level;
    use crate::route::UnitUid;

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    pub(crate) fn procedure(code: &str, name: &str) -> Procedure {
        Procedure {
            code: code.parse().unwrap(),
            local_code: None,
            name: name.to_owned(),
            name_en: String::new(),
            field: "Hộ tịch".to_owned(),
            legal_bases: Vec::new(),
            level: Level::Commune,
            lead_unit: UnitUid::new("u"),
            vertical_agency: false,
            result: String::new(),
            applicants: Vec::new(),
            cases: Vec::new(),
        }
    }

    /// A procedure with versions from these days.
    pub(crate) fn entry(code: &str, name: &str, days: &[&str]) -> Entry {
        let mut entry = Entry::new(code.parse().unwrap());
        for from in days {
            entry.publish(procedure(code, name), day(from));
        }
        entry
    }

    #[test]
    fn one_version_at_most_is_in_force_on_any_day() {
        let mut entry = entry("1.000001", "Một", &["2017-01-01", "2018-06-21"]);
        entry.retire(day("2025-07-01"), day("2025-06-01")).unwrap();
        entry.publish(procedure("1.000001", "Một"), day("2026-01-01"));
        for (on, number) in [
            ("2016-12-31", None),
            ("2017-01-01", Some(1)),
            ("2018-06-20", Some(1)),
            ("2018-06-21", Some(2)),
            ("2025-06-30", Some(2)),
            ("2025-07-01", None),
            ("2026-01-01", Some(3)),
        ] {
            let found = entry.on(day(on)).map(|version| version.number);
            assert_eq!(found, number, "{on}");
        }
        let ends: Vec<_> = entry
            .versions
            .iter()
            .map(|version| entry.last_day(version))
            .collect();
        let expected = [Some(day("2018-06-20")), Some(day("2025-06-30")), None];
        assert_eq!(ends, expected);
        assert_eq!(entry.not_over_on(day("2025-06-30")).count(), 2);
    }

    #[test]
    fn a_version_begins_after_the_last_and_not_before_the_end_of_a_retired_one() {
        let mut entry = entry("1.000001", "Một", &["2018-06-21"]);
        assert!(entry.must_follow(day("2018-06-21")).is_some());
        assert!(entry.must_follow(day("2018-06-22")).is_none());
        entry.retire(day("2025-07-01"), day("2025-07-01")).unwrap();
        assert!(entry.must_follow(day("2025-06-30")).is_some());
        assert!(entry.must_follow(day("2025-07-01")).is_none());
    }

    #[test]
    fn a_procedure_is_retired_once_and_not_in_the_past() {
        let mut entry = entry("1.000001", "Một", &["2018-06-21"]);
        let today = day("2020-01-01");
        assert!(entry.retire(day("2019-12-31"), today).is_err());
        assert!(entry.retire(day("2018-06-21"), day("2018-06-01")).is_err());
        entry.retire(today, today).unwrap();
        assert!(entry.retire(day("2021-01-01"), today).is_err());
    }

    #[test]
    fn there_is_one_draft_and_it_takes_the_number_after_what_is_published() {
        let mut entry = entry("1.000001", "Một", &["2018-06-21"]);
        entry.begin_draft(procedure("1.000001", "Hai")).unwrap();
        assert!(entry.begin_draft(procedure("1.000001", "Ba")).is_err());
        assert_eq!(entry.draft(1).unwrap().number, 2);
        assert!(entry.draft(2).is_err());
        entry.publish(procedure("1.000001", "Bốn"), day("2020-01-01"));
        assert_eq!(entry.draft(0).unwrap().number, 3);
    }

    #[test]
    fn whoever_saw_a_discarded_draft_has_not_seen_the_next() {
        let mut entry = entry("1.000001", "Một", &["2018-06-21"]);
        entry.begin_draft(procedure("1.000001", "Hai")).unwrap();
        assert!(entry.discard_draft(2).is_err());
        entry.discard_draft(1).unwrap();
        assert!(entry.discard_draft(1).is_err());
        entry.begin_draft(procedure("1.000001", "Ba")).unwrap();
        assert!(entry.draft(1).is_err());
        assert_eq!(entry.draft(2).unwrap().number, 2);
    }
}
