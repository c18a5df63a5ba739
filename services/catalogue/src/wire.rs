//! Protobuf to domain and back.

pub(crate) mod calendar;
pub(crate) mod event;
pub(crate) mod parse;
pub(crate) mod procedure;
pub(crate) mod query;
pub(crate) mod reply;
pub(crate) mod request;

use prost::Message;

use crate::error::Error;

/// A message that the store keeps.
pub(crate) fn stored<M: Message + Default>(body: &[u8]) -> Result<M, Error> {
    Ok(M::decode(body)?)
}
