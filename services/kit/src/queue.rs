//! The fast path between services and to units. It holds no truth and no personal data: whatever it loses is read again
//! from the store, so it may be emptied at any moment.
//!
//! | key | type | life | written by | read by |
//! |---|---|---|---|---|
//! | `motcua:{t<n>}:log:<owner>` | stream of event envelopes (`e`), one for each of the 16 shards | the last 1,024 or so | the owner, after its commit | the readers of group n in every process that takes in the owner's log |
//! | `motcua:{t<n>}:<uid>` | stream of a unit's offers: key (`k`), dossier (`d`), trace (`t`), commit (`c`); the group `unit` counts deliveries | until acknowledged or settled; at most 1,000 | routing, after its commit or from the store | takers of the unit |
//! | `motcua:{t<n>}:<uid>:entries` | hash: key of an offer → its entry in the stream and its dossier | as the stream | with the stream | offers, changes and settlements, so that each is there once |
//! | `motcua:{t<n>}:<uid>:leases` | sorted set: entry → end of its lease or of its delay, ms | as the stream | takers | takers |
//! | `motcua:{t<n>}:<uid>:holders` | hash: entry → the subscriber that has it on lease | as the lease | takers | takers |
//! | `motcua:{t<n>}:<uid>:dossiers` | hash: dossier → its entries in order | as the entries | with the stream | takers, so that offers come in order |
//! | `motcua:{t<n>}:<uid>:acknowledged` | sorted set: key of an acknowledged offer → when that was, ms; at most 100,000 | until settled, at most 30 days | takers | offers and refills, so that none comes again |
//! | `motcua:{t<n>}:<uid>:fill` | string: `all` when the stream has all that is open in the store, `more` with the place (due time and key) up to which it has, nothing when it was never filled | as the stream | routing | takers, who then ask for a refill from there |
//! | `motcua:{t<n>}:bell` | stream of units (`u`) for which something came | the last 1,000 or so | with the offers of group n | the readers of group n in every process, to wake their takers |
//! | `motcua:{t<n>}:epoch` | string, another one after a wipe | for ever | the readers of group n | the same, who then ask for all units |
//!
//! A unit's group n is the [`Shard`] of its uid; all its keys share a hash slot. One reader a group and process blocks on a
//! connection of its own; it begins at the streams' ends, since what it has not heard is read from the stores. Redis counts a
//! delivery as pending until the offer is acknowledged or settled; the lease says when it may be delivered again.
//!
//! Embedded, the same lives in the process: [`streams`] and [`lanes::local`]. With Redis those carry events to the consumers of
//! the process, and offers while Redis is away.

mod lanes;
mod redis;
mod streams;

use std::sync::Arc;

use proto::event::v1::Event;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::log::Shard;

pub use self::redis::Address;
pub use lanes::{
    Change, Delivered, LANE_CAPACITY, Lanes, MOST_ACKNOWLEDGED, Mark, Modify, Offer, Page,
    Starving, Stats, Take, Taken,
};

use self::redis::Redis;
use streams::Streams;

const KEPT_EVENTS: usize = 1_024;

/// The queue of one suite.
#[derive(Clone)]
pub struct Queue(Arc<Inner>);

struct Inner {
    streams: Arc<Streams>,
    lanes: Lanes,
    redis: Option<Arc<Redis>>,
}

impl Queue {
    /// An empty queue within this process.
    #[must_use]
    pub fn in_process() -> Self {
        Self::new(Arc::default(), Arc::default(), None)
    }

    /// The queue that all processes with this Redis share. It need not be there yet.
    #[must_use]
    pub fn shared(address: &Address, tasks: &TaskTracker, stop: &CancellationToken) -> Self {
        let (streams, local) = (Arc::default(), Arc::default());
        let redis = Redis::start(address, (&streams, &local), tasks, stop);
        Self::new(streams, local, Some(Arc::new(redis)))
    }

    fn new(
        streams: Arc<Streams>,
        local: Arc<lanes::local::Lanes>,
        redis: Option<Arc<Redis>>,
    ) -> Self {
        Self(Arc::new(Inner {
            streams,
            lanes: Lanes::new(local, redis.clone()),
            redis,
        }))
    }

    /// Brings a committed event to whoever listens now.
    pub fn publish(&self, event: Event) {
        match &self.0.redis {
            Some(redis) => redis.publish(event),
            None => self.0.streams.send(event),
        }
    }

    /// Listens to one shard of an owner's log from now on. A listener that is slower than 1,024 events misses some and
    /// reads them from the owner.
    #[must_use]
    pub fn subscribe(&self, owner: &str, shard: Shard) -> broadcast::Receiver<Arc<Event>> {
        self.0.streams.subscribe(owner, shard)
    }

    /// The offers that wait for units.
    #[must_use]
    pub fn lanes(&self) -> &Lanes {
        &self.0.lanes
    }

    /// Ends when everything that was published, offered and settled before is where others find it.
    pub async fn flushed(&self) {
        if let Some(redis) = &self.0.redis {
            redis.flushed().await;
        }
    }
}
