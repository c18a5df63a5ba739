//! Writing to the log.

use std::collections::{BTreeMap, BTreeSet};

use proto::event::v1::Event;
use sea_orm::{
    DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::entity::{chain as chain_row, event, head};
use super::{Cause, NewEvent, chain, read};
use crate::clock;
use crate::db::{Sink as _, among};

/// Appends events within the transaction of their change and returns them as they stand in the log, in order.
///
/// The heads of the shards are locked here, in order, and held to the commit; call this last.
///
/// # Errors
/// When the store does not answer.
pub async fn append(
    tx: &DatabaseTransaction,
    owner: &'static str,
    events: Vec<(Cause, NewEvent)>,
) -> Result<Vec<Event>, DbErr> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let mut heads = lock_heads(tx, &events).await?;
    let mut hashes = last_hashes(tx, &events).await?;
    let mut rows = Vec::with_capacity(events.len());
    for (cause, event) in events {
        let seq = heads.entry(event.shard.number()).or_default();
        *seq += 1;
        let row = row(*seq, cause, event, &hashes);
        hashes.insert(row.subject.clone(), row.hash.clone());
        rows.push(row);
    }
    save(tx, rows.clone(), heads, hashes).await?;
    Ok(rows
        .into_iter()
        .map(|row| read::envelope(owner, row))
        .collect())
}

async fn lock_heads(
    tx: &DatabaseTransaction,
    events: &[(Cause, NewEvent)],
) -> Result<BTreeMap<i32, i64>, DbErr> {
    let shards: BTreeSet<i32> = events
        .iter()
        .map(|(_, event)| event.shard.number())
        .collect();
    let rows = head::Entity::find()
        .filter(among(tx, head::Column::Shard, shards))
        .order_by_asc(head::Column::Shard)
        .lock_exclusive()
        .all(tx)
        .await?;
    Ok(rows.into_iter().map(|row| (row.shard, row.seq)).collect())
}

async fn last_hashes(
    tx: &DatabaseTransaction,
    events: &[(Cause, NewEvent)],
) -> Result<BTreeMap<String, Vec<u8>>, DbErr> {
    let subjects: BTreeSet<&str> = events
        .iter()
        .map(|(_, event)| event.subject.as_str())
        .collect();
    let rows = chain_row::Entity::find()
        .filter(among(tx, chain_row::Column::Subject, subjects))
        .all(tx)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.subject, row.hash))
        .collect())
}

fn row(
    seq: i64,
    cause: Cause,
    event: NewEvent,
    hashes: &BTreeMap<String, Vec<u8>>,
) -> event::Model {
    let sealed = event.personal.as_deref().map(chain::seal);
    let (personal, personal_digest) = sealed.unzip();
    let previous = hashes.get(&event.subject).map_or(&[][..], Vec::as_slice);
    let mut row = event::Model {
        shard: event.shard.number(),
        seq,
        subject: event.subject,
        actor: cause.actor,
        occurred_at: clock::micros(cause.at),
        traceparent: cause.traceparent,
        type_url: format!("type.googleapis.com/{}", event.change_type),
        change: event.change,
        personal,
        personal_digest,
        hash: Vec::new(),
    };
    row.hash = chain::hash(previous, &row);
    row
}

async fn save(
    tx: &DatabaseTransaction,
    rows: Vec<event::Model>,
    heads: BTreeMap<i32, i64>,
    hashes: BTreeMap<String, Vec<u8>>,
) -> Result<(), DbErr> {
    tx.put::<event::Entity>(rows, &[]).await?;
    let heads = heads
        .into_iter()
        .map(|(shard, seq)| head::Model { shard, seq });
    tx.put::<head::Entity>(heads.collect(), &[head::Column::Seq])
        .await?;
    let chains = hashes
        .into_iter()
        .map(|(subject, hash)| chain_row::Model { subject, hash });
    tx.put::<chain_row::Entity>(chains.collect(), &[chain_row::Column::Hash])
        .await
}
