//! What goes to Redis after a commit, in order, many at a time. Nobody waits for it; what cannot be sent is left to the stores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use prost::Message as _;
use proto::event::v1::Event;
use redis::{ErrorKind, Pipeline, RedisResult, ServerErrorKind};
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::address::Connection;
use super::link::Link;
use super::script::Named;
use super::{script, some_of};
use crate::log::Shard;
use crate::queue::lanes::local;
use crate::queue::{KEPT_EVENTS, Offer};

const AT_ONCE: usize = 256;
/// How long a process that drains still sends what comes.
const LINGER: Duration = Duration::from_millis(500);

/// One thing to tell Redis.
pub(super) enum Note {
    Event(Box<Event>),
    Offer(String, Offer),
    Settle(String, String),
    /// Tells when everything before it was sent.
    Flush(oneshot::Sender<()>),
}

/// Who sends it.
pub(super) struct Outbox {
    pub link: Link,
    /// Whose lanes ask for refills.
    pub local: Arc<local::Lanes>,
    /// Told when something could not be sent.
    pub doubt: Arc<Notify>,
}

impl Outbox {
    /// Sends what comes until the process stops.
    pub async fn send(self, mut notes: mpsc::Receiver<Note>, stop: CancellationToken) {
        let mut some = Vec::with_capacity(AT_ONCE);
        loop {
            let received = tokio::select! {
                received = notes.recv_many(&mut some, AT_ONCE) => received,
                () = lingered(&stop) => 0,
            };
            if received == 0 {
                return;
            }
            // Whoever is about to give something has it sent along.
            tokio::task::yield_now().await;
            while some.len() < AT_ONCE
                && let Ok(note) = notes.try_recv()
            {
                some.push(note);
            }
            self.send_some(&some).await;
            for note in some.drain(..) {
                if let Note::Flush(done) = note {
                    let _ = done.send(());
                }
            }
        }
    }

    async fn send_some(&self, notes: &[Note]) {
        let letters = letters(notes);
        if letters.is_empty() {
            return;
        }
        let sending = async |connection: &mut Connection| {
            let sent = letters
                .values()
                .map(|letter| letter.send(connection.clone()));
            some_of(join_all(sent).await)
        };
        // The link tells of failures; the stores have what was lost.
        let answered: Vec<Option<Vec<bool>>> = self.link.run(sending).await.unwrap_or_default();
        if answered.len() < letters.len() || answered.iter().any(Option::is_none) {
            self.doubt.notify_one();
        }
        for (letter, starving) in letters.values().zip(answered) {
            for (unit, starves) in letter.settled().zip(starving.unwrap_or_default()) {
                if starves {
                    self.local.ask_for(unit);
                }
            }
        }
    }
}

async fn lingered(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LINGER).await;
}

/// What goes to one group of units and shards, whose keys share a hash slot and so lie on one node of a cluster, in order.
#[derive(Default)]
struct Letter<'a>(Vec<Line<'a>>);

/// What is said in one command: what follows one another for a unit is said together.
enum Line<'a> {
    Event(Shard, &'a Event),
    Offers(&'a str, Vec<&'a Offer>),
    Settle(&'a str, Vec<&'a str>),
}

fn letters(notes: &[Note]) -> BTreeMap<i32, Letter<'_>> {
    let mut letters = BTreeMap::<i32, Letter<'_>>::new();
    for note in notes {
        let group = match note {
            Note::Event(event) => Shard::new(event.shard),
            Note::Offer(unit, _) | Note::Settle(unit, _) => Some(Shard::of(unit)),
            Note::Flush(_) => None,
        };
        if let Some(group) = group {
            let letter = letters.entry(group.number()).or_default();
            letter.add(group, note);
        }
    }
    letters
}

impl<'a> Letter<'a> {
    fn add(&mut self, group: Shard, note: &'a Note) {
        match (note, self.0.last_mut()) {
            (Note::Offer(unit, offer), Some(Line::Offers(same, offers))) if unit == same => {
                offers.push(offer);
            }
            (Note::Settle(unit, key), Some(Line::Settle(same, keys))) if unit == same => {
                keys.push(key);
            }
            (Note::Event(event), _) => self.0.push(Line::Event(group, event)),
            (Note::Offer(unit, offer), _) => self.0.push(Line::Offers(unit, vec![offer])),
            (Note::Settle(unit, key), _) => self.0.push(Line::Settle(unit, vec![key])),
            (Note::Flush(_), _) => {}
        }
    }

    /// The units of the settlements in it, each of which is answered.
    fn settled(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter_map(|line| match line {
            Line::Settle(unit, _) => Some(*unit),
            Line::Event(..) | Line::Offers(..) => None,
        })
    }

    /// Sends it. A Redis that does not know the scripts gets it once more, with their texts: what it has done already has no
    /// effect again, and consumers skip an event that comes twice.
    async fn send(&self, mut connection: Connection) -> RedisResult<Vec<bool>> {
        let first = self.pipeline(Named::ByDigest);
        match first.query_async(&mut connection).await {
            Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => {
                let again = self.pipeline(Named::ByText);
                again.query_async(&mut connection).await
            }
            sent => sent,
        }
    }

    fn pipeline(&self, named: Named) -> Pipeline {
        let mut pipeline = Pipeline::with_capacity(self.0.len());
        for line in &self.0 {
            match line {
                Line::Event(shard, event) => publish(&mut pipeline, *shard, event),
                Line::Offers(unit, offers) => {
                    let offer = script::offer(named, unit, offers);
                    pipeline.add_command(offer).ignore();
                }
                Line::Settle(unit, keys) => {
                    pipeline.add_command(script::settle(named, unit, keys));
                }
            }
        }
        pipeline
    }
}

fn publish(pipeline: &mut Pipeline, shard: Shard, event: &Event) {
    pipeline
        .cmd("XADD")
        .arg(script::log(&event.owner, shard))
        .arg(&["MAXLEN", "~"])
        .arg(KEPT_EVENTS)
        .arg(&["*", "e"])
        .arg(event.encode_to_vec())
        .ignore();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Queue, Take};
    use crate::testing;

    async fn taken(queue: &Queue) -> Vec<String> {
        let take = Take {
            unit: "u",
            subscriber: "s",
            most: 10,
            lease: Duration::from_mins(1),
            most_deliveries: 10,
        };
        let delivered = queue.lanes().take(&take).await.delivered;
        let keys = delivered.into_iter().map(|delivered| delivered.offer.key);
        keys.collect()
    }

    /// No other test of this program uses Redis: one that does might ask for a script just then.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_redis_that_knows_no_script_is_sent_their_texts() {
        let Some(queue) = testing::redis_queue().await else {
            return;
        };
        let server = std::env::var("MOTCUA_TEST_REDIS").unwrap();
        let client = redis::Client::open(server).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut forget = redis::cmd("SCRIPT");
        forget.arg("FLUSH");

        queue.lanes().offer("u", "before");
        queue.flushed().await;
        let () = forget.query_async(&mut connection).await.unwrap();
        queue.lanes().offer("u", "after");
        queue.lanes().offer("u", "settled");
        queue.lanes().settle("u", "settled");
        queue.flushed().await;
        assert_eq!(taken(&queue).await, ["before", "after"]);
        let () = forget.query_async(&mut connection).await.unwrap();
        queue.lanes().settle("u", "before");
        queue.flushed().await;
        assert_eq!(queue.lanes().stats("u").await.unwrap().held, 1);
    }
}
