//! Routing's decisions by themselves, for the model check of the suite (`tests/tests/model.rs`): no store, no port. Only builds
//! with the feature `model` have it.

use std::collections::BTreeMap;
use std::sync::Arc;

use kit::clock::Moment;
use kit::copies::{CalendarCache, Copy};
use kit::log::{Cause, NewEvent};
use kit::queue::Queue;
use kit::seal::Keyring;
use kit::writer::{Ledger as _, Step};
use proto::routing::v1::TransferChange;

pub use crate::act::{Act, GivenUp, OnTransfer, Redrive, Verb};
pub use crate::check::Offers;
pub use crate::journey::{Holding, Journey};
pub use crate::route::RESULT;
pub use crate::transfer::{State, Transfer};
pub use crate::wire::event::from_intake;

use crate::change::Change;
use crate::check::{Custody, Fold, Tables};
use crate::error::Error;
use crate::ledger::{self, World};
use crate::link::{Limits, Links};
use crate::staff::Staff;

/// Routing with what its store would have.
#[derive(Clone)]
pub struct Routing {
    ledger: Arc<ledger::Routing>,
    world: World,
}

impl Routing {
    /// Routing that knows nothing but these copies.
    #[must_use]
    pub fn new(copies: &[Copy]) -> Self {
        let limits = Limits::default();
        let links = Links::new(Arc::new(limits.clone()));
        let mut world = World::new(links, Staff::default());
        world.learn(copies, &CalendarCache::default());
        let ledger = ledger::Routing::new(Queue::in_process(), &Keyring::empty(), limits);
        Self {
            ledger: Arc::new(ledger),
            world,
        }
    }

    /// The journey of a dossier.
    #[must_use]
    pub fn journey(&self, dossier: &str) -> Option<&Journey> {
        self.world.journey(dossier)
    }

    /// What a caller asks for: routing after it, and what it tells.
    ///
    /// # Errors
    /// The refusal.
    pub fn call(&self, act: Act, at: Moment) -> Result<(Self, Vec<NewEvent>), Error> {
        self.ledger.permits(&self.world, &act)?;
        self.take_in(act, at)
    }

    /// What an event asks for: routing after it, and what it tells.
    ///
    /// # Errors
    /// The refusal, by which the event would be parked.
    pub fn take_in(&self, act: Act, at: Moment) -> Result<(Self, Vec<NewEvent>), Error> {
        let cause = Cause::unasked(crate::NAME, at);
        let effect = self.ledger.decide(&self.world, &Step { act, cause })?;
        let mut after = self.clone();
        for change in &effect.changes {
            after.save(change);
        }
        Ok((after, effect.events))
    }

    /// Writes a change, and loads its journey again.
    fn save(&mut self, change: &Change) {
        match change {
            Change::Journey { journey, .. } => {
                let before = self.world.journey(&journey.route.dossier);
                let saved = saved(before, journey);
                self.world.apply(&Change::journey(saved));
            }
            _ => self.world.apply(change),
        }
    }
}

/// What is loaded after the rows that an act touched were written over those of before.
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
                    let step = (transfer.dossier.clone(), transfer.work.key.clone());
                    tables.offered.insert(offer, step);
                    tables.open_branches.insert(transfer.uid.clone());
                }
                State::Accepted(_) | State::Declined | State::CalledBack | State::GivenBack(_) => {
                    tables.open_branches.insert(transfer.uid.clone());
                }
                State::Completed(..)
                | State::Recalled(_)
                | State::Cancelled(..)
                | State::SentBack(..)
                | State::Undone(..) => {}
            }
        }
        for holding in journey.into_iter().flat_map(Journey::holdings) {
            let holders = tables.holders.entry(holding.transfer.clone()).or_default();
            holders.push(holding.custodian.clone());
        }
        self.0.clone().compare(&tables)
    }
}
