//! Reckoning the steps under way anew when the calendar has changed (domain.md R15), as intake does with deadlines. What moves a
//! dossier's own deadline comes from intake, and its steps are reckoned with it: so intake goes first, and here follows what it did
//! not tell of.
//!
//! Every replica looks, by an index, when a calendar has come and now and then. A journey is done once for each version, since
//! it is marked with the version.

use std::sync::Arc;
use std::time::Duration;

use kit::clock::{self, Clock};
use kit::copies::Calendars;
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::writer::{Step, Writer};

use crate::act::Act;
use crate::error::Error;
use crate::ledger::Routing;
use crate::{NAME, store};

/// How often it looks for what another replica took in.
const EVERY: Duration = Duration::from_secs(30);
/// How many are reckoned in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: u64 = 100;
/// How many, of those that a calendar does not move, are marked in one.
const MARKED_AT_ONCE: u64 = 1_000;
/// How long intake is listened to before it is asked whether it tells of more.
const LISTEN: Duration = Duration::from_secs(1);
/// How long it rests after a page, as a part of the time that the page took: calls come first.
const REST: f64 = 0.5;

/// What steps are reckoned with.
pub(crate) struct Reckoning {
    pub db: Db,
    pub writer: Writer<Routing>,
    pub ledger: Arc<Routing>,
    pub clock: Clock,
}

impl Reckoning {
    /// Looks again and again.
    pub async fn follow(self) {
        loop {
            if let Err(failure) = self.reckon_all().await {
                tracing::warn!(reason = failure.reason(), "steps are reckoned anew later");
            }
            // Whether one came or it is time to look: the same is done.
            let _ = tokio::time::timeout(EVERY, self.ledger.calendar_came()).await;
        }
    }

    /// Reckons all that was last reckoned with an older calendar, page by page.
    async fn reckon_all(&self) -> Result<(), Failure> {
        let calendar = self.ledger.calendar(&self.db).await;
        let Some(calendar) = calendar.map_err(Error::from)? else {
            return Ok(());
        };
        self.carry_over(&calendar).await?;
        let revision = calendar.revision();
        self.hear_intake_out(revision).await?;
        loop {
            let began = clock::monotonic();
            let dossiers = store::reckoned_before(self.db.read(), revision, AT_ONCE).await;
            let dossiers = dossiers.map_err(Error::from)?;
            if dossiers.is_empty() {
                return Ok(());
            }
            let cause = Cause::unasked(NAME, self.clock.civil());
            let act = Act::Reckon(dossiers);
            self.writer.own(Step { act, cause }).await?;
            tokio::time::sleep(began.elapsed().mul_f64(REST)).await;
        }
    }

    /// Waits for as long as intake tells of deadlines that moved: of more than a page while it is listened to. An intake that is away
    /// tells nothing, and is not waited for.
    async fn hear_intake_out(&self, revision: i64) -> Result<(), Failure> {
        let count = || store::count_reckoned_before(self.db.read(), revision);
        let mut left = count().await.map_err(Error::from)?;
        while left > 0 {
            tokio::time::sleep(LISTEN).await;
            let before = std::mem::replace(&mut left, count().await.map_err(Error::from)?);
            if before < left + AT_ONCE {
                break;
            }
        }
        Ok(())
    }

    /// A journey whose clocks end before the first day of which a calendar says something else stays as it is: it is marked, and
    /// not read.
    async fn carry_over(&self, calendar: &Calendars) -> Result<(), Failure> {
        let now = calendar.revision();
        let versions = store::versions_before(self.db.read(), now).await;
        for before in versions.map_err(Error::from)? {
            let then = self.ledger.calendar_version(&self.db, before).await;
            // Without its version everything is reckoned.
            let until = then
                .map_err(Error::from)?
                .and_then(|then| calendar.same_until(&then));
            let Some(until) = until.map(clock::micros) else {
                continue;
            };
            loop {
                let began = clock::monotonic();
                let versions = (before, now);
                let marked = store::carry_over(self.db.write(), versions, until, MARKED_AT_ONCE);
                if marked.await.map_err(Error::from)? == 0 {
                    break;
                }
                tokio::time::sleep(began.elapsed().mul_f64(REST)).await;
            }
        }
        Ok(())
    }
}
