//! How identity changes: what an act reads, what it decides, what it writes.

mod caller;
pub(crate) mod party;
mod unit;

use std::collections::{BTreeSet, HashMap};

use kit::db::Sink;
use kit::seal::Keyring;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::error::Error;
use crate::import::Province;
use crate::principal::{Principal, Subject};
use crate::unit::{Uid, Unit};
use crate::{NAME, store};

/// What can be done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Take a province in.
    Import(Province),
    /// Something about parties.
    Party(party::Act),
}

/// What acts read.
#[derive(Debug, Default)]
pub(crate) struct World {
    units: HashMap<Uid, Unit>,
    parties: party::Known,
    principals: HashMap<Subject, Principal>,
}

/// One row to write.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Unit(Unit),
    Party(party::PartyChange),
    Principal(Principal),
}

/// The ledger of identity over a store of this ring.
pub(crate) struct Identity(pub Keyring);

impl Ledger for Identity {
    const OWNER: &'static str = NAME;
    type Act = Act;
    type World = World;
    type Change = Change;
    type Error = Error;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<World, DbErr> {
        let keys = Keys::of(acts);
        let units = store::unit::lock(tx, keys.units).await?;
        let parties = keys.parties.load((tx, &self.0)).await?;
        let principals = store::principal::lock(tx, keys.subjects).await?;
        Ok(World {
            units: units
                .into_iter()
                .map(|unit| (unit.uid.clone(), unit))
                .collect(),
            parties,
            principals: principals
                .into_iter()
                .map(|principal| (principal.subject.clone(), principal))
                .collect(),
        })
    }

    /// Desks and clients do it for whomever they serve; the rule of the rpc has said most.
    fn permits(&self, world: &World, act: &Act) -> Result<(), Error> {
        match act {
            Act::Party(act) => party::permits(&world.parties, act),
            Act::Import(_) => Ok(()),
        }
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        match &step.act {
            Act::Import(province) => {
                let mut effect = Effect::nothing();
                unit::import(world, province, &mut effect);
                caller::import(world, province, &mut effect)?;
                Ok(effect)
            }
            Act::Party(act) => party::decide(&world.parties, step, act),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        match change.clone() {
            Change::Unit(unit) => {
                world.units.insert(unit.uid.clone(), unit);
            }
            Change::Party(change) => world.parties.apply(change),
            Change::Principal(principal) => {
                world
                    .principals
                    .insert(principal.subject.clone(), principal);
            }
        }
    }

    async fn save(&self, sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
        let (mut units, mut parties, mut principals) = (Vec::new(), Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Unit(unit) => units.push(unit),
                Change::Party(change) => parties.push(change),
                Change::Principal(principal) => principals.push(principal),
            }
        }
        store::unit::save(sink, &units).await?;
        party::save(sink, &self.0, &parties).await?;
        store::principal::save(sink, &principals).await
    }
}

/// The keys of all that acts read.
#[derive(Default)]
struct Keys<'a> {
    units: BTreeSet<&'a Uid>,
    parties: party::Keys<'a>,
    subjects: BTreeSet<&'a Subject>,
}

impl<'a> Keys<'a> {
    fn of(acts: &[&'a Act]) -> Self {
        let mut keys = Self::default();
        for act in acts {
            match act {
                Act::Import(province) => keys.add(province),
                Act::Party(act) => keys.parties.add(act),
            }
        }
        keys
    }

    fn add(&mut self, province: &'a Province) {
        self.units
            .extend(province.units.iter().map(|unit| &unit.uid));
        for caller in &province.callers {
            self.subjects.insert(&caller.subject);
            self.units.extend(caller.part.unit());
            let party = caller.part.party();
            self.parties
                .numbers
                .extend(party.and_then(|party| party.particulars.first_number()));
        }
    }
}
