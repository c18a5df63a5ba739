//! Deadlines follow the calendar (domain.md R15): those of open dossiers, and never of closed ones.

use kit::clock::{self, Moment};
use kit::copies::CalendarCache;
use kit::db::Db;
use kit::reckoning::Reckoned;
use sea_orm::DbErr;
use tokio::sync::Notify;

use super::Intake;
use crate::act::Act;
use crate::store;

impl Reckoned for Intake {
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

    fn reckon(dossiers: Vec<String>) -> Act {
        Act::Reckon(dossiers)
    }
}
