//! A unit of the province: the province itself, a department, a district or a commune, through all its days.

use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;
use kit::copies::UnitKind;

/// Ours, opaque and lasting; a unit that is only renamed or re-coded keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(String);

impl Uid {
    /// Any text may be a uid; whether such a unit exists is for the store to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands on the wire and in files.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The kinds of unit; as text `province`, `department`, `district`, `commune`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The province itself.
    Province,
    /// A department of the province (sở, ban, ngành).
    Department,
    /// A district (huyện, thị xã, thành phố).
    District,
    /// A commune (xã, phường, thị trấn).
    Commune,
}

impl From<Kind> for UnitKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Province => Self::Province,
            Kind::Department => Self::Department,
            Kind::District => Self::District,
            Kind::Commune => Self::Commune,
        }
    }
}

impl Kind {
    /// The word for it in files and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Department => "department",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let kinds = [
            Self::Province,
            Self::Department,
            Self::District,
            Self::Commune,
        ];
        kinds
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// How a unit is described from one day on, until its next period or its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    /// The first day.
    pub from: NaiveDate,
    /// The official code, such as `24133`; codes are re-used across eras.
    pub code: String,
    /// The Vietnamese word for its kind: `phường`.
    pub subtype: String,
    /// Full name: `Phường Thành Công`.
    pub name: String,
    /// Name without the word for its kind.
    pub short_name: String,
    /// The unit above it; `None` for the province.
    pub parent: Option<Uid>,
    /// Its code in dossier codes, smallest unit left: `000.00.12.H15`.
    pub national_code: String,
}

/// The end of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The last day on which it exists.
    pub last_day: NaiveDate,
    /// Where its work went; `None` when nobody took it over, or nobody said who.
    pub succession: Option<Succession>,
}

/// Where the work of a unit went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    /// What happened to the unit.
    pub change: Change,
    /// The units that took over; one of them by default.
    pub heirs: Vec<Heir>,
}

/// What ends a unit; as text `merged`, `split`, `abolished`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It became part of another.
    Merged,
    /// It was divided among several.
    Split,
    /// Units like it are no more.
    Abolished,
}

impl FromStr for Change {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "merged" => Ok(Self::Merged),
            "split" => Ok(Self::Split),
            "abolished" => Ok(Self::Abolished),
            _ => Err(()),
        }
    }
}

/// A unit that took over the work of another, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heir {
    /// The unit.
    pub to: Uid,
    /// Whether it took all of it.
    pub is_whole: bool,
    /// Whether it is the one that does the work where nothing more is known, such as the place that a dossier is about.
    pub is_default: bool,
    /// The legal basis; may be empty.
    pub basis: String,
}

/// A unit through all its days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Ours.
    pub uid: Uid,
    /// Its kind, for as long as it exists: what becomes of another kind is another unit.
    pub kind: Kind,
    /// Its first period. There is always one.
    pub first: Period,
    /// Those after it, in order of their days.
    pub later: Vec<Period>,
    /// `None` while it goes on.
    pub end: Option<End>,
    /// Raised by every change, from 1.
    pub revision: i64,
}

impl Unit {
    /// How it is described, in order.
    pub fn periods(&self) -> impl DoubleEndedIterator<Item = &Period> {
        std::iter::once(&self.first).chain(&self.later)
    }

    /// Its periods, each with its last day; `None` in the last while the unit goes on.
    pub fn spans(&self) -> impl Iterator<Item = (&Period, Option<NaiveDate>)> {
        let ends = self.later.iter().map(|next| next.from.pred_opt());
        self.periods().zip(ends.chain([self.last_day()]))
    }

    /// The period that a day lies in; before its first day the first, after its last day the last.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> &Period {
        let begun = self.later.iter().rfind(|period| period.from <= day);
        begun.unwrap_or(&self.first)
    }

    /// The last day on which it exists; `None` while it goes on.
    #[must_use]
    pub fn last_day(&self) -> Option<NaiveDate> {
        self.end.as_ref().map(|end| end.last_day)
    }

    /// Whether it exists on a day.
    #[must_use]
    pub fn exists_on(&self, day: NaiveDate) -> bool {
        self.first.from <= day && self.last_day().is_none_or(|last| day <= last)
    }

    /// Whether it exists on all these days, without end where `to` is `None`.
    #[must_use]
    pub fn exists_throughout(&self, from: NaiveDate, to: Option<NaiveDate>) -> bool {
        self.first.from <= from
            && match (self.last_day(), to) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(last), Some(to)) => to <= last,
            }
    }

    /// Where its work went.
    pub fn heirs(&self) -> &[Heir] {
        let succession = self.end.as_ref().and_then(|end| end.succession.as_ref());
        succession.map_or(&[], |succession| &succession.heirs)
    }

    /// The unit that does its work by default once it has ended.
    #[must_use]
    pub fn heir(&self) -> Option<&Uid> {
        let heir = self.heirs().iter().find(|heir| heir.is_default);
        heir.map(|heir| &heir.to)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A period that begins on this day, of a unit of this name.
    pub(crate) fn period(from: &str, name: &str) -> Period {
        Period {
            from: day(from),
            code: name.to_owned(),
            subtype: "xã".to_owned(),
            name: format!("Xã {name}"),
            short_name: name.to_owned(),
            parent: None,
            national_code: format!("000.{name}.H15"),
        }
    }

    #[test]
    fn each_day_has_one_description_and_the_days_outside_the_nearest() {
        let unit = Unit {
            uid: Uid::new("a"),
            kind: Kind::Commune,
            first: period("2004-01-01", "A"),
            later: vec![period("2023-04-10", "B")],
            end: Some(End {
                last_day: day("2025-06-30"),
                succession: None,
            }),
            revision: 1,
        };
        for (on, name, exists) in [
            ("2003-12-31", "A", false),
            ("2023-04-09", "A", true),
            ("2023-04-10", "B", true),
            ("2025-06-30", "B", true),
            ("2025-07-01", "B", false),
        ] {
            assert_eq!(unit.on(day(on)).short_name, name, "{on}");
            assert_eq!(unit.exists_on(day(on)), exists, "{on}");
        }
        let ends: Vec<_> = unit.spans().map(|(_, last)| last).collect();
        assert_eq!(ends, [Some(day("2023-04-09")), Some(day("2025-06-30"))]);
    }
}
