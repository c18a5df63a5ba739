//! Writing to the log.

use std::collections::{BTreeMap, BTreeSet};

use proto::event::v1::Event;
use sea_orm::{
    DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::entity::{chain as chain_row, event, head};
use super::{Cause, NewEvent, Shard, chain, read};
use crate::clock;
use crate::db::{Sink, among};

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
    let mut ends = Ends::lock(tx, &events).await?;
    let rows: Vec<event::Model> = events
        .into_iter()
        .map(|(cause, event)| ends.append(cause, event))
        .collect();
    tx.put::<event::Entity>(rows.clone(), &[]).await?;
    ends.save_heads(tx).await?;
    ends.save_chains(tx).await?;
    Ok(rows
        .into_iter()
        .map(|row| read::envelope(owner, row))
        .collect())
}

/// Where the shards of a log end, and the chains of its subjects.
#[derive(Debug)]
pub(crate) struct Ends {
    heads: BTreeMap<i32, i64>,
    hashes: BTreeMap<String, Vec<u8>>,
}

impl Ends {
    /// Those that these events follow; the heads are locked in order.
    async fn lock(tx: &DatabaseTransaction, events: &[(Cause, NewEvent)]) -> Result<Self, DbErr> {
        let shards: BTreeSet<i32> = events
            .iter()
            .map(|(_, event)| event.shard.number())
            .collect();
        let heads = head::Entity::find()
            .filter(among(tx, head::Column::Shard, shards))
            .order_by_asc(head::Column::Shard)
            .lock_exclusive()
            .all(tx)
            .await?;
        let subjects: BTreeSet<&str> = events
            .iter()
            .map(|(_, event)| event.subject.as_str())
            .collect();
        let chains = chain_row::Entity::find()
            .filter(among(tx, chain_row::Column::Subject, subjects))
            .all(tx)
            .await?;
        let heads = heads.into_iter().map(|row| (row.shard, row.seq));
        let hashes = chains.into_iter().map(|row| (row.subject, row.hash));
        Ok(Self {
            heads: heads.collect(),
            hashes: hashes.collect(),
        })
    }

    /// Those of an empty log.
    pub fn at_the_beginning() -> Self {
        Self {
            heads: Shard::all().map(|shard| (shard.number(), 0)).collect(),
            hashes: BTreeMap::new(),
        }
    }

    /// The row of an event that comes next.
    pub fn append(&mut self, cause: Cause, event: NewEvent) -> event::Model {
        let seq = self.heads.entry(event.shard.number()).or_default();
        *seq += 1;
        let row = row(*seq, cause, event, &self.hashes);
        self.hashes.insert(row.subject.clone(), row.hash.clone());
        row
    }

    /// How far the shards reach.
    pub fn heads(&self) -> &BTreeMap<i32, i64> {
        &self.heads
    }

    /// Writes how far the shards reach.
    pub async fn save_heads(&self, sink: &impl Sink) -> Result<(), DbErr> {
        let heads = self.heads.iter();
        let heads = heads.map(|(shard, seq)| head::Model {
            shard: *shard,
            seq: *seq,
        });
        sink.put::<head::Entity>(heads.collect(), &[head::Column::Seq])
            .await
    }

    /// Writes where the chains end, and forgets them.
    pub async fn save_chains(&mut self, sink: &impl Sink) -> Result<(), DbErr> {
        let chains = std::mem::take(&mut self.hashes).into_iter();
        let chains = chains.map(|(subject, hash)| chain_row::Model { subject, hash });
        sink.put::<chain_row::Entity>(chains.collect(), &[chain_row::Column::Hash])
            .await
    }
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
