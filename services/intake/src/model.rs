//! Intake's decisions by themselves, for the model check of the suite (`tests/tests/model.rs`): no store, no port. Only builds
//! with the feature `model` have it.

use kit::copies::{CalendarCache, Copy};

pub use crate::act::{Act, Confirmed, Handed, OnDossier, Order, Postponed, Verb};
pub use crate::change::Change;
pub use crate::custody::{Claim, Custody, Purpose, Standing};
pub use crate::dossier::{
    Addition, Applicant, Channel, Correction, Decision, Dossier, FiledBy, HandedIn, Item, Method,
    Outcome, State,
};
pub use crate::ledger::{Intake, World};
pub use crate::wire::event::from_routing;

/// A world in which nothing is known but these copies.
#[must_use]
pub fn world(copies: &[Copy]) -> World {
    let mut world = World::default();
    world.learn(copies, &CalendarCache::default());
    world
}
