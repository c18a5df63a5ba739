//! The numbers by which citizens and businesses are known: CCCD, CMND and MST.

use std::str::FromStr;

use crate::failure::Violation;

/// Weights of the check digit of a tax code: 10 − (Σ weight × digit) mod 11, where 10 is invalid.
const MST_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

/// The register that a number comes from; as text in files and stores `cccd`, `cmnd` or `mst`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Căn cước công dân: 12 digits without a check digit.
    Cccd,
    /// Chứng minh nhân dân of before: 9 digits.
    Cmnd,
    /// Mã số thuế: 10 digits with a check digit, or those and `-` and a branch of 3.
    Mst,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cccd => "cccd",
            Self::Cmnd => "cmnd",
            Self::Mst => "mst",
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let kinds = [Self::Cccd, Self::Cmnd, Self::Mst];
        kinds
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// A well-formed number. Personal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityNumber {
    kind: Kind,
    value: String,
}

impl IdentityNumber {
    /// Parses the number that stands in `field`.
    ///
    /// # Errors
    /// `REQUIRED`, `NOT_DIGITS`, `LENGTH_WRONG` or `CHECK_DIGIT_WRONG`.
    pub fn parse(kind: Kind, value: &str, field: &str) -> Result<Self, Violation> {
        let value = value.trim();
        if value.is_empty() {
            return Err(crate::fields::required(field));
        }
        match kind {
            Kind::Cccd => digits(value, 12, "CCCD", field)?,
            Kind::Cmnd => digits(value, 9, "CMND", field)?,
            Kind::Mst => mst(value, field)?,
        }
        Ok(Self {
            kind,
            value: value.to_owned(),
        })
    }

    /// The register that it comes from.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The digits.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// A number is personal: it is not shown by accident.
impl std::fmt::Debug for IdentityNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}(…)", self.kind)
    }
}

fn digits(value: &str, length: usize, name: &str, field: &str) -> Result<(), Violation> {
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::new(
            field,
            "NOT_DIGITS",
            format!("a {name} has digits only"),
            format!("số {name} chỉ gồm chữ số"),
        ));
    }
    if value.len() != length {
        return Err(Violation::new(
            field,
            "LENGTH_WRONG",
            format!("a {name} has {length} digits, this one has {}", value.len()),
            format!(
                "số {name} phải có {length} chữ số, số này có {}",
                value.len()
            ),
        ));
    }
    Ok(())
}

fn mst(value: &str, field: &str) -> Result<(), Violation> {
    let (number, branch) = value.split_once('-').unwrap_or((value, "000"));
    digits(number, 10, "MST", field)?;
    digits(branch, 3, "MST (chi nhánh)", field)?;
    let digit = |byte: u8| u32::from(byte - b'0');
    let sum: u32 = number
        .bytes()
        .zip(MST_WEIGHTS)
        .map(|(byte, weight)| digit(byte) * weight)
        .sum();
    let check = 10 - sum % 11;
    if number.bytes().last().map(digit) == Some(check) {
        return Ok(());
    }
    Err(Violation::new(
        field,
        "CHECK_DIGIT_WRONG",
        "the check digit of this MST is wrong; look for a mistyped digit",
        "chữ số kiểm tra của mã số thuế không đúng; hãy xem lại các chữ số",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(kind: Kind, value: &str) -> Option<&'static str> {
        IdentityNumber::parse(kind, value, "number")
            .err()
            .map(|violation| violation.reason)
    }

    #[test]
    fn tax_codes_of_listed_companies_are_well_formed() {
        let listed = [
            "0300588569",
            "0101248141",
            "0100112437",
            "0900189284",
            "0100107370",
            "0101245486",
            "0303576603",
            "3500102710",
            "0100107518",
            "0100109106",
            "6000234538",
            "6000234538-001",
        ];
        for valid in listed {
            assert_eq!(reason(Kind::Mst, valid), None, "{valid}");
        }
    }

    #[test]
    fn a_mistyped_number_is_told_what_is_wrong_with_it() {
        assert_eq!(reason(Kind::Mst, "0100233480"), Some("CHECK_DIGIT_WRONG"));
        assert_eq!(reason(Kind::Mst, "0300588560"), Some("CHECK_DIGIT_WRONG"));
        // Its sum is 0: the check digit would be 10, which no tax code has.
        assert_eq!(reason(Kind::Mst, "0000000000"), Some("CHECK_DIGIT_WRONG"));
        assert_eq!(reason(Kind::Mst, "6000234538-1"), Some("LENGTH_WRONG"));
        assert_eq!(reason(Kind::Cccd, "06612345678"), Some("LENGTH_WRONG"));
        assert_eq!(reason(Kind::Cmnd, "24123456A"), Some("NOT_DIGITS"));
        assert_eq!(reason(Kind::Cccd, " "), Some("REQUIRED"));
    }
}
