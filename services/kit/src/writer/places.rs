//! How far this service has taken in the logs of the others.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use crate::db::{Copying, Sink, pairs_among};
use crate::log::Shard;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "place")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i32,
        pub seq: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Every place that is kept, by source and shard.
///
/// # Errors
/// When the store does not answer.
pub async fn all(db: &impl ConnectionTrait) -> Result<HashMap<(String, i32), i64>, DbErr> {
    let rows = entity::Entity::find().all(db).await?;
    Ok(by_shard(rows))
}

/// In place of a shard: the first catch-up with a log was finished.
pub const LOADED: i32 = -1;

/// Notes that the first catch-up with a log was finished.
///
/// # Errors
/// When the store does not answer.
pub async fn mark_loaded(sink: &impl Sink, source: &str) -> Result<(), DbErr> {
    let mark = HashMap::from([((source.to_owned(), LOADED), 1)]);
    save(sink, &mark).await
}

/// Makes the places of a log that are not there yet: only a row that exists can be locked.
///
/// # Errors
/// When the store does not answer.
pub async fn open(db: &impl ConnectionTrait, source: &str) -> Result<(), DbErr> {
    let rows = Shard::all().map(|shard| {
        entity::Model {
            source: source.to_owned(),
            shard: shard.number(),
            seq: 0,
        }
        .into_active_model()
    });
    entity::Entity::insert_many(rows)
        .on_conflict(
            OnConflict::columns([entity::Column::Source, entity::Column::Shard])
                .do_nothing()
                .to_owned(),
        )
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Puts these places in the stead of all that are kept.
pub(crate) async fn replace(
    copying: &Copying,
    places: &HashMap<(String, i32), i64>,
) -> Result<(), DbErr> {
    copying.clear::<entity::Entity>().await?;
    save(copying, places).await
}

/// The places of these shards, locked in order: whoever moves one next waits for this transaction.
pub(super) async fn lock(
    db: &impl ConnectionTrait,
    feeds: &[(&str, i32)],
) -> Result<HashMap<(String, i32), i64>, DbErr> {
    let keys = feeds
        .iter()
        .map(|(source, shard)| ((*source).to_owned(), *shard));
    let columns = [entity::Column::Source, entity::Column::Shard];
    let rows = entity::Entity::find()
        .filter(pairs_among(db, columns, keys))
        .order_by_asc(entity::Column::Source)
        .order_by_asc(entity::Column::Shard)
        .lock_exclusive()
        .all(db)
        .await?;
    Ok(by_shard(rows))
}

pub(super) async fn save(
    sink: &impl Sink,
    places: &HashMap<(String, i32), i64>,
) -> Result<(), DbErr> {
    let rows = places.iter().map(|((source, shard), seq)| entity::Model {
        source: source.clone(),
        shard: *shard,
        seq: *seq,
    });
    sink.put::<entity::Entity>(rows.collect(), &[entity::Column::Seq])
        .await
}

fn by_shard(rows: Vec<entity::Model>) -> HashMap<(String, i32), i64> {
    rows.into_iter()
        .map(|row| ((row.source, row.shard), row.seq))
        .collect()
}
