//! Files of facts (CSV, RFC 4180, UTF-8) that are imported line by line: what is wrong is named by file, line, column and
//! reason, all of it at once.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// The file.
    pub file: String,
    /// The line, from 1; the header is line 1.
    pub line: u64,
    /// The column's name; empty when the whole row is meant.
    pub column: String,
    /// What is wrong and how to mend it.
    pub reason: String,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            reason,
        } = self;
        if column.is_empty() {
            return write!(f, "{file}:{line}: {reason}");
        }
        write!(f, "{file}:{line}: column `{column}`: {reason}")
    }
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// Its rows in order.
    pub rows: Vec<Row>,
}

/// One row of a file.
#[derive(Clone, Debug)]
pub struct Row {
    file: String,
    line: u64,
    columns: &'static [&'static str],
    cells: Vec<String>,
}

/// Gathers what is wrong while rows are parsed, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct Findings {
    bad: Vec<BadRow>,
}

impl Findings {
    /// Something is wrong.
    pub fn note(&mut self, bad: BadRow) {
        self.bad.push(bad);
    }

    /// The value, or `None` with what is wrong noted.
    pub fn take<T>(&mut self, parsed: Result<T, BadRow>) -> Option<T> {
        parsed.map_err(|bad| self.note(bad)).ok()
    }

    /// The value of what may have several faults, or `None` with all of them noted.
    pub fn take_all<T>(&mut self, read: Result<T, Vec<BadRow>>) -> Option<T> {
        read.map_err(|bad| self.bad.extend(bad)).ok()
    }

    /// Ends parsing: the value, if nothing was wrong.
    ///
    /// # Errors
    /// Everything that is wrong, in order of file and line.
    pub fn finish<T>(mut self, value: T) -> Result<T, Vec<BadRow>> {
        if self.bad.is_empty() {
            return Ok(value);
        }
        self.bad
            .sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        Err(self.bad)
    }
}

impl Sheet {
    /// Reads a file that must have exactly these columns, in this order.
    ///
    /// # Errors
    /// Every row that has another shape, or the file itself.
    pub fn read(path: &Path, columns: &'static [&'static str]) -> Result<Self, Vec<BadRow>> {
        let file = path.display().to_string();
        let whole = |line, reason| BadRow {
            file: file.clone(),
            line,
            column: String::new(),
            reason,
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_path(path)
            .map_err(|error| vec![whole(0, format!("cannot be read: {error}"))])?;
        let header = reader
            .headers()
            .map_err(|error| vec![whole(1, error.to_string())])?;
        if header.iter().ne(columns.iter().copied()) {
            let reason = format!("the header must be: {}", columns.join(","));
            return Err(vec![whole(1, reason)]);
        }
        let (mut rows, mut bad) = (Vec::new(), Vec::new());
        for record in reader.records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    if record.len() == columns.len() {
                        let cells = record.iter().map(|cell| cell.trim().to_owned()).collect();
                        rows.push(Row {
                            file: file.clone(),
                            line,
                            columns,
                            cells,
                        });
                    } else {
                        let reason = format!(
                            "has {} columns, {} are expected",
                            record.len(),
                            columns.len()
                        );
                        bad.push(whole(line, reason));
                    }
                }
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    bad.push(whole(line, error.to_string()));
                }
            }
        }
        if bad.is_empty() {
            Ok(Self { rows })
        } else {
            Err(bad)
        }
    }
}

impl Row {
    /// The cell of a column; empty when there is no such column.
    #[must_use]
    pub fn get(&self, column: &str) -> &str {
        let index = self.columns.iter().position(|name| *name == column);
        index
            .and_then(|index| self.cells.get(index))
            .map_or("", String::as_str)
    }

    /// The cell of a column that must not be empty.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn text(&self, column: &str) -> Result<String, BadRow> {
        match self.get(column) {
            "" => Err(self.bad(column, "must not be empty")),
            cell => Ok(cell.to_owned()),
        }
    }

    /// The cell of a column as a value; `form` says what it should look like.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse<T: FromStr>(&self, column: &str, form: &str) -> Result<T, BadRow> {
        let cell = self.get(column);
        cell.parse()
            .map_err(|_| self.bad(column, format!("`{cell}` is not {form}")))
    }

    /// Something wrong with a cell of this row.
    #[must_use]
    pub fn bad(&self, column: &str, reason: impl Into<String>) -> BadRow {
        BadRow {
            file: self.file.clone(),
            line: self.line,
            column: column.to_owned(),
            reason: reason.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_row_of_another_shape_is_named_by_file_and_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("units.csv");
        fs::write(&path, "uid,name\na,Một\nb\n").unwrap();
        let bad = Sheet::read(&path, &["uid", "name"]).unwrap_err();
        assert_eq!(bad.len(), 1);
        assert!(
            bad[0]
                .to_string()
                .ends_with("units.csv:3: has 1 columns, 2 are expected")
        );
    }

    #[test]
    fn a_cell_that_is_no_number_is_named_by_its_column() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fees.csv");
        fs::write(&path, "fee\nten\n").unwrap();
        let sheet = Sheet::read(&path, &["fee"]).unwrap();
        let bad = sheet.rows[0].parse::<i64>("fee", "a number").unwrap_err();
        assert!(
            bad.to_string()
                .ends_with("fees.csv:2: column `fee`: `ten` is not a number")
        );
    }
}
