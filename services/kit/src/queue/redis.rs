//! The queue of a cluster, over Redis Streams.

mod address;
mod bells;
mod link;
mod outbox;
mod reader;
mod script;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use redis::RedisResult;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use address::Address;

use super::lanes::local;
use super::streams::Streams;
use super::{Delivered, Offer};
use crate::clock;
use crate::log::Shard;
use address::Connection;
use bells::Bells;
use link::Link;
use outbox::{Note, Outbox};
use reader::Reader;

/// How much waits to be sent; what comes on top is left to the stores.
const WAITING: usize = 16_384;
/// How often a puller looks that hears nothing.
const LOOK: Duration = Duration::from_secs(10);
/// How long a puller takes offers from this process's own lanes before it looks whether Redis is there again.
const AWAY: Duration = Duration::from_secs(1);

/// The way to Redis.
pub(super) struct Redis {
    outbox: mpsc::Sender<Note>,
    link: Link,
    bells: Arc<Bells>,
    /// What stands in for the lanes while Redis is away, and where lanes ask for refills.
    local: Arc<local::Lanes>,
}

impl Redis {
    /// Begins to listen and to send.
    pub fn start(
        address: &Address,
        (streams, local): (&Arc<Streams>, &Arc<local::Lanes>),
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Self {
        let bells = Arc::<Bells>::default();
        for group in Shard::all() {
            let reader = Reader {
                address: address.clone(),
                group,
                streams: Arc::clone(streams),
                bells: Arc::clone(&bells),
            };
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(reader.read()).await });
        }
        let (outbox, notes) = mpsc::channel(WAITING);
        let outbox_task = Outbox {
            link: Link::new(address.clone()),
            local: Arc::clone(local),
        };
        tasks.spawn(outbox_task.send(notes, stop.clone()));
        Self {
            outbox,
            link: Link::new(address.clone()),
            bells,
            local: Arc::clone(local),
        }
    }

    /// Sends it when its turn comes; when too much waits, the stores bring it.
    fn note(&self, note: Note) {
        let _ = self.outbox.try_send(note);
    }

    pub fn publish(&self, event: proto::event::v1::Event) {
        self.note(Note::Event(Box::new(event)));
    }

    pub fn offer(&self, unit: &str, offer: Offer) {
        self.note(Note::Offer(unit.to_owned(), offer));
    }

    pub fn settle(&self, unit: &str, key: &str) {
        self.note(Note::Settle(unit.to_owned(), key.to_owned()));
    }

    /// Ends when everything that was given before has been sent.
    pub async fn flushed(&self) {
        let (done, sent) = oneshot::channel();
        if self.outbox.send(Note::Flush(done)).await.is_ok() {
            let _ = sent.await;
        }
    }

    /// Takes offers of a unit; from this process's own lanes while Redis is away.
    pub async fn pull(
        &self,
        unit: &str,
        most: usize,
        wait: Duration,
        lease: Duration,
    ) -> Vec<Delivered> {
        let deadline = clock::monotonic() + wait;
        let bell = self.bells.of(unit);
        loop {
            // Listens before it looks, so that nothing is missed in between.
            let mut rung = std::pin::pin!(bell.notified());
            rung.as_mut().enable();
            let left = deadline.saturating_duration_since(clock::monotonic());
            let taking = async |connection: &mut Connection| {
                script::take(connection, unit, most, lease).await
            };
            let Ok(taken) = self.link.run(taking).await else {
                self.local.ask_for(unit);
                let delivered = self.local.pull(unit, most, left.min(AWAY), lease).await;
                if !delivered.is_empty() || left <= AWAY {
                    return delivered;
                }
                continue;
            };
            if taken.starves {
                self.local.ask_for(unit);
            }
            if !taken.delivered.is_empty() || left.is_zero() {
                return taken.delivered;
            }
            let look = taken.lease_ends_in.unwrap_or(LOOK).min(LOOK).min(left);
            let _ = tokio::time::timeout(look, rung).await;
        }
    }

    /// Puts the open offers of a unit back; `more` tells that the store has others behind them. Says whether Redis took them.
    pub async fn refill(&self, unit: &str, offers: &[Offer], more: bool) -> bool {
        let mut pipeline = redis::pipe();
        pipeline
            .add_command(script::note_left_out(unit, more))
            .ignore();
        if !offers.is_empty() {
            pipeline
                .add_command(script::offer(unit, offers.iter()))
                .ignore();
        }
        let sent = self
            .link
            .run(async |connection| pipeline.exec_async(connection).await);
        sent.await.is_ok()
    }

    /// How many offers each of these units' streams holds; `None` while that cannot be told.
    pub async fn held(&self, units: &[String]) -> Vec<Option<usize>> {
        if units.is_empty() {
            return Vec::new();
        }
        // Each by itself, since they lie on different nodes of a cluster; one connection carries them all at once.
        let asking = async |connection: &mut Connection| {
            let asked = units.iter().map(|unit| {
                let mut connection = connection.clone();
                async move { script::held(unit).query_async(&mut connection).await }
            });
            some_of(join_all(asked).await)
        };
        let held = self.link.run(asking).await;
        held.unwrap_or_else(|_| vec![None; units.len()])
    }

    /// Empties Redis, as somebody who wipes it does.
    #[cfg(any(test, feature = "testing"))]
    pub async fn wipe(&self) {
        let command = redis::cmd("FLUSHDB");
        let _ = self
            .link
            .run(async |connection| command.exec_async(connection).await)
            .await;
    }
}

/// What was answered, with `None` for what was not; an error where nothing was. A cluster goes on while one of its nodes is away.
fn some_of<T>(answers: Vec<RedisResult<T>>) -> RedisResult<Vec<Option<T>>> {
    let mut failed = None;
    let answers: Vec<Option<T>> = answers
        .into_iter()
        .map(|answer| answer.map_err(|error| failed = Some(error)).ok())
        .collect();
    match failed {
        Some(error) if answers.iter().all(Option::is_none) => Err(error),
        Some(_) | None => Ok(answers),
    }
}
