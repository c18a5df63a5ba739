//! What `motcua check` asks of routing's store: is every offer accounted for, and does every open branch have one custodian?

use std::collections::{BTreeMap, HashMap, HashSet};

use kit::log::{self, Shard};
use kit::seal::{Inspection, Keyring};
use prost::Message as _;
use proto::routing::v1::{TransferChange, TransferEvent};
use sea_orm::{ConnectionTrait, DbErr};

use crate::store;

const PAGE: u64 = 1_000;

/// What became of the offers between a pair of units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Made.
    pub offered: u64,
    /// Accepted.
    pub accepted: u64,
    /// Declined.
    pub declined: u64,
    /// Called back.
    pub recalled: u64,
    /// Gone on to another unit.
    pub rehomed: u64,
    /// Still open.
    pub open: u64,
}

/// What the log and the tables say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Custody {
    /// By sender and receiver.
    pub pairs: BTreeMap<(String, String), Offers>,
    /// Open branches without a custodian.
    pub without_custodian: usize,
    /// Open branches with two.
    pub with_two: usize,
    /// Steps of dossiers that are offered by more than one transfer.
    pub offered_twice: usize,
    /// Offers and branches of which the log and the tables do not say the same.
    pub differing: usize,
}

impl Offers {
    /// Whether every offer is accounted for.
    #[must_use]
    pub fn add_up(&self) -> bool {
        self.offered == self.accepted + self.declined + self.recalled + self.rehomed + self.open
    }
}

/// Folds the log and compares it with the tables, in the transaction that `db` is.
///
/// # Errors
/// When the store does not answer.
pub async fn custody(db: &impl ConnectionTrait) -> Result<Custody, DbErr> {
    let mut fold = Fold::default();
    for shard in Shard::all() {
        let mut after = 0;
        loop {
            let events = log::page(db, "routing", shard, after, PAGE).await?;
            let Some(last) = events.last() else { break };
            after = last.seq;
            for event in &events {
                let body = event
                    .change
                    .as_ref()
                    .map_or(&[][..], |any| any.value.as_slice());
                if let Ok(change) = TransferChange::decode(body) {
                    fold.take(change);
                }
            }
        }
    }
    Ok(fold.compare(&Tables::load(db).await?))
}

/// How many of these dossiers nobody is responsible for: without a route, or with an open one that has no open branch.
///
/// # Errors
/// When the store does not answer.
pub async fn unattended(db: &impl ConnectionTrait, dossiers: &[String]) -> Result<usize, DbErr> {
    let held = store::all_open_holdings(db).await?;
    let held: HashSet<String> = held.into_iter().map(|holding| holding.dossier).collect();
    let closed: HashSet<String> = store::closed_routes(db).await?.into_iter().collect();
    let attended = |dossier: &&String| held.contains(*dossier) || closed.contains(*dossier);
    Ok(dossiers.iter().filter(|dossier| !attended(dossier)).count())
}

/// Opens the reason of every transfer that has one.
///
/// # Errors
/// When the store does not answer.
pub async fn personal(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    store::inspect(db, ring).await
}

/// What the log says.
#[derive(Clone, Default)]
pub(crate) struct Fold {
    pairs: BTreeMap<(String, String), Offers>,
    open: HashMap<(String, i64), (String, String)>,
    custodians: HashMap<String, String>,
}

impl Fold {
    pub(crate) fn take(&mut self, change: TransferChange) {
        let event = change.event();
        let Some(transfer) = change.transfer else {
            return;
        };
        let pair = (transfer.from_unit_uid, transfer.to_unit_uid);
        let offer = (transfer.uid.clone(), transfer.offer_epoch);
        if event == TransferEvent::Offered {
            self.pairs.entry(pair.clone()).or_default().offered += 1;
            self.open.insert(offer, pair);
        } else if let Some(pair) = self.open.remove(&offer) {
            let offers = self.pairs.entry(pair.clone()).or_default();
            match event {
                TransferEvent::Accepted => offers.accepted += 1,
                TransferEvent::Declined => offers.declined += 1,
                TransferEvent::Recalled => offers.recalled += 1,
                TransferEvent::Rehomed => offers.rehomed += 1,
                TransferEvent::Unspecified
                | TransferEvent::Offered
                | TransferEvent::Completed
                | TransferEvent::Cancelled
                | TransferEvent::Released
                | TransferEvent::DueMoved
                | TransferEvent::Returned
                | TransferEvent::Undone
                | TransferEvent::Inherited
                | TransferEvent::PaperReceived
                | TransferEvent::DeadLettered
                | TransferEvent::Redriven
                | TransferEvent::Assigned
                | TransferEvent::Unassigned
                | TransferEvent::Escalated
                | TransferEvent::LinkLate
                | TransferEvent::LinkMended
                | TransferEvent::HoldEnded => {
                    self.open.insert(offer, pair);
                }
            }
        }
        if change.custodian_uid.is_empty() {
            self.custodians.remove(&transfer.uid);
        } else {
            self.custodians.insert(transfer.uid, change.custodian_uid);
        }
    }

    /// What it and the tables say together.
    pub(crate) fn compare(mut self, tables: &Tables) -> Custody {
        // What was told of must be in the tables, where it is open.
        for (offer, pair) in &self.open {
            let open = u64::from(tables.offered.contains_key(offer));
            self.pairs.entry(pair.clone()).or_default().open += open;
        }
        let told: HashSet<&(String, i64)> = self.open.keys().collect();
        let kept: HashSet<&(String, i64)> = tables.offered.keys().collect();
        let holders = &tables.holders;
        let with_two = holders.values().filter(|units| units.len() > 1).count();
        let without = tables
            .open_branches
            .iter()
            .chain(self.custodians.keys())
            .collect::<HashSet<_>>();
        let without_custodian = without
            .iter()
            .filter(|transfer| !holders.contains_key(**transfer))
            .count();
        let same = |(transfer, units): (&String, &Vec<String>)| {
            units.first() == self.custodians.get(transfer)
        };
        let differing = holders.iter().filter(|entry| !same(*entry)).count();
        Custody {
            differing: differing + kept.symmetric_difference(&told).count(),
            pairs: self.pairs,
            without_custodian,
            with_two,
            offered_twice: tables.offered_twice(),
        }
    }
}

/// What the tables say.
#[derive(Default)]
pub(crate) struct Tables {
    /// The transfers that are offered, with their epochs; the dossier and the step of each.
    pub offered: HashMap<(String, i64), (String, String)>,
    /// Who is responsible for the branches of which transfers.
    pub holders: HashMap<String, Vec<String>>,
    /// The transfers whose branches must have a custodian.
    pub open_branches: HashSet<String>,
}

impl Tables {
    async fn load(db: &impl ConnectionTrait) -> Result<Self, DbErr> {
        let offered = store::open_transfers(db).await?.into_iter();
        let offered = offered.map(|(uid, epoch, dossier, step)| ((uid, epoch), (dossier, step)));
        let mut holders: HashMap<String, Vec<String>> = HashMap::new();
        for holding in store::all_open_holdings(db).await? {
            holders
                .entry(holding.transfer)
                .or_default()
                .push(holding.custodian);
        }
        Ok(Self {
            offered: offered.collect(),
            holders,
            open_branches: store::open_branches(db).await?.into_iter().collect(),
        })
    }

    fn offered_twice(&self) -> usize {
        let mut transfers: HashMap<&(String, String), usize> = HashMap::new();
        for step in self.offered.values() {
            *transfers.entry(step).or_default() += 1;
        }
        transfers.values().filter(|count| **count > 1).count()
    }
}
