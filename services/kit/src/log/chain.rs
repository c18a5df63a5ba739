//! The hash chain that makes history evident.

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

use super::entity::event;
use crate::clock;
use crate::seal::{DataKey, Error, Place};

const SALT: usize = 32;

/// A personal part under fresh salt, and its digest. Whoever loses the first forgets both salt and value.
pub(super) fn salted(personal: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let salt: [u8; SALT] = clock::random_bytes();
    let mut salted = salt.to_vec();
    salted.extend_from_slice(personal);
    let digest = keyed_digest(&salt, personal);
    (salted, digest)
}

/// Seals the salted personal part of a row.
pub(super) fn seal(key: &DataKey, row: &event::Model, salted: &[u8]) -> Vec<u8> {
    key.seal(place(&number_of(row)), salted)
}

/// What is personal about a row, if anything.
///
/// # Errors
/// When it was altered.
pub(super) fn open(key: &DataKey, row: &event::Model) -> Result<Option<Vec<u8>>, Error> {
    let Some(sealed) = &row.personal else {
        return Ok(None);
    };
    let salted = key.open(place(&number_of(row)), sealed)?;
    let (_, personal) = salted.split_at_checked(SALT).ok_or(Error::Altered)?;
    Ok(Some(personal.to_vec()))
}

fn place(number: &str) -> Place<'_> {
    Place {
        table: "log_event",
        column: "personal",
        row: number,
    }
}

fn number_of(row: &event::Model) -> String {
    format!("{}:{}", row.shard, row.seq)
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
    part(row.unit.as_bytes());
    part(row.request_id.as_bytes());
    part(&row.occurred_at.to_be_bytes());
    part(row.traceparent.as_bytes());
    part(row.type_url.as_bytes());
    part(&row.change);
    part(row.personal_digest.as_deref().unwrap_or_default());
    digest.finalize().to_vec()
}

/// What is wrong with a row that should follow `previous`, if anything. What is personal is looked at while its key exists.
pub(super) fn fault(
    previous: &[u8],
    row: &event::Model,
    key: Result<Option<&DataKey>, &Error>,
) -> Option<&'static str> {
    if hash(previous, row) != row.hash {
        return Some("it or the row before it was altered");
    }
    match (&row.personal, &row.personal_digest, key) {
        (None, ..) | (Some(_), Some(_), Ok(None)) => None,
        (Some(_), None, _) => Some("a personal part was added to it"),
        (Some(_), Some(_), Err(_)) => Some("the key of its personal part does not open"),
        (Some(sealed), Some(digest), Ok(Some(key))) => {
            (!fits(key, row, sealed, digest)).then_some("its personal part was altered")
        }
    }
}

fn fits(key: &DataKey, row: &event::Model, sealed: &[u8], digest: &[u8]) -> bool {
    let opened = key.open(place(&number_of(row)), sealed);
    opened.is_ok_and(|salted| {
        let parts = salted.split_at_checked(SALT);
        parts.is_some_and(|(salt, value)| keyed_digest(salt, value) == digest)
    })
}
