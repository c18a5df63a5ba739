//! What the suite keeps, as somebody with access to its stores would see it.

use std::fs;

use kit::log::{Shard, page};
use proto::event::v1::Event;
use redis::aio::MultiplexedConnection;
use redis::{AsyncCommands as _, Client, RedisResult, Value, cmd};

use crate::pair::Pair;
use crate::servers;
use crate::suite::{SERVICES, Suite};

/// More than any story tells.
const ALL: u64 = 100_000;

impl Suite {
    /// Every event of every log, as the envelopes that leave their owners.
    pub async fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for service in SERVICES {
            let store = self.store(service).await;
            for shard in Shard::all() {
                let page = page(&store, service, shard, 0, ALL).await;
                events.extend(page.expect("the log can be read"));
            }
        }
        events
    }

    /// The store of one service as it lies on the disk: its files with all that was not written over, or a dump of its database.
    pub fn store_dump(&self, service: &str) -> Vec<u8> {
        match self.pair() {
            Pair::Embedded { data_dir } => {
                let files = ["", "-wal"].map(|end| format!("{service}.sqlite{end}"));
                let files = files.map(|file| fs::read(data_dir.join(file)));
                files.into_iter().flatten().flatten().collect()
            }
            Pair::Cluster { store, .. } => servers::dump(&format!("{store}_{service}")),
        }
    }

    /// Has the queue forget everything: its Redis is wiped, or the process that has it killed and started again.
    pub async fn wipe_queue(&mut self) {
        let Some(url) = self.pair().queue() else {
            self.kill().await;
            return self.restart().await;
        };
        let client = Client::open(url).expect("the queue's address");
        let connection = client.get_multiplexed_async_connection().await;
        let mut connection = connection.expect("the queue answers");
        let wiped: RedisResult<()> = cmd("FLUSHDB").query_async(&mut connection).await;
        wiped.expect("the queue can be wiped");
    }

    /// Every key and value of the queue's Redis database; `None` where the queue is in the process.
    pub async fn queue_dump(&self) -> Option<Vec<u8>> {
        let client = Client::open(self.pair().queue()?).expect("the queue's address");
        let connection = client.get_multiplexed_async_connection().await;
        let dumped = dump(&mut connection.expect("the queue answers")).await;
        Some(dumped.expect("the queue can be read"))
    }
}

async fn dump(redis: &mut MultiplexedConnection) -> RedisResult<Vec<u8>> {
    let keys: Vec<Vec<u8>> = redis.keys("*").await?;
    let mut dumped = Vec::new();
    for key in keys {
        let kind: String = cmd("TYPE").arg(&key).query_async(redis).await?;
        let (read, rest): (&str, &[&str]) = match kind.as_str() {
            "string" => ("GET", &[]),
            "hash" => ("HGETALL", &[]),
            "list" => ("LRANGE", &["0", "-1"]),
            "set" => ("SMEMBERS", &[]),
            "zset" => ("ZRANGE", &["0", "-1", "WITHSCORES"]),
            "stream" => ("XRANGE", &["-", "+"]),
            // It went in the meantime.
            "none" => continue,
            other => panic!("the queue has a {other}"),
        };
        let value: Value = cmd(read).arg(&key).arg(rest).query_async(redis).await?;
        dumped.extend(key);
        flatten(&value, &mut dumped);
    }
    Ok(dumped)
}

fn flatten(value: &Value, into: &mut Vec<u8>) {
    match value {
        Value::BulkString(bytes) => into.extend(bytes),
        Value::SimpleString(text) => into.extend(text.as_bytes()),
        Value::Array(values) | Value::Set(values) => {
            for value in values {
                flatten(value, into);
            }
        }
        Value::Map(pairs) => {
            for (key, value) in pairs {
                flatten(key, into);
                flatten(value, into);
            }
        }
        other => into.extend(format!("{other:?}").into_bytes()),
    }
}
