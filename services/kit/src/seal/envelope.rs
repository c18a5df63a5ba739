//! One sealed value: version, name of the key, nonce, ciphertext with its tag.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};

use super::{Error, KeyName};
use crate::clock;

/// XChaCha20-Poly1305 with a random nonce.
const VERSION: u8 = 1;
const NAME: usize = 1 + 4 + 4;
const NONCE: usize = 24;
const TAG: usize = 16;

/// Where a sealed value stands: it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What names the row.
    pub row: &'a str,
}

impl Place<'_> {
    /// What the tag covers beside the ciphertext.
    fn bound_to(&self, header: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(96);
        for part in [
            self.table.as_bytes(),
            self.column.as_bytes(),
            self.row.as_bytes(),
            header,
        ] {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part);
        }
        bytes
    }
}

/// The key of one object. It is personal data's only lock: whoever drops it has erased the person.
#[derive(Clone, PartialEq, Eq)]
pub struct DataKey([u8; 32]);

impl DataKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(clock::random_bytes())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        bytes.try_into().map(Self).map_err(|_| Error::Altered)
    }

    pub(super) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn name(&self) -> KeyName {
        KeyName {
            number: 0,
            mark: mark(&self.0),
        }
    }

    /// Seals a value for one place.
    #[must_use]
    pub fn seal(&self, place: Place<'_>, value: &[u8]) -> Vec<u8> {
        seal(&self.0, self.name(), place, value)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// `Altered`, also where it was sealed for another place or under another key.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        if key_name(sealed)? != self.name() {
            return Err(Error::Altered);
        }
        open(&self.0, place, sealed)
    }
}

/// A key is not shown by accident.
impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// What tells a key from others of its number.
pub(super) fn mark(key: &[u8; 32]) -> [u8; 4] {
    let digest = Sha256::new_with_prefix("motcua key mark")
        .chain_update(key)
        .finalize();
    [digest[0], digest[1], digest[2], digest[3]]
}

/// The key that something is sealed under.
pub(super) fn key_name(sealed: &[u8]) -> Result<KeyName, Error> {
    let name = |sealed: &[u8]| {
        let rest = sealed.strip_prefix(&[VERSION])?;
        let (number, rest) = rest.split_first_chunk()?;
        Some(KeyName {
            number: u32::from_be_bytes(*number),
            mark: *rest.first_chunk()?,
        })
    };
    name(sealed).ok_or(Error::Altered)
}

pub(super) fn seal(key: &[u8; 32], name: KeyName, place: Place<'_>, value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(NAME + NONCE + value.len() + TAG);
    sealed.push(VERSION);
    sealed.extend(name.number.to_be_bytes());
    sealed.extend(name.mark);
    let nonce: [u8; NONCE] = clock::random_bytes();
    let aad = place.bound_to(&sealed);
    let payload = Payload {
        msg: value,
        aad: &aad,
    };
    let cipher = XChaCha20Poly1305::new(key.into());
    let ciphertext = cipher.encrypt(&XNonce::from(nonce), payload);
    sealed.extend(nonce);
    // Only a value of more than 256 GiB cannot be sealed.
    sealed.extend(ciphertext.unwrap_or_default());
    sealed
}

pub(super) fn open(key: &[u8; 32], place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let (name, rest) = sealed.split_at_checked(NAME).ok_or(Error::Altered)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(Error::Altered)?;
    let aad = place.bound_to(name);
    let payload = Payload {
        msg: ciphertext,
        aad: &aad,
    };
    let cipher = XChaCha20Poly1305::new(key.into());
    let opened = cipher.decrypt(&XNonce::from(*nonce), payload);
    opened.map_err(|_| Error::Altered)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place<'static> = Place {
        table: "dossier",
        column: "personal",
        row: "d1",
    };

    #[test]
    fn what_is_sealed_opens_in_its_place_and_in_no_other() {
        let key = DataKey::generate();
        let sealed = key.seal(HERE, b"Y Moan");
        assert_eq!(key.open(HERE, &sealed).unwrap(), b"Y Moan");
        let elsewhere = [
            Place { row: "d2", ..HERE },
            Place {
                column: "reason",
                ..HERE
            },
            Place {
                table: "transfer",
                ..HERE
            },
            // The same letters, cut otherwise.
            Place {
                table: "dossierp",
                column: "ersonal",
                ..HERE
            },
        ];
        for place in elsewhere {
            assert_eq!(key.open(place, &sealed), Err(Error::Altered), "{place:?}");
        }
        let other = DataKey::generate();
        assert_eq!(other.open(HERE, &sealed), Err(Error::Altered));
    }

    #[test]
    fn a_value_that_lost_gained_or_changed_any_byte_does_not_open() {
        let key = DataKey::generate();
        let sealed = key.seal(HERE, b"Y Moan");
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(key.open(HERE, &altered).is_err(), "byte {at}");
            assert!(key.open(HERE, &sealed[..at]).is_err(), "{at} bytes");
        }
        let longer = [sealed.as_slice(), &[0]].concat();
        assert!(key.open(HERE, &longer).is_err());
    }

    #[test]
    fn the_same_value_is_sealed_otherwise_every_time_and_no_key_is_shown() {
        let key = DataKey::generate();
        assert_ne!(key.seal(HERE, b""), key.seal(HERE, b""));
        assert_eq!(format!("{key:?}"), "DataKey(…)");
    }
}
