//! The hash chain that makes history evident.

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use super::entity::event;
use crate::clock;

const SALT: usize = 32;

/// A personal part under fresh salt, and its digest. Erasing the first forgets both salt and value.
pub(super) fn seal(personal: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let salt: [u8; SALT] = clock::random_bytes();
    let mut sealed = salt.to_vec();
    sealed.extend_from_slice(personal);
    let digest = keyed_digest(&salt, personal);
    (sealed, digest)
}

fn keyed_digest(salt: &[u8], value: &[u8]) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(salt)
        .map(|mut mac| {
            mac.update(value);
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

/// The hash of a row that follows `previous` (empty for the first of its subject).
pub(super) fn hash(previous: &[u8], row: &event::Model) -> Vec<u8> {
    let mut digest = Sha256::new();
    let mut part = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    part(previous);
    part(&row.shard.to_be_bytes());
    part(&row.seq.to_be_bytes());
    part(row.subject.as_bytes());
    part(row.actor.as_bytes());
    part(&row.occurred_at.to_be_bytes());
    part(row.traceparent.as_bytes());
    part(row.type_url.as_bytes());
    part(&row.change);
    part(row.personal_digest.as_deref().unwrap_or_default());
    digest.finalize().to_vec()
}

/// What is wrong with a row that should follow `previous`, if anything.
pub(super) fn fault(previous: &[u8], row: &event::Model) -> Option<&'static str> {
    if hash(previous, row) != row.hash {
        return Some("it or the row before it was altered");
    }
    (!personal_fits(row)).then_some("its personal part was altered")
}

fn personal_fits(row: &event::Model) -> bool {
    match (&row.personal, &row.personal_digest) {
        (Some(sealed), Some(digest)) if sealed.len() >= SALT => {
            let (salt, value) = sealed.split_at(SALT);
            keyed_digest(salt, value) == *digest
        }
        (Some(_), _) => false,
        (None, _) => true,
    }
}
