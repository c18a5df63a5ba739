//! The offers that wait for units, one lane a unit: in this process, or in Redis for all replicas.
//!
//! An offer that is taken is *out* on a lease: nobody else gets it until the lease ends or it is given back, and then it comes
//! again as the next attempt. *Acknowledged*, it does not come again and takes no room any more, and a refill does not bring it
//! back, until it is settled or the queue loses what it knows. After so many attempts as a taker says, it is not delivered but
//! told of as *exhausted*, again and again until it is settled.
//!
//! The offers of a dossier are in a lane in the order in which they were made, however many are open. An offer enters when it is
//! made, where there is room and each earlier one of its dossier is in the lane or acknowledged; else it is *left out* and comes
//! with a refill. A refill brings what is due first, first, and before each offer the earlier ones of its dossier. Where an offer
//! stands in the store does not keep it out: of two dossiers, the one that is due later may come first. An offer is not delivered
//! while an earlier one of its dossier is out with another subscriber, or is to come again.
//!
//! A lane asks for what it left out when it holds fewer than 100; its bell rings for whoever waits at it. What is left out while a
//! page that reaches behind it is being read comes when all is read from the beginning, or with the next of its dossier. An
//! offer that is no longer there when it is made anew, as a dead letter is, has lost its place.

mod lane;
pub(super) mod local;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::redis::Redis;
use crate::clock::{self, Moment};

/// How many offers a lane holds at most.
pub const LANE_CAPACITY: usize = 1_000;
/// How many acknowledged offers of a unit are remembered until they are settled; one more is not acknowledged.
pub const MOST_ACKNOWLEDGED: usize = 100_000;
/// How long they are at least; one may be settled while Redis is away.
pub(super) const ACKNOWLEDGED_FOR: Duration = Duration::from_hours(30 * 24);
/// A lane that had to leave offers out asks for them when it holds fewer than this.
pub(super) const REFILL_BELOW: usize = 100;
/// How long whoever is told of exhausted offers has to have them settled, before it is told again.
pub(super) const REPORTED_FOR: Duration = Duration::from_secs(30);
/// How often a taker looks that hears nothing.
pub(super) const LOOK: Duration = Duration::from_secs(30);

/// An offer for a unit's lane.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// What it is known by.
    pub key: String,
    /// What it is in order with: the dossier; empty where its order does not matter.
    pub dossier: String,
    /// W3C trace context of what made it; empty when that is not known.
    pub traceparent: String,
    /// When what made it was committed, by the real clock; `None` when that is not known.
    pub committed_at: Option<Moment>,
    /// By when it should be answered, microseconds: where the store has it in order. A delivery does not tell it.
    pub due: i64,
    /// The keys, without spaces, of those that are open in the same lane, of the same dossier, and were made before it: it is left
    /// out while one of them is neither there nor acknowledged. A page of the store has them in its order and names none; a
    /// delivery does not tell them.
    pub earlier: Vec<String>,
}

/// A place in the order in which the store has the open offers of a unit: what is due first comes first. By default the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// When what stands before it is due at the latest, microseconds.
    pub due: i64,
    /// The last of those that are due then.
    pub key: String,
}

/// A page of the open offers of a unit, as the store has them in order; before each stand those of its dossier that were made
/// earlier, wherever the store has them.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The offers.
    pub offers: &'a [Offer],
    /// Where it begins.
    pub from: Mark,
    /// Where the store has more; `None` when nothing follows.
    pub next: Option<Mark>,
}

impl<'a> Page<'a> {
    /// All that is open.
    #[must_use]
    pub fn of_all(offers: &'a [Offer]) -> Self {
        Self {
            offers,
            from: Mark::default(),
            next: None,
        }
    }
}

/// A unit whose lane should be refilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Starving {
    /// The unit.
    pub unit: String,
    /// From the beginning, since something may be lost; otherwise from where the last refill ended.
    pub anew: bool,
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

/// Who takes what.
#[derive(Clone, Copy, Debug)]
pub struct Take<'a> {
    /// From whose lane.
    pub unit: &'a str,
    /// Who takes; one subscriber may have several offers of a dossier at once.
    pub subscriber: &'a str,
    /// At most so many.
    pub most: usize,
    /// How long nobody else gets them.
    pub lease: Duration,
    /// After so many deliveries an offer is exhausted.
    pub most_deliveries: u32,
}

/// What was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// On lease, in order.
    pub delivered: Vec<Delivered>,
    /// Delivered too often to be delivered again; whoever is told has them settled.
    pub exhausted: Vec<Delivered>,
    /// After how long it makes sense to look again although nobody rang.
    pub look_again: Duration,
}

impl Taken {
    /// Whether nothing came.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.delivered.is_empty() && self.exhausted.is_empty()
    }
}

/// A change of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modify {
    /// The offer.
    pub key: String,
    /// Which delivery of it; for acknowledging it does not matter.
    pub attempt: u32,
    /// What.
    pub change: Change,
}

/// What may be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not delivered again.
    Acknowledge,
    /// Its lease ends so long from now.
    Extend(Duration),
    /// Its lease ends now; it is not delivered again before so long.
    GiveBack(Duration),
    /// It did not reach the subscriber: it comes again at once, and this attempt does not count.
    Undeliver,
}

/// What a unit's lane holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// How many offers, whatever their state.
    pub held: usize,
    /// How many of them are out on a lease.
    pub leased: usize,
    /// How many of them were given back for later, or are exhausted.
    pub later: usize,
    /// How many more are acknowledged.
    pub acknowledged: usize,
    /// When the oldest was committed that was never delivered, where that is known.
    pub oldest_waiting: Option<Moment>,
}

/// All lanes.
pub struct Lanes {
    /// The lanes themselves; with Redis, what stands in for it while it is away.
    local: Arc<local::Lanes>,
    redis: Option<Arc<Redis>>,
}

impl Lanes {
    pub(super) fn new(local: Arc<local::Lanes>, redis: Option<Arc<Redis>>) -> Self {
        Self { local, redis }
    }

    /// Puts an offer into a unit's lane, unless it is there or was acknowledged. One that finds no room, or that might overtake
    /// another of its dossier, is left to a refill.
    pub fn offer(&self, unit: &str, offer: impl Into<Offer>) {
        match &self.redis {
            Some(redis) => redis.offer(unit, offer.into()),
            None => self.local.offer(unit, offer.into()),
        }
    }

    /// Takes an offer out for good: it was accepted, declined, recalled or given up, or is no longer open.
    pub fn settle(&self, unit: &str, key: &str) {
        self.local.settle(unit, key);
        if let Some(redis) = &self.redis {
            redis.settle(unit, key);
        }
    }

    /// Takes what may be delivered now.
    pub async fn take(&self, take: &Take<'_>) -> Taken {
        match &self.redis {
            Some(redis) => redis.take(take).await,
            None => self.local.take(take),
        }
    }

    /// The same, waiting up to `wait` for the first.
    pub async fn pull(&self, take: &Take<'_>, wait: Duration) -> Taken {
        let deadline = clock::monotonic() + wait;
        let bell = self.bell(take.unit);
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let mut rung = std::pin::pin!(bell.notified());
            rung.as_mut().enable();
            let taken = self.take(take).await;
            let left = deadline.saturating_duration_since(clock::monotonic());
            if !taken.is_empty() || left.is_zero() {
                return taken;
            }
            let _ = tokio::time::timeout(taken.look_again.min(left), rung).await;
        }
    }

    /// Rings when something may have come for a unit. Whoever listens before it looks misses nothing.
    #[must_use]
    pub fn bell(&self, unit: &str) -> Arc<Notify> {
        match &self.redis {
            Some(redis) => redis.bell(unit),
            None => self.local.bell(unit),
        }
    }

    /// Changes deliveries of a unit. Of each is told whether it had an effect: not so on what is not out under that attempt, was
    /// settled, or was lost with the queue.
    pub async fn modify(&self, unit: &str, modify: &[Modify]) -> Vec<bool> {
        let local = self.local.modify(unit, modify);
        let Some(redis) = &self.redis else {
            return local;
        };
        let there = redis.modify(unit, modify).await;
        let either = local.iter().zip(there);
        either.map(|(here, there)| *here || there).collect()
    }

    /// Puts a page of the open offers of a unit back into its lane. Whether there is room for more.
    pub async fn refill(&self, unit: &str, page: &Page<'_>) -> bool {
        if let Some(redis) = &self.redis
            && let Some(room) = redis.refill(unit, page).await
        {
            return room;
        }
        self.local.refill(unit, page)
    }

    /// Where the next refill of a unit's lane begins: what stands before is in it, or acknowledged.
    pub async fn filled_to(&self, unit: &str) -> Mark {
        match &self.redis {
            Some(redis) => redis.filled_to(unit).await,
            None => self.local.filled_to(unit),
        }
    }

    /// What the lane of a unit holds; `None` while that cannot be told.
    pub async fn stats(&self, unit: &str) -> Option<Stats> {
        match &self.redis {
            Some(redis) => redis.stats(unit).await,
            None => Some(self.local.stats(unit)),
        }
    }

    /// Which of these units' lanes were never filled from the store, or were wiped since.
    pub async fn unknown<'a>(&self, units: &'a [String]) -> Vec<&'a String> {
        let unknown = match &self.redis {
            Some(redis) => redis.unknown(units).await,
            None => units
                .iter()
                .map(|unit| self.local.is_unknown(unit))
                .collect(),
        };
        let marked = units.iter().zip(unknown);
        marked.filter_map(|(unit, is)| is.then_some(unit)).collect()
    }

    /// Ends when lanes may have lost something of which they know nothing: Redis was away, is another one, or was wiped.
    pub async fn doubted(&self) {
        match &self.redis {
            Some(redis) => redis.doubted().await,
            None => std::future::pending().await,
        }
    }

    /// The next unit whose lane should be refilled from the store.
    pub async fn starving(&self) -> Starving {
        self.local.starving().await
    }

    /// Asks for a unit's lane to be refilled from the beginning.
    pub fn ask_for(&self, unit: &str) {
        self.local.ask_for(unit);
    }

    /// Forgets everything, as a queue that is wiped or restarted does.
    #[cfg(any(test, feature = "testing"))]
    pub async fn wipe(&self) {
        match &self.redis {
            Some(redis) => redis.wipe().await,
            None => self.local.wipe(),
        }
    }
}
