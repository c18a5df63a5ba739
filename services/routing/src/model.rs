//! Routing's decisions by themselves, for the model check of the suite (`tests/tests/model.rs`): no store, no port. Only builds
//! with the feature `model` have it.

use std::collections::BTreeMap;

use kit::copies::{CalendarCache, Copy};
use proto::routing::v1::TransferChange;

pub use crate::act::{Act, OnTransfer, Verb};
pub use crate::change::Change;
pub use crate::journey::{Holding, Journey};
pub use crate::ledger::{Routing, World};
pub use crate::route::RESULT;
pub use crate::transfer::{State, Transfer};
pub use crate::wire::event::from_intake;

use crate::check::{Custody, Fold, Tables};

/// A world in which nothing is known but these copies.
#[must_use]
pub fn world(copies: &[Copy]) -> World {
    let mut world = World::default();
    world.learn(copies, &CalendarCache::default());
    world
}

/// Brings a world to where it is loaded again after a change of its journey was saved: the rows that were touched over those of
/// before.
pub fn save(world: &mut World, change: &Change) {
    match change {
        Change::Journey { journey, .. } => {
            let before = world.journey(&journey.route.dossier);
            let saved = saved(before, journey);
            world.apply(&Change::journey(saved));
        }
        Change::Erased(_) | Change::Copy(_) => world.apply(change),
    }
}

fn saved(before: Option<&Journey>, after: &Journey) -> Journey {
    let (mut transfers, mut holdings) = (BTreeMap::new(), BTreeMap::new());
    let (touched, held) = after.touched();
    let known = before.into_iter().flat_map(Journey::transfers);
    for transfer in known.chain(touched) {
        transfers.insert(&transfer.uid, transfer);
    }
    let known = before.into_iter().flat_map(Journey::holdings);
    for holding in known.chain(held) {
        holdings.insert((&holding.transfer, holding.ordinal), holding);
    }
    let open = holdings
        .into_values()
        .filter(|holding| holding.until.is_none());
    Journey::stored(
        after.route.clone(),
        transfers.into_values().cloned().collect(),
        open.cloned().collect(),
    )
}

/// Routing's log, folded as `motcua check` folds it.
#[derive(Clone, Default)]
pub struct Log(Fold);

impl Log {
    /// Takes the next change.
    pub fn take(&mut self, change: TransferChange) {
        self.0.take(change);
    }

    /// What `motcua check` finds of a dossier.
    #[must_use]
    pub fn compare(&self, journey: Option<&Journey>) -> Custody {
        let mut tables = Tables::default();
        for transfer in journey.into_iter().flat_map(Journey::transfers) {
            match transfer.state {
                State::Offered => {
                    let offer = (transfer.uid.clone(), transfer.offer_epoch);
                    tables.offered.insert(offer);
                    tables.open_branches.insert(transfer.uid.clone());
                }
                State::Accepted(_) | State::Declined => {
                    tables.open_branches.insert(transfer.uid.clone());
                }
                State::Completed(..) | State::Recalled(_) | State::Cancelled(..) => {}
            }
        }
        for holding in journey.into_iter().flat_map(Journey::holdings) {
            let holders = tables.holders.entry(holding.transfer.clone()).or_default();
            holders.push(holding.custodian.clone());
        }
        self.0.clone().compare(&tables)
    }
}
