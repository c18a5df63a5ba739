//! How far another service's log reaches.

use proto::event::v1::Head;

use crate::log::{SHARDS, Shard};

/// The last number of each shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach([i64; SHARDS as usize]);

impl Reach {
    /// As an owner tells it; shards that it leaves out are empty.
    pub fn of(heads: &[Head]) -> Self {
        let mut reach = Self::default();
        for head in heads {
            let index = usize::try_from(head.shard).ok();
            if let Some(seq) = index.and_then(|index| reach.0.get_mut(index)) {
                *seq = head.seq;
            }
        }
        reach
    }

    /// The last number of a shard.
    pub fn seq(&self, shard: Shard) -> i64 {
        let index = usize::try_from(shard.number()).unwrap_or_default();
        self.0.get(index).copied().unwrap_or_default()
    }

    /// Whether something holds for every shard and its last number.
    pub fn all(&self, holds: impl Fn(Shard, i64) -> bool) -> bool {
        Shard::all().all(|shard| holds(shard, self.seq(shard)))
    }
}
