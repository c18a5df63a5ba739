//! `units.csv` and `successions.csv`.

use std::path::Path;

use chrono::NaiveDate;
use kit::sheet::{BadRow, Findings, Row, Sheet};

use crate::register::{Column, Described, Draft, Fault, Place, Register, Succeeded};
use crate::unit::{Heir, Kind, Period, Uid};

const UNITS: &[&str] = &[
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
];
const SUCCESSIONS: &[&str] = &["day", "from", "to", "change", "share", "default", "basis"];

/// Reads the files and checks each row, then all of them with each other and with what is known. Gives back what is right, and
/// all units after it.
pub(super) fn read(
    units: Option<&Path>,
    successions: Option<&Path>,
    known: &Register,
    findings: &mut Findings,
) -> (Draft, Register) {
    let rows = |path: Option<&Path>, columns, findings: &mut Findings| {
        let sheet = path.and_then(|path| findings.take_all(Sheet::read(path, columns)));
        sheet.map(|sheet| sheet.rows).unwrap_or_default()
    };
    let rows = Rows {
        units: rows(units, UNITS, findings),
        successions: rows(successions, SUCCESSIONS, findings),
    };
    let draft = rows.draft(findings);
    let register = match known.take_in(&draft) {
        Ok(taken) => taken.register,
        Err(faults) => {
            for fault in faults {
                findings.note(rows.bad(&fault));
            }
            known.clone()
        }
    };
    (draft, register)
}

struct Rows {
    units: Vec<Row>,
    successions: Vec<Row>,
}

impl Rows {
    fn draft(&self, findings: &mut Findings) -> Draft {
        let mut draft = Draft::default();
        for (index, row) in self.units.iter().enumerate() {
            match described(row, findings) {
                Some(described) => draft.units.push((index, described)),
                None => {
                    draft.unread.insert(Uid::new(row.get("uid")));
                }
            }
        }
        for (index, row) in self.successions.iter().enumerate() {
            let succeeded = succeeded(row, findings);
            draft.successions.extend(succeeded.map(|row| (index, row)));
        }
        draft
    }

    /// A fault by its file, line and column.
    fn bad(&self, fault: &Fault) -> BadRow {
        let row = match fault.place {
            Place::Unit(index) => self.units.get(index),
            Place::Succession(index) => self.successions.get(index),
        };
        let (column, reason) = (column(fault.column), fault.flaw.to_string());
        match row {
            Some(row) => row.bad(column, reason),
            // Every fault is of a row that was given.
            None => BadRow {
                file: String::new(),
                line: 0,
                column: column.to_owned(),
                reason,
            },
        }
    }
}

fn column(column: Column) -> &'static str {
    match column {
        Column::Uid => "uid",
        Column::Kind => "kind",
        Column::Code => "code",
        Column::NationalCode => "national_code",
        Column::Parent => "parent",
        Column::ValidFrom => "valid_from",
        Column::ValidTo => "valid_to",
        Column::Day => "day",
        Column::From => "from",
        Column::To => "to",
        Column::Change => "change",
        Column::Default => "default",
    }
}

fn described(row: &Row, findings: &mut Findings) -> Option<Described> {
    let uid = findings.take(row.text("uid"));
    let code = findings.take(row.text("code"));
    let kind = findings.take(row.parse(
        "kind",
        "a kind of unit: province, department, district or commune",
    ));
    let subtype = findings.take(row.text("subtype"));
    let name = findings.take(row.text("name"));
    let short_name = findings.take(row.text("short_name"));
    let parent = kind.and_then(|kind| findings.take(parent(row, kind)));
    let national_code = findings.take(row.text("national_code"));
    let from = findings.take(date(row, "valid_from"));
    let last_day = findings.take(last_day(row));
    Some(Described {
        uid: Uid::new(uid?),
        kind: kind?,
        period: Period {
            from: from?,
            code: code?,
            subtype: subtype?,
            name: kit::text::normalise(&name?),
            short_name: kit::text::normalise(&short_name?),
            parent: parent?,
            national_code: national_code?,
        },
        last_day: last_day?,
    })
}

/// Only a province may stand below nothing.
fn parent(row: &Row, kind: Kind) -> Result<Option<Uid>, BadRow> {
    match (row.get("parent"), kind) {
        ("", Kind::Province) => Ok(None),
        ("", _) => Err(row.bad("parent", "must not be empty, but for a province")),
        (uid, _) => Ok(Some(Uid::new(uid))),
    }
}

fn last_day(row: &Row) -> Result<Option<NaiveDate>, BadRow> {
    match row.get("valid_to") {
        "" => Ok(None),
        _ => date(row, "valid_to").map(Some),
    }
}

fn succeeded(row: &Row, findings: &mut Findings) -> Option<Succeeded> {
    let day = findings.take(date(row, "day"));
    let from = findings.take(row.text("from"));
    let to = findings.take(row.text("to"));
    let change = findings.take(row.parse("change", "merged, split or abolished"));
    let is_whole = findings.take(one_of(row, "share", ("whole", "partial")));
    let is_default = findings.take(one_of(row, "default", ("1", "0")));
    Some(Succeeded {
        from: Uid::new(from?),
        day: day?,
        change: change?,
        heir: Heir {
            to: Uid::new(to?),
            is_whole: is_whole?,
            is_default: is_default?,
            basis: row.get("basis").to_owned(),
        },
    })
}

/// Whether the cell is the first of two words and not the second.
fn one_of(row: &Row, column: &str, (yes, no): (&str, &str)) -> Result<bool, BadRow> {
    match row.get(column) {
        cell if cell == yes => Ok(true),
        cell if cell == no => Ok(false),
        cell => Err(row.bad(column, format!("`{cell}` is neither `{yes}` nor `{no}`"))),
    }
}

fn date(row: &Row, column: &str) -> Result<NaiveDate, BadRow> {
    row.parse(column, "a date such as 2017-01-31")
}
