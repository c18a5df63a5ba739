//! Events that could not be applied: kept, never skipped, retried in order.

use std::collections::HashSet;

use prost::Message as _;
use proto::event::v1::Event;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryOrder as _, QuerySelect as _};

use crate::db::Sink as _;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "parked")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub source: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub shard: i32,
        #[sea_orm(primary_key, auto_increment = false)]
        pub seq: i64,
        pub subject: String,
        pub event: Vec<u8>,
        pub reason: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// An event that waits to be applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Parked {
    /// The service whose log it is from.
    pub source: String,
    /// The event.
    pub event: Event,
    /// Why it could not be applied.
    pub reason: String,
}

impl Parked {
    pub(super) fn new(source: &str, event: &Event, reason: String) -> Self {
        Self {
            source: source.to_owned(),
            event: event.clone(),
            reason,
        }
    }
}

/// All parked events in order of source, shard and number.
///
/// # Errors
/// When the store does not answer.
pub async fn list(db: &impl ConnectionTrait) -> Result<Vec<Parked>, DbErr> {
    let rows = entity::Entity::find()
        .order_by_asc(entity::Column::Source)
        .order_by_asc(entity::Column::Shard)
        .order_by_asc(entity::Column::Seq)
        .all(db)
        .await?;
    let parked = |row: entity::Model| Parked {
        source: row.source,
        event: Event::decode(row.event.as_slice()).unwrap_or_default(),
        reason: row.reason,
    };
    Ok(rows.into_iter().map(parked).collect())
}

/// What is parked, without the events themselves.
#[derive(Default)]
pub(super) struct Index {
    /// The source and subject of every parked event.
    pub subjects: HashSet<(String, String)>,
    /// The source, shard and number of every parked event.
    pub events: HashSet<(String, i32, i64)>,
}

/// What is parked now.
pub(super) async fn index(db: &impl ConnectionTrait) -> Result<Index, DbErr> {
    let rows: Vec<(String, i32, i64, String)> = entity::Entity::find()
        .select_only()
        .columns([
            entity::Column::Source,
            entity::Column::Shard,
            entity::Column::Seq,
            entity::Column::Subject,
        ])
        .into_tuple()
        .all(db)
        .await?;
    let mut index = Index::default();
    for (source, shard, seq, subject) in rows {
        index.events.insert((source.clone(), shard, seq));
        index.subjects.insert((source, subject));
    }
    Ok(index)
}

/// Parks some events and forgets others.
pub(super) async fn save(
    db: &impl ConnectionTrait,
    park: &[Parked],
    unpark: &[Parked],
) -> Result<(), DbErr> {
    db.put::<entity::Entity>(park.iter().map(row).collect(), &[])
        .await?;
    for parked in unpark {
        let key = (parked.source.clone(), parked.event.shard, parked.event.seq);
        entity::Entity::delete_by_id(key).exec(db).await?;
    }
    Ok(())
}

fn row(parked: &Parked) -> entity::Model {
    entity::Model {
        source: parked.source.clone(),
        shard: parked.event.shard,
        seq: parked.event.seq,
        subject: parked.event.subject.clone(),
        event: parked.event.encode_to_vec(),
        reason: parked.reason.clone(),
    }
}
