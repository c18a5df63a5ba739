//! Whether units agree with each other after an import. Only rows of the import are blamed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::merge::note;
use super::{Column, Described, Draft, Fault, Flaw, Place, Register};
use crate::unit::{Kind, Period, Uid, Unit};

/// Notes what does not agree.
pub(super) fn check(register: &Register, draft: &Draft, faults: &mut Vec<Fault>) {
    let checker = Checker {
        register,
        draft,
        days: days(register),
        rows: rows(draft),
    };
    checker.must_be_before_the_end(faults);
    checker.must_have_parents(faults);
    checker.must_not_loop(faults);
    checker.must_have_heirs(faults);
    checker.must_have_own_codes(
        Column::Code,
        |unit, period| (Some(unit.kind), &period.code),
        faults,
    );
    checker.must_have_own_codes(
        Column::NationalCode,
        |_, period| (None, &period.national_code),
        faults,
    );
}

/// Days on which the tree may change.
fn days(register: &Register) -> BTreeSet<NaiveDate> {
    let periods = register.units().flat_map(Unit::periods);
    periods.map(|period| period.from).collect()
}

/// The rows of the draft by unit and first day.
fn rows(draft: &Draft) -> BTreeMap<(&Uid, NaiveDate), usize> {
    let mut rows = BTreeMap::new();
    for (row, described) in &draft.units {
        // A second row of the same day was refused already.
        let key = (&described.uid, described.period.from);
        rows.entry(key).or_insert(*row);
    }
    rows
}

struct Checker<'a> {
    register: &'a Register,
    draft: &'a Draft,
    days: BTreeSet<NaiveDate>,
    rows: BTreeMap<(&'a Uid, NaiveDate), usize>,
}

impl<'a> Checker<'a> {
    /// The descriptions of the draft, with their units and last days as they are after it.
    fn described(
        &self,
    ) -> impl Iterator<Item = (usize, &'a Unit, &'a Period, Option<NaiveDate>)> + '_ {
        self.rows.iter().filter_map(|((uid, from), row)| {
            let unit = self.register.get(uid)?;
            let mut spans = unit.spans();
            let (period, last) = spans.find(|(period, _)| period.from == *from)?;
            Some((*row, unit, period, last))
        })
    }

    fn must_be_before_the_end(&self, faults: &mut Vec<Fault>) {
        for (row, unit, period, _) in self.described() {
            let last = unit.last_day().filter(|last| *last < period.from);
            if let Some(last) = last {
                let (place, flaw) = (Place::Unit(row), Flaw::AfterItsEnd(last));
                // A row that ends before it begins was refused as that.
                if !faults.iter().any(|fault| fault.place == place) {
                    note(faults, place, Column::ValidFrom, flaw);
                }
            }
        }
    }

    /// Every unit stands below one that exists as long.
    fn must_have_parents(&self, faults: &mut Vec<Fault>) {
        for unit in self.register.units() {
            for (period, last) in unit.spans() {
                let Some(parent) = &period.parent else {
                    continue;
                };
                let above = self.register.get(parent);
                if above.is_some_and(|above| above.exists_throughout(period.from, last))
                    || self.draft.unread.contains(parent)
                {
                    continue;
                }
                if let Some(row) = self.rows.get(&(&unit.uid, period.from)) {
                    let flaw = above.map_or(Flaw::UnitMissing(parent.clone()), |_| {
                        Flaw::NotThere(parent.clone())
                    });
                    note(faults, Place::Unit(*row), Column::Parent, flaw);
                } else if let Some((place, column)) = self.end_of(parent) {
                    let flaw = Flaw::HasUnitsBelow(unit.uid.clone());
                    let known = |fault: &Fault| fault.place == place && fault.column == column;
                    if !faults.iter().any(known) {
                        note(faults, place, column, flaw);
                    }
                }
            }
        }
    }

    /// The row of the draft that ends a unit.
    fn end_of(&self, uid: &Uid) -> Option<(Place, Column)> {
        let mut successions = self.draft.successions.iter();
        let succession = successions.find(|(_, row)| row.from == *uid);
        let ends = |(_, row): &&(usize, Described)| row.uid == *uid && row.last_day.is_some();
        succession
            .map(|(row, _)| (Place::Succession(*row), Column::From))
            .or_else(|| {
                let row = self.draft.units.iter().find(ends)?;
                Some((Place::Unit(row.0), Column::ValidTo))
            })
    }

    /// On no day does the way up from a unit lead back to it.
    fn must_not_loop(&self, faults: &mut Vec<Fault>) {
        for (row, unit, period, last) in self.described() {
            let until = last.unwrap_or(NaiveDate::MAX).max(period.from);
            let mut days = self.days.range(period.from..=until);
            if days.any(|day| self.leads_back(&unit.uid, |unit| unit.on(*day).parent.as_ref())) {
                note(faults, Place::Unit(row), Column::Parent, Flaw::Loops);
            }
        }
    }

    fn leads_back(&self, uid: &Uid, next: impl Fn(&'a Unit) -> Option<&'a Uid>) -> bool {
        let next = |uid: &Uid| self.register.get(uid).and_then(&next);
        let mut at = next(uid);
        for _ in 0..self.register.units().count() {
            match at {
                Some(reached) if reached == uid => return true,
                Some(reached) => at = next(reached),
                None => return false,
            }
        }
        false
    }

    /// Whoever takes over exists on that day.
    fn must_have_heirs(&self, faults: &mut Vec<Fault>) {
        for (row, succeeded) in &self.draft.successions {
            let to = &succeeded.heir.to;
            let flaw = match self.register.get(to) {
                None if self.draft.unread.contains(to) => continue,
                None => Flaw::UnitMissing(to.clone()),
                Some(heir) if heir.exists_on(succeeded.day) => continue,
                Some(_) if self.leads_back(&succeeded.from, Unit::heir) => Flaw::Loops,
                Some(_) => Flaw::NotThere(to.clone()),
            };
            note(faults, Place::Succession(*row), Column::To, flaw);
        }
    }

    /// No code belongs to two units at the same time.
    fn must_have_own_codes(
        &self,
        column: Column,
        code: impl Fn(&'a Unit, &'a Period) -> (Option<Kind>, &'a String),
        faults: &mut Vec<Fault>,
    ) {
        let mut bearers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for unit in self.register.units() {
            for (period, last) in unit.spans() {
                let row = self.rows.get(&(&unit.uid, period.from)).copied();
                let bearer = (row, unit, period.from, last);
                bearers.entry(code(unit, period)).or_default().push(bearer);
            }
        }
        for bearers in bearers.into_values().filter(|bearers| bearers.len() > 1) {
            for (row, unit, from, last) in &bearers {
                let Some(row) = *row else { continue };
                let taken = bearers
                    .iter()
                    .find(|(other_row, other, other_from, other_last)| {
                        // Of two rows the second is blamed.
                        other.uid != unit.uid
                            && other_row.is_none_or(|other_row| other_row < row)
                            && overlap((*from, *last), (*other_from, *other_last))
                    });
                if let Some((_, other, ..)) = taken {
                    let flaw = Flaw::CodeTaken(other.uid.clone());
                    note(faults, Place::Unit(row), column, flaw);
                }
            }
        }
    }
}

type Days = (NaiveDate, Option<NaiveDate>);

fn overlap(one: Days, other: Days) -> bool {
    let ends_before = |one: Days, other: Days| one.1.is_some_and(|last| last < other.0);
    !ends_before(one, other) && !ends_before(other, one)
}
