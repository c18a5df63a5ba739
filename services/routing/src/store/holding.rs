//! Who was responsible for which branch, from when until when.

use std::collections::BTreeSet;

use kit::clock;
use kit::db::{Sink, among};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use crate::journey::Holding;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "holding")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub transfer_uid: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub ordinal: i32,
        pub dossier_uid: String,
        pub step_key: String,
        pub custodian: String,
        pub since: i64,
        pub until: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// All responsibilities for a dossier, in order of time.
///
/// # Errors
/// When the store does not answer.
pub async fn of(db: &impl ConnectionTrait, dossier: &str) -> Result<Vec<Holding>, DbErr> {
    let rows = entity::Entity::find()
        .filter(entity::Column::DossierUid.eq(dossier))
        .order_by_asc(entity::Column::Since)
        .order_by_asc(entity::Column::TransferUid)
        .order_by_asc(entity::Column::Ordinal)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(holding).collect())
}

/// The responsibilities for these dossiers that last.
///
/// # Errors
/// When the store does not answer.
pub async fn open(
    db: &impl ConnectionTrait,
    dossiers: &BTreeSet<String>,
) -> Result<Vec<Holding>, DbErr> {
    let rows = entity::Entity::find()
        .filter(among(db, entity::Column::DossierUid, dossiers))
        .filter(entity::Column::Until.is_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(holding).collect())
}

/// All responsibilities that last, for checks.
///
/// # Errors
/// When the store does not answer.
pub async fn all_open(db: &impl ConnectionTrait) -> Result<Vec<Holding>, DbErr> {
    let rows = entity::Entity::find()
        .filter(entity::Column::Until.is_null())
        .all(db)
        .await?;
    Ok(rows.into_iter().map(holding).collect())
}

/// Some of the dossiers for which one of these units is responsible, by an index.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn of_custodians(
    db: &impl ConnectionTrait,
    units: &BTreeSet<String>,
    most: u64,
) -> Result<Vec<String>, DbErr> {
    entity::Entity::find()
        .select_only()
        .distinct()
        .column(entity::Column::DossierUid)
        .filter(among(db, entity::Column::Custodian, units))
        .filter(entity::Column::Until.is_null())
        .limit(most)
        .into_tuple()
        .all(db)
        .await
}

pub(super) async fn save<'a>(
    sink: &impl Sink,
    holdings: impl Iterator<Item = &'a Holding>,
) -> Result<(), DbErr> {
    sink.put::<entity::Entity>(holdings.map(row).collect(), &[entity::Column::Until])
        .await
}

fn holding(row: entity::Model) -> Holding {
    Holding {
        transfer: row.transfer_uid,
        ordinal: row.ordinal,
        dossier: row.dossier_uid,
        step: row.step_key,
        custodian: row.custodian,
        since: clock::from_micros(row.since),
        until: row.until.map(clock::from_micros),
    }
}

fn row(holding: &Holding) -> entity::Model {
    entity::Model {
        transfer_uid: holding.transfer.clone(),
        ordinal: holding.ordinal,
        dossier_uid: holding.dossier.clone(),
        step_key: holding.step.clone(),
        custodian: holding.custodian.clone(),
        since: clock::micros(holding.since),
        until: holding.until.map(clock::micros),
    }
}
