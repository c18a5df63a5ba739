//! Whether the units are ready to serve: each needs somebody who receives and somebody who signs.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::authority::Scope;
use kit::caller::Role;

use crate::register::Register;
use crate::staff::is_own;
use crate::unit::{self, Kind, Unit};

/// The roles that every unit with a desk needs.
pub const NEEDED: [Role; 2] = [Role::Receptionist, Role::Leader];
/// The kinds of unit that have a desk.
const WITH_DESKS: [Kind; 3] = [Kind::Department, Kind::District, Kind::Commune];

/// The units of one kind that lack somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindReadiness {
    /// The kind.
    pub kind: Kind,
    /// The units, by uid.
    pub units: Vec<Unready>,
}

/// A unit that lacks somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unready {
    /// The unit.
    pub unit: unit::Uid,
    /// Its name.
    pub name: String,
    /// The roles that nobody has there.
    pub missing: Vec<Role>,
}

/// Which of the units of a day, as far as the caller may know them, lack somebody. Who has a role at a unit that ended has it
/// at the one that took over.
#[must_use]
pub fn of(
    units: &Register,
    scope: &Scope,
    held: &BTreeSet<(unit::Uid, Role)>,
    on: NaiveDate,
) -> Vec<KindReadiness> {
    let held: BTreeSet<(&unit::Uid, Role)> = held
        .iter()
        .map(|(unit, role)| (units.heir(unit, on), *role))
        .collect();
    let may_know = |unit: &&Unit| *scope == Scope::Everything || is_own(scope, &unit.uid);
    let unready = |unit: &Unit| {
        let missing = NEEDED.into_iter();
        let missing: Vec<Role> = missing
            .filter(|role| !held.contains(&(&unit.uid, *role)))
            .collect();
        (!missing.is_empty()).then(|| Unready {
            unit: unit.uid.clone(),
            name: unit.on(on).name.clone(),
            missing,
        })
    };
    let of_kind = |kind| {
        let units = units.units();
        let units = units.filter(|unit| unit.kind == kind && unit.exists_on(on));
        KindReadiness {
            kind,
            units: units.filter(may_know).filter_map(unready).collect(),
        }
    };
    WITH_DESKS.into_iter().map(of_kind).collect()
}
