//! Watching a log from outside: a stream of what changed, for callers of a service.
//!
//! A watch is a place in each of the 16 shards, and a reader that goes on from there as far as the log reaches. It is woken by
//! commits of its own process and, where the store is shared, by one look a process at how far the others have brought the log. It
//! reads the next page when its caller has taken the last, so that a slow caller costs a page and no more.

mod cursor;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures::{Stream, stream};
use proto::event::v1::Event;
use sea_orm::DbErr;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::clock;
use crate::db::{self, Db};
use crate::failure::Failure;
use crate::log::{self, Reach, Shard};
use crate::serve::Ground;
use crate::writer::{Ledger, Writer};
use cursor::Cursor;

/// How many events are read at once.
const PAGE: u64 = 100;
/// How often the store is asked what other processes have written, while somebody watches.
const LOOK: Duration = Duration::from_millis(500);
/// After how much time without news a bookmark is sent.
const QUIET: Duration = Duration::from_secs(30);

/// The watches over one service's log.
#[derive(Clone)]
pub struct Watches(Arc<Inner>);

struct Inner {
    owner: &'static str,
    db: Db,
    reach: watch::Sender<Reach>,
    /// How many watch.
    watching: watch::Sender<usize>,
    quiet: Duration,
    stop: CancellationToken,
}

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told<T> {
    /// What happened; `None` in a bookmark, which only says how far the watch is.
    pub what: Option<T>,
    /// From where to go on after this.
    pub cursor: String,
}

impl Watches {
    /// The watches over the log that this writer writes.
    #[must_use]
    pub fn start<L: Ledger>(ground: &Ground, writer: &Writer<L>) -> Self {
        let watches = Self::over(writer, ground.db.clone(), QUIET, ground.stop.clone());
        if ground.db.is_shared() {
            let (stop, looking) = (ground.stop.clone(), watches.clone().look_for_others());
            ground
                .tasks
                .spawn(async move { stop.run_until_cancelled(looking).await });
        }
        watches
    }

    fn over<L: Ledger>(
        writer: &Writer<L>,
        db: Db,
        quiet: Duration,
        stop: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            owner: L::OWNER,
            db,
            reach: writer.reach().clone(),
            watching: watch::Sender::default(),
            quiet,
            stop,
        }))
    }

    /// From where a watch tells all that is not yet in the store; to be taken before the list that it goes with is read.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn cursor(&self) -> Result<String, DbErr> {
        let reach = self.look().await?;
        let hashes = log::hashes(self.0.db.read(), &reach).await?;
        Ok(Cursor::new(self.0.owner, reach, &hashes).to_string())
    }

    /// Watches from a cursor on, or from the beginning of the log where it is empty. `tell` picks what is told of an event.
    ///
    /// # Errors
    /// `INVALID_FIELDS` for what is no cursor, `CURSOR_TOO_OLD`, `CURSOR_UNKNOWN`, or a store that does not answer.
    pub async fn follow<T, F>(
        &self,
        cursor: &str,
        tell: F,
    ) -> Result<impl Stream<Item = Result<Told<T>, Status>> + Send + use<T, F>, Failure>
    where
        T: Send + 'static,
        F: Fn(&Event) -> Option<T> + Send + 'static,
    {
        let follower = self.follower(cursor, tell).await?;
        Ok(stream::unfold(Some(follower), |follower| async move {
            let mut follower = follower?;
            match follower.next_or_stop().await {
                Ok(told) => Some((Ok(told), Some(follower))),
                Err(failure) => Some((Err(failure.into()), None)),
            }
        }))
    }

    async fn follower<F>(&self, cursor: &str, tell: F) -> Result<Follower<F>, Failure> {
        let (places, hashes) = self.place(cursor).await?;
        self.look().await.map_err(|error| db::failure(&error))?;
        Ok(Follower {
            places,
            hashes,
            page: VecDeque::new(),
            tell,
            bookmark_at: clock::monotonic(),
            reach: self.0.reach.subscribe(),
            _watching: Watching::begin(&self.0.watching),
            watches: self.clone(),
        })
    }

    /// Where a cursor stands in the log as it is, and the hashes there.
    async fn place(&self, cursor: &str) -> Result<(Reach, HashMap<i32, Vec<u8>>), Failure> {
        if cursor.is_empty() {
            return Ok((Reach::default(), HashMap::new()));
        }
        let cursor = Cursor::parse(cursor, clock::real())?;
        let places = cursor.places();
        let hashes = log::hashes(self.0.db.read(), &places).await;
        let hashes = hashes.map_err(|error| db::failure(&error))?;
        cursor.must_agree(self.0.owner, &hashes)?;
        Ok((places, hashes))
    }

    /// Looks how far the log reaches, and tells all who watch here.
    async fn look(&self) -> Result<Reach, DbErr> {
        let found = Reach::of(&log::heads(self.0.db.read()).await?);
        self.0
            .reach
            .send_if_modified(|reach| reach.raise_all(&found));
        Ok(found)
    }

    async fn look_for_others(self) {
        let mut watching = self.0.watching.subscribe();
        while watching.wait_for(|watching| *watching > 0).await.is_ok() {
            if let Err(error) = self.look().await {
                tracing::debug!(%error, "how far the log reaches could not be read");
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Somebody watches for as long as this lives.
struct Watching(watch::Sender<usize>);

impl Watching {
    fn begin(watching: &watch::Sender<usize>) -> Self {
        watching.send_modify(|watching| *watching += 1);
        Self(watching.clone())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.send_modify(|watching| *watching -= 1);
    }
}

/// One watch.
struct Follower<F> {
    watches: Watches,
    places: Reach,
    /// Of the last events that were passed, by shard.
    hashes: HashMap<i32, Vec<u8>>,
    page: VecDeque<Event>,
    tell: F,
    bookmark_at: Instant,
    reach: watch::Receiver<Reach>,
    _watching: Watching,
}

impl<F> Follower<F> {
    async fn next_or_stop<T>(&mut self) -> Result<Told<T>, Failure>
    where
        F: Fn(&Event) -> Option<T>,
    {
        let stop = self.watches.0.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(stopping()),
            told = self.next() => told.map_err(|error| db::failure(&error)),
        }
    }

    async fn next<T>(&mut self) -> Result<Told<T>, DbErr>
    where
        F: Fn(&Event) -> Option<T>,
    {
        loop {
            while let Some(event) = self.page.pop_front() {
                self.places.raise(&event);
                let what = (self.tell)(&event);
                self.hashes.insert(event.shard, event.hash);
                if what.is_some() {
                    return Ok(self.told(what));
                }
            }
            if self.read().await? {
                continue;
            }
            // All is told: so much is said at once the first time, and now and then after that.
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.bookmark_at) => {
                    self.bookmark_at = clock::monotonic() + self.watches.0.quiet;
                    return Ok(self.told(None));
                }
                // The sender lives as long as this does.
                _ = self.reach.changed() => {}
            }
        }
    }

    /// Reads what follows in a shard that reaches further; whether there was any.
    async fn read(&mut self) -> Result<bool, DbErr> {
        let reach = *self.reach.borrow_and_update();
        for shard in Shard::all() {
            let place = self.places.seq(shard);
            if reach.seq(shard) > place {
                let inner = &self.watches.0;
                let page = log::page(inner.db.read(), inner.owner, shard, place, PAGE).await?;
                if !page.is_empty() {
                    self.page = page.into();
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn told<T>(&self, what: Option<T>) -> Told<T> {
        let owner = self.watches.0.owner;
        Told {
            what,
            cursor: Cursor::new(owner, self.places, &self.hashes).to_string(),
        }
    }
}

fn stopping() -> Failure {
    const RETRY: Duration = Duration::from_millis(500);
    let english = "the service stops; go on from the last cursor";
    Failure::unavailable("STOPPING", english, RETRY)
}
