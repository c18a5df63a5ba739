//! The code on a dossier's receipt.

#[cfg(test)]
mod tests;

use std::fmt;

use chrono::NaiveDate;
use kit::failure::Violation;

use crate::law;

/// The largest number that has the four digits of TT 01/2018.
const LARGEST_OF_FOUR_DIGITS: u32 = 9_999;

/// A dossier's code: the unit's national code, the local date, and the number of that unit on that day.
///
/// Two orders of parts are given out, each from its day on, and both are read: `000.00.12.H15-170828-0001` (smallest unit left,
/// TT 01/2018) and `H15.012.00-251120-0001` (largest unit left, TT 03/2025). Central services put two digits of the owning
/// agency before the number, so that it has six.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DossierCode(String);

impl DossierCode {
    /// The code of the `number`-th dossier of a unit on a day; at least 4 digits.
    #[must_use]
    pub fn allot(national_code: &str, date: NaiveDate, number: u32) -> Self {
        Self::numbered(&beginning(national_code, date), number)
    }

    /// The code that begins so and has this number.
    #[must_use]
    pub fn numbered(beginning: &str, number: u32) -> Self {
        Self(format!("{beginning}-{number:04}"))
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

    /// The local day that it names.
    #[must_use]
    pub fn date(&self) -> Option<NaiveDate> {
        let day = self.0.rsplit('-').nth(1)?;
        NaiveDate::parse_from_str(day, "%y%m%d").ok()
    }

    /// Its number of the desk and day.
    #[must_use]
    pub fn number(&self) -> Option<u32> {
        self.0.rsplit('-').next()?.parse().ok()
    }

    /// Whether its number has more digits than the rule set of its day foresees: the four of TT 01/2018. Since TT 03/2025 it may
    /// grow.
    #[must_use]
    pub fn has_grown(&self) -> bool {
        let may_grow = self.date().is_some_and(law::is_largest_unit_left);
        !may_grow && self.number() > Some(LARGEST_OF_FOUR_DIGITS)
    }
}

/// What all codes of a unit on a day begin with: the unit as the rule set of the day writes it, and the day.
#[must_use]
pub fn beginning(national_code: &str, date: NaiveDate) -> String {
    let unit = if law::is_largest_unit_left(date) {
        largest_left(national_code)
    } else {
        None
    };
    let unit = unit.as_deref().unwrap_or(national_code);
    format!("{unit}-{}", date.format("%y%m%d"))
}

/// A unit's code of 2018 as TT 03/2025 writes it: `000.03.12.H15` is `H15.012.03`.
///
/// No list of the units' new codes is published, so this is derived: the parts in reverse, the second one in three digits, and
/// the smallest left out where it is `000`, so that no two units get the same. What identity has of the new form from a day
/// on is used as it is, and so overrides it.
fn largest_left(national_code: &str) -> Option<String> {
    if !is_smallest_left(national_code) {
        return None;
    }
    let mut parts = national_code.rsplit('.');
    let (province, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = format!("{province}.0{second}.{third}");
    Some(match parts.next() {
        None | Some("000") => whole,
        Some(smallest) => format!("{whole}.{smallest}"),
    })
}

impl fmt::Display for DossierCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `000.00.12.H15`, or `H15.012.03` with or without a smaller unit.
fn is_unit(text: &str) -> bool {
    is_smallest_left(text) || is_largest_left(text)
}

fn is_smallest_left(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [smaller @ .., province] = parts.as_slice() else {
        return false;
    };
    are_digits(smaller, &[3, 2, 2]) && is_province(province)
}

fn is_largest_left(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [province, smaller @ ..] = parts.as_slice() else {
        return false;
    };
    let is_whole = are_digits(smaller, &[3, 2]) || are_digits(smaller, &[3, 2, 3]);
    is_whole && is_province(province)
}

fn are_digits(parts: &[&str], lengths: &[usize]) -> bool {
    let fits = |(part, length): (&&str, &usize)| part.len() == *length && is_digits(part);
    parts.len() == lengths.len() && parts.iter().zip(lengths).all(fits)
}

fn is_province(text: &str) -> bool {
    let digits = text.strip_prefix(|first: char| first.is_ascii_uppercase());
    digits.is_some_and(|digits| digits.len() == 2 && is_digits(digits))
}

fn is_date(text: &str) -> bool {
    is_digits(text) && NaiveDate::parse_from_str(text, "%y%m%d").is_ok()
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
