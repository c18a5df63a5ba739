//! Intake's decisions: what each command and each event of the others does to dossiers.

mod codes;
mod decide;
mod preview;
mod step;
mod timing;
mod world;

use std::collections::BTreeSet;
use std::sync::Arc;

use kit::authority::{Relation, Rights};
use kit::copies::{self, CALENDAR, CalendarCache, Calendars};
use kit::db::{Db, Sink};
use kit::seal::Keyring;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::Notify;

pub use preview::{Asked, Preview};
pub use world::ProcedureCache;
pub use world::World;

use crate::act::{Act, GivenBack};
use crate::change::Change;
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

    /// The working calendar as this store's copy has it, for queries.
    ///
    /// # Errors
    /// `CALENDAR_MISSING`, or a store that does not answer.
    pub async fn calendar(&self, db: &Db) -> Result<Arc<Calendars>, Error> {
        let copies = copies::load(db.read(), &world::calendar_name()).await?;
        self.calendar.find(&copies).ok_or(Error::CalendarMissing)
    }

    /// One version of the working calendar, for queries about what was reckoned with it.
    ///
    /// # Errors
    /// `CALENDAR_MISSING`, or a store that does not answer.
    pub async fn calendar_version(&self, db: &Db, revision: i64) -> Result<Arc<Calendars>, Error> {
        let name = BTreeSet::from([(CALENDAR, copies::calendar_key(revision))]);
        let copies = copies::load(db.read(), &name).await?;
        self.calendar.find(&copies).ok_or(Error::CalendarMissing)
    }

    /// Ends when a calendar has been taken in here since it was last asked.
    pub async fn calendar_came(&self) {
        self.calendar_came.notified().await;
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
            Act::Hand(handed) => must_be_of(&handed.rights, handed.party.as_deref()),
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
            Act::Custody(change) => decide::custody(world, change),
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

/// Who applies in person does so for itself or for those who gave it the power; the table says who may for anyone.
fn must_be_of(rights: &Rights, party: Option<&str>) -> Result<String, Error> {
    let party = party.unwrap_or_default();
    let unit = rights.acting_for(&[(Relation::Owner, party)], None);
    unit.ok_or_else(|| Error::PartyNotYours(party.to_owned()))
}
