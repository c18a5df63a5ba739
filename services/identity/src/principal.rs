//! A principal: somebody whose key is known and who may therefore have tokens.

use std::fmt;
use std::str::FromStr;

use kit::caller::Role;
use kit::keys::PublicKey;

use crate::party;
use crate::unit;

const LONGEST_SUBJECT: usize = 64;
/// Names that the log and the gate use for somebody else.
const RESERVED: [&str; 6] = [
    "anonymous",
    "catalogue",
    "identity",
    "intake",
    "reporting",
    "routing",
];

/// The opaque name of a caller: 1 to 64 printable ASCII characters without spaces, and no name of the suite itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(String);

impl Subject {
    /// As it stands in tokens.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subject {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let well_formed = (1..=LONGEST_SUBJECT).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_graphic());
        if !well_formed || RESERVED.contains(&text) {
            return Err(());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The part that a principal plays, and for whom. A citizen is a party `P`: its uid, or the whole party while it may
/// still have to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<P = party::Uid> {
    /// Receives dossiers and returns results at the unit's desk.
    Receptionist(unit::Uid),
    /// Examines dossiers at the unit.
    Examiner(unit::Uid),
    /// Signs the unit's decisions.
    Leader(unit::Uid),
    /// Another system, acting for the unit.
    Client(unit::Uid),
    /// An applicant.
    Citizen(P),
}

/// Somebody who may have tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Principal<P = party::Uid> {
    /// Its name.
    pub subject: Subject,
    /// What it may do, and for whom.
    pub part: Part<P>,
    /// The key with which its assertions are verified.
    pub public_key: PublicKey,
}

impl<P> Part<P> {
    /// The part of somebody at a unit; `None` for roles that have no unit.
    #[must_use]
    pub fn at_unit(role: Role, unit: unit::Uid) -> Option<Self> {
        match role {
            Role::Receptionist => Some(Self::Receptionist(unit)),
            Role::Examiner => Some(Self::Examiner(unit)),
            Role::Leader => Some(Self::Leader(unit)),
            Role::Client => Some(Self::Client(unit)),
            _ => None,
        }
    }

    /// The role that tokens name.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::Receptionist(_) => Role::Receptionist,
            Self::Examiner(_) => Role::Examiner,
            Self::Leader(_) => Role::Leader,
            Self::Client(_) => Role::Client,
            Self::Citizen(_) => Role::Applicant,
        }
    }

    /// The unit it acts for.
    #[must_use]
    pub fn unit(&self) -> Option<&unit::Uid> {
        match self {
            Self::Receptionist(unit)
            | Self::Examiner(unit)
            | Self::Leader(unit)
            | Self::Client(unit) => Some(unit),
            Self::Citizen(_) => None,
        }
    }

    /// The party it is.
    #[must_use]
    pub fn party(&self) -> Option<&P> {
        match self {
            Self::Citizen(party) => Some(party),
            Self::Receptionist(_) | Self::Examiner(_) | Self::Leader(_) | Self::Client(_) => None,
        }
    }
}

impl<P> Principal<P> {
    /// The same principal, with the party that it may be named in another way.
    #[must_use]
    pub fn with_party<Q>(&self, name: impl FnOnce(&P) -> Q) -> Principal<Q> {
        let part = match &self.part {
            Part::Receptionist(unit) => Part::Receptionist(unit.clone()),
            Part::Examiner(unit) => Part::Examiner(unit.clone()),
            Part::Leader(unit) => Part::Leader(unit.clone()),
            Part::Client(unit) => Part::Client(unit.clone()),
            Part::Citizen(party) => Part::Citizen(name(party)),
        };
        Principal {
            subject: self.subject.clone(),
            part,
            public_key: self.public_key.clone(),
        }
    }
}

/// The role of a principal with this word. Services are no principals: they are settings.
#[must_use]
pub fn role_of(word: &str) -> Option<Role> {
    let roles = [
        Role::Receptionist,
        Role::Examiner,
        Role::Leader,
        Role::Applicant,
        Role::Client,
    ];
    roles.into_iter().find(|role| role.as_str() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_the_name_of_a_service() {
        assert!("intake".parse::<Subject>().is_err());
        assert!("officer-1".parse::<Subject>().is_ok());
        assert!("".parse::<Subject>().is_err());
        assert!("two words".parse::<Subject>().is_err());
    }
}
