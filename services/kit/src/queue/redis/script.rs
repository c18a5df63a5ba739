//! What is done in Redis in one step: putting offers in a unit's stream, taking them out on lease, and settling them.
//!
//! All keys of a unit share a hash slot, so the scripts run on a cluster too.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, ParsingError, Script, Value};

use super::Delivered;
use crate::clock;
use crate::log::Shard;
use crate::queue::lanes::local::REFILL_BELOW;
use crate::queue::{LANE_CAPACITY, Offer};
use crate::sabotage::{self, Sabotage};

/// How many rings a group's bell keeps; a reader that missed some rings for everybody.
pub(super) const RINGS_KEPT: usize = 1_000;
/// The one group of a unit's stream, and the one name in it: leases tell pullers apart.
const GROUP: &str = "unit";

/// The keys of one unit.
pub(super) struct Keys {
    stream: String,
    entries: String,
    leases: String,
    left_out: String,
    bell: String,
}

impl Keys {
    pub fn of(unit: &str) -> Self {
        let group = Shard::of(unit).number();
        let stream = format!("motcua:{{t{group}}}:{unit}");
        Self {
            entries: format!("{stream}:entries"),
            leases: format!("{stream}:leases"),
            left_out: format!("{stream}:left-out"),
            bell: bell(Shard::of(unit)),
            stream,
        }
    }
}

/// The bell of a group of units.
pub(super) fn bell(group: Shard) -> String {
    format!("motcua:{{t{}}}:bell", group.number())
}

/// The stream of one shard of an owner's log.
pub(super) fn log(owner: &str, shard: Shard) -> String {
    format!("motcua:{{t{}}}:log:{owner}", shard.number())
}

/// KEYS: stream, entries, left-out, bell. ARGV: capacity, length to cut to or 0, rings kept, unit, then key, trace and
/// commit of each.
const OFFER: &str = r"
local added = false
for i = 5, #ARGV, 3 do
  if redis.call('HEXISTS', KEYS[2], ARGV[i]) == 0 then
    if redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[1]) then
      redis.call('SET', KEYS[3], '1')
      break
    end
    local id = redis.call('XADD', KEYS[1], '*', 'k', ARGV[i], 't', ARGV[i + 1], 'c', ARGV[i + 2])
    redis.call('HSET', KEYS[2], ARGV[i], id)
    added = true
  end
end
if tonumber(ARGV[2]) > 0 then redis.call('XTRIM', KEYS[1], 'MAXLEN', ARGV[2]) end
if added then redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[3], '*', 'u', ARGV[4]) end
return redis.status_reply('OK')
";

/// KEYS: stream, entries, leases, left-out. ARGV: group, how few starve, then keys. Tells whether the lane starves.
const SETTLE: &str = r"
for i = 3, #ARGV do
  local id = redis.call('HGET', KEYS[2], ARGV[i])
  if id then
    redis.call('XACK', KEYS[1], ARGV[1], id)
    redis.call('XDEL', KEYS[1], id)
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('ZREM', KEYS[3], id)
  end
end
local few = redis.call('HLEN', KEYS[2]) < tonumber(ARGV[2])
return few and redis.call('EXISTS', KEYS[4]) or 0
";

/// KEYS: stream, entries, leases, left-out. ARGV: group, how few starve, most, lease in ms, where a group begins.
/// Gives: for each delivery key, trace, commit and attempt; ms until the first lease ends or -1; whether the lane starves.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, ends = tonumber(ARGV[3]), now + tonumber(ARGV[4])
local taken = {}
local function give(entry, attempt)
  local fields = {}
  for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
  redis.call('ZADD', KEYS[3], ends, entry[1])
  taken[#taken + 1] = { fields['k'] or '', fields['t'] or '', fields['c'] or '', attempt }
end
local function older(a, b)
  local am, as = string.match(a, '(%d+)-(%d+)')
  local bm, bs = string.match(b, '(%d+)-(%d+)')
  if am ~= bm then return tonumber(am) < tonumber(bm) end
  return tonumber(as) < tonumber(bs)
end
local lapsed = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now, 'LIMIT', 0, most)
table.sort(lapsed, older)
for _, id in ipairs(lapsed) do
  local claimed = redis.pcall('XCLAIM', KEYS[1], ARGV[1], 'puller', 0, id)
  local entry = not claimed.err and claimed[1]
  if entry then
    local pending = redis.call('XPENDING', KEYS[1], ARGV[1], id, id, 1)
    give(entry, pending[1] and pending[1][4] or 1)
  else
    redis.call('ZREM', KEYS[3], id)
  end
end
if #taken < most then
  local read = { 'XREADGROUP', 'GROUP', ARGV[1], 'puller', 'COUNT', most - #taken, 'STREAMS', KEYS[1], '>' }
  local fresh = redis.pcall(unpack(read))
  if fresh and fresh.err then
    redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[5], 'MKSTREAM')
    fresh = redis.call(unpack(read))
  end
  if fresh then
    for _, entry in ipairs(fresh[1][2]) do give(entry, 1) end
  end
end
local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')
local wait = first[2] and math.max(tonumber(first[2]) - now, 0) or -1
local few = redis.call('HLEN', KEYS[2]) < tonumber(ARGV[2])
return { taken, wait, few and redis.call('EXISTS', KEYS[4]) or 0 }
";

/// What one look into a unit's stream gave.
pub(super) struct Taken {
    pub delivered: Vec<Delivered>,
    /// When the first lease ends.
    pub lease_ends_in: Option<Duration>,
    pub starves: bool,
}

impl FromRedisValue for Taken {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        type Raw = (Vec<(String, String, String, u32)>, i64, bool);
        let (taken, wait, starves): Raw = redis::from_redis_value(value)?;
        let delivered = taken
            .into_iter()
            .map(|(key, traceparent, committed_at, attempt)| Delivered {
                offer: Offer {
                    key,
                    traceparent,
                    committed_at: committed_at.parse().ok().map(clock::from_micros),
                },
                attempt,
            });
        Ok(Self {
            delivered: delivered.collect(),
            lease_ends_in: u64::try_from(wait).ok().map(Duration::from_millis),
            starves,
        })
    }
}

/// Puts offers into a unit's stream that are not there.
pub(super) fn offer<'a>(unit: &str, offers: impl Iterator<Item = &'a Offer>) -> Cmd {
    let keys = Keys::of(unit);
    let cut = if sabotage::is(Sabotage::MaxLen10) {
        10
    } else {
        0
    };
    let mut command = redis::cmd("EVAL");
    command.arg(OFFER).arg(4);
    for key in [&keys.stream, &keys.entries, &keys.left_out, &keys.bell] {
        command.arg(key);
    }
    command
        .arg(LANE_CAPACITY)
        .arg(cut)
        .arg(RINGS_KEPT)
        .arg(unit);
    for offer in offers {
        let committed_at = offer.committed_at.map(clock::micros);
        command
            .arg(&offer.key)
            .arg(&offer.traceparent)
            .arg(committed_at.map(|at| at.to_string()).unwrap_or_default());
    }
    command
}

/// Takes offers out of a unit's stream for good.
pub(super) fn settle(unit: &str, key: &str) -> Cmd {
    let keys = Keys::of(unit);
    let mut command = redis::cmd("EVAL");
    command.arg(SETTLE).arg(4);
    for key in [&keys.stream, &keys.entries, &keys.leases, &keys.left_out] {
        command.arg(key);
    }
    command.arg(GROUP).arg(REFILL_BELOW).arg(key);
    command
}

/// Takes up to `most` offers on lease.
pub(super) async fn take(
    connection: &mut super::Connection,
    unit: &str,
    most: usize,
    lease: Duration,
) -> redis::RedisResult<Taken> {
    static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(TAKE));
    let keys = Keys::of(unit);
    let begin = if sabotage::is(Sabotage::GroupAtEnd) {
        "$"
    } else {
        "0"
    };
    SCRIPT
        .key(keys.stream)
        .key(keys.entries)
        .key(keys.leases)
        .key(keys.left_out)
        .arg(GROUP)
        .arg(REFILL_BELOW)
        .arg(most)
        .arg(u64::try_from(lease.as_millis()).unwrap_or(u64::MAX))
        .arg(begin)
        .invoke_async(connection)
        .await
}

/// Notes whether the store has more offers for a unit than were put into its stream.
pub(super) fn note_left_out(unit: &str, more: bool) -> Cmd {
    let keys = Keys::of(unit);
    let mut command = redis::cmd(if more { "SET" } else { "DEL" });
    command.arg(keys.left_out);
    if more {
        command.arg("1");
    }
    command
}

/// How many offers a unit's stream holds, leased ones included.
pub(super) fn held(unit: &str) -> Cmd {
    let mut command = redis::cmd("HLEN");
    command.arg(Keys::of(unit).entries);
    command
}
