//! Writing to the log.

use std::collections::btree_map::Entry;
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
use crate::seal::Keyring;

/// Appends events within the transaction of their change and returns them as they stand in the log, in order.
///
/// The heads of the shards are locked here, in order, and held to the commit; call this last. The data key of a subject that is
/// new is wrapped under the ring and kept with its chain.
///
/// # Errors
/// When the store does not answer, or there is no key to wrap with.
pub async fn append(
    tx: &DatabaseTransaction,
    ring: &Keyring,
    owner: &'static str,
    events: Vec<(Cause, NewEvent)>,
) -> Result<Vec<Event>, DbErr> {
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let mut ends = Ends::lock(tx, &events).await?;
    let rows: Result<Vec<event::Model>, DbErr> = events
        .into_iter()
        .map(|(cause, event)| ends.append(ring, cause, event))
        .collect();
    let rows = rows?;
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
    chains: BTreeMap<String, End>,
}

/// Where the chain of a subject ends.
#[derive(Debug, Default)]
struct End {
    hash: Vec<u8>,
    /// Of a subject that is new.
    data_key: Option<Vec<u8>>,
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
        let chains = chains.into_iter().map(|row| {
            let (hash, data_key) = (row.hash, None);
            (row.subject, End { hash, data_key })
        });
        Ok(Self {
            heads: heads.collect(),
            chains: chains.collect(),
        })
    }

    /// Those of an empty log.
    pub fn at_the_beginning() -> Self {
        Self {
            heads: Shard::all().map(|shard| (shard.number(), 0)).collect(),
            chains: BTreeMap::new(),
        }
    }

    /// The row of an event that comes next.
    ///
    /// # Errors
    /// When there is no key to wrap the data key of a new subject with.
    pub fn append(
        &mut self,
        ring: &Keyring,
        cause: Cause,
        event: NewEvent,
    ) -> Result<event::Model, DbErr> {
        let seq = self.heads.entry(event.shard.number()).or_default();
        *seq += 1;
        let end = match self.chains.entry(event.subject.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let wrapped = event.key.as_ref().map(|key| ring.wrap(&event.subject, key));
                new.insert(End {
                    hash: Vec::new(),
                    data_key: wrapped.transpose()?,
                })
            }
        };
        let row = row(*seq, cause, event, &end.hash);
        end.hash.clone_from(&row.hash);
        Ok(row)
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

    /// Writes where the chains end, and forgets them. The data key of a subject that was there stays as it is.
    pub async fn save_chains(&mut self, sink: &impl Sink) -> Result<(), DbErr> {
        let chains = std::mem::take(&mut self.chains).into_iter();
        let chains = chains.map(|(subject, end)| chain_row::Model {
            subject,
            hash: end.hash,
            data_key: end.data_key,
        });
        sink.put::<chain_row::Entity>(chains.collect(), &[chain_row::Column::Hash])
            .await
    }
}

fn row(seq: i64, cause: Cause, event: NewEvent, previous: &[u8]) -> event::Model {
    let salted = event.personal.as_deref().map(chain::salted);
    let (salted, personal_digest) = salted.unzip();
    let mut row = event::Model {
        shard: event.shard.number(),
        seq,
        subject: event.subject,
        actor: cause.actor,
        unit: cause.unit,
        request_id: cause.request_id,
        occurred_at: clock::micros(cause.at),
        traceparent: cause.traceparent,
        type_url: format!("type.googleapis.com/{}", event.change_type),
        change: event.change,
        personal: None,
        personal_digest,
        hash: Vec::new(),
    };
    // What is told of somebody who was erased is kept by its digest alone.
    row.personal = event
        .key
        .zip(salted)
        .map(|(key, salted)| chain::seal(&key, &row, &salted));
    row.hash = chain::hash(previous, &row);
    row
}
