//! What an import brings, and what comes of it.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{Fault, Register, check, merge};
use crate::unit::{Change, Heir, Kind, Period, Uid, Unit};

/// A row that describes a unit from a day on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The unit.
    pub uid: Uid,
    /// Its kind.
    pub kind: Kind,
    /// What it is from when.
    pub period: Period,
    /// Until when; `None`: until another row or a succession.
    pub last_day: Option<NaiveDate>,
}

/// A row that says where the work of a unit went, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succeeded {
    /// The unit that ended the day before.
    pub from: Uid,
    /// From this day on.
    pub day: NaiveDate,
    /// What happened to it.
    pub change: Change,
    /// Who took over.
    pub heir: Heir,
}

/// The rows of an import, each with its number among those that were given.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Descriptions.
    pub units: Vec<(usize, Described)>,
    /// Successions; those of a unit replace what was known of it.
    pub successions: Vec<(usize, Succeeded)>,
    /// The units of rows that could not be read, so that nobody is blamed for naming them.
    pub unread: BTreeSet<Uid>,
}

/// What comes of an import.
#[derive(Clone, Debug)]
pub struct Taken {
    /// All units after it.
    pub register: Register,
    /// Those that are new or changed, with their next revision.
    pub changed: Vec<Unit>,
}

impl Draft {
    /// The units that it names as described or ended.
    #[must_use]
    pub fn uids(&self) -> BTreeSet<&Uid> {
        let described = self.units.iter().map(|(_, row)| &row.uid);
        let ended = self.successions.iter().map(|(_, row)| &row.from);
        described.chain(ended).collect()
    }
}

impl Register {
    /// Takes an import in on top of what is known: all of it or nothing.
    ///
    /// # Errors
    /// Every fault of every row.
    pub fn take_in(&self, draft: &Draft) -> Result<Taken, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut register = merge::merge(self, draft, &mut faults);
        check::check(&register, draft, &mut faults);
        if !faults.is_empty() {
            faults.sort_by_key(|fault| fault.place);
            return Err(faults);
        }
        let changed: Vec<Unit> = draft
            .uids()
            .into_iter()
            .filter_map(|uid| following(register.get(uid)?, self.get(uid)))
            .collect();
        for unit in &changed {
            register.put(unit.clone());
        }
        Ok(Taken { register, changed })
    }
}

/// The unit as it follows `kept`: with the next revision, or `None` when nothing changed.
fn following(unit: &Unit, kept: Option<&Unit>) -> Option<Unit> {
    let revision = kept.map_or(0, |kept| kept.revision) + 1;
    (kept != Some(unit)).then(|| Unit {
        revision,
        ..unit.clone()
    })
}
