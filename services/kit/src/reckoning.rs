//! Reckoning anew what a calendar moves when it changes (domain.md R15).
//!
//! A row says which version of the calendar it was reckoned with, and how far its times reach. What ends before the first day of
//! which a newer version says something else is as it was: it keeps its version, and nothing is read or written of it. The rest
//! is found by an index over version and time.
//!
//! It is done shard by shard, in order: a call waits only where it tells something in the same shard, and who listens knows how far it
//! is. Every replica looks when a calendar has come, and now and then; what another was first with is found reckoned.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use sea_orm::DbErr;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::clock::{self, Clock, Moment};
use crate::copies::CalendarCache;
use crate::db::{self, Db};
use crate::failure::Failure;
use crate::log::{Cause, Shard};
use crate::writer::{Ledger, Step, Writer};

/// How often it looks for what another replica took in.
const EVERY: Duration = Duration::from_secs(30);
/// How many are reckoned in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: usize = 50;
/// Of so many is asked at once which of them nobody has reckoned meanwhile.
const ASKED_AT_ONCE: usize = 1_000;
/// How long it rests after a transaction, as a part of the time that this took: calls come first.
const REST: f64 = 0.8;

/// A service some of whose rows are reckoned with the calendar.
pub trait Reckoned: Ledger {
    /// The calendar, and what is notified when one has been taken in.
    fn calendars(&self) -> (&CalendarCache, &Notify);

    /// The newest version, older than one, that something under way was reckoned with.
    fn version_before(
        &self,
        db: &Db,
        revision: i64,
    ) -> impl Future<Output = Result<Option<i64>, DbErr>> + Send;

    /// The dossiers under way that were reckoned with a version and whose times reach a moment.
    fn reaching(
        &self,
        db: &Db,
        since: (i64, Moment),
    ) -> impl Future<Output = Result<Vec<String>, DbErr>> + Send;

    /// Those of some dossiers that nothing has reckoned since, by their keys.
    fn left(
        &self,
        db: &Db,
        version: i64,
        of: &[String],
    ) -> impl Future<Output = Result<Vec<String>, DbErr>> + Send;

    /// Waits for whatever others, who began then too, tell of the dossiers of a shard, so that none is reckoned twice.
    fn let_others_go_first(
        &self,
        _began: Instant,
        _shard: Shard,
    ) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// What reckons dossiers anew. Those that are reckoned with the newest version already stay as they are.
    fn reckon(dossiers: Vec<String>) -> Self::Act;
}

/// Reckons what a calendar moves.
pub struct Reckoning<L: Reckoned> {
    /// The store of the service.
    pub db: Db,
    /// What commits.
    pub writer: Writer<L>,
    /// The service.
    pub ledger: Arc<L>,
    /// The time that it is.
    pub clock: Clock,
}

impl<L: Reckoned> Reckoning<L> {
    /// Looks again and again.
    pub async fn follow(self) {
        loop {
            if let Err(failure) = self.reckon_all().await {
                tracing::warn!(
                    service = L::OWNER,
                    reason = failure.reason(),
                    "what the calendar moves is reckoned later"
                );
            }
            // Whether one came or it is time to look: the same is done.
            let (_, came) = self.ledger.calendars();
            let _ = tokio::time::timeout(EVERY, came.notified()).await;
        }
    }

    /// Reckons all that a newer version of the calendar moves.
    async fn reckon_all(&self) -> Result<(), Failure> {
        let (began, unavailable) = (clock::monotonic(), |error| db::failure(&error));
        let (calendars, _) = self.ledger.calendars();
        let calendar = calendars.newest(self.db.read()).await;
        let Some(calendar) = calendar.map_err(unavailable)? else {
            return Ok(());
        };
        let mut before = calendar.revision();
        loop {
            let version = self.ledger.version_before(&self.db, before).await;
            let Some(version) = version.map_err(unavailable)? else {
                return Ok(());
            };
            let then = calendars.version(self.db.read(), version).await;
            // Without its version everything is reckoned.
            let same = then
                .map_err(unavailable)?
                .and_then(|then| calendar.same_until(&then));
            let from = same.unwrap_or(Moment::UNIX_EPOCH);
            self.reckon_since((version, from), began).await?;
            before = version;
        }
    }

    /// Reckons what was reckoned with a version and reaches a moment.
    async fn reckon_since(&self, since: (i64, Moment), began: Instant) -> Result<(), Failure> {
        let (version, unavailable) = (since.0, |error| db::failure(&error));
        let reaching = self.ledger.reaching(&self.db, since).await;
        for (shard, dossiers) in by_shard(reaching.map_err(unavailable)?) {
            self.ledger.let_others_go_first(began, shard).await;
            for some in dossiers.chunks(ASKED_AT_ONCE) {
                let left = self.ledger.left(&self.db, version, some).await;
                for page in pages(&left.map_err(unavailable)?) {
                    self.reckon(page).await?;
                }
            }
        }
        Ok(())
    }

    async fn reckon(&self, dossiers: &[String]) -> Result<(), Failure> {
        let began = clock::monotonic();
        let cause = Cause::unasked(L::OWNER, self.clock.civil());
        let act = L::reckon(dossiers.to_vec());
        self.writer.own(Step { act, cause }).await?;
        tokio::time::sleep(began.elapsed().mul_f64(REST)).await;
        Ok(())
    }
}

fn by_shard(dossiers: Vec<String>) -> BTreeMap<Shard, Vec<String>> {
    let mut shards: BTreeMap<Shard, Vec<String>> = BTreeMap::new();
    for dossier in dossiers {
        shards.entry(Shard::of(&dossier)).or_default().push(dossier);
    }
    shards
}

/// Pages of the same length, as long as may be.
fn pages(dossiers: &[String]) -> impl Iterator<Item = &[String]> {
    let pages = dossiers.len().div_ceil(AT_ONCE).max(1);
    dossiers.chunks(dossiers.len().div_ceil(pages).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_of_the_same_length_and_hold_everything() {
        for (length, expected) in [
            (0, vec![]),
            (50, vec![50]),
            (51, vec![26, 25]),
            (125, vec![42, 42, 41]),
        ] {
            let dossiers: Vec<String> = (0..length)
                .map(|number: usize| number.to_string())
                .collect();
            let pages: Vec<&[String]> = pages(&dossiers).collect();
            let lengths: Vec<usize> = pages.iter().map(|page| page.len()).collect();
            assert_eq!(lengths, expected);
            assert_eq!(pages.concat(), dossiers);
        }
    }
}
