//! Offers on their way to units: the queue brings keys, the store says what they are.

mod keeper;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::time::Duration;

use kit::authority::Scope;
use kit::clock::{self, Clock};
use kit::db::Db;
use kit::log::Cause;
use kit::queue::{Delivered, Offer, Queue, Take};
use kit::telemetry::metrics;
use kit::writer::{Step, Writer};
use sea_orm::DbErr;

use crate::act::{Act, GivenUp};
use crate::journey::Journey;
use crate::ledger::Routing;
use crate::transfer::{Transfer, offer_of_key};
use crate::wire::request::Pull;
use crate::{NAME, store};

pub use keeper::keep_lanes_full;

/// What brings offers to units.
#[derive(Clone)]
pub struct Offers {
    /// What they are.
    pub db: Db,
    /// Where they wait.
    pub queue: Queue,
    /// For giving them up.
    pub writer: Writer<Routing>,
    /// Civil time.
    pub clock: Clock,
    /// After so many deliveries an offer is given up.
    pub most_deliveries: u32,
}

impl Offers {
    /// Takes offers for a unit, waiting for the first.
    ///
    /// # Errors
    /// When the store does not answer; the leases then end by themselves.
    pub async fn pull(
        &self,
        scope: &Scope,
        pull: &Pull,
    ) -> Result<Vec<(Transfer, Delivered)>, DbErr> {
        let deadline = clock::monotonic() + pull.wait;
        let subscriber = clock::new_uid();
        let take = self.take(&pull.unit, &subscriber, pull.most, pull.lease);
        loop {
            let wait = deadline.saturating_duration_since(clock::monotonic());
            let taken = self.queue.lanes().pull(&take, wait).await;
            let nothing_came = taken.is_empty();
            self.give_up(&pull.unit, taken.exhausted).await;
            let open = self.open_ones(scope, &pull.unit, taken.delivered).await?;
            if nothing_came || !open.is_empty() {
                self.brought(&open).await;
                return Ok(open);
            }
        }
    }

    /// What a subscriber takes from the lane of a unit.
    pub fn take<'a>(
        &self,
        unit: &'a str,
        subscriber: &'a str,
        most: usize,
        lease: Duration,
    ) -> Take<'a> {
        Take {
            unit,
            subscriber,
            most,
            lease,
            most_deliveries: self.most_deliveries,
        }
    }

    /// What was delivered with its transfer; keys of offers that are no longer open are settled on the way.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn open_ones(
        &self,
        scope: &Scope,
        unit: &str,
        delivered: Vec<Delivered>,
    ) -> Result<Vec<(Transfer, Delivered)>, DbErr> {
        if delivered.is_empty() {
            return Ok(Vec::new());
        }
        let uids: Vec<&str> = delivered
            .iter()
            .filter_map(|delivered| delivered.offer.key.split(':').next())
            .collect();
        let transfers = store::by_uids((self.db.read(), self.db.ring()), scope, &uids).await?;
        let is_to_be_delivered =
            |transfer: &Transfer| transfer.to == unit && transfer.is_to_be_delivered();
        let mut by_key: HashMap<String, Transfer> = transfers
            .into_iter()
            .filter(is_to_be_delivered)
            .map(|transfer| (transfer.offer_key(), transfer))
            .collect();
        let mut open = Vec::with_capacity(delivered.len());
        for delivered in delivered {
            match by_key.remove(&delivered.offer.key) {
                Some(transfer) => open.push((transfer, delivered)),
                None => self.queue.lanes().settle(unit, &delivered.offer.key),
            }
        }
        Ok(open)
    }

    /// Told of what is about to reach whoever took it.
    pub async fn brought(&self, offers: &[(Transfer, Delivered)]) {
        measure(offers);
        self.note_delivered(offers).await;
    }

    /// Keeps of offers that go by links that they were brought (R12), before whoever takes them is told of them. An offer that was
    /// brought and of which that cannot be kept is brought all the same.
    async fn note_delivered(&self, brought: &[(Transfer, Delivered)]) {
        let first_time = |transfer: &&Transfer| {
            let link = transfer.link.as_ref();
            link.is_some_and(|link| link.delivered_at.is_none())
        };
        let offers: Vec<(String, i64)> = brought
            .iter()
            .map(|(transfer, _)| transfer)
            .filter(first_time)
            .map(|transfer| (transfer.uid.clone(), transfer.offer_epoch))
            .collect();
        if offers.is_empty() {
            return;
        }
        let step = Step {
            act: Act::Delivered(offers),
            cause: Cause::unasked(NAME, self.clock.civil()),
        };
        if let Err(failure) = self.writer.own(step).await {
            tracing::warn!(
                reason = failure.reason(),
                "a delivery by a link is not kept"
            );
        }
    }

    /// Offers that were delivered too often become dead letters. What cannot be written now is told of again.
    pub async fn give_up(&self, unit: &str, exhausted: Vec<Delivered>) {
        let given_up = exhausted.iter().filter_map(|exhausted| {
            let (transfer, offer_epoch) = offer_of_key(&exhausted.offer.key)?;
            Some(GivenUp {
                transfer,
                offer_epoch,
                deliveries: exhausted.attempt,
            })
        });
        let given_up: Vec<GivenUp> = given_up.collect();
        if given_up.is_empty() {
            return;
        }
        let offers = given_up.len();
        let step = Step {
            act: Act::GivenUp(given_up),
            cause: Cause::unasked(NAME, self.clock.civil()),
        };
        if let Err(failure) = self.writer.own(step).await {
            let reason = failure.reason();
            tracing::warn!(reason, offers, "offers are given up later");
            return;
        }
        metrics::given_up(offers);
        tracing::warn!(%unit, offers, "offers were delivered too often and are dead letters");
        // Those that are no longer open are none.
        for exhausted in exhausted {
            self.queue.lanes().settle(unit, &exhausted.offer.key);
        }
    }
}

/// An offer of a journey for the lane of its unit, with what it may not overtake there. What was offered in the same act is neither
/// before nor after it.
pub fn for_lane(journey: &Journey, transfer: &Transfer) -> Offer {
    let earlier = journey.transfers().iter().filter(|other| {
        other.to == transfer.to
            && other.offered_at < transfer.offered_at
            && other.is_to_be_delivered()
    });
    Offer {
        key: transfer.offer_key(),
        dossier: transfer.dossier.clone(),
        due: clock::micros(transfer.due.hand_over),
        earlier: earlier.map(Transfer::offer_key).collect(),
        ..Offer::default()
    }
}

fn measure(open: &[(Transfer, Delivered)]) {
    let now = clock::real();
    for (_, delivered) in open {
        let since = delivered.offer.committed_at.map(|at| now - at);
        let since = since.and_then(|since| since.to_std().ok());
        metrics::delivered(delivered.attempt, since);
    }
}
