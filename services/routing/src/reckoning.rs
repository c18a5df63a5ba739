//! Reckoning the steps under way anew when the calendar has changed (domain.md R15), as intake does with deadlines. What moves a
//! dossier's own deadline comes from intake.
//!
//! Every replica looks, by an index, when a calendar has come and now and then. A journey is done once for each version, since
//! the writer marks it with the version.

use std::sync::Arc;
use std::time::Duration;

use kit::clock::Clock;
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
const AT_ONCE: u64 = 200;

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
        let revision = self.ledger.calendar_revision(&self.db).await;
        let Some(revision) = revision.map_err(Error::from)? else {
            return Ok(());
        };
        loop {
            let dossiers = store::reckoned_before(self.db.read(), revision, AT_ONCE).await;
            let dossiers = dossiers.map_err(Error::from)?;
            if dossiers.is_empty() {
                return Ok(());
            }
            let cause = Cause::unasked(NAME, self.clock.civil());
            let act = Act::Reckon(dossiers);
            self.writer.own(Step { act, cause }).await?;
        }
    }
}
