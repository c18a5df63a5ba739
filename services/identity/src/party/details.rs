//! What is known of a party beside its numbers, and what does not fit them.

use std::fmt;

use chrono::{Datelike as _, NaiveDate};
use kit::identity_number::IdentityNumber;

use super::Particulars;

/// The longest full name, in characters.
pub const LONGEST_NAME: usize = 200;

/// What is known of a party beside its numbers. Personal: nothing of it is shown by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// Full name, 1 to 200 characters.
    pub name: String,
    /// Where it is reached.
    pub contact: Contact,
    /// When a person was born.
    pub birth: Option<BirthDate>,
    /// The sex of a person.
    pub sex: Option<Sex>,
}

impl Details {
    /// Those of whom only the name is known.
    #[must_use]
    pub fn named(name: String) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }
}

impl fmt::Debug for Details {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Details(…)")
    }
}

/// Where a party is reached.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Phone numbers, 8 to 15 digits each.
    pub phones: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// E-mail address; empty when none is known.
    pub email: String,
}

/// When somebody was born: the day, or the year where no more is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthDate {
    /// The day.
    Day(NaiveDate),
    /// The year only.
    Year(i32),
}

impl BirthDate {
    /// Reads `1985-03-21` or `1985`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 4 {
            let year = text.parse().ok()?;
            return (1800..=2200).contains(&year).then_some(Self::Year(year));
        }
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(Self::Day(day))
    }

    fn year(self) -> i32 {
        match self {
            Self::Day(day) => day.year(),
            Self::Year(year) => year,
        }
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Year(year) => year.fmt(f),
        }
    }
}

/// The sex of a person, as the civil register has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sex {
    /// Male.
    Male,
    /// Female.
    Female,
}

/// What does not fit and stops nothing: registers have mistakes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Warning {
    /// A CCCD was given out to another sex.
    SexDiffers,
    /// A CCCD was given out to somebody born in another year.
    BirthYearDiffers,
    /// No province has the first three digits of a CCCD.
    PlaceUnknown,
    /// The party that has the number already is called otherwise.
    NameDiffers,
}

/// What does not fit together in the particulars of a party.
#[must_use]
pub fn warnings(particulars: &Particulars) -> Vec<Warning> {
    let details = &particulars.details;
    let mut warnings = Vec::new();
    for told in particulars.numbers.iter().filter_map(IdentityNumber::tells) {
        let female = details.sex.map(|sex| sex == Sex::Female);
        if female.is_some_and(|female| female != told.female) {
            warnings.push(Warning::SexDiffers);
        }
        let year = details.birth.map(BirthDate::year);
        if year.is_some_and(|year| year != told.birth_year) {
            warnings.push(Warning::BirthYearDiffers);
        }
        if !told.place_is_known {
            warnings.push(Warning::PlaceUnknown);
        }
    }
    warnings
}

#[cfg(test)]
mod tests {
    use kit::identity_number::Kind as Number;

    use super::super::Kind;
    use super::*;

    /// A man, born in 1985, whose CCCD is from Đắk Lắk.
    fn man(number: &str) -> Particulars {
        Particulars {
            kind: Kind::Citizen,
            numbers: vec![IdentityNumber::parse(Number::Cccd, number, "number").unwrap()],
            details: Details {
                birth: BirthDate::parse("1985-03-21"),
                sex: Some(Sex::Male),
                ..Details::named("Y Moan Êban".to_owned())
            },
        }
    }

    #[test]
    fn what_a_cccd_tells_otherwise_is_warned_of() {
        assert_eq!(warnings(&man("066085000123")), []);
        assert_eq!(warnings(&man("066185000123")), [Warning::SexDiffers]);
        assert_eq!(warnings(&man("066086000123")), [Warning::BirthYearDiffers]);
        let of_this_century = [Warning::BirthYearDiffers];
        assert_eq!(warnings(&man("066285000123")), of_this_century);
        assert_eq!(warnings(&man("003085000123")), [Warning::PlaceUnknown]);
        let unknown = Particulars {
            details: Details::named("Y Moan Êban".to_owned()),
            ..man("066185000123")
        };
        assert_eq!(warnings(&unknown), []);
    }

    #[test]
    fn a_birth_date_is_a_day_or_a_year() {
        for text in ["1985-03-21", "1985"] {
            assert_eq!(BirthDate::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "85", "1985-02-30", "21/03/1985", "0000", "+198"] {
            assert_eq!(BirthDate::parse(text), None, "{text}");
        }
    }

    #[test]
    fn details_are_not_shown_by_accident() {
        assert!(!format!("{:?}", man("066085000123")).contains("Moan"));
    }
}
