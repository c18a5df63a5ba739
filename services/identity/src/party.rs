//! A party: a citizen or a business that dossiers are for.

use std::fmt;
use std::str::FromStr;

use kit::identity_number::{self, IdentityNumber};
use kit::seal::DataKey;

/// The longest full name, in characters.
pub const LONGEST_NAME: usize = 200;

/// Ours, opaque and lasting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(String);

impl Uid {
    /// Any text may be a uid; whether such a party exists is for the store to say.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it stands on the wire.
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

/// The kinds of party; as text `citizen`, `business`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person.
    Citizen,
    /// A business or other holder of a tax code.
    Business,
}

impl Kind {
    /// The word for it in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Business => "business",
        }
    }

    /// Whether a party of this kind can be known by a number of that register: a business by its MST only.
    #[must_use]
    pub fn may_have(self, number: identity_number::Kind) -> bool {
        match self {
            Self::Citizen => true,
            Self::Business => number == identity_number::Kind::Mst,
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let kinds = [Self::Citizen, Self::Business];
        kinds
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}

/// Who a party is. Personal: the name is never shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Particulars {
    /// Citizen or business.
    pub kind: Kind,
    /// Full name, 1 to 200 characters.
    pub name: String,
    /// The number by which it is known; no two parties share one.
    pub number: IdentityNumber,
}

impl fmt::Debug for Particulars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.kind.as_str(), self.number)
    }
}

/// A party as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Ours.
    pub uid: Uid,
    /// Who it is.
    pub particulars: Particulars,
    /// Raised by every change, from 1.
    pub revision: i64,
    /// The key of all that is personal about it.
    pub key: DataKey,
}

impl Party {
    /// A party that is registered under `uid`, unless its number turns out to be known.
    #[must_use]
    pub fn new(uid: Uid, key: DataKey, particulars: Particulars) -> Self {
        Self {
            uid,
            particulars,
            revision: 1,
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_business_is_known_by_its_tax_code_only() {
        assert!(Kind::Business.may_have(identity_number::Kind::Mst));
        assert!(!Kind::Business.may_have(identity_number::Kind::Cccd));
        assert!(Kind::Citizen.may_have(identity_number::Kind::Mst));
    }
}
