//! Reading the log.

use std::collections::{BTreeSet, HashMap};

use proto::event::v1::{Event, Head};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select,
};

use super::entity::{event, head};
use super::{Reach, Shard, chain, data_keys};
use crate::clock;
use crate::db::pairs_among;
use crate::seal::Keyring;

/// The events of one shard after `after`, in order, at most `limit`.
///
/// # Errors
/// When the store does not answer.
pub async fn page(
    db: &impl ConnectionTrait,
    owner: &str,
    shard: Shard,
    after: i64,
    limit: u64,
) -> Result<Vec<Event>, DbErr> {
    let rows = scan(db, shard, after, limit).await?;
    Ok(rows.into_iter().map(|row| envelope(owner, row)).collect())
}

/// The rows of one shard after `after` as they stand in the store.
pub(super) async fn scan(
    db: &impl ConnectionTrait,
    shard: Shard,
    after: i64,
    limit: u64,
) -> Result<Vec<event::Model>, DbErr> {
    event::Entity::find()
        .filter(event::Column::Shard.eq(shard.number()))
        .filter(event::Column::Seq.gt(after))
        .order_by_asc(event::Column::Seq)
        .limit(limit)
        .all(db)
        .await
}

/// All events of one subject, in order.
///
/// # Errors
/// When the store does not answer.
pub async fn history(
    db: &impl ConnectionTrait,
    owner: &str,
    subject: &str,
) -> Result<Vec<Event>, DbErr> {
    let rows = of_subject(subject).all(db).await?;
    Ok(rows.into_iter().map(|row| envelope(owner, row)).collect())
}

/// All events of one subject in order, each with what is personal about it; nothing personal of whoever was erased.
///
/// # Errors
/// When the store does not answer, or something personal was altered past the suite.
pub async fn history_in_full(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    owner: &str,
    subject: &str,
) -> Result<Vec<(Event, Option<Vec<u8>>)>, DbErr> {
    let rows = of_subject(subject).all(db).await?;
    let mut keys = data_keys(db, ring, BTreeSet::from([subject])).await?;
    let key = keys.remove(subject).transpose()?;
    let mut told = Vec::with_capacity(rows.len());
    for row in rows {
        let personal = match &key {
            Some(key) => chain::open(key, &row)?,
            None => None,
        };
        told.push((envelope(owner, row), personal));
    }
    Ok(told)
}

fn of_subject(subject: &str) -> Select<event::Entity> {
    event::Entity::find()
        .filter(event::Column::Subject.eq(subject))
        .order_by_asc(event::Column::Seq)
}

/// How far each shard reaches; shards without events are at 0.
///
/// # Errors
/// When the store does not answer.
pub async fn heads(db: &impl ConnectionTrait) -> Result<Vec<Head>, DbErr> {
    let rows = head::Entity::find().all(db).await?;
    let reach = |shard: Shard| {
        let row = rows.iter().find(|row| row.shard == shard.number());
        Head {
            shard: shard.number(),
            seq: row.map_or(0, |row| row.seq),
        }
    };
    Ok(Shard::all().map(reach).collect())
}

/// The hashes of the last events of these shards by their numbers; a shard without events, or without this one, has none.
pub(crate) async fn hashes(
    db: &impl ConnectionTrait,
    at: &Reach,
) -> Result<HashMap<i32, Vec<u8>>, DbErr> {
    let rows = event::Entity::find()
        .select_only()
        .columns([event::Column::Shard, event::Column::Hash])
        .filter(pairs_among(
            db,
            [event::Column::Shard, event::Column::Seq],
            Shard::all().map(|shard| (shard.number(), at.seq(shard))),
        ))
        .into_tuple::<(i32, Vec<u8>)>()
        .all(db)
        .await?;
    Ok(rows.into_iter().collect())
}

pub(crate) fn envelope(owner: &str, row: event::Model) -> Event {
    Event {
        owner: owner.to_owned(),
        shard: row.shard,
        seq: row.seq,
        subject: row.subject,
        occurred_at: Some(clock::to_timestamp(clock::from_micros(row.occurred_at))),
        traceparent: row.traceparent,
        actor: row.actor,
        unit_uid: row.unit,
        request_id: row.request_id,
        change: Some(prost_types::Any {
            type_url: row.type_url,
            value: row.change,
        }),
        hash: row.hash,
    }
}
