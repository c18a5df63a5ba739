//! The event log: what changed, in 16 shards, written in the transaction of the change.
//!
//! An event's position is (shard, seq). The numbers of a shard are dense and given out last, under the shard head's lock held
//! to the commit: order of numbers is order of commits, and a jump is a gap. The row *is* the history of its subject, chained
//! by hash to the row before it; its personal part stands in a column of its own, sealed under the data key of the subject, and
//! in the chain by a digest keyed by salt that is sealed with it. So a person is forgotten with the key, and the chain still holds.
//! Each local day is closed by the root of a Merkle tree over what was told in it.

mod append;
mod audit;
mod chain;
mod data_key;
mod days;
mod entity;
mod position;
mod reach;
mod read;
mod service;

pub(crate) use append::Ends;
pub use append::append;
pub use audit::{Audit, Break, audit};
pub(crate) use data_key::must_open;
pub use data_key::{Keyed, data_keys, erase, inspect, keyed, keyed_as, rewrap};
pub(crate) use days::close as close_days;
pub use days::{ClosedDay, Days, close_due};
pub(crate) use entity::{event, head};
pub use position::{Position, Positions, SHARDS, Shard};
pub(crate) use reach::Reach;
pub(crate) use read::{envelope, hashes};
pub use read::{heads, history, history_in_full, page};
pub use service::read_events;

use crate::clock::Moment;
use crate::seal::DataKey;
use crate::telemetry;

/// A change that a decision wants told.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// The object that changed.
    pub subject: String,
    /// Its shard.
    pub shard: Shard,
    /// Full name of the protobuf message in `change`: `motcua.intake.v1.DossierChange`.
    pub change_type: String,
    /// The encoded message; nothing in it is personal.
    pub change: Vec<u8>,
    /// What is personal about the change, if anything; never leaves the service.
    pub personal: Option<Vec<u8>>,
    /// The key of what is personal about the object; none where nothing is, or where it was erased.
    pub key: Option<DataKey>,
}

impl NewEvent {
    /// Tells of a change of `subject`.
    pub fn new<M: prost::Name>(subject: &str, shard: Shard, change: &M) -> Self {
        Self {
            subject: subject.to_owned(),
            shard,
            change_type: M::full_name(),
            change: change.encode_to_vec(),
            personal: None,
            key: None,
        }
    }

    /// Names the key of what is personal about the object. The first event of an object brings it into the store.
    #[must_use]
    pub fn under(mut self, key: Option<&DataKey>) -> Self {
        self.key = key.cloned();
        self
    }

    /// Adds what is personal about the change; without a key it is kept by its digest alone.
    #[must_use]
    pub fn with_personal(mut self, personal: Vec<u8>) -> Self {
        self.personal = Some(personal);
        self
    }
}

/// Who caused an event, when, for whom, and under which trace.
#[derive(Clone, Debug)]
pub struct Cause {
    /// The subject of the caller's token, or the name of a service.
    pub actor: String,
    /// Civil time of the act.
    pub at: Moment,
    /// W3C trace context; empty when not traced.
    pub traceparent: String,
    /// The unit that it was done for; empty where it was for none.
    pub unit: String,
    /// The caller's own id for the act; empty where no caller asked for it.
    pub request_id: String,
}

impl Cause {
    /// What nobody asked for: a service did it by itself, or its operator by hand, within the current span.
    #[must_use]
    pub fn unasked(actor: &str, at: Moment) -> Self {
        Self {
            actor: actor.to_owned(),
            at,
            traceparent: telemetry::traceparent(),
            unit: String::new(),
            request_id: String::new(),
        }
    }
}
