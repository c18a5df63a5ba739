//! The files that a deployment loads first, to domain: everything that is wrong in them at once.

mod positions;
mod units;

use std::collections::BTreeMap;
use std::path::Path;

use kit::copies::UnitKind;
use kit::sheet::{BadRow, Findings};

use crate::register::{Draft, Register};
use crate::unit::Unit;

pub(crate) use positions::Staffing;

/// Which files to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// `units.csv`; deploy/daklak/README.md has its columns.
    pub units: Option<&'a Path>,
    /// `successions.csv`; deploy/daklak/README.md has its columns.
    pub successions: Option<&'a Path>,
    /// `officers.csv`: `subject,name`.
    pub officers: Option<&'a Path>,
    /// `positions.csv`: `subject,role,unit,first_day,last_day,acting_for`; an empty `last_day` goes on, `acting_for` is the
    /// subject of the officer for whom this one acts.
    pub positions: Option<&'a Path>,
}

/// Files that were found to be right.
#[derive(Clone, Debug)]
pub struct Province {
    pub(crate) draft: Draft,
    pub(crate) staff: Staffing,
    register: Register,
}

impl Province {
    /// All units that are known after it is imported.
    #[must_use]
    pub fn units(&self) -> &Register {
        &self.register
    }
}

impl Register {
    /// The kinds of all units by uid, for checking what refers to them.
    #[must_use]
    pub fn unit_kinds(&self) -> BTreeMap<String, UnitKind> {
        let kind = |unit: &Unit| (unit.uid.to_string(), unit.kind.into());
        self.units().map(kind).collect()
    }
}

/// Reads and checks the files, on top of the units that are known.
///
/// # Errors
/// Every bad row of every file.
pub fn read(files: &Files<'_>, known: &Register) -> Result<Province, Vec<BadRow>> {
    let mut findings = Findings::default();
    let (draft, register) = units::read(files.units, files.successions, known, &mut findings);
    let mut uids = register.uids();
    uids.extend(draft.units.iter().map(|(_, row)| row.uid.clone()));
    uids.extend(draft.unread.iter().cloned());
    let staff = positions::read(files, &uids, &mut findings);
    findings.finish(Province {
        draft,
        staff,
        register,
    })
}
