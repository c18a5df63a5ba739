//! Who waits for offers of which unit in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::log::Shard;

/// A bell for each unit that somebody waited for.
#[derive(Debug, Default)]
pub(super) struct Bells(Mutex<HashMap<String, Arc<Notify>>>);

impl Bells {
    pub fn of(&self, unit: &str) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(unit.to_owned()).or_default())
    }

    pub fn ring(&self, unit: &str) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bell) = bells.get(unit) {
            bell.notify_waiters();
        }
    }

    /// Rings for every unit of a group.
    pub fn ring_all(&self, group: Shard) {
        let bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_group = bells.iter().filter(|(unit, _)| Shard::of(unit) == group);
        of_group.for_each(|(_, bell)| bell.notify_waiters());
    }
}
