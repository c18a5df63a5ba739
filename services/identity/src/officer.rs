//! An officer: somebody who works at a unit and holds positions there.

use std::fmt;

use chrono::NaiveDate;
use kit::caller::Role;
use kit::seal::DataKey;

use crate::subject::Subject;
use crate::unit;

/// The longest name, in characters.
pub const LONGEST_NAME: usize = 200;

/// What people call an officer. Personal: never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// A name of 1 to 200 characters, as the edge has checked it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As people write it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name")
    }
}

/// Whether an officer may have tokens; as text `active`, `disabled`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// It may not, whatever positions it holds.
    Disabled,
}

impl Standing {
    /// The word for it in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

impl std::str::FromStr for Standing {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let standings = [Self::Active, Self::Disabled];
        let found = standings
            .into_iter()
            .find(|standing| standing.as_str() == word);
        found.ok_or(())
    }
}

/// An officer as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Officer {
    /// Its lasting opaque name: the `sub` of its tokens.
    pub subject: Subject,
    /// What people call it.
    pub name: Name,
    /// The unit whose administrator looks after it; `None`: only the province's does.
    pub unit: Option<unit::Uid>,
    /// Whether it may have tokens.
    pub standing: Standing,
    /// Raised by every change of it or of its positions, from 1.
    pub revision: i64,
    /// The key of its name.
    pub key: DataKey,
}

impl Officer {
    /// An officer that is registered now.
    #[must_use]
    pub fn new(subject: Subject, key: DataKey, name: Name, unit: Option<unit::Uid>) -> Self {
        Self {
            subject,
            name,
            unit,
            standing: Standing::Active,
            revision: 1,
            key,
        }
    }

    /// The same officer after one more change.
    #[must_use]
    pub fn changed(self) -> Self {
        Self {
            revision: self.revision + 1,
            ..self
        }
    }
}

/// Which officers to list: a page in order of subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only those with a position at this unit on the day.
    pub unit: Option<unit::Uid>,
    /// Only those with this role on the day.
    pub role: Option<Role>,
    /// The day.
    pub on: NaiveDate,
    /// Only subjects after this one.
    pub after: Option<String>,
    /// How many at most.
    pub size: u64,
}
