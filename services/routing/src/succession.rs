//! What units that are no more have goes to those that do their work (domain.md R16): nobody refiles, no step is redone, no
//! clock begins anew.
//!
//! Every replica looks, by indexes, when units have come and every few seconds, since a unit ends with its last day.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use kit::clock::{self, Clock};
use kit::copies::{self, UNIT, UnitTable};
use kit::db::Db;
use kit::failure::Failure;
use kit::log::Cause;
use kit::writer::{Step, Writer};
use sea_orm::DbErr;

use crate::act::Act;
use crate::error::Error;
use crate::ledger::Routing;
use crate::{NAME, store};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// How many go on in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: u64 = 200;

/// What is passed on with.
pub(crate) struct Succession {
    pub db: Db,
    pub writer: Writer<Routing>,
    pub ledger: Arc<Routing>,
    pub clock: Clock,
}

impl Succession {
    /// Looks again and again.
    pub async fn follow(self) {
        loop {
            if let Err(failure) = self.pass_all_on().await {
                tracing::warn!(reason = failure.reason(), "work is passed on later");
            }
            // Whether units came or it is time to look: the same is done.
            let _ = tokio::time::timeout(EVERY, self.ledger.units_came()).await;
        }
    }

    /// Passes on all that units have which are no more, page by page.
    async fn pass_all_on(&self) -> Result<(), Failure> {
        let gone = self.gone().await.map_err(Error::from)?;
        if gone.is_empty() {
            return Ok(());
        }
        let mut before = Vec::new();
        loop {
            let left = store::left_with(self.db.read(), &gone, AT_ONCE).await;
            let left = left.map_err(Error::from)?;
            // What could not be passed on stays until the unit that does the work is known.
            if left.is_empty() || left == before {
                return Ok(());
            }
            let cause = Cause::unasked(NAME, self.clock.civil());
            let act = Act::Inherit(left.clone());
            self.writer.own(Step { act, cause }).await?;
            before = left;
        }
    }

    /// The units whose work another does today.
    async fn gone(&self) -> Result<BTreeSet<String>, DbErr> {
        let mut units = UnitTable::default();
        for copy in copies::all(self.db.read(), UNIT).await? {
            units.take(&copy);
        }
        let today = clock::local(self.clock.civil()).date();
        Ok(units.succeeded_on(today).map(str::to_owned).collect())
    }
}
