//! Events on their way to the consumers of this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::event::v1::Event;
use tokio::sync::broadcast;

use super::KEPT_EVENTS;
use crate::log::Shard;

/// The listeners to one shard of an owner's log.
type Stream = broadcast::Sender<Arc<Event>>;

/// Everybody in this process who listens to a log.
#[derive(Default)]
pub(super) struct Streams(Mutex<HashMap<(String, i32), Stream>>);

impl Streams {
    pub fn send(&self, event: Event) {
        if let Some(stream) = self.lock().get(&(event.owner.clone(), event.shard)) {
            // Nobody listening is no fault: the log has the event.
            let _ = stream.send(Arc::new(event));
        }
    }

    pub fn subscribe(&self, owner: &str, shard: Shard) -> broadcast::Receiver<Arc<Event>> {
        let mut streams = self.lock();
        streams
            .entry((owner.to_owned(), shard.number()))
            .or_insert_with(|| broadcast::channel(KEPT_EVENTS).0)
            .subscribe()
    }

    /// Whose logs somebody listens to, as far as this shard goes.
    pub fn owners(&self, shard: Shard) -> Vec<String> {
        let streams = self.lock();
        let of_shard = streams
            .keys()
            .filter(|(_, number)| *number == shard.number());
        of_shard.map(|(owner, _)| owner.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(String, i32), Stream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
