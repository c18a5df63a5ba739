//! The row of a dossier's clock: when its result is due, and when time brings something. It stands apart from the dossier's own
//! row: what happens to a dossier then touches no index of time, and what time brings writes a short row.

use kit::clock;
use kit::db::Sink;
use sea_orm::entity::prelude::*;
use sea_orm::sea_query::{Expr, LockBehavior, LockType, Query};
use sea_orm::{DbErr, QuerySelect as _};

use super::{bad_row, micros};
use crate::dossier::{Dossier, Due};

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "clock")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub dossier_uid: String,
    /// Whether it runs: received, not decided, and nobody waits for the applicant. Stands in the indexes.
    pub running: bool,
    /// None before it was received, as the next two.
    pub due: Option<i64>,
    pub warn_at: Option<i64>,
    /// The version of the calendar that `due` was reckoned with.
    pub calendar_revision: Option<i64>,
    /// When the next alarm rings.
    pub alarm_at: Option<i64>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    fn of(dossier: &Dossier) -> Self {
        let due = dossier.state.receipt().map(|receipt| receipt.due);
        Self {
            dossier_uid: dossier.uid.clone(),
            running: dossier.state.running().is_some(),
            due: due.map(|due| micros(due.at)),
            warn_at: due.and_then(|due| due.warn_at).map(micros),
            calendar_revision: due.map(|due| due.calendar),
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

/// The versions of the calendar, older than one, that running clocks were last reckoned with.
///
/// # Errors
/// When the store does not answer.
pub async fn versions_before(db: &impl ConnectionTrait, calendar: i64) -> Result<Vec<i64>, DbErr> {
    Entity::find()
        .select_only()
        .distinct()
        .column(Column::CalendarRevision)
        .filter(running())
        .filter(Column::CalendarRevision.lt(calendar))
        .into_tuple()
        .all(db)
        .await
}

/// Notes another version of the calendar at some of the running clocks of one version that end before a time (microseconds), and
/// tells how many. Those that somebody has locked are left.
///
/// # Errors
/// When the store refuses.
pub async fn carry_over(
    db: &impl ConnectionTrait,
    (from, to): (i64, i64),
    due_before: i64,
    most: u64,
) -> Result<u64, DbErr> {
    let some = Query::select()
        .column(Column::DossierUid)
        .from(Entity)
        .and_where(running())
        .and_where(Column::CalendarRevision.eq(from))
        .and_where(Column::Due.lt(due_before))
        .limit(most)
        .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
        .to_owned();
    let noted = Entity::update_many()
        .col_expr(Column::CalendarRevision, Expr::val(to))
        .filter(Column::DossierUid.in_subquery(some))
        .exec(db)
        .await?;
    Ok(noted.rows_affected)
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
        Column::AlarmAt,
    ];
    let rows = dossiers.map(Model::of).collect();
    sink.put::<Entity>(rows, &over).await
}
