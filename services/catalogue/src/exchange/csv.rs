//! CSV: one row for each case of each version. What a version and a procedure say stands in each of their rows.

use std::collections::BTreeMap;

use csv::{ReaderBuilder, StringRecord, Writer};
use serde_json::{Map, Value};

use super::json::of_one_procedure;
use super::{AtLine, Told};
use crate::fault::{Fault, Problem};

/// What a cell holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    /// Text as it is.
    Text,
    /// JSON.
    Json,
}

/// Whose column it is, and so which rows must agree in it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Told,
    Version,
    Procedure,
    Case,
}

/// A column: its name, the name of the same in JSON, whose it is, what it holds.
type Column = (&'static str, &'static str, Of, Cell);

const COLUMNS: [Column; 22] = [
    ("code", "code", Of::Procedure, Cell::Text),
    ("version", "number", Of::Version, Cell::Json),
    ("from", "from", Of::Version, Cell::Text),
    ("until", "until", Of::Version, Cell::Text),
    ("online", "online", Of::Told, Cell::Json),
    ("local_code", "local_code", Of::Procedure, Cell::Text),
    ("name", "name", Of::Procedure, Cell::Text),
    ("name_en", "name_en", Of::Procedure, Cell::Text),
    ("field", "field", Of::Procedure, Cell::Text),
    ("legal_bases", "legal_bases", Of::Procedure, Cell::Json),
    ("level", "level", Of::Procedure, Cell::Text),
    ("lead_unit", "lead_unit", Of::Procedure, Cell::Text),
    (
        "vertical_agency",
        "vertical_agency",
        Of::Procedure,
        Cell::Json,
    ),
    ("result", "result", Of::Procedure, Cell::Text),
    ("applicants", "applicants", Of::Procedure, Cell::Json),
    ("case", "key", Of::Case, Cell::Text),
    ("case_name", "name", Of::Case, Cell::Text),
    ("limit", "limit", Of::Case, Cell::Json),
    ("route", "route", Of::Case, Cell::Json),
    ("components", "components", Of::Case, Cell::Json),
    ("fees", "fees", Of::Case, Cell::Json),
    ("form", "form", Of::Case, Cell::Json),
];

/// A row in JSON, by whose it is.
struct Row {
    line: u64,
    told: Map<String, Value>,
    version: Map<String, Value>,
    procedure: Map<String, Value>,
    case: Map<String, Value>,
}

pub(super) fn header() -> Vec<u8> {
    let names: Vec<&str> = COLUMNS.iter().map(|(name, ..)| *name).collect();
    format!("{}\n", names.join(",")).into_bytes()
}

pub(super) fn read(file: &[u8]) -> (Vec<AtLine<Told>>, Vec<AtLine<Fault>>) {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(file);
    let names = COLUMNS.iter().map(|(name, ..)| *name);
    let is_ours = reader.headers().is_ok_and(|header| header.iter().eq(names));
    if !is_ours {
        let header = String::from_utf8_lossy(&header()).into_owned();
        let why = format!("the header must be: {}", header.trim_end());
        return (Vec::new(), vec![malformed(1, "", why)]);
    }
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in reader.records() {
        match record {
            Ok(record) => match row(&record) {
                Ok(row) => rows.push(row),
                Err(bad) => faults.extend(bad),
            },
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                faults.push(malformed(line, "", error.to_string()));
            }
        }
    }
    let (told, bad) = joined(rows);
    faults.extend(bad);
    faults.sort_by_key(|fault| fault.line);
    (told, faults)
}

fn malformed(line: u64, column: &str, why: String) -> AtLine<Fault> {
    AtLine::fault(line, Fault::new(column, Problem::Malformed(why)))
}

fn row(record: &StringRecord) -> Result<Row, Vec<AtLine<Fault>>> {
    let line = record.position().map_or(0, csv::Position::line);
    if record.len() != COLUMNS.len() {
        let why = format!(
            "has {} columns, {} are expected",
            record.len(),
            COLUMNS.len()
        );
        return Err(vec![malformed(line, "", why)]);
    }
    let mut row = Row {
        line,
        told: Map::new(),
        version: Map::new(),
        procedure: Map::new(),
        case: Map::new(),
    };
    let mut bad = Vec::new();
    for ((name, key, of, cell), text) in COLUMNS
        .iter()
        .zip(record)
        .filter(|(_, text)| !text.is_empty())
    {
        let value = match cell {
            Cell::Text => Ok(Value::from(text)),
            Cell::Json => serde_json::from_str(text),
        };
        match value {
            Ok(value) => {
                row.part(*of).insert((*key).to_owned(), value);
            }
            Err(error) => bad.push(malformed(line, name, error.to_string())),
        }
    }
    if bad.is_empty() { Ok(row) } else { Err(bad) }
}

impl Row {
    fn part(&mut self, of: Of) -> &mut Map<String, Value> {
        match of {
            Of::Told => &mut self.told,
            Of::Version => &mut self.version,
            Of::Procedure => &mut self.procedure,
            Of::Case => &mut self.case,
        }
    }

    fn code(&self) -> String {
        let code = self.procedure.get("code").and_then(Value::as_str);
        code.unwrap_or_default().to_owned()
    }

    fn number(&self) -> i64 {
        let number = self.version.get("number").and_then(Value::as_i64);
        number.unwrap_or_default()
    }
}

/// Joins the rows of each version, and the versions of each procedure.
fn joined(rows: Vec<Row>) -> (Vec<AtLine<Told>>, Vec<AtLine<Fault>>) {
    let (mut told, mut faults) = (Vec::new(), Vec::new());
    let mut by_code: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        by_code.entry(row.code()).or_default().push(row);
    }
    for rows in by_code.into_values() {
        let line = rows.first().map_or(0, |row| row.line);
        match procedure(rows, &mut faults) {
            Ok(what) => told.push(AtLine { line, what }),
            Err(why) => faults.push(malformed(line, "", why)),
        }
    }
    (told, faults)
}

fn procedure(rows: Vec<Row>, faults: &mut Vec<AtLine<Fault>>) -> Result<Told, String> {
    let mut told: Option<Map<String, Value>> = None;
    let mut versions: BTreeMap<i64, Row> = BTreeMap::new();
    let mut cases: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for row in rows {
        let number = row.number();
        cases
            .entry(number)
            .or_default()
            .push(Value::Object(row.case.clone()));
        let first = versions.get(&number);
        let agrees = told.as_ref().is_none_or(|told| *told == row.told)
            && first.is_none_or(|first| {
                first.version == row.version && first.procedure == row.procedure
            });
        if !agrees {
            let why = "says other things of the version than its first row".to_owned();
            faults.push(malformed(row.line, "", why));
        }
        told.get_or_insert_with(|| row.told.clone());
        versions.entry(number).or_insert(row);
    }
    let versions = versions.into_iter().map(|(number, mut row)| {
        let cases = cases.remove(&number).unwrap_or_default();
        row.procedure
            .insert("cases".to_owned(), Value::Array(cases));
        let procedure = Value::Object(row.procedure);
        row.version.insert("procedure".to_owned(), procedure);
        Value::Object(row.version)
    });
    let versions = versions.collect();
    let mut told = told.unwrap_or_default();
    told.insert("versions".to_owned(), Value::Array(versions));
    let told = serde_json::from_value(Value::Object(told)).map_err(|error| error.to_string())?;
    of_one_procedure(told)
}

pub(super) fn write(told: &Told) -> Result<Vec<u8>, serde_json::Error> {
    let mut writer = Writer::from_writer(Vec::new());
    let whole = serde_json::to_value(told)?;
    let versions = whole["versions"].as_array().into_iter().flatten();
    for version in versions {
        let procedure = &version["procedure"];
        for case in procedure["cases"].as_array().into_iter().flatten() {
            let cells = COLUMNS.iter().map(|(_, key, of, cell)| {
                let value = match of {
                    Of::Told => &whole[*key],
                    Of::Version => &version[*key],
                    Of::Procedure => &procedure[*key],
                    Of::Case => &case[*key],
                };
                text(value, *cell)
            });
            let cells: Vec<String> = cells.collect();
            writer
                .write_record(cells)
                .map_err(serde::ser::Error::custom)?;
        }
    }
    writer.into_inner().map_err(serde::ser::Error::custom)
}

fn text(value: &Value, cell: Cell) -> String {
    match (value, cell) {
        (Value::Null, _) => String::new(),
        (Value::String(text), Cell::Text) => text.clone(),
        (value, _) => value.to_string(),
    }
}
