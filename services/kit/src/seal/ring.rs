//! The keys of the suite: the newest seals, all open.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use tokio::time::Instant;

use super::envelope::{key_name, mark, open, seal};
use super::{Blind, DataKey, Error, KeyName, Place, blind, folder};
use crate::clock;

/// How often the folder is looked at for a newer key.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// By then a key that was added seals in every running process, also in a batch that had begun.
pub const SEEN_WITHIN: Duration = Duration::from_secs(3);

/// The keys of a folder. Clones share them.
#[derive(Clone)]
pub struct Keyring(Arc<Shared>);

struct Shared {
    folder: Option<PathBuf>,
    held: RwLock<Held>,
}

struct Held {
    keys: BTreeMap<u32, Key>,
    looked: Instant,
}

/// One file's key, as two: one for wrapping, one for hashing.
struct Key {
    name: KeyName,
    wrap: [u8; 32],
    index: [u8; 32],
}

impl Key {
    fn of(number: u32, bytes: &[u8; 32]) -> Self {
        let name = KeyName {
            number,
            mark: mark(bytes),
        };
        Self {
            name,
            wrap: derived(bytes, b"motcua wrap"),
            index: derived(bytes, b"motcua index"),
        }
    }
}

/// A key of its own for each use.
fn derived(bytes: &[u8; 32], purpose: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(bytes).map(|mut mac| {
        mac.update(purpose);
        mac.finalize().into_bytes().into()
    });
    // A key of HMAC may have any length.
    mac.unwrap_or_default()
}

impl Keyring {
    /// The keys in a folder; the first is made there when there is none.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or holds something else.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        if folder::read(folder)?.is_empty() {
            folder::make(folder, 1)?;
        }
        Self::read(folder)
    }

    /// The keys in a folder, without touching it; there may be none.
    ///
    /// # Errors
    /// When the folder cannot be read, or holds something else.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        Ok(Self(Arc::new(Shared {
            held: RwLock::new(Held::of(folder)?),
            folder: Some(folder.to_owned()),
        })))
    }

    /// A ring without keys, for stores in which nothing is sealed.
    #[must_use]
    pub fn empty() -> Self {
        Self(Arc::new(Shared {
            folder: None,
            held: RwLock::new(Held {
                keys: BTreeMap::new(),
                looked: clock::monotonic(),
            }),
        }))
    }

    /// Adds a newer key to a folder, and gives its number.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn rotate(folder: &Path) -> Result<u32, Error> {
        let newest = folder::read(folder)?.last_key_value().map(|(key, _)| *key);
        let next = newest.unwrap_or_default() + 1;
        folder::make(folder, next)?;
        Ok(next)
    }

    /// The number of the key that seals.
    ///
    /// # Errors
    /// When there is none.
    pub fn newest(&self) -> Result<u32, Error> {
        self.with_newest(|key| key.name.number)
    }

    /// Wraps the data key of a subject for its place in the log's chains.
    ///
    /// # Errors
    /// When there is no key.
    pub fn wrap(&self, subject: &str, key: &DataKey) -> Result<Vec<u8>, Error> {
        self.with_newest(|newest| {
            let place = place_of(subject);
            seal(&newest.wrap, newest.name, place, key.as_bytes())
        })
    }

    /// The data key of a subject.
    ///
    /// # Errors
    /// `KeyMissing` or `Altered`.
    pub fn unwrap(&self, subject: &str, wrapped: &[u8]) -> Result<DataKey, Error> {
        let name = key_name(wrapped)?;
        self.look_now_and_then();
        let wrap = match self.wrapping(name) {
            // It may have been added by a process that knew of it earlier.
            None => self.look().map(|()| self.wrapping(name))?,
            known => known,
        };
        let wrap = wrap.ok_or(Error::KeyMissing(name))?;
        let bytes = open(&wrap, place_of(subject), wrapped)?;
        DataKey::from_bytes(&bytes)
    }

    /// Whether something is wrapped under the newest key.
    ///
    /// # Errors
    /// When there is none.
    pub fn is_newest(&self, wrapped: &[u8]) -> Result<bool, Error> {
        let name = key_name(wrapped)?;
        self.with_newest(|newest| newest.name == name)
    }

    /// The hash of a value under the newest key. `what` says what it is a hash of, such as the column.
    ///
    /// # Errors
    /// When there is no key.
    pub fn blind(&self, what: &str, value: &[u8]) -> Result<Blind, Error> {
        self.with_newest(|key| Blind::new(key.name.number, &key.index, what, value))
    }

    /// The hashes of a value under all keys, the newest last: a value may have been written under any.
    #[must_use]
    pub fn blinds(&self, what: &str, value: &[u8]) -> Vec<Blind> {
        self.look_now_and_then();
        let held = self.held();
        let keys = held.keys.values();
        keys.map(|key| Blind::new(key.name.number, &key.index, what, value))
            .collect()
    }

    /// Whether a stored hash is of this value; `None` where its key is gone, so that nobody can tell.
    #[must_use]
    pub fn is_of(&self, stored: &[u8], what: &str, value: &[u8]) -> Option<bool> {
        let number = blind::number_of(stored)?;
        if !self.held().keys.contains_key(&number) {
            self.look().ok()?;
        }
        let held = self.held();
        let key = held.keys.get(&number)?;
        let blind = Blind::new(number, &key.index, what, value);
        Some(blind.as_bytes() == stored)
    }

    fn wrapping(&self, name: KeyName) -> Option<[u8; 32]> {
        let held = self.held();
        let key = held.keys.get(&name.number);
        key.filter(|key| key.name == name).map(|key| key.wrap)
    }

    fn with_newest<T>(&self, with: impl FnOnce(&Key) -> T) -> Result<T, Error> {
        self.look_now_and_then();
        let held = self.held();
        let newest = held.keys.last_key_value();
        newest.map(|(_, key)| with(key)).ok_or_else(|| {
            let folder = self.0.folder.as_deref();
            Error::NoKey(folder.map_or_else(String::new, |folder| folder.display().to_string()))
        })
    }

    fn look_now_and_then(&self) {
        if self.held().looked.elapsed() < LOOK_AGAIN {
            return;
        }
        if let Err(error) = self.look() {
            // What is known goes on sealing and opening.
            tracing::error!(%error, "the folder of keys cannot be read");
        }
    }

    fn look(&self) -> Result<(), Error> {
        let Some(folder) = &self.0.folder else {
            return Ok(());
        };
        let found = Held::of(folder);
        let mut held = self.0.held.write().unwrap_or_else(PoisonError::into_inner);
        held.looked = clock::monotonic();
        // A folder that is not mounted for a moment has not lost its keys.
        if !folder.is_dir() {
            return Err(Error::NoKey(folder.display().to_string()));
        }
        *held = found?;
        Ok(())
    }

    fn held(&self) -> RwLockReadGuard<'_, Held> {
        self.0.held.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn of(folder: &Path) -> Result<Self, Error> {
        let keys = folder::read(folder)?.into_iter();
        Ok(Self {
            keys: keys
                .map(|(number, bytes)| (number, Key::of(number, &bytes)))
                .collect(),
            looked: clock::monotonic(),
        })
    }
}

/// Where a wrapped key stands.
fn place_of(subject: &str) -> Place<'_> {
    Place {
        table: "log_chain",
        column: "data_key",
        row: subject,
    }
}

/// The numbers of its keys, and no key.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.held().keys.keys()).finish()
    }
}
