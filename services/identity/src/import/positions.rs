//! `officers.csv` and `positions.csv`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use chrono::NaiveDate;
use kit::caller::Role;
use kit::clock;
use kit::failure::Violation;
use kit::seal::DataKey;
use kit::sheet::{BadRow, Findings, Row, Sheet};

use super::Files;
use crate::officer::{LONGEST_NAME, Name, Officer};
use crate::position::{self, Period};
use crate::staff::{Outcome, Wanted};
use crate::subject::Subject;
use crate::unit;

const OFFICERS: &[&str] = &["subject", "name"];
const POSITIONS: &[&str] = &[
    "subject",
    "role",
    "unit",
    "first_day",
    "last_day",
    "acting_for",
];
const SUBJECT: &str =
    "a name of 1 to 64 characters without spaces that no service of the suite has";

/// The officers and positions of a province's files.
#[derive(Clone, Debug, Default)]
pub struct Staffing {
    /// New or renamed officers. One that is new is looked after by the unit of its first position.
    pub officers: Vec<Officer>,
    /// The line of each officer.
    officer_lines: Vec<Row>,
    /// Positions, delegations last.
    pub positions: Vec<Wanted>,
    /// The line of each position.
    lines: Vec<Row>,
}

impl Staffing {
    /// The lines of officers whose names client systems have.
    pub fn named_like<T>(&self, clients: &HashMap<Subject, T>) -> Vec<BadRow> {
        let named = self.officers.iter().zip(&self.officer_lines);
        let named = named.filter(|(officer, _)| clients.contains_key(&officer.subject));
        let why = "SUBJECT_TAKEN: a client system has this name";
        named.map(|(_, line)| line.bad("subject", why)).collect()
    }

    /// The lines that the store does not bear.
    pub fn blame(&self, taken: &[Result<Outcome, Vec<Violation>>]) -> Vec<BadRow> {
        let mut bad = Vec::new();
        for (line, taken) in self.lines.iter().zip(taken) {
            for fault in taken.as_ref().err().into_iter().flatten() {
                let column = fault.field.trim_end_matches("_uid");
                bad.push(line.bad(column, format!("{}: {}", fault.reason, fault.english)));
            }
        }
        bad
    }
}

/// Reads the files; `units` are those that a position may be at.
pub(super) fn read(
    files: &Files<'_>,
    units: &BTreeSet<unit::Uid>,
    findings: &mut Findings,
) -> Staffing {
    let mut staffing = Staffing::default();
    if let Some(path) = files.positions {
        staffing.read_positions(path, units, findings);
    }
    if let Some(path) = files.officers {
        let mut homes = BTreeMap::new();
        for wanted in &staffing.positions {
            homes.entry(&wanted.officer).or_insert(&wanted.unit);
        }
        let read = officers(path, &homes, findings);
        (staffing.officers, staffing.officer_lines) = read.into_iter().unzip();
    }
    staffing
}

fn officers(
    path: &Path,
    homes: &BTreeMap<&Subject, &unit::Uid>,
    findings: &mut Findings,
) -> Vec<(Officer, Row)> {
    let mut subjects = BTreeSet::new();
    let mut officers = Vec::new();
    for row in rows(path, OFFICERS, findings) {
        if !subjects.insert(row.get("subject").to_owned()) {
            findings.note(row.bad("subject", "stands here a second time"));
        }
        let subject: Option<Subject> = findings.take(row.parse("subject", SUBJECT));
        let name = findings.take(name(&row));
        officers.extend(subject.zip(name).map(|(subject, name)| {
            let home = homes.get(&subject).map(|unit| (*unit).clone());
            let key = DataKey::generate();
            (Officer::new(subject, key, name, home), row)
        }));
    }
    officers
}

fn name(row: &Row) -> Result<Name, BadRow> {
    let name = row.text("name")?;
    if name.chars().count() > LONGEST_NAME {
        return Err(row.bad("name", format!("has more than {LONGEST_NAME} characters")));
    }
    Ok(Name::new(name))
}

fn rows(path: &Path, columns: &'static [&'static str], findings: &mut Findings) -> Vec<Row> {
    let sheet = findings.take_all(Sheet::read(path, columns));
    sheet.map(|sheet| sheet.rows).unwrap_or_default()
}

impl Staffing {
    fn read_positions(
        &mut self,
        path: &Path,
        units: &BTreeSet<unit::Uid>,
        findings: &mut Findings,
    ) {
        let mut read = Vec::new();
        for row in rows(path, POSITIONS, findings) {
            if let Some(wanted) = wanted(&row, units, findings) {
                read.push((wanted, row));
            }
        }
        // What is acted in comes before who acts in it, wherever they stand in the file.
        read.sort_by_key(|(wanted, _)| wanted.acting_for.is_some());
        (self.positions, self.lines) = read.into_iter().unzip();
    }
}

fn wanted(row: &Row, units: &BTreeSet<unit::Uid>, findings: &mut Findings) -> Option<Wanted> {
    let officer = findings.take(row.parse("subject", SUBJECT));
    let role = findings.take(role(row));
    let unit = findings.take(unit(row, units));
    let period = findings.take(period(row));
    let acting_for = match row.get("acting_for") {
        "" => Some(None),
        _ => findings.take(row.parse("acting_for", SUBJECT)).map(Some),
    };
    Some(Wanted {
        uid: position::Uid::new(clock::new_uid()),
        officer: officer?,
        role: role?,
        unit: unit?,
        period: period?,
        acting_for: acting_for?,
    })
}

fn role(row: &Row) -> Result<Role, BadRow> {
    let role: Role = row.parse("role", "a role of officers")?;
    if role.is_of_an_officer() {
        return Ok(role);
    }
    Err(row.bad("role", format!("`{role}` is not a role of officers")))
}

fn unit(row: &Row, units: &BTreeSet<unit::Uid>) -> Result<unit::Uid, BadRow> {
    let uid = unit::Uid::new(row.text("unit")?);
    if !units.contains(&uid) {
        let reason = format!("there is no unit `{uid}`");
        return Err(row.bad("unit", reason));
    }
    Ok(uid)
}

fn period(row: &Row) -> Result<Period, BadRow> {
    let day = "a date such as 2025-07-01";
    let first: NaiveDate = row.parse("first_day", day)?;
    let last = match row.get("last_day") {
        "" => None,
        _ => Some(row.parse("last_day", day)?),
    };
    Period::new(first, last)
        .map_err(|_| row.bad("last_day", "ENDS_BEFORE_IT_BEGINS: is before `first_day`"))
}
