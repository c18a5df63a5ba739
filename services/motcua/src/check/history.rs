//! Is history as it was written? Every row fits the hash chain of its subject, and intake's custody entries carry the hashes
//! of routing's own.

use std::collections::HashSet;
use std::fmt;

use kit::log::{self, Break, Days, Shard};
use prost::Message as _;
use proto::event::v1::Event;
use proto::intake::v1::DossierChange;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{TransferChange, TransferEvent, TransferState};
use sea_orm::{ConnectionTrait, DbErr};

use super::Stores;
use super::positions::Reach;

const PAGE: u64 = 1_000;

/// What was found.
pub struct History {
    events: usize,
    breaks: Vec<Break>,
    unmatched: usize,
    /// Those of each log.
    days: [(&'static str, Days); 2],
}

impl History {
    /// Whether nothing was altered, removed or inserted.
    pub fn is_whole(&self) -> bool {
        let days_fit = self.days.iter().all(|(_, days)| days.faults.is_empty());
        self.breaks.is_empty() && self.unmatched == 0 && days_fit
    }

    /// The seal of the last closed day of each log, which stands for all before it: to be kept where nobody has it who can write
    /// into the stores.
    pub fn seals(&self) -> impl Iterator<Item = String> + '_ {
        self.days.iter().filter_map(|(owner, days)| {
            let last = days.last.as_ref()?;
            let (day, number, seal) = (&last.day, days.closed, last.seal_in_hex());
            Some(format!("{owner} until {day}, day {number}: seal {seal}"))
        })
    }

    /// The rows and days that do not fit.
    pub fn breaks(&self) -> impl Iterator<Item = String> + '_ {
        let days = self.days.iter().flat_map(|(owner, days)| {
            let faults = days.faults.iter();
            faults.map(move |(day, what)| format!("{owner} until {day}: {what}"))
        });
        let rows = self.breaks.iter().map(|broken| {
            format!(
                "{} at {}:{}: {}",
                broken.subject, broken.shard, broken.seq, broken.what
            )
        });
        rows.chain(days)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events in two chains, altered {}, changes of custody that only one side knows {}, closed days {}",
            self.events,
            self.breaks().count(),
            self.unmatched,
            self.days.iter().map(|(_, days)| days.closed).sum::<usize>()
        )
    }
}

/// Checks both logs.
pub async fn check(stores: &Stores, reach: &Reach) -> Result<History, DbErr> {
    let intake = log::audit(&stores.intake, &stores.ring).await?;
    let routing = log::audit(&stores.routing, &stores.ring).await?;
    let accepted = hashes(
        &stores.routing,
        "routing",
        |shard| reach.routing[&shard],
        accepted,
    )
    .await?;
    let heard = hashes(&stores.intake, "intake", |_| i64::MAX, heard).await?;
    let all_accepted = hashes(&stores.routing, "routing", |_| i64::MAX, self::accepted).await?;
    let unheard = accepted.difference(&heard).count();
    Ok(History {
        events: intake.events + routing.events,
        breaks: [intake.breaks, routing.breaks].concat(),
        unmatched: unheard + heard.difference(&all_accepted).count(),
        days: [("intake", intake.days), ("routing", routing.days)],
    })
}

/// The routing hashes that events of one log carry, up to a position in each shard.
async fn hashes(
    db: &impl ConnectionTrait,
    owner: &str,
    up_to: impl Fn(Shard) -> i64,
    of: fn(&Event) -> Option<Vec<u8>>,
) -> Result<HashSet<Vec<u8>>, DbErr> {
    let mut hashes = HashSet::new();
    for shard in Shard::all() {
        let mut after = 0;
        loop {
            let events = log::page(db, owner, shard, after, PAGE).await?;
            let Some(end) = events.last() else { break };
            after = end.seq;
            let within = events.iter().filter(|event| event.seq <= up_to(shard));
            hashes.extend(within.filter_map(of));
        }
    }
    Ok(hashes)
}

fn accepted(event: &Event) -> Option<Vec<u8>> {
    let change = TransferChange::decode(event.change.as_ref()?.value.as_slice()).ok()?;
    let moves = match change.event() {
        TransferEvent::Accepted => true,
        // One of a step that waited, or that was sent back, is told of the sender or of nobody.
        TransferEvent::Returned => !change.custodian_uid.is_empty(),
        TransferEvent::Inherited => {
            let state = change.transfer.as_ref()?.state();
            matches!(state, TransferState::Accepted | TransferState::Completed)
        }
        _ => false,
    };
    moves.then(|| event.hash.clone())
}

fn heard(event: &Event) -> Option<Vec<u8>> {
    match event
        .change
        .as_ref()?
        .to_msg::<DossierChange>()
        .ok()?
        .change?
    {
        Change::CustodyMoved(moved) => Some(moved.routing_hash),
        _ => None,
    }
}
