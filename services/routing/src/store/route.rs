//! The planned ways of dossiers.

use std::collections::{BTreeSet, HashMap};

use kit::clock::{self, Moment};
use kit::db::{Sink, among};
use kit::log::keyed;
use kit::seal::{DataKey, Keyring};
use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::journey::Journey;
use crate::route::{Filed, Limit, Route};
use crate::transfer::{State, Transfer};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "route")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub dossier_uid: String,
        pub code: String,
        pub procedure_code: String,
        pub returning_unit: String,
        pub received_at: i64,
        pub appointment: i64,
        pub limit_from: i64,
        pub limit_to: i64,
        /// JSON.
        pub pauses: String,
        pub stopped_at: Option<i64>,
        pub suspended_by: Option<String>,
        pub calendar_revision: i64,
        /// The latest time that its clocks know.
        pub reaches: i64,
        /// JSON.
        pub steps: String,
        pub custody_epoch: i64,
        pub open: bool,
        /// JSON, written with the row and never anew; none in rows from before it was kept.
        pub filed: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The routes of these dossiers, locked in the order of their uids.
pub(super) async fn lock(
    db: &impl ConnectionTrait,
    ring: &Keyring,
    dossiers: &BTreeSet<String>,
) -> Result<Vec<Route>, DbErr> {
    let select = entity::Entity::find()
        .filter(among(db, entity::Column::DossierUid, dossiers))
        .order_by_asc(entity::Column::DossierUid)
        .lock_exclusive();
    let rows = keyed(select, entity::Column::DossierUid).all(db).await?;
    let routes = rows.into_iter().map(|found| {
        let key = found.key(ring, &found.row.dossier_uid)?;
        route(found.row, key)
    });
    routes.collect()
}

/// The dossiers whose journey has ended, for checks.
///
/// # Errors
/// When the store does not answer.
pub async fn closed(db: &impl ConnectionTrait) -> Result<Vec<String>, DbErr> {
    entity::Entity::find()
        .select_only()
        .column(entity::Column::DossierUid)
        .filter(entity::Column::Open.eq(false))
        .into_tuple()
        .all(db)
        .await
}

/// The dossiers with these codes.
pub(super) fn with_codes(db: &impl ConnectionTrait, codes: &BTreeSet<String>) -> SelectStatement {
    Query::select()
        .column(entity::Column::DossierUid)
        .from(entity::Entity)
        .and_where(among(db, entity::Column::Code, codes))
        .to_owned()
}

/// The newest version of the calendar, older than one, that journeys under way were last reckoned with, by an index.
///
/// # Errors
/// When the store does not answer.
pub async fn version_before(
    db: &impl ConnectionTrait,
    calendar: i64,
) -> Result<Option<i64>, DbErr> {
    entity::Entity::find()
        .select_only()
        .column(entity::Column::CalendarRevision)
        // As the partial index says it.
        .filter(entity::Column::Open.into_expr())
        .filter(entity::Column::CalendarRevision.lt(calendar))
        .order_by_desc(entity::Column::CalendarRevision)
        .into_tuple()
        .one(db)
        .await
}

/// The dossiers whose journey goes on, was last reckoned with a version of the calendar, and whose clocks reach a time
/// (microseconds), by an index.
///
/// # Errors
/// When the store does not answer.
pub async fn reaching(
    db: &impl ConnectionTrait,
    calendar: i64,
    from: i64,
) -> Result<Vec<String>, DbErr> {
    entity::Entity::find()
        .select_only()
        .column(entity::Column::DossierUid)
        .filter(entity::Column::Open.into_expr())
        .filter(entity::Column::CalendarRevision.eq(calendar))
        .filter(entity::Column::Reaches.gte(from))
        .into_tuple()
        .all(db)
        .await
}

/// Those of some dossiers whose journey was last reckoned with a version of the calendar.
///
/// # Errors
/// When the store does not answer.
pub async fn left(
    db: &impl ConnectionTrait,
    calendar: i64,
    of: &[String],
) -> Result<Vec<String>, DbErr> {
    entity::Entity::find()
        .select_only()
        .column(entity::Column::DossierUid)
        .filter(among(db, entity::Column::DossierUid, of))
        .filter(entity::Column::CalendarRevision.eq(calendar))
        .into_tuple()
        .all(db)
        .await
}

/// Where the clocks of dossiers stand still.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StandingStill {
    /// The transfers that wait for an applicant: one of a dossier at most.
    pub suspended: BTreeSet<String>,
    /// Since when, by dossier.
    pub since: HashMap<String, Moment>,
}

/// Where the clocks stand still of the dossiers that these transfers are of, as far as they are under way.
///
/// # Errors
/// When the store does not answer.
pub async fn standing_still(
    db: &impl ConnectionTrait,
    transfers: &[Transfer],
) -> Result<StandingStill, DbErr> {
    let under_way =
        |transfer: &&Transfer| matches!(transfer.state, State::Offered | State::Accepted(_));
    let under_way = transfers.iter().filter(under_way);
    let dossiers: BTreeSet<&str> = under_way
        .map(|transfer| transfer.dossier.as_str())
        .collect();
    let mut still = StandingStill::default();
    if dossiers.is_empty() {
        return Ok(still);
    }
    let stopped: Vec<(String, Option<String>, i64)> = entity::Entity::find()
        .select_only()
        .column(entity::Column::DossierUid)
        .column(entity::Column::SuspendedBy)
        .column(entity::Column::StoppedAt)
        .filter(among(
            db,
            entity::Column::DossierUid,
            dossiers.iter().copied(),
        ))
        .filter(entity::Column::StoppedAt.is_not_null())
        .into_tuple()
        .all(db)
        .await?;
    for (dossier, suspended, since) in stopped {
        still.suspended.extend(suspended);
        still.since.insert(dossier, clock::from_micros(since));
    }
    Ok(still)
}

pub(super) async fn save<'a>(
    sink: &impl Sink,
    journeys: impl Iterator<Item = &'a Journey>,
) -> Result<(), DbErr> {
    let rows: Result<Vec<_>, DbErr> = journeys.map(row).collect();
    let over = [
        entity::Column::ReturningUnit,
        entity::Column::Appointment,
        entity::Column::LimitFrom,
        entity::Column::LimitTo,
        entity::Column::Pauses,
        entity::Column::StoppedAt,
        entity::Column::SuspendedBy,
        entity::Column::CalendarRevision,
        entity::Column::Reaches,
        // A step that has gone to another unit by a newer rule goes there again when it is done again.
        entity::Column::Steps,
        entity::Column::CustodyEpoch,
        entity::Column::Open,
    ];
    sink.put::<entity::Entity>(rows?, &over).await
}

fn route(row: entity::Model, key: Option<DataKey>) -> Result<Route, DbErr> {
    let filed = row.filed.as_deref().map(serde_json::from_str::<Filed>);
    Ok(Route {
        filed: filed.transpose().map_err(|error| unreadable(&error))?,
        dossier: row.dossier_uid,
        code: row.code,
        procedure: row.procedure_code,
        returning: row.returning_unit,
        received_at: clock::from_micros(row.received_at),
        appointment: clock::from_micros(row.appointment),
        limit: Limit {
            from: clock::from_micros(row.limit_from),
            to: clock::from_micros(row.limit_to),
        },
        pauses: serde_json::from_str(&row.pauses).map_err(|error| unreadable(&error))?,
        stopped_at: row.stopped_at.map(clock::from_micros),
        suspended_by: row.suspended_by,
        calendar: row.calendar_revision,
        steps: serde_json::from_str(&row.steps).map_err(|error| unreadable(&error))?,
        custody_epoch: row.custody_epoch,
        open: row.open,
        key,
    })
}

fn row(journey: &Journey) -> Result<entity::Model, DbErr> {
    let route = &journey.route;
    let filed = route.filed.as_ref().map(serde_json::to_string);
    Ok(entity::Model {
        filed: filed.transpose().map_err(|error| unreadable(&error))?,
        dossier_uid: route.dossier.clone(),
        code: route.code.clone(),
        procedure_code: route.procedure.clone(),
        returning_unit: route.returning.clone(),
        received_at: clock::micros(route.received_at),
        appointment: clock::micros(route.appointment),
        limit_from: clock::micros(route.limit.from),
        limit_to: clock::micros(route.limit.to),
        pauses: serde_json::to_string(&route.pauses).map_err(|error| unreadable(&error))?,
        stopped_at: route.stopped_at.map(clock::micros),
        suspended_by: route.suspended_by.clone(),
        calendar_revision: route.calendar,
        reaches: clock::micros(journey.reaches()),
        steps: serde_json::to_string(&route.steps).map_err(|error| unreadable(&error))?,
        custody_epoch: route.custody_epoch,
        open: route.open,
    })
}

fn unreadable(error: &serde_json::Error) -> DbErr {
    DbErr::Type(error.to_string())
}
