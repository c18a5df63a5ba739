//! How far a log reaches.

use proto::event::v1::{Event, Head};

use super::{SHARDS, Shard};

/// The last number of each shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach([i64; SHARDS as usize]);

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

    /// Takes in that an event is there; gives back whether that is news.
    pub fn raise(&mut self, event: &Event) -> bool {
        self.set(event.shard, |seq| event.seq.max(seq))
    }

    /// Takes in how far another look found the log to reach; gives back whether that is news.
    pub fn raise_all(&mut self, other: &Self) -> bool {
        let before = *self;
        for (seq, found) in self.0.iter_mut().zip(other.0) {
            *seq = found.max(*seq);
        }
        *self != before
    }

    fn set(&mut self, shard: i32, next: impl Fn(i64) -> i64) -> bool {
        let index = usize::try_from(shard).ok();
        let Some(seq) = index.and_then(|index| self.0.get_mut(index)) else {
            return false;
        };
        let before = std::mem::replace(seq, next(*seq));
        *seq != before
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
