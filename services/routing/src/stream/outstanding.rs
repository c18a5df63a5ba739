//! What is outstanding on one stream. Pure.

use std::collections::{BTreeSet, HashMap};

use kit::queue::{Change, Modify};
use tokio::time::Instant;

use crate::wire::queue::Limits;

/// What was delivered on a stream and is not yet done with.
#[derive(Debug)]
pub(super) struct Outstanding {
    limits: Limits,
    by_key: HashMap<String, Held>,
    ends: BTreeSet<(Instant, String)>,
    bytes: usize,
    /// How large the last one was that found no room, until something else has.
    waits: usize,
}

/// One delivery on lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub attempt: u32,
    pub bytes: usize,
    pub ends: Instant,
    /// Of the act that made the offer.
    pub traceparent: String,
}

impl Outstanding {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            by_key: HashMap::new(),
            ends: BTreeSet::new(),
            bytes: 0,
            waits: 0,
        }
    }

    /// Other limits from now on.
    pub fn limit(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// How many more deliveries may come.
    pub fn room(&self) -> usize {
        let left = self.limits.bytes.saturating_sub(self.bytes);
        if !self.by_key.is_empty() && left < self.waits.max(1) {
            return 0;
        }
        self.limits.deliveries.saturating_sub(self.by_key.len())
    }

    /// Adds a delivery where its bytes have room; one that is larger than all the room there can be comes alone.
    pub fn add(&mut self, key: &str, held: Held) -> bool {
        let fits = self.bytes + held.bytes <= self.limits.bytes;
        if !fits && !self.by_key.is_empty() {
            self.waits = held.bytes;
            return false;
        }
        self.remove(key);
        self.waits = 0;
        self.bytes += held.bytes;
        self.ends.insert((held.ends, key.to_owned()));
        self.by_key.insert(key.to_owned(), held);
        true
    }

    /// The one of this offer.
    pub fn get(&self, key: &str) -> Option<&Held> {
        self.by_key.get(key)
    }

    /// A change had its effect on the delivery of this offer.
    pub fn changed(&mut self, modify: &Modify, now: Instant) {
        match modify.change {
            Change::Extend(by) => self.extend(modify, now + by),
            Change::Acknowledge => self.remove(&modify.key),
            Change::GiveBack(_) | Change::Undeliver => {
                if self.is(modify) {
                    self.remove(&modify.key);
                }
            }
        }
    }

    fn is(&self, modify: &Modify) -> bool {
        let held = self.by_key.get(&modify.key);
        held.is_some_and(|held| held.attempt == modify.attempt)
    }

    fn extend(&mut self, modify: &Modify, ends: Instant) {
        if !self.is(modify) {
            return;
        }
        if let Some(held) = self.by_key.get_mut(&modify.key) {
            self.ends.remove(&(held.ends, modify.key.clone()));
            held.ends = ends;
            self.ends.insert((ends, modify.key.clone()));
        }
    }

    /// Nothing is outstanding of this offer any more.
    pub fn remove(&mut self, key: &str) {
        if let Some(held) = self.by_key.remove(key) {
            self.bytes -= held.bytes;
            self.ends.remove(&(held.ends, key.to_owned()));
        }
    }

    /// Lets go of those whose leases are over.
    pub fn end_leases(&mut self, now: Instant) {
        while let Some((ends, key)) = self.ends.first().cloned()
            && ends <= now
        {
            self.remove(&key);
        }
    }

    /// When the first lease is over.
    pub fn next_end(&self) -> Option<Instant> {
        self.ends.first().map(|(ends, _)| *ends)
    }

    /// What gives all of it back.
    pub fn give_back_all(&mut self) -> Vec<Modify> {
        self.ends.clear();
        self.bytes = 0;
        let all = self.by_key.drain().map(|(key, held)| Modify {
            key,
            attempt: held.attempt,
            change: Change::GiveBack(std::time::Duration::ZERO),
        });
        all.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn outstanding(deliveries: usize, bytes: usize) -> Outstanding {
        Outstanding::new(Limits { deliveries, bytes })
    }

    fn held(bytes: usize, ends: Instant) -> Held {
        Held {
            attempt: 1,
            bytes,
            ends,
            traceparent: String::new(),
        }
    }

    fn modify(key: &str, attempt: u32, change: Change) -> Modify {
        Modify {
            key: key.to_owned(),
            attempt,
            change,
        }
    }

    #[test]
    fn there_is_never_more_than_is_allowed_of_either() {
        let now = kit::clock::monotonic();
        let mut of = outstanding(3, 100);
        assert!(of.add("a", held(40, now)) && of.add("b", held(40, now)));
        assert_eq!(of.room(), 1);
        assert!(!of.add("c", held(40, now)), "120 of 100 bytes");
        assert_eq!(of.room(), 0, "what waits would not fit");
        of.remove("a");
        assert_eq!(of.room(), 2);
        assert!(of.add("c", held(40, now)) && of.add("d", held(20, now)));
        assert_eq!(of.room(), 0);
    }

    #[test]
    fn what_is_larger_than_all_room_comes_alone() {
        let now = kit::clock::monotonic();
        let mut of = outstanding(3, 100);
        assert!(of.add("a", held(10, now)));
        assert!(!of.add("large", held(500, now)));
        assert_eq!(of.room(), 0);
        of.remove("a");
        assert!(of.add("large", held(500, now)));
        assert_eq!(of.room(), 0);
    }

    #[test]
    fn a_lease_that_is_over_makes_room_and_one_that_was_extended_does_not() {
        let (now, second) = (kit::clock::monotonic(), Duration::from_secs(1));
        let mut of = outstanding(2, 100);
        assert!(of.add("a", held(10, now + second)) && of.add("b", held(10, now + second)));
        of.changed(&modify("b", 1, Change::Extend(3 * second)), now);
        of.changed(&modify("b", 2, Change::GiveBack(second)), now);
        assert_eq!(of.next_end(), Some(now + second));
        of.end_leases(now + second);
        assert_eq!((of.room(), of.next_end()), (1, Some(now + 3 * second)));
    }

    #[test]
    fn lower_limits_let_nothing_come_before_what_is_outstanding_is_below() {
        let now = kit::clock::monotonic();
        let mut of = outstanding(3, 100);
        assert!(of.add("a", held(10, now)) && of.add("b", held(10, now)));
        of.limit(Limits {
            deliveries: 1,
            bytes: 100,
        });
        assert_eq!(of.room(), 0);
        of.changed(&modify("a", 9, Change::Acknowledge), now);
        assert_eq!(of.room(), 0);
        of.remove("b");
        assert_eq!(of.room(), 1);
    }
}
