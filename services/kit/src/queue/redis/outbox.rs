//! What goes to Redis after a commit, in order, many at a time. Nobody waits for it; what cannot be sent is left to the stores.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use prost::Message as _;
use proto::event::v1::Event;
use redis::Pipeline;
use tokio::sync::{Notify, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::address::Connection;
use super::link::Link;
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
            let sent = letters.values().map(|letter| {
                let mut connection = connection.clone();
                async move { letter.pipeline.query_async(&mut connection).await }
            });
            some_of(join_all(sent).await)
        };
        // The link tells of failures; the stores have what was lost.
        let answered: Vec<Option<Vec<bool>>> = self.link.run(sending).await.unwrap_or_default();
        if answered.len() < letters.len() || answered.iter().any(Option::is_none) {
            self.doubt.notify_one();
        }
        for (letter, starving) in letters.values().zip(answered) {
            for (unit, starves) in letter.settled.iter().zip(starving.unwrap_or_default()) {
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

/// What goes to one group of units and shards, whose keys share a hash slot and so lie on one node of a cluster.
#[derive(Default)]
struct Letter {
    pipeline: Pipeline,
    /// The units of the settlements in it, each of which is answered.
    settled: Vec<String>,
}

fn letters(notes: &[Note]) -> BTreeMap<i32, Letter> {
    let mut letters = BTreeMap::<i32, Letter>::new();
    let of_unit = |unit: &str| Shard::of(unit).number();
    for note in notes {
        match note {
            Note::Event(event) => {
                publish(&mut letters.entry(event.shard).or_default().pipeline, event);
            }
            Note::Offer(unit, offer) => {
                let letter = letters.entry(of_unit(unit)).or_default();
                let offer = script::offer(unit, std::iter::once(offer));
                letter.pipeline.add_command(offer).ignore();
            }
            Note::Settle(unit, key) => {
                let letter = letters.entry(of_unit(unit)).or_default();
                letter.pipeline.add_command(script::settle(unit, key));
                letter.settled.push(unit.clone());
            }
            Note::Flush(_) => {}
        }
    }
    letters
}

fn publish(pipeline: &mut Pipeline, event: &Event) {
    let Some(shard) = Shard::new(event.shard) else {
        return;
    };
    pipeline
        .cmd("XADD")
        .arg(script::log(&event.owner, shard))
        .arg(&["MAXLEN", "~"])
        .arg(KEPT_EVENTS)
        .arg(&["*", "e"])
        .arg(event.encode_to_vec())
        .ignore();
}
