//! Personal data at rest: sealed columns, the keys that open them, and hashes by which a sealed value is found.
//!
//! What is personal about an object (a dossier, a party) is sealed under a [`DataKey`] of its own, bound to the table, column and
//! row where it stands. The data key is kept with the log's chain of that object, wrapped under a key of the [`Keyring`]: dropping
//! it erases the person, whatever copies of the sealed columns there are, and the chain still holds. Keys of the ring are files;
//! the newest seals, all open, and one that is added is used by running processes within seconds.

mod blind;
mod envelope;
mod folder;
mod inspection;
mod ring;

use std::fmt;
use std::sync::Arc;

use sea_orm::DbErr;

pub use blind::Blind;
pub use envelope::{DataKey, Place};
pub use inspection::Inspection;
pub use ring::{Keyring, SEEN_WITHIN};

/// Why something is not sealed or opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// `KEY_MISSING`.
    #[error("the key {0}, under which it was sealed, is not in the folder of keys")]
    KeyMissing(KeyName),
    /// `ALTERED`.
    #[error("a sealed value was altered, or moved from where it was sealed")]
    Altered,
    /// There is no key to seal with.
    #[error("there is no key in {0}")]
    NoKey(String),
    /// Nobody said where the keys are.
    #[error(
        "name the folder of keys (--keys or MOTCUA_KEYS): all processes that share the stores share it too"
    )]
    Unnamed,
    /// The folder cannot be used.
    #[error("the folder of keys {path} cannot be used: {reason}")]
    Folder {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// A file is no key.
    #[error("{0} is no key: it must hold the base64 of 32 bytes")]
    Malformed(String),
}

/// What a key of the ring is called: its number, and a mark of its content, so that another key under the same number is not taken
/// for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    number: u32,
    mark: [u8; 4],
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:08x})", self.number, u32::from_be_bytes(self.mark))
    }
}

impl From<Error> for DbErr {
    fn from(error: Error) -> Self {
        Self::TryIntoErr {
            from: "sealed",
            into: "open",
            source: Arc::new(error),
        }
    }
}

impl Error {
    /// The one that a query failed with, if it was that.
    #[must_use]
    pub fn of(error: &DbErr) -> Option<&Self> {
        match error {
            DbErr::TryIntoErr { source, .. } => source.downcast_ref(),
            _ => None,
        }
    }
}
