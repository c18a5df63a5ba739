//! Intake's decisions by themselves, for the model check of the suite (`tests/tests/model.rs`): no store, no port. Only builds
//! with the feature `model` have it.

use std::sync::Arc;

use kit::clock::Moment;
use kit::copies::{CalendarCache, Copy};
use kit::log::{Cause, NewEvent};
use kit::seal::Keyring;
use kit::writer::{Ledger as _, Step};

pub use crate::act::{Act, Confirmed, Handed, OnDossier, Order, Postponed, Verb};
pub use crate::custody::{Claim, Custody, Purpose, Standing};
pub use crate::dossier::{
    Addition, Applicant, Channel, Correction, Decision, Dossier, FiledBy, HandedIn, Item, Method,
    Outcome, State,
};
pub use crate::wire::event::from_routing;

use crate::error::Error;
use crate::ledger::{self, ProcedureCache, World};

/// Intake with what its store would have.
#[derive(Clone)]
pub struct Intake {
    ledger: Arc<ledger::Intake>,
    world: World,
}

impl Intake {
    /// Intake that knows nothing but these copies.
    #[must_use]
    pub fn new(copies: &[Copy]) -> Self {
        let mut world = World::default();
        let caches = (&CalendarCache::default(), &ProcedureCache::default());
        world.learn(copies, caches);
        Self {
            ledger: Arc::new(ledger::Intake::new(&Keyring::empty())),
            world,
        }
    }

    /// The dossier.
    #[must_use]
    pub fn dossier(&self, uid: &str) -> Option<&Dossier> {
        self.world.dossier(uid).ok()
    }

    /// What routing told of the dossier's custody.
    #[must_use]
    pub fn custodies(&self, dossier: &str) -> &[Custody] {
        self.world.custodies(dossier)
    }

    /// What a caller asks for: intake after it, and what it tells.
    ///
    /// # Errors
    /// The refusal.
    pub fn call(&self, act: Act, at: Moment) -> Result<(Self, Vec<NewEvent>), Error> {
        self.ledger.permits(&self.world, &act)?;
        self.take_in(act, at)
    }

    /// What an event or the time asks for: intake after it, and what it tells.
    ///
    /// # Errors
    /// The refusal, by which an event would be parked.
    pub fn take_in(&self, act: Act, at: Moment) -> Result<(Self, Vec<NewEvent>), Error> {
        let cause = Cause::unasked(crate::NAME, at);
        let effect = self.ledger.decide(&self.world, &Step { act, cause })?;
        let mut after = self.clone();
        for change in &effect.changes {
            after.world.apply(change);
        }
        Ok((after, effect.events))
    }
}
