//! The clock that replicas share: their store's.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, Statement};

use super::Db;
use crate::clock::{self, Asked, Told};

/// How often the store is asked what time it is.
const EVERY: Duration = Duration::from_secs(10);
const NOW: &str = "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint AS now";

impl Db {
    /// Goes by the store's clock from now on; an embedded store has that of its machine.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn tell_time(&self) -> Result<(), DbErr> {
        if !self.is_shared() {
            return Ok(());
        }
        let asked = Asked::now();
        let now = Statement::from_string(DbBackend::Postgres, NOW);
        let row = self.read.query_one_raw(now).await?;
        let Some(row) = row else { return Ok(()) };
        let now = clock::from_micros(row.try_get("", "now")?);
        match clock::told(now, asked) {
            Told::Followed => {}
            Told::MachineDiffers(by) => tracing::error!(
                seconds = by.num_seconds(),
                "this machine's clock is not the store's, by which the suite goes"
            ),
            Told::Refused(by) => tracing::error!(
                seconds = by.num_seconds(),
                "the store's clock jumped and this machine's did not; time goes on as it was"
            ),
        }
        Ok(())
    }

    /// Asks for the time again and again.
    pub async fn keep_time(self) {
        loop {
            tokio::time::sleep(EVERY).await;
            // A store that is away does not stop the monotonic clock.
            let _ = self.tell_time().await;
        }
    }
}
