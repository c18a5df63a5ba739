//! `units.csv`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use chrono::NaiveDate;
use kit::sheet::{BadRow, Findings, Row, Sheet};

use crate::unit::{End, Uid, Unit, looping};

const COLUMNS: [&str; 11] = [
    "uid",
    "code",
    "kind",
    "subtype",
    "name",
    "short_name",
    "parent",
    "national_code",
    "valid_from",
    "valid_to",
    "successor",
];
/// A province that was never reorganised needs no column for successors.
const WITHOUT_SUCCESSOR: &[&str] = COLUMNS.split_at(10).0;

/// The rows of the file, and the units of those that could be read.
pub(super) struct Read {
    rows: Vec<Row>,
    units: Vec<(usize, Unit)>,
}

impl Read {
    /// Every uid that the file has, also of rows that are wrong in something else.
    pub fn uids(&self) -> BTreeSet<Uid> {
        self.rows
            .iter()
            .map(|row| Uid::new(row.get("uid")))
            .collect()
    }

    pub fn into_units(self) -> Vec<Unit> {
        self.units.into_iter().map(|(_, unit)| unit).collect()
    }

    fn each(&self) -> impl Iterator<Item = (&Row, &Unit)> {
        self.units
            .iter()
            .map(|(index, unit)| (&self.rows[*index], unit))
    }
}

/// Reads the file and checks each row, then the rows against each other.
pub(super) fn read(path: &Path, findings: &mut Findings) -> Read {
    let columns = if has_successors(path) {
        &COLUMNS
    } else {
        WITHOUT_SUCCESSOR
    };
    let sheet = findings.take_all(Sheet::read(path, columns));
    let rows = sheet.map(|sheet| sheet.rows).unwrap_or_default();
    let mut units = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        units.extend(unit(row, findings).map(|unit| (index, unit)));
    }
    let read = Read { rows, units };
    must_be_unique(&read, findings);
    must_refer_to_units(&read, findings);
    must_not_loop(&read, "parent", |unit| unit.parent.as_ref(), findings);
    must_not_loop(&read, "successor", successor, findings);
    read
}

fn has_successors(path: &Path) -> bool {
    let mut header = String::new();
    // A file that cannot be read is reported by `Sheet::read`.
    let read = File::open(path).and_then(|file| BufReader::new(file).read_line(&mut header));
    read.is_ok() && header.trim_end().ends_with(",successor")
}

fn unit(row: &Row, findings: &mut Findings) -> Option<Unit> {
    let uid = findings.take(row.text("uid"));
    let code = findings.take(row.text("code"));
    let kind = findings.take(row.parse(
        "kind",
        "a kind of unit: province, department, district or commune",
    ));
    let subtype = findings.take(row.text("subtype"));
    let name = findings.take(row.text("name"));
    let short_name = findings.take(row.text("short_name"));
    let national_code = findings.take(row.text("national_code"));
    let valid_from = findings.take(date(row, "valid_from"));
    let end = findings.take(end(row, valid_from));
    Some(Unit {
        uid: Uid::new(uid?),
        code: code?,
        kind: kind?,
        subtype: subtype?,
        name: name?,
        short_name: short_name?,
        parent: reference(row, "parent"),
        national_code: national_code?,
        valid_from: valid_from?,
        end: end?,
        revision: 1,
    })
}

fn end(row: &Row, valid_from: Option<NaiveDate>) -> Result<Option<End>, BadRow> {
    let successor = reference(row, "successor");
    if row.get("valid_to").is_empty() {
        return match successor {
            Some(_) => Err(row.bad(
                "successor",
                "a unit without `valid_to` goes on and has no successor",
            )),
            None => Ok(None),
        };
    }
    let last_day = date(row, "valid_to")?;
    if valid_from.is_some_and(|from| last_day < from) {
        return Err(row.bad("valid_to", "is before `valid_from`"));
    }
    Ok(Some(End {
        last_day,
        successor,
    }))
}

fn date(row: &Row, column: &str) -> Result<NaiveDate, BadRow> {
    row.parse(column, "a date such as 2017-01-31")
}

fn reference(row: &Row, column: &str) -> Option<Uid> {
    let cell = row.get(column);
    (!cell.is_empty()).then(|| Uid::new(cell))
}

fn successor(unit: &Unit) -> Option<&Uid> {
    unit.end.as_ref()?.successor.as_ref()
}

/// No uid twice; no code twice among units of one kind that exist at the same time.
fn must_be_unique(read: &Read, findings: &mut Findings) {
    let mut uids = BTreeSet::new();
    let mut codes: BTreeMap<_, Vec<&Unit>> = BTreeMap::new();
    let mut national: BTreeMap<_, Vec<&Unit>> = BTreeMap::new();
    for (row, unit) in read.each() {
        if !uids.insert(&unit.uid) {
            findings.note(row.bad("uid", format!("`{}` stands here a second time", unit.uid)));
        }
        let namesakes = codes.entry((unit.kind, &unit.code)).or_default();
        if namesakes.iter().any(|other| overlap(other, unit)) {
            let kind = unit.kind.as_str();
            findings.note(row.bad(
                "code",
                format!("another {kind} has the code `{}` already", unit.code),
            ));
        }
        namesakes.push(unit);
        let bearers = national.entry(&unit.national_code).or_default();
        if bearers.iter().any(|other| overlap(other, unit)) {
            findings.note(row.bad(
                "national_code",
                format!("another unit has `{}` already", unit.national_code),
            ));
        }
        bearers.push(unit);
    }
}

/// Whether two units exist on the same day; official codes are re-used across eras.
fn overlap(one: &Unit, other: &Unit) -> bool {
    let ends_before = |one: &Unit, other: &Unit| {
        one.end
            .as_ref()
            .is_some_and(|end| end.last_day < other.valid_from)
    };
    !ends_before(one, other) && !ends_before(other, one)
}

fn must_refer_to_units(read: &Read, findings: &mut Findings) {
    let known = read.uids();
    for (row, unit) in read.each() {
        for (column, uid) in [
            ("parent", unit.parent.as_ref()),
            ("successor", successor(unit)),
        ] {
            if let Some(uid) = uid.filter(|uid| !known.contains(uid)) {
                findings.note(row.bad(column, format!("there is no unit `{uid}` in this file")));
            }
        }
    }
}

fn must_not_loop(
    read: &Read,
    column: &str,
    next: fn(&Unit) -> Option<&Uid>,
    findings: &mut Findings,
) {
    let mut edges = BTreeMap::new();
    for (_, unit) in read.each() {
        // A second row of the same uid was refused already.
        edges.entry(&unit.uid).or_insert(next(unit));
    }
    let edges = edges
        .into_iter()
        .filter_map(|(uid, next)| Some((uid, next?)));
    let looping = looping(&edges.collect());
    for (row, unit) in read.each().filter(|(_, unit)| looping.contains(&unit.uid)) {
        findings.note(row.bad(column, format!("leads from `{}` back to itself", unit.uid)));
    }
}
