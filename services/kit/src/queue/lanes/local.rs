//! All lanes within this process.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::lane::{Lane, left};
use super::{LOOK, Mark, Modify, Offer, Page, Starving, Stats, Take, Taken};
use crate::clock;

/// All lanes.
#[derive(Debug, Default)]
pub struct Lanes {
    by_unit: Mutex<HashMap<String, Stand>>,
    starving: Mutex<VecDeque<Starving>>,
    starved: Notify,
}

/// A lane with its bell.
#[derive(Debug, Default)]
struct Stand {
    lane: Lane,
    bell: Arc<Notify>,
}

impl Lanes {
    /// Puts an offer into a unit's lane, unless it is there or was acknowledged.
    pub fn offer(&self, unit: &str, offer: Offer) {
        let mut lanes = self.lock();
        let stand = lanes.entry(unit.to_owned()).or_default();
        // Whoever waits asks for what was left out.
        if stand.lane.offer(offer) || stand.lane.starves() {
            stand.bell.notify_waiters();
        }
    }

    /// Puts a page of a unit's open offers in. Whether there is room for more.
    pub fn refill(&self, unit: &str, page: &Page<'_>) -> bool {
        let mut lanes = self.lock();
        let stand = lanes.entry(unit.to_owned()).or_default();
        let room = stand.lane.refill(page);
        stand.bell.notify_waiters();
        room
    }

    /// Takes an offer out for good.
    pub fn settle(&self, unit: &str, key: &str) {
        self.change(unit, |lane| lane.settle(key));
    }

    /// Takes what may be delivered now.
    pub fn take(&self, take: &Take<'_>) -> Taken {
        let now = clock::monotonic();
        let mut lanes = self.lock();
        let stand = lanes.entry(take.unit.to_owned()).or_default();
        let look = stand.lane.take(take, now);
        if !look.delivered.is_empty() {
            // Whoever waits beside has to know when these leases end.
            stand.bell.notify_waiters();
        }
        let starves = stand.lane.starves();
        drop(lanes);
        if starves {
            self.starves(take.unit);
        }
        Taken {
            delivered: look.delivered,
            exhausted: look.exhausted,
            look_again: look.next.map_or(LOOK, |next| left(next, now).min(LOOK)),
        }
    }

    /// Changes deliveries; whether each change had an effect.
    pub fn modify(&self, unit: &str, modify: &[Modify]) -> Vec<bool> {
        let now = clock::monotonic();
        let done = self.change(unit, |lane| {
            let done = modify.iter().map(|modify| lane.modify(modify, now));
            done.collect()
        });
        done.unwrap_or_else(|| vec![false; modify.len()])
    }

    /// Changes a lane that is there, wakes whoever waits at it, and asks for what it lacks.
    fn change<T>(&self, unit: &str, change: impl FnOnce(&mut Lane) -> T) -> Option<T> {
        let mut lanes = self.lock();
        let stand = lanes.get_mut(unit)?;
        let changed = change(&mut stand.lane);
        stand.bell.notify_waiters();
        let starves = stand.lane.starves();
        drop(lanes);
        if starves {
            self.starves(unit);
        }
        Some(changed)
    }

    /// What a unit's lane holds.
    pub fn stats(&self, unit: &str) -> Stats {
        let now = clock::monotonic();
        let mut lanes = self.lock();
        let stand = lanes.get_mut(unit);
        stand.map_or_else(Stats::default, |stand| stand.lane.stats(now))
    }

    /// Whether a unit's lane was never filled from the store, or was wiped since.
    pub fn is_unknown(&self, unit: &str) -> bool {
        let lanes = self.lock();
        lanes.get(unit).is_none_or(|stand| stand.lane.is_unknown())
    }

    /// Rings when something may have come for a unit.
    pub fn bell(&self, unit: &str) -> Arc<Notify> {
        let mut lanes = self.lock();
        Arc::clone(&lanes.entry(unit.to_owned()).or_default().bell)
    }

    /// Where the next refill of a unit's lane begins.
    pub fn filled_to(&self, unit: &str) -> Mark {
        let lanes = self.lock();
        let stand = lanes.get(unit);
        stand.map_or_else(Mark::default, |stand| stand.lane.filled_to())
    }

    /// The next unit whose lane should be refilled from the store.
    pub async fn starving(&self) -> Starving {
        loop {
            let next = self.asked().pop_front();
            if let Some(starving) = next {
                return starving;
            }
            self.starved.notified().await;
        }
    }

    /// Asks for a unit's lane to be refilled from the beginning.
    pub fn ask_for(&self, unit: &str) {
        self.ask(unit, true);
    }

    /// Asks for a unit's lane to be refilled from where the last refill ended.
    pub fn starves(&self, unit: &str) {
        self.ask(unit, false);
    }

    fn ask(&self, unit: &str, anew: bool) {
        let mut asked = self.asked();
        if let Some(waiting) = asked.iter_mut().find(|waiting| waiting.unit == unit) {
            waiting.anew |= anew;
            return;
        }
        let unit = unit.to_owned();
        asked.push_back(Starving { unit, anew });
        self.starved.notify_one();
    }

    /// Forgets everything, as a queue that is wiped or restarted does.
    #[cfg(any(test, feature = "testing"))]
    pub fn wipe(&self) {
        for stand in self.lock().values_mut() {
            stand.lane = Lane::default();
        }
    }

    fn asked(&self) -> MutexGuard<'_, VecDeque<Starving>> {
        self.starving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stand>> {
        self.by_unit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
