//! A unit of the province: the province itself, a department, a district or a commune.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::NaiveDate;

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

/// The end of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The last day on which it exists.
    pub last_day: NaiveDate,
    /// Who takes over its work from the day after.
    pub successor: Option<Uid>,
}

/// A unit as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Ours.
    pub uid: Uid,
    /// The official code of today, such as `24133`; codes are re-used across eras.
    pub code: String,
    /// Its kind.
    pub kind: Kind,
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
    /// The first day on which it exists.
    pub valid_from: NaiveDate,
    /// `None` while it goes on.
    pub end: Option<End>,
    /// Raised by every change, from 1.
    pub revision: i64,
}

impl Unit {
    /// This unit as it follows `kept`: with the next revision, or `None` when nothing changed.
    #[must_use]
    pub fn following(&self, kept: Option<&Self>) -> Option<Self> {
        let kept_revision = kept.map_or(0, |kept| kept.revision);
        let same = Self {
            revision: kept_revision,
            ..self.clone()
        };
        (kept != Some(&same)).then_some(Self {
            revision: kept_revision + 1,
            ..same
        })
    }
}

/// Which units to list: a page in order of uid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only this kind, or all.
    pub kind: Option<Kind>,
    /// Only uids after this one.
    pub after: Option<Uid>,
    /// How many at most.
    pub size: u64,
}

/// The units from which the way along `next` never ends.
#[must_use]
pub fn looping<'a>(next: &BTreeMap<&'a Uid, &'a Uid>) -> BTreeSet<&'a Uid> {
    let on_a_loop = |start: &Uid| {
        let mut at = next.get(start);
        for _ in 0..next.len() {
            match at {
                Some(uid) if *uid == start => return true,
                Some(uid) => at = next.get(uid),
                None => return false,
            }
        }
        false
    };
    next.keys().copied().filter(|uid| on_a_loop(uid)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn commune(uid: &str) -> Unit {
        Unit {
            uid: Uid::new(uid),
            code: "24133".to_owned(),
            kind: Kind::Commune,
            subtype: "phường".to_owned(),
            name: "Phường Thành Công".to_owned(),
            short_name: "Thành Công".to_owned(),
            parent: None,
            national_code: "000.00.12.H15".to_owned(),
            valid_from: NaiveDate::MIN,
            end: None,
            revision: 1,
        }
    }

    #[test]
    fn an_import_raises_the_revision_only_of_what_it_changes() {
        let kept = Unit {
            revision: 4,
            ..commune("a")
        };
        assert_eq!(commune("a").following(Some(&kept)), None);
        assert_eq!(commune("a").following(None).unwrap().revision, 1);
        let renamed = Unit {
            name: "Phường Tân Lập".to_owned(),
            ..commune("a")
        };
        assert_eq!(renamed.following(Some(&kept)).unwrap().revision, 5);
    }

    #[test]
    fn only_the_units_of_a_loop_are_looping() {
        let [a, b, c, d] = ["a", "b", "c", "d"].map(Uid::new);
        let next = BTreeMap::from([(&a, &b), (&b, &c), (&c, &b), (&d, &d)]);
        assert_eq!(looping(&next), BTreeSet::from([&b, &c, &d]));
    }
}
