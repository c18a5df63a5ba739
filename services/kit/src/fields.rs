//! Parsing at the edge: takes a message apart and gathers all that is wrong with it.

use crate::failure::{Failure, Violation};
use crate::text;

const MAX_REQUEST_ID: usize = 64;
const MAX_NAME: usize = 200;

/// Gathers violations while a message is parsed.
#[derive(Debug, Default)]
pub struct Fields {
    violations: Vec<Violation>,
}

impl Fields {
    /// Nothing is wrong yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Something is wrong.
    pub fn reject(&mut self, violation: Violation) {
        self.violations.push(violation);
    }

    /// The value, or `None` with its violation noted.
    pub fn take<T>(&mut self, parsed: Result<T, Violation>) -> Option<T> {
        parsed.map_err(|violation| self.reject(violation)).ok()
    }

    /// Text of 1 to `most` characters that is not blank and has no control characters.
    pub fn text(&mut self, field: &str, value: &str, most: usize) -> String {
        let trimmed = value.trim();
        let length = trimmed.chars().count();
        if trimmed.is_empty() {
            self.reject(required(field));
        } else if length > most {
            self.reject(Violation::new(
                field,
                "TOO_LONG",
                format!("has {length} characters, at most {most} are allowed"),
                format!("có {length} ký tự, nhiều nhất là {most}"),
            ));
        } else if trimmed.chars().any(char::is_control) {
            self.reject(Violation::new(
                field,
                "CONTROL_CHARACTER",
                "has control characters; remove them",
                "chứa ký tự điều khiển; hãy xóa bỏ",
            ));
        }
        text::compose(trimmed)
    }

    /// The caller's id of a mutation: 1 to 64 letters, digits, `-` or `_`.
    pub fn request_id(&mut self, value: &str) -> String {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if value.is_empty() {
            self.reject(required("request_id"));
        } else if value.len() > MAX_REQUEST_ID || !value.chars().all(allowed) {
            self.reject(Violation::new(
                "request_id",
                "MALFORMED",
                "must be 1 to 64 letters, digits, `-` or `_`; a UUID is a good choice",
                "phải gồm 1 đến 64 chữ cái, chữ số, `-` hoặc `_`",
            ));
        }
        value.to_owned()
    }

    /// The revision that the caller has seen; 0 does not check.
    pub fn revision(&mut self, value: i64) -> i64 {
        if value < 0 {
            self.reject(Violation::new(
                "expected_revision",
                "OUT_OF_RANGE",
                "must not be negative",
                "không được âm",
            ));
        }
        value
    }

    /// How many to list: 0 means `usual`, more than `most` is refused.
    pub fn page_size(&mut self, value: i32, usual: u64, most: u64) -> u64 {
        self.count("page_size", value, usual, most)
    }

    /// A count in this field: 0 means `usual`, more than `most` is refused.
    pub fn count(&mut self, field: &str, value: i32, usual: u64, most: u64) -> u64 {
        match u64::try_from(value) {
            Ok(0) => usual,
            Ok(size) if size <= most => size,
            _ => {
                self.reject(Violation::new(
                    field,
                    "OUT_OF_RANGE",
                    format!("must be 0 to {most}"),
                    format!("phải từ 0 đến {most}"),
                ));
                usual
            }
        }
    }

    /// Ends parsing: everything that is wrong at once, or nothing.
    ///
    /// # Errors
    /// `INVALID_FIELDS` with every violation.
    pub fn finish(self) -> Result<(), Failure> {
        if self.violations.is_empty() {
            return Ok(());
        }
        Err(Failure::invalid_fields(self.violations))
    }
}

/// The name of what is asked for.
///
/// # Errors
/// `INVALID_FIELDS` when nothing can have it.
pub fn name(field: &str, value: &str) -> Result<String, Failure> {
    let mut fields = Fields::new();
    let name = fields.text(field, value, MAX_NAME);
    fields.finish()?;
    Ok(name)
}

/// The violation of a field that must not be empty.
#[must_use]
pub fn required(field: &str) -> Violation {
    Violation::new(
        field,
        "REQUIRED",
        "must not be empty",
        "không được để trống",
    )
}
