//! Listening to Redis: one blocking reader a group, on a connection of its own, that hears the group's bell and the logs' shards
//! of the same number.
//!
//! A reader begins at the streams' ends: what it did not hear, consumers read from the owners and pullers find when they look.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use proto::event::v1::Event;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{AsyncCommands as _, RedisResult};
use tokio::sync::watch;

use super::address::{Address, Connection};
use super::bells::Bells;
use super::script;
use crate::log::Shard;
use crate::queue::streams::Streams;

/// How long one read waits; below the time in which an answer must come.
const BLOCK: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 256;
const BACK_OFF: Duration = Duration::from_millis(300);

/// What one reader hears, and whom it tells.
pub(super) struct Reader {
    pub address: Address,
    pub group: Shard,
    pub streams: Arc<Streams>,
    pub bells: Arc<Bells>,
    /// Told when this reader listens.
    pub listening: watch::Sender<BTreeSet<i32>>,
}

impl Reader {
    /// Reads for as long as it is polled.
    pub async fn read(self) {
        loop {
            if let Err(error) = self.read_until_it_breaks().await {
                tracing::debug!(%error, group = self.group.number(), "a reader lost Redis");
            }
            tokio::time::sleep(BACK_OFF).await;
        }
    }

    async fn read_until_it_breaks(&self) -> RedisResult<()> {
        let mut connection = self.address.connect().await?;
        let mut positions = HashMap::new();
        self.find_ends(&mut connection, &mut positions).await?;
        // Whatever came while nobody listened.
        self.bells.ring_all(self.group);
        self.listening.send_modify(|groups| {
            groups.insert(self.group.number());
        });
        loop {
            self.find_ends(&mut connection, &mut positions).await?;
            let mut read = redis::cmd("XREAD");
            read.arg("COUNT").arg(AT_ONCE);
            read.arg("BLOCK")
                .arg(u64::try_from(BLOCK.as_millis()).unwrap_or_default());
            read.arg("STREAMS");
            positions.keys().for_each(|key| {
                read.arg(key);
            });
            positions.values().for_each(|id| {
                read.arg(id);
            });
            let reply: Option<StreamReadReply> = read.query_async(&mut connection).await?;
            for stream in reply.into_iter().flat_map(|reply| reply.keys) {
                if let Some(last) = stream.ids.last() {
                    positions.insert(stream.key.clone(), last.id.clone());
                }
                self.hear(&stream.key, stream.ids);
            }
        }
    }

    /// Where the streams end that are not listened to yet: the bell, and the logs that somebody in this process takes in.
    async fn find_ends(
        &self,
        connection: &mut Connection,
        positions: &mut HashMap<String, String>,
    ) -> RedisResult<()> {
        let logs = self.streams.owners(self.group);
        let logs = logs.iter().map(|owner| script::log(owner, self.group));
        for key in logs.chain([script::bell(self.group)]) {
            if !positions.contains_key(&key) {
                let last: StreamRangeReply = connection.xrevrange_count(&key, "+", "-", 1).await?;
                let id = last.ids.first().map_or("0-0", |entry| entry.id.as_str());
                positions.insert(key, id.to_owned());
            }
        }
        Ok(())
    }

    fn hear(&self, key: &str, entries: Vec<StreamId>) {
        let is_bell = key == script::bell(self.group);
        for entry in entries {
            if is_bell {
                if let Some(unit) = entry.get::<String>("u") {
                    self.bells.ring(&unit);
                }
            } else if let Some(event) = event(&entry) {
                self.streams.send(event);
            }
        }
    }
}

fn event(entry: &StreamId) -> Option<Event> {
    let bytes: Vec<u8> = entry.get("e")?;
    Event::decode(bytes.as_slice())
        .inspect_err(|error| tracing::warn!(%error, "an event from Redis cannot be read"))
        .ok()
}
