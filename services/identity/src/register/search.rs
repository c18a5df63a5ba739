//! Finding units by their names.

use std::cmp::Ordering;

use chrono::NaiveDate;
use kit::text::{Agreement, Wanted, compare};

use super::Register;
use crate::unit::{Kind, Uid, Unit};

/// What to search: a page, best first.
#[derive(Clone, Debug)]
pub struct Search {
    /// The words.
    pub wanted: Wanted,
    /// Among the units of this day, by their names of this day.
    pub on: NaiveDate,
    /// Only this kind, or all.
    pub kind: Option<Kind>,
    /// Only what comes after this one.
    pub after: Option<Uid>,
    /// How many at most.
    pub size: usize,
}

/// A unit that was found.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The unit.
    pub unit: &'a Unit,
    /// The full name of the unit above it; empty for a province.
    pub parent_name: &'a str,
    /// How its name agrees.
    pub agreement: Agreement,
    short_name: &'a str,
}

impl Found<'_> {
    /// Those that agree better come first; then as in a dictionary; namesakes by the unit above them.
    fn order(&self, other: &Self) -> Ordering {
        self.agreement
            .cmp(&other.agreement)
            .then_with(|| compare(self.short_name, other.short_name))
            .then_with(|| compare(self.parent_name, other.parent_name))
            .then_with(|| self.unit.uid.cmp(&other.unit.uid))
    }
}

impl Register {
    /// A page of what is found, and whether another follows.
    #[must_use]
    pub fn search(&self, search: &Search) -> (Vec<Found<'_>>, bool) {
        let mut found: Vec<_> = self
            .units()
            .filter_map(|unit| self.find(unit, search))
            .collect();
        found.sort_by(Found::order);
        let seen = search.after.as_ref().map_or(0, |after| {
            let last = found.iter().position(|found| found.unit.uid == *after);
            // What is found no more has nothing after it.
            last.map_or(found.len(), |last| last + 1)
        });
        let mut page = found.split_off(seen);
        let more = page.len() > search.size;
        page.truncate(search.size);
        (page, more)
    }

    fn find<'a>(&'a self, unit: &'a Unit, search: &Search) -> Option<Found<'a>> {
        if !unit.exists_on(search.on) || search.kind.is_some_and(|kind| unit.kind != kind) {
            return None;
        }
        let period = unit.on(search.on);
        let agreement = search.wanted.agreement(&period.name)?;
        let parent = period.parent.as_ref().and_then(|parent| self.get(parent));
        Some(Found {
            unit,
            parent_name: parent.map_or("", |parent| &parent.on(search.on).name),
            agreement,
            short_name: &period.short_name,
        })
    }
}
