//! What writes the access log: a batch a second, or as soon as many entries wait.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::record::Entry;
use super::{Inner, days};
use crate::clock::{self, Clock};
use crate::db::{Db, is_lost_race};

/// How long an entry waits for others.
const PATIENCE: Duration = Duration::from_secs(1);
/// With so many there is nothing to wait for.
const ENOUGH: usize = 256;
/// How many entries one transaction takes.
const MOST: usize = 1_024;
/// How long a store that refuses is left alone.
const RETRY: Duration = Duration::from_millis(500);
/// How long a store may be away at the end until what waits is given up.
const AT_THE_END: Duration = Duration::from_secs(5);
/// How often days are looked at that may have ended.
const CLOSE: Duration = Duration::from_secs(5);

/// What writes the entries that are handed over.
pub struct Recorder {
    inner: Arc<Inner>,
    receiver: mpsc::Receiver<Entry>,
}

/// Where it writes.
struct Place {
    owner: &'static str,
    db: Db,
    clock: Clock,
}

impl Recorder {
    pub(super) fn new(inner: Arc<Inner>, receiver: mpsc::Receiver<Entry>) -> Self {
        Self { inner, receiver }
    }

    /// Writes into the store of a service until nothing more is handed over, and closes the days that end by this clock.
    pub async fn run(mut self, owner: &'static str, db: Db, clock: Clock) {
        let place = Place { owner, db, clock };
        let mut close_at = clock::monotonic();
        loop {
            let (mut entries, is_last) = self.collect().await;
            entries.extend(self.inner.denials.take());
            if !entries.is_empty() {
                self.write(&place, &entries).await;
            }
            if is_last {
                return;
            }
            if clock::monotonic() >= close_at {
                place.close_days().await;
                close_at = clock::monotonic() + CLOSE;
            }
        }
    }

    /// What was handed over since the last time, and whether nothing can come any more.
    async fn collect(&mut self) -> (Vec<Entry>, bool) {
        let end = clock::monotonic() + PATIENCE;
        let mut entries = Vec::new();
        while entries.len() < ENOUGH {
            let most = MOST - entries.len();
            tokio::select! {
                biased;
                received = self.receiver.recv_many(&mut entries, most) => {
                    if received == 0 {
                        return (entries, true);
                    }
                }
                () = self.inner.ended.cancelled(), if !self.receiver.is_closed() => self.receiver.close(),
                () = tokio::time::sleep_until(end) => break,
            }
        }
        (entries, false)
    }

    /// Writes until it is written. Meanwhile the channel fills up, and readings are refused.
    async fn write(&self, place: &Place, entries: &[Entry]) {
        let mut give_up_at = None;
        let mut said = false;
        while let Err(error) = days::record(&place.db, entries).await {
            if is_lost_race(&error) {
                continue;
            }
            place.db.failed();
            if !std::mem::replace(&mut said, true) {
                place.complain(&error);
            }
            if self.inner.ended.is_cancelled() {
                let end = *give_up_at.get_or_insert_with(|| clock::monotonic() + AT_THE_END);
                if self.gives_up(end, place, entries) {
                    return;
                }
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    fn gives_up(&self, end: Instant, place: &Place, entries: &[Entry]) -> bool {
        let is_late = clock::monotonic() >= end;
        if is_late {
            let lost = entries.len() + self.receiver.len();
            tracing::error!(
                service = place.owner,
                lost,
                "entries of the access log are lost: the store was away until the end"
            );
        }
        is_late
    }
}

impl Place {
    fn complain(&self, error: &DbErr) {
        tracing::warn!(service = self.owner, %error, "the access log cannot be written; trying again");
    }

    async fn close_days(&self) {
        match days::close_due(&self.db, self.clock.civil()).await {
            Ok(closed) => {
                for day in closed {
                    let root = day.root.map(|byte| format!("{byte:02x}")).concat();
                    tracing::info!(
                        service = self.owner,
                        day = day.day,
                        entries = day.entries,
                        root,
                        "a day of the access log is closed"
                    );
                }
            }
            Err(error) => self.complain(&error),
        }
    }
}
