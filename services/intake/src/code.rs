//! The code on a dossier's receipt.

use std::fmt;

use chrono::NaiveDate;
use kit::failure::Violation;

/// A dossier's code: the unit's national code, the local date, and the number of that unit on that day (TT 01/2018).
///
/// Two orders of parts are read: `000.00.12.H15-170828-0001` (smallest unit left, 2018) and `H15.012.03-251120-0001` (largest
/// unit left, TT 03/2025).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DossierCode(String);

impl DossierCode {
    /// The code of the `number`-th dossier of a unit on a day; at least 4 digits.
    #[must_use]
    pub fn allot(national_code: &str, date: NaiveDate, number: u32) -> Self {
        Self(format!(
            "{national_code}-{}-{number:04}",
            date.format("%y%m%d")
        ))
    }

    /// Reads a code as people and other systems write it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, Violation> {
        let text = text.trim().to_uppercase();
        let mut parts = text.split('-');
        let well_formed = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(unit), Some(date), Some(number), None) => {
                is_unit(unit) && is_date(date) && number.len() >= 4 && is_digits(number)
            }
            _ => false,
        };
        if well_formed {
            return Ok(Self(text));
        }
        Err(Violation::new(
            "code",
            "MALFORMED",
            "must look like 000.00.12.H15-170828-0001 or H15.012.03-251120-0001",
            "phải có dạng 000.00.12.H15-170828-0001 hoặc H15.012.03-251120-0001",
        ))
    }

    /// A code as the store has it.
    pub(crate) fn stored(text: String) -> Self {
        Self(text)
    }

    /// The part that all codes of one unit and day share.
    #[must_use]
    pub fn unit_and_day(&self) -> &str {
        self.0
            .rsplit_once('-')
            .map_or(&*self.0, |(shared, _)| shared)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DossierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `000.00.12.H15` or `H15.012.03`.
fn is_unit(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    match lengths.as_slice() {
        [3, 2, 2, 3] => parts[..3].iter().all(|part| is_digits(part)) && is_province(parts[3]),
        [3, 3, 2] => is_province(parts[0]) && parts[1..].iter().all(|part| is_digits(part)),
        _ => false,
    }
}

fn is_province(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase()) && is_digits(&text[1..])
}

fn is_date(text: &str) -> bool {
    is_digits(text) && NaiveDate::parse_from_str(text, "%y%m%d").is_ok()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_orders_of_a_code_are_read() {
        for text in [
            "000.00.12.H15-230425-0001",
            "H15.012.03-251120-0001",
            " 000.00.12.h15-170828-12345 ",
        ] {
            assert!(DossierCode::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let malformed = [
            "",
            "abc",
            "000.00.12.H15-170828",
            "000.00.12.H15-171328-0001",
            "000.00.12.H15-170828-001",
            "000.00.12.15H-170828-0001",
            "00.00.12.H15-170828-0001",
            "000.00.12.H15-170828-0001-1",
            "é00.00.12.H15-170828-0001",
        ];
        for text in malformed {
            assert!(DossierCode::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_allotted_code_reads_back_and_grows_past_four_digits() {
        let date = NaiveDate::from_ymd_opt(2017, 8, 28).unwrap();
        let code = DossierCode::allot("000.00.12.H15", date, 10_000);
        assert_eq!(code.as_str(), "000.00.12.H15-170828-10000");
        assert_eq!(DossierCode::parse(code.as_str()), Ok(code));
    }
}
