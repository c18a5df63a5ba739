//! What is done in Redis in one step: putting offers in a unit's stream, taking them out on lease, changing leases, settling.
//!
//! All keys of a unit share a hash slot, so the scripts run on a cluster too.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, FromRedisValue, ParsingError, Script, Value};

use crate::clock::{self, Moment};
use crate::log::Shard;
use crate::queue::lanes::{ACKNOWLEDGED_FOR, LOOK, REPORTED_FOR};
use crate::queue::{
    Change, Delivered, LANE_CAPACITY, MOST_ACKNOWLEDGED, Mark, Modify, Offer, Page, Stats, Take,
    Taken,
};
use crate::sabotage::{self, Sabotage};

/// A script over the keys of one unit.
macro_rules! over_lane {
    ($file:literal) => {
        concat!(include_str!("script/lane.lua"), include_str!($file))
    };
}

const OFFER: &str = over_lane!("script/offer.lua");
const SETTLE: &str = over_lane!("script/settle.lua");
static OFFER_DIGEST: LazyLock<Script> = LazyLock::new(|| Script::new(OFFER));
static SETTLE_DIGEST: LazyLock<Script> = LazyLock::new(|| Script::new(SETTLE));
static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(over_lane!("script/take.lua")));
static MODIFY: LazyLock<Script> = LazyLock::new(|| Script::new(over_lane!("script/modify.lua")));
static STATS: LazyLock<Script> = LazyLock::new(|| Script::new(over_lane!("script/stats.lua")));

/// The keys of one unit, in the order in which the scripts name them.
struct Keys([String; 8]);

impl Keys {
    fn of(unit: &str) -> Self {
        let stream = format!("motcua:{{t{}}}:{unit}", Shard::of(unit).number());
        let beside = |what: &str| format!("{stream}:{what}");
        Self([
            stream.clone(),
            beside("entries"),
            beside("leases"),
            beside("holders"),
            beside("dossiers"),
            beside("acknowledged"),
            beside("fill"),
            bell(Shard::of(unit)),
        ])
    }
}

/// The bell of a group of units.
pub(super) fn bell(group: Shard) -> String {
    format!("motcua:{{t{}}}:bell", group.number())
}

/// What tells a Redis from one that was wiped, for a group of units.
pub(super) fn epoch(group: Shard) -> String {
    format!("motcua:{{t{}}}:epoch", group.number())
}

/// The stream of one shard of an owner's log.
pub(super) fn log(owner: &str, shard: Shard) -> String {
    format!("motcua:{{t{}}}:log:{owner}", shard.number())
}

/// How a command names its script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// By its digest, which Redis has to know.
    ByDigest,
    /// By its text; Redis knows the digest afterwards.
    ByText,
}

/// The script as one command, for pipelines.
fn run(named: Named, (text, digest): (&str, &Script), unit: &str) -> Cmd {
    let mut command = match named {
        Named::ByDigest => redis::cmd("EVALSHA"),
        Named::ByText => redis::cmd("EVAL"),
    };
    match named {
        Named::ByDigest => command.arg(digest.get_hash()),
        Named::ByText => command.arg(text),
    };
    let Keys(keys) = Keys::of(unit);
    command.arg(keys.len()).arg(&keys);
    command
}

/// Puts offers into a unit's stream that are not there, were not acknowledged, and overtake none of their dossiers.
pub(super) fn offer(named: Named, unit: &str, offers: &[&Offer]) -> Cmd {
    put(named, unit, offers.iter().copied(), None)
}

/// The same with a page of what is open in the store. Tells whether there is room.
pub(super) fn refill(unit: &str, page: &Page<'_>) -> Cmd {
    put(Named::ByText, unit, page.offers.iter(), Some(page))
}

fn put<'a>(
    named: Named,
    unit: &str,
    offers: impl Iterator<Item = &'a Offer>,
    page: Option<&Page<'_>>,
) -> Cmd {
    let cut = if sabotage::is(Sabotage::MaxLen10) {
        10
    } else {
        0
    };
    let mut command = run(named, (OFFER, &OFFER_DIGEST), unit);
    command.arg(LANE_CAPACITY).arg(cut).arg(unit);
    let from = page.map(|page| &page.from);
    for mark in [from, page.and_then(|page| page.next.as_ref())] {
        let due = mark.map(|mark| mark.due.to_string());
        let key = mark.map_or("", |mark| &mark.key);
        command.arg(due.unwrap_or_default()).arg(key);
    }
    for offer in offers {
        let committed_at = offer.committed_at.map(clock::micros);
        command
            .arg(&offer.key)
            .arg(&offer.dossier)
            .arg(&offer.traceparent)
            .arg(committed_at.map(|at| at.to_string()).unwrap_or_default())
            .arg(offer.due)
            .arg(offer.earlier.join(" "));
    }
    command
}

/// Takes offers out of a unit's stream for good. Tells whether it starves.
pub(super) fn settle(named: Named, unit: &str, keys: &[&str]) -> Cmd {
    let mut command = run(named, (SETTLE, &SETTLE_DIGEST), unit);
    command.arg(unit).arg(keys);
    command
}

/// Whether a unit's stream was filled since Redis was wiped.
pub(super) fn was_filled(unit: &str) -> Cmd {
    let Keys([.., fill, _bell]) = Keys::of(unit);
    let mut command = redis::cmd("EXISTS");
    command.arg(fill);
    command
}

/// What a unit's stream is filled with.
pub(super) fn fill_of(unit: &str) -> Cmd {
    let Keys([.., fill, _bell]) = Keys::of(unit);
    let mut command = redis::cmd("GET");
    command.arg(fill);
    command
}

/// Up to where it is filled, when the store has more.
pub(super) fn mark(fill: &str) -> Option<Mark> {
    let (due, key) = fill.strip_prefix("more ")?.split_once(' ')?;
    Some(Mark {
        due: due.parse().ok()?,
        key: key.to_owned(),
    })
}

/// What one look into a unit's stream gave.
pub(super) struct Found {
    pub taken: Taken,
    pub starves: bool,
}

impl FromRedisValue for Found {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        type Raw = (Vec<RawDelivery>, Vec<RawDelivery>, i64, bool);
        let (delivered, exhausted, wait, starves): Raw = redis::from_redis_value(value)?;
        let look_again = u64::try_from(wait).map_or(LOOK, Duration::from_millis);
        Ok(Self {
            taken: Taken {
                delivered: delivered.into_iter().map(RawDelivery::read).collect(),
                exhausted: exhausted.into_iter().map(RawDelivery::read).collect(),
                look_again: look_again.min(LOOK),
            },
            starves,
        })
    }
}

struct RawDelivery(String, String, String, String, u32);

impl FromRedisValue for RawDelivery {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let (key, dossier, traceparent, committed_at, attempt) = redis::from_redis_value(value)?;
        Ok(Self(key, dossier, traceparent, committed_at, attempt))
    }
}

impl RawDelivery {
    fn read(self) -> Delivered {
        let Self(key, dossier, traceparent, committed_at, attempt) = self;
        Delivered {
            offer: Offer {
                key,
                dossier,
                traceparent,
                committed_at: moment(&committed_at),
                ..Offer::default()
            },
            attempt,
        }
    }
}

fn moment(micros: &str) -> Option<Moment> {
    micros.parse().ok().map(clock::from_micros)
}

/// Takes offers on lease.
pub(super) async fn take(
    connection: &mut super::Connection,
    take: &Take<'_>,
) -> redis::RedisResult<Found> {
    let begin = if sabotage::is(Sabotage::GroupAtEnd) {
        "$"
    } else {
        "0"
    };
    let Keys(keys) = Keys::of(take.unit);
    let mut taking = TAKE.prepare_invoke();
    for key in keys {
        taking.key(key);
    }
    taking
        .arg(take.most)
        .arg(millis(take.lease))
        .arg(take.subscriber)
        .arg(take.most_deliveries)
        .arg(millis(REPORTED_FOR))
        .arg(begin);
    taking.invoke_async(connection).await
}

/// Changes deliveries. Tells of each whether it had an effect, and whether the lane starves.
pub(super) async fn modify(
    connection: &mut super::Connection,
    unit: &str,
    modify: &[Modify],
) -> redis::RedisResult<(Vec<bool>, bool)> {
    let Keys(keys) = Keys::of(unit);
    let mut modifying = MODIFY.prepare_invoke();
    for key in keys {
        modifying.key(key);
    }
    modifying.arg(MOST_ACKNOWLEDGED);
    modifying.arg(millis(ACKNOWLEDGED_FOR)).arg(unit);
    for one in modify {
        let (change, by) = match one.change {
            Change::Acknowledge => ("acknowledge", Duration::ZERO),
            Change::Extend(by) => ("extend", by),
            Change::GiveBack(delay) => ("give_back", delay),
            Change::Undeliver => ("undeliver", Duration::ZERO),
        };
        modifying.arg(&one.key).arg(one.attempt);
        modifying.arg(change).arg(millis(by));
    }
    modifying.invoke_async(connection).await
}

/// What a unit's stream holds.
pub(super) async fn stats(
    connection: &mut super::Connection,
    unit: &str,
) -> redis::RedisResult<Stats> {
    let Keys(keys) = Keys::of(unit);
    let mut asking = STATS.prepare_invoke();
    for key in keys {
        asking.key(key);
    }
    let (held, leased, later, acknowledged, oldest): (usize, usize, usize, usize, String) =
        asking.invoke_async(connection).await?;
    Ok(Stats {
        held,
        leased,
        later,
        acknowledged,
        oldest_waiting: moment(&oldest),
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
