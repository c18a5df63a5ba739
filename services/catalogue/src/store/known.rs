//! The whole catalogue in memory, as the store has it: it is read often and changed seldom.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kit::db::Db;
use sea_orm::DbErr;
use tokio::sync::Mutex;

use super::procedure;
use crate::shelf::Shelf;

/// How often the store is asked what other processes have written.
const LOOK: Duration = Duration::from_millis(500);

/// The catalogue as it was last read.
#[derive(Clone)]
pub(crate) struct Known(Arc<Inner>);

struct Inner {
    db: Db,
    shelf: RwLock<Arc<Shelf>>,
    /// How often this process has changed something.
    changes: AtomicU64,
    /// How many of these changes the shelf has for certain; one more than there were when it was read.
    taken_in: AtomicU64,
    /// Held by whoever reads the store: the state that it was read in.
    read: Mutex<Option<(i64, i64)>>,
}

impl Known {
    pub fn new(db: Db) -> Self {
        Self(Arc::new(Inner {
            db,
            shelf: RwLock::default(),
            changes: AtomicU64::new(0),
            taken_in: AtomicU64::new(0),
            read: Mutex::default(),
        }))
    }

    /// The catalogue of now: with all that this process has changed, and what others had changed half a second ago.
    pub async fn now(&self) -> Result<Arc<Shelf>, DbErr> {
        let changes = self.0.changes.load(Ordering::Acquire);
        if !self.has(changes) {
            let mut read = self.0.read.lock().await;
            // Whoever held the lock may have read it meanwhile.
            if !self.has(changes) {
                self.read_anew(&mut read).await?;
            }
        }
        Ok(self.last())
    }

    fn has(&self, changes: u64) -> bool {
        self.0.taken_in.load(Ordering::Acquire) > changes
    }

    /// This process has changed something.
    pub fn changed(&self) {
        self.0.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes in what other processes write, for as long as it is polled.
    pub async fn look_for_others(self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let mut read = self.0.read.lock().await;
            if let Err(error) = self.read_anew(&mut read).await {
                tracing::debug!(%error, "whether procedures changed could not be read");
            }
        }
    }

    fn last(&self) -> Arc<Shelf> {
        let last = self.0.shelf.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&last)
    }

    /// Reads what has changed since the last time.
    async fn read_anew(&self, read: &mut Option<(i64, i64)>) -> Result<(), DbErr> {
        let changes = self.0.changes.load(Ordering::Acquire);
        self.read_what_changed(read).await?;
        self.0.taken_in.store(changes + 1, Ordering::Release);
        Ok(())
    }

    async fn read_what_changed(&self, read: &mut Option<(i64, i64)>) -> Result<(), DbErr> {
        let db = self.0.db.read();
        let state = procedure::state(db).await?;
        if *read == Some(state) {
            return Ok(());
        }
        let last = self.last();
        let entries = if read.is_none() {
            procedure::read(db, None).await?
        } else {
            let known: HashMap<&str, i64> = last
                .entries()
                .map(|entry| (entry.code.as_str(), entry.revision))
                .collect();
            let mut codes = procedure::revisions(db).await?;
            codes.retain(|(code, revision)| known.get(code.as_str()) != Some(revision));
            let codes: Vec<String> = codes.into_iter().map(|(code, _)| code).collect();
            procedure::read(db, Some(&codes)).await?
        };
        let mut next = last.as_ref().clone();
        next.put(entries);
        *self.0.shelf.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        *read = Some(state);
        Ok(())
    }
}
