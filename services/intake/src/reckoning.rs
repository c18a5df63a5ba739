//! Reckoning deadlines anew when the calendar has changed (domain.md R15): of open dossiers, and never of closed ones.
//!
//! And ringing alarms when their time has come (R2, R3, R6, R17).
//!
//! Every replica looks, by an index, when a calendar has come and now and then. A dossier is done once for each version, since
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
use crate::ledger::Intake;
use crate::{NAME, store};

/// How often it looks for what another replica took in.
const EVERY: Duration = Duration::from_secs(30);
/// How many are reckoned in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: u64 = 200;

/// What deadlines are reckoned with.
pub(crate) struct Reckoning {
    pub db: Db,
    pub writer: Writer<Intake>,
    pub ledger: Arc<Intake>,
    pub clock: Clock,
}

impl Reckoning {
    /// Looks again and again.
    pub async fn follow(self) {
        loop {
            if let Err(failure) = self.reckon_all().await {
                tracing::warn!(
                    reason = failure.reason(),
                    "deadlines are reckoned anew later"
                );
            }
            // Whether one came or it is time to look: the same is done.
            let _ = tokio::time::timeout(EVERY, self.ledger.calendar_came()).await;
        }
    }

    /// Reckons all that was last reckoned with an older calendar, page by page.
    async fn reckon_all(&self) -> Result<(), Failure> {
        let calendar = match self.ledger.calendar(&self.db).await {
            Ok(calendar) => calendar.revision(),
            // Before the first calendar nothing was received.
            Err(Error::CalendarMissing) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        loop {
            let uids = store::reckoned_before(self.db.read(), calendar, AT_ONCE).await;
            let uids = uids.map_err(Error::from)?;
            if uids.is_empty() {
                return Ok(());
            }
            let cause = Cause::unasked(NAME, self.clock.civil());
            let act = Act::Reckon(uids);
            self.writer.own(Step { act, cause }).await?;
        }
    }
}
