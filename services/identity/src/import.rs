//! The files that a deployment loads first, to domain: everything that is wrong in them at once.

mod callers;
mod units;

use std::collections::BTreeSet;
use std::path::Path;

use kit::sheet::{BadRow, Findings};

use crate::party::Party;
use crate::principal::Principal;
use crate::unit::Unit;

/// Which files to read.
#[derive(Clone, Copy, Debug, Default)]
pub struct Files<'a> {
    /// `units.csv`; deploy/daklak/README.md has its columns. A file after a reorganisation has one more at the end,
    /// `successor`: the unit that takes over after `valid_to`.
    pub units: Option<&'a Path>,
    /// `callers.csv`: `subject,role,unit,public_key,name,number_kind,number`. Officers (`receptionist`, `examiner`,
    /// `leader`) and a `client` have a unit; an `applicant` has a name and a number (`cccd`, `cmnd` or `mst`) instead.
    pub callers: Option<&'a Path>,
}

/// Files that were found to be right.
#[derive(Clone, Debug)]
pub struct Province {
    pub(crate) units: Vec<Unit>,
    pub(crate) callers: Vec<Principal<Party>>,
}

impl Province {
    /// The units of the file, for checking what refers to them.
    #[must_use]
    pub fn unit_uids(&self) -> BTreeSet<String> {
        self.units.iter().map(|unit| unit.uid.to_string()).collect()
    }
}

/// Reads and checks the files. Without a file of units the callers' units are checked by [`crate::import`].
///
/// # Errors
/// Every bad row of every file.
pub fn read(files: &Files<'_>) -> Result<Province, Vec<BadRow>> {
    let mut findings = Findings::default();
    let units = files.units.map(|path| units::read(path, &mut findings));
    let known = units.as_ref().map(units::Read::uids);
    let callers = files
        .callers
        .map(|path| callers::read(path, known.as_ref(), &mut findings));
    let units = units.map(units::Read::into_units);
    findings.finish(Province {
        units: units.unwrap_or_default(),
        callers: callers.unwrap_or_default(),
    })
}
