//! The files of a deployment, to domain: everything that is wrong in them at once.

mod calendar;
mod procedures;
mod routes;

use std::collections::BTreeMap;
use std::path::Path;

use kit::copies::UnitKind;
use kit::sheet::{BadRow, Findings, Row};

use crate::calendar::Calendar;
use crate::procedure::Procedure;
use kit::online::Level as OnlineLevel;

/// Which files to read; deploy/daklak/README.md has their columns.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// Has `procedures.csv` with the `components.csv` and `routes.csv` that it refers to, perhaps `cases.csv`, or `office-hours.csv` with
    /// `holidays.csv`, or all of them.
    pub folder: &'a Path,
}

/// A procedure as the files have it.
#[derive(Clone, Debug)]
pub(crate) struct Filed {
    pub procedure: Procedure,
    pub online_level: OnlineLevel,
}

/// Files that were found to be right.
#[derive(Clone, Debug)]
pub struct Catalogue {
    pub(crate) procedures: Vec<Filed>,
    pub(crate) calendar: Option<Calendar>,
}

/// The kinds of the units that are known, by uid; where none is, nothing is said of any.
pub type UnitKinds = BTreeMap<String, UnitKind>;

/// Reads and checks the files. Units that they name must be among `units`, and their routes must lead somewhere there.
///
/// # Errors
/// Every bad row of every file, and a file that is missing beside one that needs it.
pub fn read(files: &Files<'_>, units: &UnitKinds) -> Result<Catalogue, Vec<BadRow>> {
    let mut findings = Findings::default();
    let has = |name: &str| files.folder.join(name).exists();
    let mut procedures = Vec::new();
    if ["procedures.csv", "components.csv", "routes.csv"]
        .into_iter()
        .any(has)
    {
        procedures = procedures::read(files.folder, units, &mut findings);
    }
    let mut calendar = None;
    if ["office-hours.csv", "holidays.csv"].into_iter().any(has) {
        calendar = Some(calendar::read(files.folder, &mut findings));
    }
    findings.finish(Catalogue {
        procedures,
        calendar,
    })
}

/// A unit that a cell names.
fn must_be_known(row: &Row, column: &str, unit: &str, units: &UnitKinds) -> Result<(), BadRow> {
    if units.is_empty() || units.contains_key(unit) {
        return Ok(());
    }
    Err(row.bad(column, format!("there is no unit `{unit}`")))
}

fn flag(row: &Row, column: &str) -> Result<bool, BadRow> {
    match row.get(column) {
        "0" => Ok(false),
        "1" => Ok(true),
        other => Err(row.bad(column, format!("`{other}` is not 0 or 1"))),
    }
}

/// The parts of a cell between `;`; none of an empty cell.
fn list(row: &Row, column: &str) -> Vec<String> {
    let parts = row.get(column).split(';').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}
