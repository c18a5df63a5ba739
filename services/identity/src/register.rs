//! All units of the province together: who stands below whom, who has which code, and who does whose work, on any day (R16).

mod check;
mod draft;
mod flaw;
mod merge;
mod search;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use crate::unit::{Heir, Kind, Period, Succession, Uid, Unit};

pub use draft::{Described, Draft, Succeeded, Taken};
pub use flaw::{Column, Fault, Flaw, Place};
pub use search::{Found, Search};

/// All units that are known.
#[derive(Clone, Debug, Default)]
pub struct Register(BTreeMap<Uid, Unit>);

/// Which units to list: a page in order of uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// On this day.
    pub on: NaiveDate,
    /// Also those that have ended by then.
    pub include_ended: bool,
    /// Only this kind, or all.
    pub kind: Option<Kind>,
    /// Only those right below this unit.
    pub parent: Option<Uid>,
    /// Only those with this official code.
    pub code: Option<String>,
    /// Only those with this national identifier.
    pub national_code: Option<String>,
    /// Only uids after this one.
    pub after: Option<Uid>,
    /// How many at most.
    pub size: usize,
}

impl Register {
    /// The register of these units.
    #[must_use]
    pub fn new(units: impl IntoIterator<Item = Unit>) -> Self {
        let by_uid = |unit: Unit| (unit.uid.clone(), unit);
        Self(units.into_iter().map(by_uid).collect())
    }

    /// The unit.
    #[must_use]
    pub fn get(&self, uid: &Uid) -> Option<&Unit> {
        self.0.get(uid)
    }

    /// All units in order of uid.
    pub fn units(&self) -> impl Iterator<Item = &Unit> {
        self.0.values()
    }

    /// The uids of all units.
    #[must_use]
    pub fn uids(&self) -> BTreeSet<Uid> {
        self.0.keys().cloned().collect()
    }

    /// Puts a unit in the place of the one with its uid.
    pub fn put(&mut self, unit: Unit) {
        self.0.insert(unit.uid.clone(), unit);
    }

    /// A page in order of uid, and whether another follows.
    #[must_use]
    pub fn page(&self, page: &Page) -> (Vec<&Unit>, bool) {
        let after = |unit: &&Unit| page.after.as_ref().is_none_or(|after| unit.uid > *after);
        let mut units = self
            .units()
            .filter(after)
            .filter(|unit| page.lists(unit))
            .take(page.size + 1)
            .collect::<Vec<_>>();
        let more = units.len() > page.size;
        units.truncate(page.size);
        (units, more)
    }

    /// The unit that does the work of `unit` on a day: `unit` itself while it goes on. Of the successors of a unit that was
    /// split, the default one does it.
    #[must_use]
    pub fn heir<'a>(&'a self, unit: &'a Uid, on: NaiveDate) -> &'a Uid {
        let mut heir = unit;
        // An import refuses loops; a chain has at most as many links as there are units.
        for _ in 0..self.0.len() {
            let known = self.0.get(heir);
            let ended = known.filter(|unit| unit.last_day().is_some_and(|last| last < on));
            match ended.and_then(Unit::heir) {
                Some(next) => heir = next,
                None => break,
            }
        }
        heir
    }

    /// The heir of `unit`, then every unit whose work came down to that heir.
    #[must_use]
    pub fn estate(&self, unit: &Uid, on: NaiveDate) -> Vec<Uid> {
        let heir = self.heir(unit, on);
        let inherited = self
            .0
            .keys()
            .filter(|other| *other != heir && self.heir(other, on) == heir);
        std::iter::once(heir).chain(inherited).cloned().collect()
    }

    /// The estates of `unit` and of all units below it: what whoever looks over it looks over. Its heir stands first.
    #[must_use]
    pub fn oversight(&self, unit: &Uid, on: NaiveDate) -> Vec<Uid> {
        let heir = self.heir(unit, on);
        let below = self
            .0
            .keys()
            .filter(|other| *other != heir && self.is_below(self.heir(other, on), heir, on));
        std::iter::once(heir).chain(below).cloned().collect()
    }

    /// Whether a unit is this one or stands anywhere below it.
    fn is_below(&self, unit: &Uid, above: &Uid, on: NaiveDate) -> bool {
        let mut next = Some(unit);
        // An import refuses loops; a chain has at most as many links as there are units.
        for _ in 0..self.0.len() {
            match next {
                Some(unit) if unit == above => return true,
                Some(unit) => next = self.parent(unit, on),
                None => return false,
            }
        }
        false
    }

    /// The unit that stands above on a day.
    fn parent(&self, unit: &Uid, on: NaiveDate) -> Option<&Uid> {
        let parent = self.0.get(unit)?.on(on).parent.as_ref();
        parent.map(|parent| self.heir(parent, on))
    }

    /// The units whose work, or a part of it, went to this one.
    pub fn predecessors<'a>(
        &'a self,
        unit: &'a Uid,
    ) -> impl Iterator<Item = (&'a Unit, &'a Succession, &'a Heir)> {
        self.units().filter_map(|from| {
            let succession = from.end.as_ref()?.succession.as_ref()?;
            let heir = succession.heirs.iter().find(|heir| heir.to == *unit)?;
            Some((from, succession, heir))
        })
    }
}

impl Page {
    fn lists(&self, unit: &Unit) -> bool {
        let is_there = if self.include_ended {
            unit.first.from <= self.on
        } else {
            unit.exists_on(self.on)
        };
        is_there
            && self.kind.is_none_or(|kind| unit.kind == kind)
            && if self.include_ended {
                unit.periods().any(|period| self.asks_for(period))
            } else {
                self.asks_for(unit.on(self.on))
            }
    }

    fn asks_for(&self, period: &Period) -> bool {
        let is =
            |asked: &Option<String>, has: &String| asked.as_ref().is_none_or(|asked| asked == has);
        is(&self.code, &period.code)
            && is(&self.national_code, &period.national_code)
            && (self.parent.is_none() || self.parent == period.parent)
    }
}
