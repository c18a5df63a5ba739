//! What goes to Redis after a commit, in order, many at a time. Nobody waits for it; what cannot be sent is left to the stores.

use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use proto::event::v1::Event;
use redis::Pipeline;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::address::Connection;
use super::link::Link;
use super::script;
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
        let pipeline = pipeline(notes);
        if pipeline.is_empty() {
            return;
        }
        let sending = async |connection: &mut Connection| pipeline.query_async(connection).await;
        // The link tells of failures; the stores have what was lost.
        let starving: Vec<bool> = self.link.run(sending).await.unwrap_or_default();
        let settled = notes.iter().filter_map(|note| match note {
            Note::Settle(unit, _) => Some(unit),
            Note::Event(_) | Note::Offer(..) | Note::Flush(_) => None,
        });
        for (unit, starves) in settled.zip(starving) {
            if starves {
                self.local.ask_for(unit);
            }
        }
    }
}

async fn lingered(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(LINGER).await;
}

fn pipeline(notes: &[Note]) -> Pipeline {
    let mut pipeline = Pipeline::with_capacity(notes.len());
    for note in notes {
        match note {
            Note::Event(event) => publish(&mut pipeline, event),
            Note::Offer(unit, offer) => {
                pipeline
                    .add_command(script::offer(unit, std::iter::once(offer)))
                    .ignore();
            }
            Note::Settle(unit, key) => {
                pipeline.add_command(script::settle(unit, key));
            }
            Note::Flush(_) => {}
        }
    }
    pipeline
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
