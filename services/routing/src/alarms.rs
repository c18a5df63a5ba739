//! Telling whoever is above of what is late, when its time has come (R3, R4).
//!
//! Every replica looks, by an index. Each level is told once: the writer marks the transfer with what was told.

use std::time::Duration;

use kit::clock::{self, Clock};
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::writer::{Step, Writer};

use crate::act::Act;
use crate::error::Error;
use crate::ledger::Routing;
use crate::{NAME, store};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// How many dossiers are in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: u64 = 200;

/// What alarms are rung with.
pub(crate) struct Alarms {
    pub db: Db,
    pub writer: Writer<Routing>,
    pub clock: Clock,
}

impl Alarms {
    /// Looks again and again.
    pub async fn follow(self) {
        loop {
            if let Err(failure) = self.ring_all().await {
                tracing::warn!(reason = failure.reason(), "what is late is told later");
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Rings all whose time has come, page by page.
    async fn ring_all(&self) -> Result<(), Failure> {
        loop {
            let at = self.clock.civil();
            let dossiers = store::alarmed(self.db.read(), clock::micros(at), AT_ONCE).await;
            let dossiers = dossiers.map_err(Error::from)?;
            if dossiers.is_empty() {
                return Ok(());
            }
            let cause = Cause::unasked(NAME, at);
            let act = Act::Ring(dossiers);
            self.writer.own(Step { act, cause }).await?;
        }
    }
}
