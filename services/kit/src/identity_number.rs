//! The numbers by which persons and organisations are known: CCCD, CMND, MST and passports.

mod cccd;

use std::str::FromStr;

use crate::failure::Violation;

/// Weights of the check digit of a tax code: 10 − (Σ weight × digit) mod 11, where 10 is invalid.
const MST_WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];

pub use cccd::Tells;

/// The register that a number comes from; as text in files and stores `cccd`, `cmnd`, `mst` or `passport`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Căn cước công dân: 12 digits without a check digit.
    Cccd,
    /// Chứng minh nhân dân of before: 9 digits.
    Cmnd,
    /// Mã số thuế: 10 digits with a check digit, or those and `-` and a branch of 3. Since 1 July 2025 a person's is the CCCD.
    Mst,
    /// A passport: the three letters of its country, `-`, and its number.
    Passport,
}

impl Kind {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cccd => "cccd",
            Self::Cmnd => "cmnd",
            Self::Mst => "mst",
            Self::Passport => "passport",
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let kinds = [Self::Cccd, Self::Cmnd, Self::Mst, Self::Passport];
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
    /// Parses the number that stands in `field`. A tax code of 12 digits is a person's CCCD and becomes that, so that the person is
    /// one party by either.
    ///
    /// # Errors
    /// `REQUIRED`, `NOT_DIGITS`, `LENGTH_WRONG`, `CHECK_DIGIT_WRONG` or `MALFORMED`.
    pub fn parse(kind: Kind, value: &str, field: &str) -> Result<Self, Violation> {
        let value = value.trim();
        if value.is_empty() {
            return Err(crate::fields::required(field));
        }
        let of_a_person = value.len() == 12 && value.bytes().all(|byte| byte.is_ascii_digit());
        let (kind, value) = match kind {
            Kind::Mst if of_a_person => (Kind::Cccd, value.to_owned()),
            Kind::Passport => (kind, passport(value, field)?),
            Kind::Cccd | Kind::Cmnd | Kind::Mst => (kind, value.to_owned()),
        };
        match kind {
            Kind::Cccd => digits(&value, 12, "CCCD", field)?,
            Kind::Cmnd => digits(&value, 9, "CMND", field)?,
            Kind::Mst => mst(&value, field)?,
            Kind::Passport => {}
        }
        Ok(Self { kind, value })
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

/// `USA-123456789`: in capitals, without spaces.
fn passport(value: &str, field: &str) -> Result<String, Violation> {
    let value: String = value.split_whitespace().collect();
    let value = value.to_ascii_uppercase();
    let well_formed = value.split_once('-').is_some_and(|(country, number)| {
        country.len() == 3
            && country.bytes().all(|byte| byte.is_ascii_uppercase())
            && (5..=15).contains(&number.len())
            && number.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    if well_formed {
        return Ok(value);
    }
    Err(Violation::new(
        field,
        "MALFORMED",
        "a passport is the three letters of its country, `-`, and 5 to 15 letters and digits",
        "hộ chiếu gồm mã quốc gia 3 chữ cái, dấu `-` và 5 đến 15 chữ cái, chữ số",
    ))
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
    fn a_persons_tax_code_of_12_digits_is_the_cccd() {
        let tax_code = IdentityNumber::parse(Kind::Mst, "066085000123", "number");
        let cccd = IdentityNumber::parse(Kind::Cccd, "066085000123", "number");
        assert_eq!(tax_code.unwrap(), cccd.unwrap());
    }

    #[test]
    fn a_passport_is_one_number_however_it_is_written() {
        let written = |value| IdentityNumber::parse(Kind::Passport, value, "number");
        let passport = written("USA-123456789").unwrap();
        assert_eq!(written(" usa-1234 56789 ").unwrap(), passport);
        assert_eq!(passport.value(), "USA-123456789");
        for wrong in [
            "123456789",
            "US-123456789",
            "USA-1",
            "USA_123456789",
            "USA-12345678Đ",
        ] {
            assert_eq!(reason(Kind::Passport, wrong), Some("MALFORMED"), "{wrong}");
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
