//! The steps under way follow the calendar (domain.md R15). What moves a dossier's own deadline comes from intake, and its steps are
//! reckoned with it: so intake goes first, and here follows what it did not tell of.

use std::time::Duration;

use kit::clock::{self, Moment};
use kit::copies::CalendarCache;
use kit::db::Db;
use kit::log::Shard;
use kit::reckoning::Reckoned;
use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::Routing;
use crate::act::Act;
use crate::store;

/// How long intake may tell nothing before it is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Reckoned for Routing {
    fn calendars(&self) -> (&CalendarCache, &Notify) {
        (&self.calendar, &self.calendar_came)
    }

    async fn version_before(&self, db: &Db, revision: i64) -> Result<Option<i64>, DbErr> {
        store::version_before(db.read(), revision).await
    }

    async fn reaching(
        &self,
        db: &Db,
        (revision, from): (i64, Moment),
    ) -> Result<Vec<String>, DbErr> {
        store::reaching(db.read(), revision, clock::micros(from)).await
    }

    async fn left(&self, db: &Db, revision: i64, of: &[String]) -> Result<Vec<String>, DbErr> {
        store::left(db.read(), revision, of).await
    }

    /// Intake goes through the shards in order: once it has told of one behind this, it has told of all in this. An intake that is
    /// away, or has nothing to tell, is not waited for.
    async fn let_others_go_first(&self, began: Instant, shard: Shard) {
        let mut heard = self.heard.subscribe();
        loop {
            let last = *heard.borrow_and_update();
            let last = last.filter(|(at, _)| *at >= began);
            if last.is_some_and(|(_, told_of)| told_of > shard) {
                return;
            }
            let silent = last.map_or(began, |(at, _)| at);
            let told = tokio::time::timeout_at(silent + PATIENCE, heard.changed());
            if told.await.is_err() {
                return;
            }
        }
    }

    fn reckon(dossiers: Vec<String>) -> Act {
        Act::Reckon(dossiers)
    }
}

#[cfg(test)]
mod tests {
    use kit::queue::Queue;
    use kit::seal::Keyring;

    use super::*;
    use crate::link::Limits;

    /// How long the steps of a shard wait while intake has told last of this one.
    async fn waits(told_of: Option<i32>, own: i32) -> Duration {
        let ledger = Routing::new(
            Queue::in_process(),
            &Keyring::empty(),
            Limits::by_law().unwrap(),
        );
        let began = clock::monotonic();
        let shard = |number| Shard::new(number).unwrap();
        let told = told_of.map(|number| (clock::monotonic(), shard(number)));
        ledger.heard.send_replace(told);
        ledger.let_others_go_first(began, shard(own)).await;
        clock::monotonic() - began
    }

    #[tokio::test(start_paused = true)]
    async fn a_shard_waits_until_intake_is_past_it_or_tells_nothing() {
        assert_eq!(waits(Some(4), 3).await, Duration::ZERO);
        for told_of in [None, Some(2), Some(3)] {
            assert_eq!(waits(told_of, 3).await, PATIENCE);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_intake_told_of_an_older_calendar_counts_for_nothing() {
        let ledger = Routing::new(
            Queue::in_process(),
            &Keyring::empty(),
            Limits::by_law().unwrap(),
        );
        let shard = |number| Shard::new(number).unwrap();
        ledger
            .heard
            .send_replace(Some((clock::monotonic(), shard(15))));
        tokio::time::advance(Duration::from_mins(1)).await;
        let began = clock::monotonic();
        ledger.let_others_go_first(began, shard(3)).await;
        assert_eq!(clock::monotonic() - began, PATIENCE);
    }
}
