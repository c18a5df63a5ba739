//! The offers that wait for units, one lane a unit: in this process, or in Redis for all replicas.

pub(super) mod local;

use std::sync::Arc;
use std::time::Duration;

pub use local::{Delivered, LANE_CAPACITY, Offer};

use super::redis::Redis;

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

    /// Puts an offer into a unit's lane, unless it is there.
    pub fn offer(&self, unit: &str, offer: impl Into<Offer>) {
        match &self.redis {
            Some(redis) => redis.offer(unit, offer.into()),
            None => self.local.offer(unit, offer),
        }
    }

    /// Takes an offer out for good: it was accepted, declined, recalled or is no longer open.
    pub fn settle(&self, unit: &str, key: &str) {
        self.local.settle(unit, key);
        if let Some(redis) = &self.redis {
            redis.settle(unit, key);
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
        match &self.redis {
            Some(redis) => redis.pull(unit, most, wait, lease).await,
            None => self.local.pull(unit, most, wait, lease).await,
        }
    }

    /// Puts the open offers of a unit, as the store has them in order, back into its lane; `more` tells that the store has
    /// others behind them.
    pub async fn refill<'a>(&self, unit: &str, keys: impl Iterator<Item = &'a str>, more: bool) {
        let Some(redis) = &self.redis else {
            return self.local.refill(unit, keys, more);
        };
        let offers: Vec<Offer> = keys.map(Offer::from).collect();
        if !redis.refill(unit, &offers, more).await {
            let keys = offers.iter().map(|offer| offer.key.as_str());
            self.local.refill(unit, keys, more);
        }
    }

    /// How many offers the lane of each of these units holds, leased ones included; `None` while that cannot be told.
    pub async fn held(&self, units: &[String]) -> Vec<Option<usize>> {
        match &self.redis {
            Some(redis) => redis.held(units).await,
            None => units
                .iter()
                .map(|unit| Some(self.local.held(unit)))
                .collect(),
        }
    }

    /// The next unit whose lane should be refilled from the store.
    pub async fn starving(&self) -> String {
        self.local.starving().await
    }

    /// Asks for a unit's lane to be refilled.
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
