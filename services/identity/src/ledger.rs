//! How identity changes: what an act reads, what it decides, what it writes.

mod caller;
mod party;
mod unit;

use std::collections::{BTreeSet, HashMap};

use kit::clock;
use kit::db::Sink;
use kit::identity_number::IdentityNumber;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::error::Error;
use crate::import::Province;
use crate::party::Party;
use crate::principal::{Principal, Subject};
use crate::register::{Draft, Register};
use crate::unit::Unit;
use crate::{NAME, store};

/// What can be done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Take a province in.
    Import(Province),
    /// Take units in, or only tell what would change.
    ImportUnits {
        /// What to take in.
        draft: Draft,
        /// Whether nothing is to be changed.
        is_dry_run: bool,
    },
    /// Register a party under a new uid, unless its number is known.
    Register(Party),
}

/// What acts read.
#[derive(Debug, Default)]
pub(crate) struct World {
    units: Register,
    parties: HashMap<IdentityNumber, Party>,
    principals: HashMap<Subject, Principal>,
}

/// One row to write.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Unit(Unit),
    Party(Party),
    Principal(Principal),
}

/// The ledger of identity.
pub(crate) struct Identity;

impl Ledger for Identity {
    const OWNER: &'static str = NAME;
    type Act = Act;
    type World = World;
    type Change = Change;
    type Error = Error;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<World, DbErr> {
        let keys = Keys::of(acts);
        let units = if keys.units {
            store::unit::lock_all(tx).await?
        } else {
            Register::default()
        };
        let parties = store::party::lock(tx, keys.numbers).await?;
        let principals = store::principal::lock(tx, keys.subjects).await?;
        Ok(World {
            units,
            parties: parties
                .into_iter()
                .map(|party| (party.particulars.number.clone(), party))
                .collect(),
            principals: principals
                .into_iter()
                .map(|principal| (principal.subject.clone(), principal))
                .collect(),
        })
    }

    /// Desks and clients register whomever they serve; the rule of the rpc has said all.
    fn permits(&self, _: &World, _: &Act) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        match &step.act {
            Act::Import(province) => {
                let mut effect = Effect::nothing();
                let on = clock::local(step.cause.at).date();
                let taken = unit::import(world, &province.draft, on, &mut effect)?;
                caller::import(world, &taken.register, province, &mut effect)?;
                Ok(effect)
            }
            Act::ImportUnits { draft, is_dry_run } => {
                let on = clock::local(step.cause.at).date();
                unit::import_for(world, draft, *is_dry_run, on)
            }
            Act::Register(party) => Ok(party::register(world, party)),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        match change.clone() {
            Change::Unit(unit) => {
                world.units.put(unit);
            }
            Change::Party(party) => {
                world
                    .parties
                    .insert(party.particulars.number.clone(), party);
            }
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
                Change::Party(party) => parties.push(party),
                Change::Principal(principal) => principals.push(principal),
            }
        }
        store::unit::save(sink, &units).await?;
        store::party::insert(sink, &parties).await?;
        store::principal::save(sink, &principals).await
    }
}

/// The keys of all that acts read.
#[derive(Default)]
struct Keys<'a> {
    units: bool,
    numbers: BTreeSet<&'a IdentityNumber>,
    subjects: BTreeSet<&'a Subject>,
}

impl<'a> Keys<'a> {
    fn of(acts: &[&'a Act]) -> Self {
        let mut keys = Self::default();
        for act in acts {
            match act {
                Act::Import(province) => keys.add(province),
                Act::ImportUnits { .. } => keys.units = true,
                Act::Register(party) => {
                    keys.numbers.insert(&party.particulars.number);
                }
            }
        }
        keys
    }

    fn add(&mut self, province: &'a Province) {
        self.units = true;
        for caller in &province.callers {
            self.subjects.insert(&caller.subject);
            self.numbers
                .extend(caller.part.party().map(|party| &party.particulars.number));
        }
    }
}
