//! Telling of positions that have ended, on the day after their last.
//!
//! Every replica looks, by an index, as often as costs nothing; a position is told of once, since the writer looks again.

use std::time::Duration;

use kit::clock::{self, Clock};
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::writer::{Step, Writer};

use crate::error::Error;
use crate::ledger::{Act, Identity};
use crate::{NAME, store};

const EVERY: Duration = Duration::from_secs(30);
const AT_ONCE: u64 = 500;

/// Looks again and again.
pub(crate) async fn watch(db: Db, writer: Writer<Identity>, clock: Clock) {
    loop {
        if let Err(error) = tell(&db, &writer, &clock).await {
            tracing::warn!(%error, "that positions have ended is told later");
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Tells of all that have ended by now.
async fn tell(db: &Db, writer: &Writer<Identity>, clock: &Clock) -> Result<(), Failure> {
    loop {
        let at = clock.civil();
        let today = clock::local(at).date();
        let uids = store::position::to_be_told(db.read(), today, AT_ONCE).await;
        let uids = uids.map_err(Error::from)?;
        if uids.is_empty() {
            return Ok(());
        }
        let cause = Cause::unasked(NAME, at);
        let act = Act::TellEnded(uids);
        writer.own(Step { act, cause }).await?;
    }
}
