//! Files of procedures with all their versions, as they are exported and imported: JSON lines and CSV say the same.

mod csv;
mod json;

use chrono::NaiveDate;
use kit::online::OnlineLevels;
use serde::{Deserialize, Serialize};

use crate::entry::Entry;
use crate::fault::Fault;
use crate::procedure::Procedure;

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One procedure a line.
    JsonLines,
    /// One case a row (RFC 4180).
    Csv,
}

/// A procedure with all that was published of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// How far it is online.
    #[serde(default)]
    pub online: OnlineLevels,
    /// Its versions by number.
    pub versions: Vec<ToldVersion>,
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldVersion {
    /// 1, 2, 3 …
    pub number: i32,
    /// First day in force.
    pub from: NaiveDate,
    /// First day on which it is retired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
    /// What it says.
    pub procedure: Procedure,
}

/// What stands at a line of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtLine<T> {
    /// From 1.
    pub line: u64,
    /// What stands there.
    pub what: T,
}

impl AtLine<Fault> {
    /// Something wrong at a line.
    #[must_use]
    pub fn fault(line: u64, fault: Fault) -> Self {
        Self { line, what: fault }
    }
}

impl From<&Entry> for Told {
    fn from(entry: &Entry) -> Self {
        let told = |version: &crate::entry::Version| ToldVersion {
            number: version.number,
            from: version.from,
            until: version.until,
            procedure: version.procedure.clone(),
        };
        Self {
            online: entry.online.clone(),
            versions: entry.versions.iter().map(told).collect(),
        }
    }
}

/// Reads a file.
///
/// # Errors
/// Everything by which it is none, by line.
pub fn read(format: Format, file: &[u8]) -> Result<Vec<AtLine<Told>>, Vec<AtLine<Fault>>> {
    let (told, faults) = match format {
        Format::JsonLines => json::read(file),
        Format::Csv => csv::read(file),
    };
    if faults.is_empty() {
        return Ok(told);
    }
    Err(faults)
}

/// What stands before the first procedure.
#[must_use]
pub fn header(format: Format) -> Vec<u8> {
    match format {
        Format::JsonLines => Vec::new(),
        Format::Csv => csv::header(),
    }
}

/// Writes a procedure; nothing of one that was never published.
///
/// # Errors
/// Never, for what was read from a store.
pub fn write(format: Format, told: &Told) -> Result<Vec<u8>, serde_json::Error> {
    if told.versions.is_empty() {
        return Ok(Vec::new());
    }
    match format {
        Format::JsonLines => json::write(told),
        Format::Csv => csv::write(told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::tests::{day, procedure};
    use crate::procedure::tests::full;

    fn told() -> Vec<Told> {
        let version = |number, from: &str, procedure| ToldVersion {
            number,
            from: day(from),
            until: (number == 2).then(|| day("2025-07-01")),
            procedure,
        };
        let second = Procedure {
            name: "Tên có \"ngoặc\", phẩy;\nvà xuống dòng".to_owned(),
            ..full("1.000001")
        };
        let levels = r#"[{"from":"2017-01-01","level":3},{"unit":"a","from":"2022-07-01","to":"2024-12-31","level":4,"service":"full"}]"#;
        let other = Procedure {
            vertical_agency: true,
            cases: full("1.000002").cases[1..].to_vec(),
            ..procedure("1.000002", "Hai")
        };
        vec![
            Told {
                online: serde_json::from_str(levels).unwrap(),
                versions: vec![
                    version(1, "2017-01-01", full("1.000001")),
                    version(2, "2018-06-21", second),
                ],
            },
            Told {
                online: OnlineLevels::default(),
                versions: vec![version(1, "2017-01-01", other)],
            },
        ]
    }

    fn written(format: Format) -> Vec<u8> {
        let mut file = header(format);
        for told in told() {
            file.extend(write(format, &told).unwrap());
        }
        file
    }

    #[test]
    fn what_is_written_is_read_back_without_loss_in_both_forms() {
        for format in [Format::JsonLines, Format::Csv] {
            let read = read(format, &written(format)).unwrap();
            let read: Vec<Told> = read.into_iter().map(|at| at.what).collect();
            assert_eq!(read, told(), "{format:?}");
        }
    }

    #[test]
    fn every_line_that_cannot_be_read_is_named() {
        let good = String::from_utf8(written(Format::JsonLines)).unwrap();
        let file = format!("{{\n{good}\n{{\"versions\":[]}}\n{{\"versions\":[],\"x\":1}}\n");
        let faults = read(Format::JsonLines, file.as_bytes()).unwrap_err();
        let lines: Vec<u64> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 5, 6]);
    }

    #[test]
    fn every_row_that_cannot_be_read_is_named_with_its_column() {
        let good = String::from_utf8(written(Format::Csv)).unwrap();
        let bad = good
            .replace("standard,", "standard,,,,,")
            .replace(",commune,", ",village,");
        let faults = read(Format::Csv, bad.as_bytes()).unwrap_err();
        assert!(faults.len() >= 3, "{faults:?}");
        let faults = read(Format::Csv, b"code,name\n").unwrap_err();
        assert_eq!(faults[0].line, 1);
    }
}
