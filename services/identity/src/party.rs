//! A party: whoever dossiers are for. A person may be known by several numbers and may have been registered twice.

mod details;
mod merging;

use std::fmt;
use std::str::FromStr;

use kit::identity_number::{self, IdentityNumber};
use kit::seal::DataKey;

pub use details::{BirthDate, Contact, Details, LONGEST_NAME, Sex, Warning, warnings};
pub use merging::{family, standing_for};

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

/// The kinds of party; as text `citizen`, `business`, `foreigner`, `agency`, `organisation`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A citizen.
    Citizen,
    /// A business or other holder of a tax code that trades.
    Business,
    /// A person of another country.
    Foreigner,
    /// An agency of the state.
    Agency,
    /// Another organisation.
    Organisation,
}

impl Kind {
    const ALL: [Self; 5] = [
        Self::Citizen,
        Self::Business,
        Self::Foreigner,
        Self::Agency,
        Self::Organisation,
    ];

    /// The word for it in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Citizen => "citizen",
            Self::Business => "business",
            Self::Foreigner => "foreigner",
            Self::Agency => "agency",
            Self::Organisation => "organisation",
        }
    }

    /// Whether a party of this kind can be known by a number of that register: whoever is no person by its MST only, a person of
    /// another country not by an identity card of ours.
    #[must_use]
    pub fn may_have(self, number: identity_number::Kind) -> bool {
        use identity_number::Kind as Number;
        match (self, number) {
            (Self::Citizen, _)
            | (_, Number::Mst)
            | (Self::Foreigner, Number::Passport | Number::Cccd) => true,
            (Self::Foreigner, Number::Cmnd)
            | (
                Self::Business | Self::Agency | Self::Organisation,
                Number::Cccd | Number::Cmnd | Number::Passport,
            ) => false,
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Who a party is. Personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Particulars {
    /// What kind of party it is.
    pub kind: Kind,
    /// The numbers by which it is known, the first one first; no other party has one of them.
    pub numbers: Vec<IdentityNumber>,
    /// All else.
    pub details: Details,
}

impl Particulars {
    /// The number that it was registered with.
    #[must_use]
    pub fn first_number(&self) -> Option<&IdentityNumber> {
        self.numbers.first()
    }
}

/// A party as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Ours.
    pub uid: Uid,
    /// Who it is.
    pub particulars: Particulars,
    /// The party that it was merged into: the same person, registered twice.
    pub survivor: Option<Uid>,
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
            survivor: None,
            revision: 1,
            key,
        }
    }

    /// The same with these details.
    #[must_use]
    pub fn detailed(&self, details: Details) -> Self {
        let mut changed = self.changed();
        changed.particulars.details = details;
        changed
    }

    /// The same with one more number.
    #[must_use]
    pub fn numbered(&self, number: IdentityNumber) -> Self {
        let mut changed = self.changed();
        changed.particulars.numbers.push(number);
        changed
    }

    fn changed(&self) -> Self {
        Self {
            revision: self.revision + 1,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_the_numbers_of_its_registers_only() {
        use identity_number::Kind as Number;
        let all = [Number::Cccd, Number::Cmnd, Number::Mst, Number::Passport];
        let known = |kind: Kind| all.map(|number| kind.may_have(number));
        assert_eq!(known(Kind::Citizen), [true; 4]);
        assert_eq!(known(Kind::Foreigner), [true, false, true, true]);
        for kind in [Kind::Business, Kind::Agency, Kind::Organisation] {
            assert_eq!(known(kind), [false, false, true, false], "{kind:?}");
        }
    }

    #[test]
    fn every_kind_has_a_word_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(kind));
        }
        assert_eq!("nobody".parse::<Kind>(), Err(()));
    }
}
