//! The row of a dossier's clock: when its result is due, and when time brings something. It stands apart from the dossier's own
//! row: what happens to a dossier then touches no index of time, and what time brings writes a short row.

use kit::clock;
use kit::db::{Sink, among};
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{DbErr, QueryOrder as _, QuerySelect as _};

use super::{bad_row, micros};
use crate::dossier::{Dossier, Due};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dossier_uid: String,
    /// Whether it runs: received, not decided, and nothing stops it. Stands in the indexes.
    pub running: bool,
    /// None before it was received, as the next two.
    pub due: Option<i64>,
    pub warn_at: Option<i64>,
    /// The version of the calendar that `due` was reckoned with.
    pub calendar_revision: Option<i64>,
    /// From when on it is late: `due` while it runs, or when a submission must have been answered; none otherwise.
    pub late_at: Option<i64>,
    /// When the next alarm rings.
    pub alarm_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn of(dossier: &Dossier) -> Self {
        let due = dossier.state.receipt().map(|receipt| receipt.due);
        Self {
            dossier_uid: dossier.uid.clone(),
            running: dossier.running().is_some(),
            due: due.map(|due| micros(due.at)),
            warn_at: due.and_then(|due| due.warn_at).map(micros),
            calendar_revision: due.map(|due| due.calendar),
            late_at: dossier.late_at().map(micros),
            alarm_at: dossier.next_alarm().map(micros),
        }
    }

    /// When the result is due.
    pub fn due(&self) -> Result<Due, DbErr> {
        let due = self.due.zip(self.calendar_revision);
        let (at, calendar) = due.ok_or_else(|| bad_row("due"))?;
        Ok(Due {
            at: clock::from_micros(at),
            warn_at: self.warn_at.map(clock::from_micros),
            calendar,
        })
    }
}

/// As the partial indexes say it.
pub fn running() -> Expr {
    Expr::col((Entity, Column::Running))
}

/// What can be late, as the partial index says it.
pub fn may_be_late() -> Expr {
    Column::LateAt.is_not_null()
}

/// The newest version of the calendar, older than one, that running clocks were last reckoned with, by an index.
///
/// # Errors
/// When the store does not answer.
pub async fn version_before(
    db: &impl ConnectionTrait,
    calendar: i64,
) -> Result<Option<i64>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::CalendarRevision)
        .filter(running())
        .filter(Column::CalendarRevision.lt(calendar))
        .order_by_desc(Column::CalendarRevision)
        .into_tuple()
        .one(db)
        .await
}

/// The dossiers whose running clock was last reckoned with a version of the calendar and ends at a time (microseconds) or
/// later, by an index.
///
/// # Errors
/// When the store does not answer.
pub async fn reaching(
    db: &impl ConnectionTrait,
    calendar: i64,
    from: i64,
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::DossierUid)
        .filter(running())
        .filter(Column::CalendarRevision.eq(calendar))
        .filter(Column::Due.gte(from))
        .into_tuple()
        .all(db)
        .await
}

/// Those of some dossiers whose clock was last reckoned with a version of the calendar.
///
/// # Errors
/// When the store does not answer.
pub async fn left(
    db: &impl ConnectionTrait,
    calendar: i64,
    of: &[String],
) -> Result<Vec<String>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::DossierUid)
        .filter(among(db, Column::DossierUid, of))
        .filter(Column::CalendarRevision.eq(calendar))
        .into_tuple()
        .all(db)
        .await
}

pub async fn save<'a>(
    sink: &impl Sink,
    dossiers: impl Iterator<Item = &'a Dossier>,
) -> Result<(), DbErr> {
    let over = [
        Column::Running,
        Column::Due,
        Column::WarnAt,
        Column::CalendarRevision,
        Column::LateAt,
        Column::AlarmAt,
    ];
    let rows = dossiers.map(Model::of).collect();
    sink.put::<Entity>(rows, &over).await
}
