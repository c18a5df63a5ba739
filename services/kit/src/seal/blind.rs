//! Keyed hashes: by them a sealed value is found again, and nobody without the key can try values out.

use std::fmt;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The hash of a value under one key of the ring: the key's number, and HMAC-SHA-256.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Blind(Vec<u8>);

impl Blind {
    pub(super) fn new(number: u32, key: &[u8; 32], what: &str, value: &[u8]) -> Self {
        let mut blind = number.to_be_bytes().to_vec();
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) {
            mac.update(&(what.len() as u64).to_be_bytes());
            mac.update(what.as_bytes());
            mac.update(value);
            blind.extend(mac.finalize().into_bytes());
        }
        Self(blind)
    }

    /// As it stands in a store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As it stands in a store.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl fmt::Display for Blind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The number of the key that a stored hash was made with.
pub(super) fn number_of(stored: &[u8]) -> Option<u32> {
    let (number, _) = stored.split_first_chunk::<4>()?;
    Some(u32::from_be_bytes(*number))
}
