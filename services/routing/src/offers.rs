//! Offers on their way to units: the queue brings keys, the store says what they are.

use std::collections::HashMap;
use std::time::Duration;

use kit::authority::Scope;
use kit::clock::{self, Moment};
use kit::db::Db;
use kit::log::Cause;
use kit::queue::{Delivered, LANE_CAPACITY, Queue};
use kit::telemetry::metrics;
use kit::writer::{Step, Writer};
use sea_orm::DbErr;
use tokio::time::MissedTickBehavior;

use crate::act::Act;
use crate::ledger::Routing;
use crate::transfer::{State, Transfer, offer_key};
use crate::wire::request::Pull;
use crate::{NAME, store};

/// Takes offers for a unit; keys of offers that are no longer open are settled on the way.
///
/// # Errors
/// When the store does not answer; the leases then end by themselves.
pub async fn pull(
    db: &Db,
    queue: &Queue,
    scope: &Scope,
    pull: &Pull,
) -> Result<Vec<(Transfer, Delivered)>, DbErr> {
    let deadline = clock::monotonic() + pull.wait;
    loop {
        let wait = deadline.saturating_duration_since(clock::monotonic());
        let delivered = queue
            .lanes()
            .pull(&pull.unit, pull.most, wait, pull.lease)
            .await;
        let nothing_came = delivered.is_empty();
        let open = open_ones(db, queue, scope, &pull.unit, delivered).await?;
        if nothing_came || !open.is_empty() {
            return Ok(open);
        }
    }
}

/// Keeps of offers that go by links that they were brought (R12), before whoever pulled them is told of them. An offer that was
/// brought and of which that cannot be kept is brought all the same.
pub async fn note_delivered(
    writer: &Writer<Routing>,
    at: Moment,
    brought: impl Iterator<Item = &Transfer>,
) {
    let first_time = |transfer: &&Transfer| {
        let link = transfer.link.as_ref();
        link.is_some_and(|link| link.delivered_at.is_none())
    };
    let offers: Vec<(String, i64)> = brought
        .filter(first_time)
        .map(|transfer| (transfer.uid.clone(), transfer.offer_epoch))
        .collect();
    if offers.is_empty() {
        return;
    }
    let step = Step {
        act: Act::Delivered(offers),
        cause: Cause::unasked(NAME, at),
    };
    if let Err(failure) = writer.own(step).await {
        tracing::warn!(
            reason = failure.reason(),
            "a delivery by a link is not kept"
        );
    }
}

async fn open_ones(
    db: &Db,
    queue: &Queue,
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
    let transfers = store::by_uids((db.read(), db.ring()), scope, &uids).await?;
    let is_open = |transfer: &Transfer| transfer.state == State::Offered && transfer.to == unit;
    let mut by_key: HashMap<String, Transfer> = transfers
        .into_iter()
        .filter(is_open)
        .map(|transfer| (transfer.offer_key(), transfer))
        .collect();
    let mut open = Vec::with_capacity(delivered.len());
    let now = clock::real();
    for delivered in delivered {
        match by_key.remove(&delivered.offer.key) {
            Some(transfer) => {
                let since = delivered.offer.committed_at.map(|at| now - at);
                metrics::delivered(
                    delivered.attempt,
                    since.and_then(|since| since.to_std().ok()),
                );
                open.push((transfer, delivered));
            }
            None => queue.lanes().settle(unit, &delivered.offer.key),
        }
    }
    Ok(open)
}

/// Refills lanes from the store for as long as the process runs: those that ask, and every few seconds those that lost
/// something, as all of them have at the start.
pub async fn keep_lanes_full(db: Db, queue: Queue) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let done = tokio::select! {
            unit = queue.lanes().starving() => refill(&db, &queue, &unit).await,
            _ = look.tick() => ask_for_what_is_lost(&db, &queue).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, "open offers could not be read; trying again");
        }
    }
}

/// Asks for the lanes that hold fewer offers than are open.
async fn ask_for_what_is_lost(db: &Db, queue: &Queue) -> Result<(), DbErr> {
    let (units, counts): (Vec<String>, Vec<i64>) = store::open_offer_counts(db.read())
        .await?
        .into_iter()
        .unzip();
    let held = queue.lanes().held(&units).await;
    for ((unit, open), held) in units.iter().zip(counts).zip(held) {
        let open = usize::try_from(open).unwrap_or_default();
        // While Redis is away, pullers ask for their units themselves.
        if held.is_some_and(|held| held < open.min(LANE_CAPACITY)) {
            queue.lanes().ask_for(unit);
        }
    }
    Ok(())
}

/// How often the store is asked for offers that no lane holds.
const LOOK: Duration = Duration::from_secs(5);

async fn refill(db: &Db, queue: &Queue, unit: &str) -> Result<(), DbErr> {
    let limit = u64::try_from(LANE_CAPACITY).unwrap_or(u64::MAX);
    let offers = store::open_offers(db.read(), unit, limit).await?;
    let more = offers.len() >= LANE_CAPACITY;
    let keys: Vec<String> = offers
        .iter()
        .map(|(uid, epoch)| offer_key(uid, *epoch))
        .collect();
    queue
        .lanes()
        .refill(unit, keys.iter().map(String::as_str), more)
        .await;
    Ok(())
}
