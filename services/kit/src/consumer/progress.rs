//! How far a service has taken in the logs of the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::db::Db;
use crate::failure::Failure;
use crate::log::{Positions, Reach, Shard};
use crate::writer;

/// How long a call that names `motcua-after` waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the store is asked what other replicas took in, while somebody waits for it.
const LOOK: Duration = Duration::from_millis(20);

/// How far a service has taken in the logs of the others.
#[derive(Clone, Debug)]
pub struct Progress {
    sources: &'static [&'static str],
    places: watch::Sender<HashMap<(String, i32), i64>>,
    /// How many wait.
    waiting: Arc<watch::Sender<usize>>,
}

/// Somebody waits for as long as this lives.
struct Waiting(Arc<watch::Sender<usize>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}

impl Progress {
    /// The progress of a service that takes in no log.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self {
            sources: &[],
            places: watch::Sender::default(),
            waiting: Arc::default(),
        }
    }

    /// The progress of a service that takes in these owners' logs, as its store has it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(sources: &'static [&'static str], db: &Db) -> Result<Self, sea_orm::DbErr> {
        let places = writer::places(db.read()).await?;
        Ok(Self {
            sources,
            places: watch::Sender::new(places),
            waiting: Arc::default(),
        })
    }

    /// Looks for what other replicas of the service took in, for as long as it is polled: the store has their places too.
    pub(crate) async fn follow(self, db: Db) {
        let mut waiting = self.waiting.subscribe();
        while db.is_shared() && waiting.wait_for(|waiting| *waiting > 0).await.is_ok() {
            match writer::places(db.read()).await {
                Ok(stored) => self.learn(stored),
                Err(error) => tracing::debug!(%error, "the places could not be read"),
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn learn(&self, stored: HashMap<(String, i32), i64>) {
        self.places.send_if_modified(|places| {
            let mut moved = false;
            for (key, seq) in stored {
                let place = places.entry(key).or_default();
                moved |= *place < seq;
                *place = seq.max(*place);
            }
            moved
        });
    }

    fn wait(&self) -> Waiting {
        self.waiting.send_modify(|waiting| *waiting += 1);
        Waiting(Arc::clone(&self.waiting))
    }

    /// Waits until everything up to these positions has been taken in; what this service does not take in cannot differ here.
    ///
    /// # Errors
    /// `UNAVAILABLE`, `BEHIND`, after 5 s.
    pub async fn reach(&self, positions: &Positions) -> Result<(), Failure> {
        let wanted: Vec<_> = positions
            .iter()
            .filter(|position| self.sources.contains(&position.owner.as_str()))
            .collect();
        let _waiting = self.wait();
        let mut places = self.places.subscribe();
        let reached = places.wait_for(|places| {
            wanted.iter().all(|position| {
                let key = (position.owner.clone(), position.shard.number());
                places.get(&key).is_some_and(|seq| *seq >= position.seq)
            })
        });
        match tokio::time::timeout(PATIENCE, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Failure::unavailable(
                "BEHIND",
                "this service has not taken in the position of `motcua-after` yet",
                Duration::from_millis(500),
            )),
        }
    }

    /// Ends the next time that anything is taken in, counted from this call.
    pub fn moved(&self) -> impl Future<Output = ()> + Send + use<> {
        let (waiting, mut places) = (self.wait(), self.places.subscribe());
        async move {
            let _waiting = waiting;
            // An error means that the service is stopping.
            let _ = places.changed().await;
        }
    }

    pub(super) fn place(&self, source: &str, shard: Shard) -> i64 {
        let places = self.places.borrow();
        let key = (source.to_owned(), shard.number());
        places.get(&key).copied().unwrap_or_default()
    }

    /// How many events of a log that reaches so far are not taken in.
    pub(super) fn behind(&self, source: &str, reach: &Reach) -> i64 {
        let missing = |shard| (reach.seq(shard) - self.place(source, shard)).max(0);
        Shard::all().map(missing).sum()
    }

    /// Whether an earlier run finished its first catch-up with a log.
    pub(super) fn is_loaded(&self, source: &str) -> bool {
        let places = self.places.borrow();
        places.contains_key(&(source.to_owned(), writer::LOADED))
    }

    pub(super) fn set(&self, source: &str, shard: Shard, seq: i64) {
        self.places.send_modify(|places| {
            places.insert((source.to_owned(), shard.number()), seq);
        });
    }

    /// Waits until one log has been taken in as far as this.
    pub(super) async fn catch_up(&self, source: &str, reach: &Reach) {
        let _waiting = self.wait();
        let mut places = self.places.subscribe();
        let caught_up = places.wait_for(|places| {
            reach.all(|shard, seq| {
                let key = (source.to_owned(), shard.number());
                places.get(&key).copied().unwrap_or_default() >= seq
            })
        });
        // An error means that the service is stopping.
        let _ = caught_up.await;
    }
}
