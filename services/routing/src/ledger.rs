//! Routing's decisions: what each command and each event of the others does to journeys.

mod decide;
mod desk;
mod link;
mod reckoning;
#[cfg(test)]
mod tests;
mod world;

use std::sync::Arc;

use kit::clock;
use kit::copies::{CALENDAR, CalendarCache, UNIT};
use kit::db::Sink;
use kit::log::Shard;
use kit::queue::{Offer, Queue};
use kit::seal::Keyring;
use kit::telemetry::metrics;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

pub use world::World;

use crate::act::Act;
use crate::change::Change;
use crate::error::Error;
use crate::link::{Limits, Links};
use crate::offers::for_lane;
use crate::store;

/// Routing's side of the writer.
pub struct Routing {
    queue: Queue,
    calendar: CalendarCache,
    calendar_came: Notify,
    units_came: Notify,
    /// When intake last told that a deadline moved, and in which shard.
    heard: watch::Sender<Option<(Instant, Shard)>>,
    ring: Keyring,
    limits: Arc<Limits>,
}

impl Routing {
    /// Routing over this queue, and a store of this ring, whose links keep these limits.
    #[must_use]
    pub fn new(queue: Queue, ring: &Keyring, limits: Limits) -> Self {
        Self {
            queue,
            calendar: CalendarCache::default(),
            calendar_came: Notify::new(),
            units_came: Notify::new(),
            heard: watch::Sender::default(),
            ring: ring.clone(),
            limits: Arc::new(limits),
        }
    }

    /// Ends when units have been taken in here since it was last asked.
    pub async fn units_came(&self) {
        self.units_came.notified().await;
    }
}

impl Ledger for Routing {
    const OWNER: &'static str = "routing";
    type Act = Act;
    type World = World;
    type Change = Change;
    type Error = Error;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<World, DbErr> {
        let links = Links::new(Arc::clone(&self.limits));
        world::load((tx, &self.ring), acts, &self.calendar, links).await
    }

    fn permits(&self, world: &World, act: &Act) -> Result<String, Error> {
        match act {
            Act::On(on) => decide::permits(world, on),
            Act::BatchAccept(batch) => decide::permits_batch(batch),
            Act::Redrive(redrive) => decide::permits_redrive(redrive),
            Act::Opened(_)
            | Act::Withdrawn(_)
            | Act::Decided(_)
            | Act::Returned { .. }
            | Act::Erased(_)
            | Act::DeadlineMoved { .. }
            | Act::ClockStopped { .. }
            | Act::ClockResumed(_)
            | Act::Corrected { .. }
            | Act::Inherit(_)
            | Act::Reckon(_)
            | Act::GivenUp(_)
            | Act::Ring(_)
            | Act::Staff(_)
            | Act::Delivered(_)
            | Act::System(..)
            | Act::Copies(_) => Ok(String::new()),
        }
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        let effect = decide::decide(world, &step.act, &step.cause)?;
        let changes = effect.changes.into_iter();
        Ok(Effect {
            changes: changes
                .map(|change| change.under(&step.cause.traceparent))
                .collect(),
            ..effect
        })
    }

    fn apply(world: &mut World, change: &Change) {
        world.apply(change);
    }

    async fn save(&self, sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
        store::save(sink, changes).await
    }

    /// Brings new offers to their units, and takes those out that are no longer open.
    fn committed(&self, changes: &[Change]) {
        let committed_at = Some(clock::real());
        for change in changes {
            if matches!(change, Change::Copy(copy) if copy.kind == CALENDAR) {
                self.calendar_came.notify_one();
            }
            if matches!(change, Change::Copy(copy) if copy.kind == UNIT) {
                self.units_came.notify_one();
            }
            if let Change::DeadlineMoved(dossier) = change {
                let told = (clock::monotonic(), Shard::of(dossier));
                self.heard.send_replace(Some(told));
            }
            if let Change::LinkLate {
                transfer,
                unit,
                with,
            } = change
            {
                let with = with.as_str();
                tracing::warn!(%transfer, %unit, with, "a link is late");
                metrics::link_late(with);
            }
            let Change::Journey {
                journey,
                traceparent,
            } = change
            else {
                continue;
            };
            let mut touched = journey.touched().0;
            // None of a dossier may come before an earlier one.
            touched.sort_by_key(|transfer| transfer.offered_at);
            for transfer in touched {
                if let Some((unit, key)) = transfer.offer_before() {
                    self.queue.lanes().settle(unit, &key);
                }
                let (unit, key) = (&transfer.to, transfer.offer_key());
                if transfer.is_to_be_delivered() {
                    let offer = Offer {
                        traceparent: traceparent.clone(),
                        committed_at,
                        ..for_lane(journey, transfer)
                    };
                    self.queue.lanes().offer(unit, offer);
                } else if !transfer.on_hold {
                    // What is on hold was never there.
                    self.queue.lanes().settle(unit, &key);
                }
            }
        }
    }
}
