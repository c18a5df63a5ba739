//! Offers that wait for units, one lane a unit.
//!
//! A delivery is leased: nobody else gets the offer until the lease ends or it is settled. A lane holds at most
//! [`LANE_CAPACITY`] offers; when more were offered than it holds, it asks to be refilled from the store.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::{self, Moment};

/// How many offers a lane holds at most.
pub const LANE_CAPACITY: usize = 1_000;
/// A lane that had to leave offers out asks for them when it holds fewer than this.
pub(in crate::queue) const REFILL_BELOW: usize = 100;

/// An offer for a unit's lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// What it is known by.
    pub key: String,
    /// W3C trace context of what made it; empty when that is not known.
    pub traceparent: String,
    /// When what made it was committed, by the real clock; `None` when that is not known.
    pub committed_at: Option<Moment>,
}

impl From<&str> for Offer {
    /// An offer of which nothing else is known.
    fn from(key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..Self::default()
        }
    }
}

/// An offer on its way to a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// As it was put into the lane.
    pub offer: Offer,
    /// 1 at first, raised by every delivery.
    pub attempt: u32,
}

/// All lanes.
#[derive(Debug, Default)]
pub struct Lanes {
    by_unit: Mutex<HashMap<String, Lane>>,
    starving: Mutex<VecDeque<String>>,
    starved: Notify,
}

#[derive(Debug, Default)]
struct Lane {
    ready: BTreeMap<u64, String>,
    leased: HashMap<String, Instant>,
    entries: HashMap<String, Entry>,
    next: u64,
    left_out: bool,
    arrived: Arc<Notify>,
}

#[derive(Debug)]
struct Entry {
    order: u64,
    attempts: u32,
    offer: Offer,
}

impl Lanes {
    /// Puts an offer into a unit's lane, unless it is there.
    pub fn offer(&self, unit: &str, offer: impl Into<Offer>) {
        let mut lanes = self.lock();
        let lane = lanes.entry(unit.to_owned()).or_default();
        lane.offer(offer.into());
    }

    /// Puts the open offers of a unit, as the store has them in order, back into its lane; `more` tells that the store has
    /// others behind them.
    pub fn refill<'a>(&self, unit: &str, keys: impl Iterator<Item = &'a str>, more: bool) {
        let mut lanes = self.lock();
        let lane = lanes.entry(unit.to_owned()).or_default();
        lane.left_out = more;
        keys.for_each(|key| lane.offer(key.into()));
    }

    /// Takes an offer out for good: it was accepted, declined, recalled or is no longer open.
    pub fn settle(&self, unit: &str, key: &str) {
        let mut lanes = self.lock();
        let Some(lane) = lanes.get_mut(unit) else {
            return;
        };
        lane.settle(key);
        let starves = lane.starves();
        drop(lanes);
        if starves {
            self.ask_for(unit);
        }
    }

    /// Takes up to `most` offers for `lease`, waiting up to `wait` for the first.
    pub async fn pull(
        &self,
        unit: &str,
        most: usize,
        wait: Duration,
        lease: Duration,
    ) -> Vec<Delivered> {
        let deadline = clock::monotonic() + wait;
        let arrived = self.arrivals(unit);
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let stirred = arrived.notified();
            let (taken, lease_ends) = self.take(unit, most, lease);
            let now = clock::monotonic();
            if !taken.is_empty() || now >= deadline {
                return taken;
            }
            let until = lease_ends.map_or(deadline, |ends| ends.min(deadline));
            tokio::select! {
                () = stirred => {}
                () = tokio::time::sleep_until(until) => {}
            }
        }
    }

    /// The next unit whose lane should be refilled from the store.
    pub async fn starving(&self) -> String {
        loop {
            let next = self
                .starving
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front();
            if let Some(unit) = next {
                return unit;
            }
            self.starved.notified().await;
        }
    }

    /// Asks for a unit's lane to be refilled.
    pub fn ask_for(&self, unit: &str) {
        let mut starving = self.starving.lock().unwrap_or_else(PoisonError::into_inner);
        if !starving.iter().any(|waiting| waiting == unit) {
            starving.push_back(unit.to_owned());
            self.starved.notify_one();
        }
    }

    /// Forgets everything, as a queue that is wiped or restarted does.
    #[cfg(any(test, feature = "testing"))]
    pub fn wipe(&self) {
        for lane in self.lock().values_mut() {
            *lane = Lane {
                arrived: Arc::clone(&lane.arrived),
                ..Lane::default()
            };
        }
    }

    /// How many offers a unit's lane holds, leased ones included.
    #[must_use]
    pub fn held(&self, unit: &str) -> usize {
        self.lock().get(unit).map_or(0, |lane| lane.entries.len())
    }

    fn arrivals(&self, unit: &str) -> Arc<Notify> {
        let mut lanes = self.lock();
        Arc::clone(&lanes.entry(unit.to_owned()).or_default().arrived)
    }

    fn take(&self, unit: &str, most: usize, lease: Duration) -> (Vec<Delivered>, Option<Instant>) {
        let mut lanes = self.lock();
        let lane = lanes.entry(unit.to_owned()).or_default();
        let taken = lane.take(most, lease);
        let lease_ends = lane.leased.values().min().copied();
        let starves = lane.starves();
        drop(lanes);
        if starves {
            self.ask_for(unit);
        }
        (taken, lease_ends)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Lane>> {
        self.by_unit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    fn offer(&mut self, offer: Offer) {
        if self.entries.contains_key(&offer.key) {
            return;
        }
        if self.entries.len() >= LANE_CAPACITY {
            self.left_out = true;
            return;
        }
        let order = self.next;
        self.next += 1;
        self.ready.insert(order, offer.key.clone());
        let entry = Entry {
            order,
            attempts: 0,
            offer,
        };
        self.entries.insert(entry.offer.key.clone(), entry);
        self.arrived.notify_one();
    }

    fn settle(&mut self, key: &str) {
        if let Some(entry) = self.entries.remove(key) {
            self.ready.remove(&entry.order);
            self.leased.remove(key);
        }
    }

    fn take(&mut self, most: usize, lease: Duration) -> Vec<Delivered> {
        self.end_leases();
        let ends = clock::monotonic() + lease;
        let mut taken = Vec::new();
        while taken.len() < most {
            let Some((_, key)) = self.ready.pop_first() else {
                break;
            };
            if let Some(entry) = self.entries.get_mut(&key) {
                entry.attempts += 1;
                taken.push(Delivered {
                    offer: entry.offer.clone(),
                    attempt: entry.attempts,
                });
                self.leased.insert(key, ends);
            }
        }
        if !taken.is_empty() {
            // Whoever waits beside this puller has to know when its leases end.
            self.arrived.notify_waiters();
        }
        if !self.ready.is_empty() {
            self.arrived.notify_one();
        }
        taken
    }

    fn end_leases(&mut self) {
        let now = clock::monotonic();
        let (entries, ready) = (&self.entries, &mut self.ready);
        self.leased.retain(|key, ends| {
            let ended = *ends <= now;
            if ended && let Some(entry) = entries.get(key) {
                ready.insert(entry.order, key.clone());
            }
            !ended
        });
    }

    fn starves(&self) -> bool {
        self.left_out && self.entries.len() < REFILL_BELOW
    }
}
