//! Authority: what the one table of rules grants a caller.
//!
//! The table is `authority/rules.csv`. The port asks it who may call an rpc at all; queries take from it the scope that they
//! start from; decisions ask it how the caller must stand to the dossier or transfer, and in which state that must be.

mod context;
mod rights;
mod scope;
mod table;

use std::fmt;
use std::str::FromStr;

pub use context::Context;
pub use rights::{Rights, Untimely};
pub use scope::Scope;
pub use table::{Malformed, Rule, Rules};

/// How a unit or a party may stand to what a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// It need not stand to it in any way.
    Any,
    /// It is the party or the unit that the call is about.
    Own,
    /// It is the caller itself, by the subject of its token, whatever its roles.
    Itself,
    /// It is the party that the dossier is of.
    Owner,
    /// The dossier was handed in at its desk.
    Receiving,
    /// It decides.
    Competent,
    /// Its desk hands the result over.
    Returning,
    /// A step is offered to it, and the offer is open.
    Offered,
    /// It holds a step.
    Holder,
    /// It has held a step.
    PastHolder,
    /// It sent the transfer.
    Sender,
    /// It is above the unit of a transfer that is so late that it was told.
    Escalated,
}

impl Relation {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::Any,
        Self::Own,
        Self::Itself,
        Self::Owner,
        Self::Receiving,
        Self::Competent,
        Self::Returning,
        Self::Offered,
        Self::Holder,
        Self::PastHolder,
        Self::Sender,
        Self::Escalated,
    ];

    /// The word for it in the table.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Own => "own",
            Self::Itself => "itself",
            Self::Owner => "owner",
            Self::Receiving => "receiving",
            Self::Competent => "competent",
            Self::Returning => "returning",
            Self::Offered => "offered",
            Self::Holder => "holder",
            Self::PastHolder => "past_holder",
            Self::Sender => "sender",
            Self::Escalated => "escalated",
        }
    }
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Relation {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let found = Self::ALL
            .into_iter()
            .find(|relation| relation.as_str() == word);
        found.ok_or(())
    }
}
