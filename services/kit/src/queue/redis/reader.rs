//! Listening to Redis: one blocking reader a group, on a connection of its own, that hears the group's bell and the logs' shards
//! of the same number.
//!
//! A stream that is new to a reader is read from its beginning, so that nothing is missed that was published since somebody
//! listens; consumers skip what they have. What a reader does not hear, they read from the owners, and pullers find it when they
//! look. A Redis that was wiped answers as if nothing had happened: the epoch of the group tells, which is another one then.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;
use proto::event::v1::Event;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{AsyncCommands as _, Cmd, RedisResult};
use tokio::sync::Notify;

use super::address::{Address, Connection};
use super::bells::Bells;
use super::script;
use crate::clock;
use crate::log::Shard;
use crate::queue::streams::Streams;

/// How long one read waits; below the time in which an answer must come.
const BLOCK: Duration = Duration::from_secs(2);
const AT_ONCE: usize = 256;
const BACK_OFF: Duration = Duration::from_millis(300);
const BEGINNING: &str = "0-0";

/// The last entry of each stream that a reader heard.
type Positions = HashMap<String, String>;

/// What one reader hears, and whom it tells.
pub(super) struct Reader {
    pub address: Address,
    pub group: Shard,
    pub streams: Arc<Streams>,
    pub bells: Arc<Bells>,
    /// Told when something may have been lost.
    pub doubt: Arc<Notify>,
}

impl Reader {
    /// Reads for as long as it is polled.
    pub async fn read(self) {
        let mut positions = HashMap::new();
        loop {
            if let Err(error) = self.read_until_it_breaks(&mut positions).await {
                tracing::debug!(%error, group = self.group.number(), "a reader lost Redis");
            }
            tokio::time::sleep(BACK_OFF).await;
        }
    }

    async fn read_until_it_breaks(&self, positions: &mut Positions) -> RedisResult<()> {
        let mut connection = self.address.connect().await?;
        forget_what_is_ahead(&mut connection, positions).await?;
        let epoch = self.epoch(&mut connection).await?;
        // Whatever came, or was lost, while nobody listened.
        self.look_everywhere();
        let broke = self.listen(&mut connection, epoch, positions).await;
        // Whoever waits goes by this process's own lanes now.
        self.bells.ring_all(self.group);
        broke
    }

    async fn listen(
        &self,
        connection: &mut Connection,
        mut epoch: String,
        positions: &mut Positions,
    ) -> RedisResult<()> {
        let mut looked_at = clock::monotonic();
        loop {
            if looked_at.elapsed() >= BLOCK {
                looked_at = clock::monotonic();
                let now = self.epoch(connection).await?;
                if std::mem::replace(&mut epoch, now) != epoch {
                    forget_what_is_ahead(connection, positions).await?;
                    self.look_everywhere();
                }
            }
            let logs = self.streams.owners(self.group);
            let logs = logs.iter().map(|owner| script::log(owner, self.group));
            for key in logs.chain([script::bell(self.group)]) {
                positions.entry(key).or_insert_with(|| BEGINNING.to_owned());
            }
            let read = read_after(positions);
            let reply: Option<StreamReadReply> = read.query_async(connection).await?;
            for stream in reply.into_iter().flat_map(|reply| reply.keys) {
                if let Some(last) = stream.ids.last() {
                    positions.insert(stream.key.clone(), last.id.clone());
                }
                self.hear(&stream.key, stream.ids);
            }
        }
    }

    /// The epoch of the group, which begins now where there is none.
    async fn epoch(&self, connection: &mut Connection) -> RedisResult<String> {
        let key = script::epoch(self.group);
        let () = redis::cmd("SET")
            .arg(&key)
            .arg(clock::new_uid())
            .arg("NX")
            .query_async(connection)
            .await?;
        connection.get(&key).await
    }

    fn look_everywhere(&self) {
        self.bells.ring_all(self.group);
        self.doubt.notify_one();
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

fn read_after(positions: &Positions) -> Cmd {
    let mut read = redis::cmd("XREAD");
    let block = u64::try_from(BLOCK.as_millis()).unwrap_or_default();
    read.arg("COUNT").arg(AT_ONCE).arg("BLOCK").arg(block);
    read.arg("STREAMS");
    for key in positions.keys() {
        read.arg(key);
    }
    for id in positions.values() {
        read.arg(id);
    }
    read
}

/// A Redis that lost its data, or whose clock is behind that of the one before, gives out lower numbers again.
async fn forget_what_is_ahead(
    connection: &mut Connection,
    positions: &mut Positions,
) -> RedisResult<()> {
    for (key, position) in positions {
        let last: StreamRangeReply = connection.xrevrange_count(key, "+", "-", 1).await?;
        if last.ids.first().is_none_or(|entry| entry.id != *position) {
            BEGINNING.clone_into(position);
        }
    }
    Ok(())
}

fn event(entry: &StreamId) -> Option<Event> {
    let bytes: Vec<u8> = entry.get("e")?;
    Event::decode(bytes.as_slice())
        .inspect_err(|error| tracing::warn!(%error, "an event from Redis cannot be read"))
        .ok()
}
