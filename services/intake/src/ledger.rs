//! Intake's decisions: what each command and each event of the others does to dossiers.

mod codes;
mod decide;
mod outside;
mod preview;
mod reckoning;
mod resume;
mod step;
mod timing;
mod world;

use std::sync::Arc;

use kit::authority::{Relation, Rights};
use kit::copies::{CALENDAR, CalendarCache, Calendars, UNIT, UnitTable};
use kit::db::{Db, Sink};
use kit::seal::Keyring;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::Notify;

pub use preview::{Asked, Preview};
pub use world::ProcedureCache;
pub use world::World;

use crate::act::{Act, GivenBack, Handed};
use crate::change::Change;
use crate::dossier::FiledBy;
use crate::error::Error;
use crate::store;

/// Intake's side of the writer.
pub struct Intake {
    calendar: CalendarCache,
    procedures: ProcedureCache,
    calendar_came: Notify,
    ring: Keyring,
}

impl Intake {
    /// Intake over a store of this ring.
    #[must_use]
    pub fn new(ring: &Keyring) -> Self {
        Self {
            calendar: CalendarCache::default(),
            procedures: ProcedureCache::default(),
            calendar_came: Notify::new(),
            ring: ring.clone(),
        }
    }

    /// One version of the working calendar, for queries about what was reckoned with it.
    ///
    /// # Errors
    /// `CALENDAR_MISSING`, or a store that does not answer.
    pub async fn calendar_version(&self, db: &Db, revision: i64) -> Result<Arc<Calendars>, Error> {
        let calendar = self.calendar.version(db.read(), revision).await?;
        calendar.ok_or(Error::CalendarMissing)
    }

    /// These units, and whatever does their work, for queries.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn units(
        &self,
        db: &Db,
        uids: impl Iterator<Item = String>,
    ) -> Result<UnitTable, DbErr> {
        let mut world = World::default();
        let names = uids.map(|uid| (UNIT, uid)).collect();
        self.load_reference(db.read(), &mut world, names).await?;
        Ok(world.units)
    }
}

impl Ledger for Intake {
    const OWNER: &'static str = "intake";
    type Act = Act;
    type World = World;
    type Change = Change;
    type Error = Error;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<World, DbErr> {
        self.load_world(tx, acts).await
    }

    fn permits(&self, world: &World, act: &Act) -> Result<String, Error> {
        match act {
            Act::Hand(handed) if handed.at_desk => {
                must_act_for(&handed.rights, &handed.receiving_unit)
            }
            Act::Hand(handed) => may_hand_in(handed),
            Act::Reserve(reservation) => must_act_for(&reservation.rights, &reservation.unit),
            Act::GiveBack(given_back) => must_know_of(world, given_back),
            Act::On(on) => world.permits(on),
            Act::Custody(_) | Act::Erase(_) | Act::Reckon(_) | Act::Ring(_) | Act::Copies(_) => {
                Ok(String::new())
            }
        }
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        match &step.act {
            Act::Hand(handed) => decide::hand(world, handed, step.cause.at),
            Act::Reserve(reservation) => codes::reserve(world, reservation, step.cause.at),
            Act::GiveBack(given_back) => codes::give_back(world, given_back, step.cause.at),
            Act::On(on) => step::on_dossier(world, on, step.cause.at),
            Act::Custody(change) => decide::custody(world, change, &step.cause.actor),
            Act::Erase(erasure) => decide::erase(world, erasure),
            Act::Reckon(uids) => decide::reckon(world, uids, step.cause.at),
            Act::Ring(uids) => Ok(decide::ring(world, uids, step.cause.at)),
            Act::Copies(copies) => Ok(Effect {
                changes: copies.iter().cloned().map(Change::Copy).collect(),
                ..Effect::nothing()
            }),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        world.apply(change);
    }

    async fn save(&self, sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
        store::save(sink, &self.ring, changes).await
    }

    fn committed(&self, changes: &[Change]) {
        let is_calendar =
            |change: &Change| matches!(change, Change::Copy(copy) if copy.kind == CALENDAR);
        if changes.iter().any(is_calendar) {
            self.calendar_came.notify_one();
        }
    }
}

fn must_act_for(rights: &Rights, receiving: &str) -> Result<String, Error> {
    let unit = rights.acting_for(&[(Relation::Receiving, receiving)], None);
    unit.ok_or_else(|| Error::UnitNotYours(receiving.to_owned()))
}

/// A block is no secret of those who may give it back.
fn must_know_of(world: &World, given_back: &GivenBack) -> Result<String, Error> {
    let block = world.codes.block(&given_back.block)?;
    let standing = [(Relation::Receiving, block.unit.as_str())];
    let unit = given_back.rights.acting_for(&standing, None);
    unit.ok_or(Error::BlockNotFound)
}

/// Who applies in person does so for itself or for those who gave it the power, a system for anyone at the desks of its units.
fn may_hand_in(handed: &Handed) -> Result<String, Error> {
    let party = handed.party.as_deref().unwrap_or_default();
    let receiving = handed.receiving_unit.as_str();
    let standing = [(Relation::Owner, party), (Relation::Receiving, receiving)];
    let unit = handed.rights.acting_for(&standing, None);
    unit.ok_or_else(|| match handed.filed_by {
        FiledBy::System | FiledBy::Officer => Error::UnitNotYours(receiving.to_owned()),
        FiledBy::Itself | FiledBy::Proxy => Error::PartyNotYours(party.to_owned()),
    })
}
