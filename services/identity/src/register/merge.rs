//! Laying the rows of an import over what is known. What contradicts itself within one unit is found here.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::{Column, Described, Draft, Fault, Flaw, Place, Register, Succeeded};
use crate::unit::{End, Period, Succession, Unit};

/// The register with the rows of the draft, as far as they can be taken.
pub(super) fn merge(known: &Register, draft: &Draft, faults: &mut Vec<Fault>) -> Register {
    let mut register = known.clone();
    let mut seen = BTreeSet::new();
    for (row, described) in &draft.units {
        if seen.insert((&described.uid, described.period.from)) {
            describe(&mut register, *row, described, faults);
        } else {
            note(faults, Place::Unit(*row), Column::Uid, Flaw::Twice);
        }
    }
    for (row, described) in &draft.units {
        end_by_row(&mut register, *row, described, faults);
    }
    let mut by_unit: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (row, succeeded) in &draft.successions {
        let of_unit = by_unit.entry(&succeeded.from).or_default();
        of_unit.push((*row, succeeded));
    }
    for (uid, rows) in by_unit {
        if let Some(unit) = register.0.get_mut(uid) {
            must_go_together(&rows, faults);
            end_by_succession(unit, draft, &rows, faults);
        } else if !draft.unread.contains(uid) {
            for (row, _) in rows {
                let flaw = Flaw::UnitMissing(uid.clone());
                note(faults, Place::Succession(row), Column::From, flaw);
            }
        }
    }
    register
}

pub(super) fn note(faults: &mut Vec<Fault>, place: Place, column: Column, flaw: Flaw) {
    faults.push(Fault {
        place,
        column,
        flaw,
    });
}

fn describe(register: &mut Register, row: usize, described: &Described, faults: &mut Vec<Fault>) {
    let Some(unit) = register.0.get_mut(&described.uid) else {
        register.put(Unit {
            uid: described.uid.clone(),
            kind: described.kind,
            first: described.period.clone(),
            later: Vec::new(),
            end: None,
            revision: 0,
        });
        return;
    };
    if unit.kind != described.kind {
        note(faults, Place::Unit(row), Column::Kind, Flaw::KindChanged);
    }
    set_period(unit, described.period.clone());
}

/// Puts a period in its place, over one that begins on the same day.
fn set_period(unit: &mut Unit, period: Period) {
    match period.from.cmp(&unit.first.from) {
        Ordering::Equal => unit.first = period,
        Ordering::Less => {
            let second = std::mem::replace(&mut unit.first, period);
            unit.later.insert(0, second);
        }
        Ordering::Greater => {
            let place = unit
                .later
                .binary_search_by_key(&period.from, |one| one.from);
            match place {
                Ok(at) => unit.later[at] = period,
                Err(at) => unit.later.insert(at, period),
            }
        }
    }
}

/// A row that names its last day ends the unit, unless another period follows.
fn end_by_row(register: &mut Register, row: usize, described: &Described, faults: &mut Vec<Fault>) {
    let (Some(last_day), Some(unit)) = (described.last_day, register.0.get_mut(&described.uid))
    else {
        return;
    };
    let from = described.period.from;
    let mut fault = |flaw| note(faults, Place::Unit(row), Column::ValidTo, flaw);
    if last_day < from {
        return fault(Flaw::EndsBeforeItBegins);
    }
    let next = unit
        .periods()
        .map(|period| period.from)
        .find(|next| *next > from);
    match (next, last_day.succ_opt()) {
        (Some(next), _) if next <= last_day => fault(Flaw::Overlaps(next)),
        (Some(next), Some(after)) if next > after => fault(Flaw::Gap(next)),
        (Some(_), _) => {}
        (None, _) => match &mut unit.end {
            Some(end) if end.succession.is_none() => end.last_day = last_day,
            Some(end) if end.last_day != last_day => fault(Flaw::Differs),
            Some(_) => {}
            None => {
                unit.end = Some(End {
                    last_day,
                    succession: None,
                });
            }
        },
    }
}

/// The successions of one unit are of one day and kind, name each successor once, and one of them by default.
fn must_go_together(rows: &[(usize, &Succeeded)], faults: &mut Vec<Fault>) {
    let mut seen = BTreeSet::new();
    let mut has_default = false;
    let first = rows.first().map(|(_, first)| (first.day, first.change));
    for (row, succeeded) in rows {
        let mut fault = |column, flaw| note(faults, Place::Succession(*row), column, flaw);
        if first.is_some_and(|(day, _)| day != succeeded.day) {
            fault(Column::Day, Flaw::Differs);
        }
        if first.is_some_and(|(_, change)| change != succeeded.change) {
            fault(Column::Change, Flaw::Differs);
        }
        if !seen.insert(&succeeded.heir.to) {
            fault(Column::To, Flaw::Twice);
        }
        if succeeded.heir.is_default && has_default {
            fault(Column::Default, Flaw::DefaultTwice);
        }
        has_default |= succeeded.heir.is_default;
    }
    if let (false, Some((row, _))) = (has_default, rows.first()) {
        let place = Place::Succession(*row);
        note(faults, place, Column::Default, Flaw::DefaultMissing);
    }
}

fn end_by_succession(
    unit: &mut Unit,
    draft: &Draft,
    rows: &[(usize, &Succeeded)],
    faults: &mut Vec<Fault>,
) {
    let Some((row, first)) = rows.first() else {
        return;
    };
    let mut fault = |column, flaw| note(faults, Place::Succession(*row), column, flaw);
    if first.day <= unit.first.from {
        return fault(Column::Day, Flaw::EndsBeforeItBegins);
    }
    if unit.later.iter().any(|period| period.from >= first.day) {
        return fault(Column::From, Flaw::GoesOn);
    }
    let last_day = first.day.pred_opt().unwrap_or(first.day);
    if own_last_day(unit, draft).is_some_and(|own| own != last_day) {
        return fault(Column::Day, Flaw::Differs);
    }
    let heirs = rows.iter().map(|(_, row)| row.heir.clone());
    unit.end = Some(End {
        last_day,
        succession: Some(Succession {
            change: first.change,
            heirs: heirs.collect(),
        }),
    });
}

/// The last day of the unit as a row of the draft names it.
fn own_last_day(unit: &Unit, draft: &Draft) -> Option<NaiveDate> {
    let last = unit.periods().next_back()?;
    let mut rows = draft.units.iter().map(|(_, row)| row);
    let row = rows.find(|row| row.uid == unit.uid && row.period.from == last.from)?;
    row.last_day
}
