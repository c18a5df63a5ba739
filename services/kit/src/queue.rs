//! The fast path between services and to units. It holds no truth and no personal data: whatever it loses is read again
//! from the store, so it may be emptied at any moment.
//!
//! | key | type | life | written by | read by |
//! |---|---|---|---|---|
//! | events of (owner, shard) | stream of event envelopes | the last 1,024 | the owner, after its commit | consumers of that log |
//! | offers of a unit | ordered list of offer keys, at most 1,000, with leases | until settled | routing, after its commit or from the store | pullers of that unit |
//!
//! This is the queue inside one process.

mod lanes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use proto::event::v1::Event;
use tokio::sync::broadcast;

use crate::log::Shard;

pub use lanes::{Delivered, LANE_CAPACITY, Lanes, Offer};

const KEPT_EVENTS: usize = 1_024;

/// The queue of one suite.
#[derive(Clone, Default)]
pub struct Queue(Arc<Inner>);

/// The listeners to one shard of an owner's log.
type Stream = broadcast::Sender<Arc<Event>>;

#[derive(Default)]
struct Inner {
    streams: Mutex<HashMap<(String, i32), Stream>>,
    lanes: Lanes,
}

impl Queue {
    /// An empty queue.
    #[must_use]
    pub fn in_process() -> Self {
        Self::default()
    }

    /// Brings a committed event to whoever listens now.
    pub fn publish(&self, event: Event) {
        let streams = self
            .0
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(stream) = streams.get(&(event.owner.clone(), event.shard)) {
            // Nobody listening is no fault: the log has the event.
            let _ = stream.send(Arc::new(event));
        }
    }

    /// Listens to one shard of an owner's log from now on. A listener that is slower than 1,024 events misses some and
    /// reads them from the owner.
    #[must_use]
    pub fn subscribe(&self, owner: &str, shard: Shard) -> broadcast::Receiver<Arc<Event>> {
        let mut streams = self
            .0
            .streams
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        streams
            .entry((owner.to_owned(), shard.number()))
            .or_insert_with(|| broadcast::channel(KEPT_EVENTS).0)
            .subscribe()
    }

    /// The offers that wait for units.
    #[must_use]
    pub fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }
}
