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
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use address::Address;

use super::lanes::local;
use super::streams::Streams;
use super::{Mark, Modify, Offer, Page, Stats, Take, Taken};
use crate::log::Shard;
use address::Connection;
use bells::Bells;
use link::Link;
use outbox::{Note, Outbox};
use reader::Reader;

/// How much waits to be sent; what comes on top is left to the stores.
const WAITING: usize = 16_384;
/// How long a taker goes by this process's own lanes before it looks whether Redis is there again.
const AWAY: Duration = Duration::from_secs(1);

/// The way to Redis.
pub(super) struct Redis {
    outbox: mpsc::Sender<Note>,
    link: Link,
    bells: Arc<Bells>,
    /// Something may have been lost.
    doubt: Arc<Notify>,
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
        let (bells, doubt) = (Arc::<Bells>::default(), Arc::<Notify>::default());
        for group in Shard::all() {
            let reader = Reader {
                address: address.clone(),
                group,
                streams: Arc::clone(streams),
                bells: Arc::clone(&bells),
                doubt: Arc::clone(&doubt),
            };
            let stop = stop.clone();
            tasks.spawn(async move { stop.run_until_cancelled(reader.read()).await });
        }
        let (outbox, notes) = mpsc::channel(WAITING);
        let outbox_task = Outbox {
            link: Link::new(address.clone(), Arc::clone(&doubt)),
            local: Arc::clone(local),
            doubt: Arc::clone(&doubt),
        };
        tasks.spawn(outbox_task.send(notes, stop.clone()));
        Self {
            outbox,
            link: Link::new(address.clone(), Arc::clone(&doubt)),
            bells,
            doubt,
            local: Arc::clone(local),
        }
    }

    /// Sends it when its turn comes; when too much waits, the stores bring it.
    fn note(&self, note: Note) {
        if self.outbox.try_send(note).is_err() {
            self.doubt.notify_one();
        }
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

    /// Takes what may be delivered now; from this process's own lanes while Redis is away.
    pub async fn take(&self, take: &Take<'_>) -> Taken {
        let taking = async |connection: &mut Connection| script::take(connection, take).await;
        let Ok(found) = self.link.run(taking).await else {
            self.local.ask_for(take.unit);
            let taken = self.local.take(take);
            let look_again = taken.look_again.min(AWAY);
            return Taken {
                look_again,
                ..taken
            };
        };
        if found.starves {
            self.local.starves(take.unit);
        }
        found.taken
    }

    /// Rings when something may have come for a unit.
    pub fn bell(&self, unit: &str) -> Arc<Notify> {
        self.bells.of(unit)
    }

    /// Changes deliveries; whether each change had an effect.
    pub async fn modify(&self, unit: &str, modify: &[Modify]) -> Vec<bool> {
        let modifying =
            async |connection: &mut Connection| script::modify(connection, unit, modify).await;
        let Ok((done, starves)) = self.link.run(modifying).await else {
            return vec![false; modify.len()];
        };
        if starves {
            self.local.starves(unit);
        }
        done
    }

    /// Puts a page of a unit's open offers back. Whether there is room for more; `None` when Redis did not take them.
    pub async fn refill(&self, unit: &str, page: &Page<'_>) -> Option<bool> {
        let refill = script::refill(unit, page);
        let sent = self
            .link
            .run(async |connection| refill.query_async(connection).await);
        sent.await.ok()
    }

    /// Where the next refill of a unit's stream begins.
    pub async fn filled_to(&self, unit: &str) -> Mark {
        let asking = script::fill_of(unit);
        let told = self
            .link
            .run(async |connection| asking.query_async(connection).await)
            .await;
        let told: Option<String> = told.unwrap_or_default();
        told.and_then(|told| script::mark(&told))
            .unwrap_or_default()
    }

    /// What a unit's stream holds; `None` while that cannot be told.
    pub async fn stats(&self, unit: &str) -> Option<Stats> {
        let asking = async |connection: &mut Connection| script::stats(connection, unit).await;
        self.link.run(asking).await.ok()
    }

    /// Whether each of these units' streams was never filled, or wiped since; `false` where that cannot be told: while Redis is
    /// away, takers ask for their units themselves.
    pub async fn unknown(&self, units: &[String]) -> Vec<bool> {
        if units.is_empty() {
            return Vec::new();
        }
        // Each by itself, since they lie on different nodes of a cluster; one connection carries them all at once.
        let asking = async |connection: &mut Connection| {
            let asked = units.iter().map(|unit| {
                let mut connection = connection.clone();
                async move { script::was_filled(unit).query_async(&mut connection).await }
            });
            some_of(join_all(asked).await)
        };
        let filled: Option<Vec<Option<bool>>> = self.link.run(asking).await.ok();
        let filled = filled.unwrap_or_else(|| vec![None; units.len()]);
        filled
            .into_iter()
            .map(|filled| filled == Some(false))
            .collect()
    }

    /// Ends when something may have been lost: Redis was away, is another one, or was wiped.
    pub async fn doubted(&self) {
        self.doubt.notified().await;
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

#[cfg(test)]
mod tests {
    use redis::{ErrorKind, RedisError};

    use super::*;

    fn away() -> RedisResult<u8> {
        Err(RedisError::from((ErrorKind::Io, "a node is away")))
    }

    #[test]
    fn what_some_nodes_answer_counts_although_others_are_away() {
        assert_eq!(some_of(vec![Ok(1), Ok(2)]).unwrap(), [Some(1), Some(2)]);
        let some = some_of(vec![away(), Ok(2), away()]).unwrap();
        assert_eq!(some, [None, Some(2), None]);
    }

    #[test]
    fn where_no_node_answers_redis_is_away() {
        assert!(some_of(vec![away(), away()]).is_err());
        assert!(some_of::<u8>(Vec::new()).unwrap().is_empty());
    }
}
