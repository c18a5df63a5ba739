//! Whose business something can be.

use std::collections::BTreeSet;

use crate::caller::{Caller, Grant, Reach, Role};

/// The units for which a caller handles dossiers: an auditor handles nothing, and whoever reaches everywhere is of no unit.
#[must_use]
pub fn handling_units(caller: &Caller) -> BTreeSet<&str> {
    caller.grants.iter().flat_map(units).collect()
}

fn units(grant: &Grant) -> impl Iterator<Item = &str> {
    let named = match (&grant.reach, grant.role) {
        (_, Role::Auditor) | (Reach::Everywhere, _) => &[],
        (Reach::At(names), _) => names.as_slice(),
    };
    named.iter().map(String::as_str)
}
