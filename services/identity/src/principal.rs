//! A principal: somebody whose key is known and who may therefore have tokens.

use kit::caller::Role;
use kit::keys::PublicKey;

use crate::party;
use crate::subject::Subject;
use crate::unit;

/// The part that a principal plays, and for whom. An applicant is a party `P`: its uid, or the whole party while it may
/// still have to be registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part<P = party::Uid> {
    /// Has a role at a unit: an officer's, or that of another system.
    At(Role, unit::Uid),
    /// An applicant.
    Applicant(P),
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
        let at_units = role.is_of_an_officer() || role == Role::Client;
        at_units.then_some(Self::At(role, unit))
    }

    /// The role that tokens name.
    #[must_use]
    pub fn role(&self) -> Role {
        match self {
            Self::At(role, _) => *role,
            Self::Applicant(_) => Role::Applicant,
        }
    }

    /// The unit it acts for.
    #[must_use]
    pub fn unit(&self) -> Option<&unit::Uid> {
        match self {
            Self::At(_, unit) => Some(unit),
            Self::Applicant(_) => None,
        }
    }

    /// The party it is.
    #[must_use]
    pub fn party(&self) -> Option<&P> {
        match self {
            Self::Applicant(party) => Some(party),
            Self::At(..) => None,
        }
    }
}

impl<P> Principal<P> {
    /// The same principal, with the party that it may be named in another way.
    #[must_use]
    pub fn with_party<Q>(&self, name: impl FnOnce(&P) -> Q) -> Principal<Q> {
        let part = match &self.part {
            Part::At(role, unit) => Part::At(*role, unit.clone()),
            Part::Applicant(party) => Part::Applicant(name(party)),
        };
        Principal {
            subject: self.subject.clone(),
            part,
            public_key: self.public_key.clone(),
        }
    }
}

/// The role of a principal with this word.
#[must_use]
pub fn role_of(word: &str) -> Option<Role> {
    let role: Role = word.parse().ok()?;
    let known = role.is_of_an_officer() || matches!(role, Role::Applicant | Role::Client);
    known.then_some(role)
}
