//! An administrative procedure of the province (thủ tục hành chính).

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use chrono::NaiveDate;

use crate::route::{Route, UnitUid};

/// The first day of the suite: what is known from the beginning is in force from here.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(2017, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// National code, `1.001193`, or a local one, `1.001193.000.00.00.H15` (domain.md, 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(String);

impl Code {
    /// As it stands on the wire and in files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let digits = |part: Option<&str>, length| {
            part.is_some_and(|part| {
                part.len() == length && part.chars().all(|c| c.is_ascii_digit())
            })
        };
        let national = digits(parts.next(), 1) && digits(parts.next(), 6);
        let local =
            parts.all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric()));
        if national && local {
            Ok(Self(text.to_owned()))
        } else {
            Err(())
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The level of government that decides; as text `department`, `district`, `commune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// The province, by a department.
    Department,
    /// A district.
    District,
    /// A commune.
    Commune,
}

impl Level {
    /// The word for it in files and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let levels = [Self::Department, Self::District, Self::Commune];
        levels
            .into_iter()
            .find(|level| level.as_str() == text)
            .ok_or(())
    }
}

/// How far a procedure is online, 1 to 4 (NĐ 43/2011 art 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlineLevel(i32);

impl OnlineLevel {
    /// The level with this number; `None` when there is no such level.
    #[must_use]
    pub fn new(number: i32) -> Option<Self> {
        (1..=4).contains(&number).then_some(Self(number))
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

impl FromStr for OnlineLevel {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.parse().ok().and_then(Self::new).ok_or(())
    }
}

/// An amount in đồng, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dong(i64);

impl Dong {
    /// How many.
    #[must_use]
    pub fn amount(self) -> i64 {
        self.0
    }
}

impl FromStr for Dong {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let amount = text.parse().ok().filter(|amount| *amount >= 0);
        amount.map(Self).ok_or(())
    }
}

/// The legal time of processing (thời hạn giải quyết).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    /// The same day; after the cut-off of the rule set, the next working day.
    SameDay,
    /// Working hours.
    WorkingHours(NonZeroU16),
    /// Working days of 8 working hours.
    WorkingDays(NonZeroU16),
    /// Calendar days.
    CalendarDays(NonZeroU16),
    /// Months.
    Months(NonZeroU16),
}

/// A legal time, and where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How long the suite's units have.
    pub time: Time,
    /// The source gives none and this one is assumed.
    pub assumed: bool,
}

/// A document that must be handed in (thành phần hồ sơ).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Component {
    /// Unique among the components.
    pub key: String,
    /// What it is, in Vietnamese.
    pub name: String,
    /// How many originals.
    pub originals: u8,
    /// How many copies.
    pub copies: u8,
}

/// Who handles a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handling {
    /// The province's units, along this route.
    Units(Route),
    /// An agency beside them (police, army, tax …): it can be looked up but not handed in here.
    VerticalAgency,
}

/// What the files say of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    /// Its code, which it keeps through all versions.
    pub code: Code,
    /// Name in Vietnamese.
    pub name: String,
    /// Field (lĩnh vực): `Hộ tịch`.
    pub field: String,
    /// Who decides.
    pub level: Level,
    /// The department that leads the field.
    pub lead_unit: UnitUid,
    /// How far it is online.
    pub online_level: OnlineLevel,
    /// Who handles it.
    pub handling: Handling,
    /// How long that may take.
    pub limit: Limit,
    /// What the applicant pays.
    pub fee: Dong,
    /// What must be handed in.
    pub components: Vec<Component>,
}

/// Which procedures to list: a page in order of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only this level of government, or all.
    pub level: Option<Level>,
    /// Only this online level, or all.
    pub online_level: Option<OnlineLevel>,
    /// Only codes after this one.
    pub after: Option<String>,
    /// How many at most.
    pub size: u64,
}

/// Which version of a procedure is in force. A dossier stays on the one that it was handed in under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// The number of the version: 1, 2, 3 …
    pub version: i32,
    /// The first day on which it is in force.
    pub effective_from: NaiveDate,
    /// Raised by every change of the procedure, from 1.
    pub revision: i64,
}

impl Edition {
    /// The first edition of every procedure, in force from the suite's first day.
    pub const FIRST: Self = Self {
        version: 1,
        effective_from: FIRST_DAY,
        revision: 1,
    };

    /// The edition that follows this one on `day`.
    #[must_use]
    pub fn next(self, day: NaiveDate) -> Self {
        Self {
            version: self.version + 1,
            effective_from: day,
            revision: self.revision + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn national_and_local_codes_are_codes_and_nothing_else_is() {
        for code in ["1.001193", "1.001193.000.00.00.H15", "1.012753.H19"] {
            assert_eq!(code.parse::<Code>().unwrap().as_str(), code);
        }
        for text in [
            "",
            "1001193",
            "1.01193",
            "a.001193",
            "1.001193.",
            "1.001193.H 15",
        ] {
            assert!(text.parse::<Code>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_edition_follows_with_the_next_version_and_revision() {
        let day = NaiveDate::from_ymd_opt(2018, 6, 21).unwrap();
        let second = Edition::FIRST.next(day);
        assert_eq!(
            (second.version, second.revision, second.effective_from),
            (2, 2, day)
        );
        assert_eq!(Edition::FIRST.effective_from.to_string(), "2017-01-01");
    }

    #[test]
    fn there_are_four_online_levels_and_no_negative_fee() {
        assert!("0".parse::<OnlineLevel>().is_err() && "5".parse::<OnlineLevel>().is_err());
        assert_eq!("4".parse::<OnlineLevel>().unwrap().number(), 4);
        assert!("-1".parse::<Dong>().is_err());
        assert_eq!("30000".parse::<Dong>().unwrap().amount(), 30_000);
    }
}
