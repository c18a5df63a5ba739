//! How identity changes: what an act reads, what it decides, what it writes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::db::Sink;
use kit::identity_number::IdentityNumber;
use kit::log::{NewEvent, Shard};
use kit::writer::{Effect, Ledger, Step};
use prost::Message as _;
use sea_orm::{DatabaseTransaction, DbErr};

use crate::error::Error;
use crate::import::Province;
use crate::party::{self, Party};
use crate::principal::{Principal, Subject};
use crate::unit::{self, Unit};
use crate::{NAME, store, wire};

/// What can be done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Take a province in.
    Import(Province),
    /// Register a party under a new uid, unless its number is known.
    Register(Party),
}

/// What acts read.
#[derive(Debug, Default)]
pub(crate) struct World {
    units: HashMap<unit::Uid, Unit>,
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
        let units = store::unit::lock(tx, keys.units).await?;
        let parties = store::party::lock(tx, keys.numbers).await?;
        let principals = store::principal::lock(tx, keys.subjects).await?;
        Ok(World {
            units: units
                .into_iter()
                .map(|unit| (unit.uid.clone(), unit))
                .collect(),
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
            Act::Import(province) => import(world, province),
            Act::Register(party) => Ok(register(world, party)),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        match change.clone() {
            Change::Unit(unit) => {
                world.units.insert(unit.uid.clone(), unit);
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
    units: BTreeSet<&'a unit::Uid>,
    numbers: BTreeSet<&'a IdentityNumber>,
    subjects: BTreeSet<&'a Subject>,
}

impl<'a> Keys<'a> {
    fn of(acts: &[&'a Act]) -> Self {
        let mut keys = Self::default();
        for act in acts {
            match act {
                Act::Import(province) => keys.add(province),
                Act::Register(party) => {
                    keys.numbers.insert(&party.particulars.number);
                }
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
            self.numbers
                .extend(caller.part.party().map(|party| &party.particulars.number));
        }
    }
}

/// Registers a party; a number that is known gives the party that has it.
fn register(world: &World, party: &Party) -> Effect<Change> {
    let known = world.parties.get(&party.particulars.number);
    let mut effect = Effect::nothing();
    if known.is_none() {
        add_party(&mut effect, party);
    }
    let registered = known.unwrap_or(party);
    effect.reply = wire::registered(&registered.uid).encode_to_vec();
    effect
}

fn import(world: &World, province: &Province) -> Result<Effect<Change>, Error> {
    let mut effect = Effect::nothing();
    for unit in &province.units {
        if let Some(changed) = unit.following(world.units.get(&unit.uid)) {
            add_unit(&mut effect, changed);
        }
    }
    let parties = import_parties(world, province, &mut effect);
    for caller in &province.callers {
        must_have_unit(world, province, caller)?;
        let principal = caller.with_party(|party| {
            let known = parties.get(&party.particulars.number).copied();
            known.unwrap_or(&party.uid).clone()
        });
        if world.principals.get(&caller.subject) != Some(&principal) {
            effect.changes.push(Change::Principal(principal));
        }
    }
    Ok(effect)
}

fn add_unit(effect: &mut Effect<Change>, unit: Unit) {
    let uid = unit.uid.as_str();
    let told = wire::unit_imported(&unit);
    effect
        .events
        .push(NewEvent::new(uid, Shard::of(uid), &told));
    effect.changes.push(Change::Unit(unit));
}

/// The uid of every party that a caller is, by number; those that are not known yet are registered.
fn import_parties<'a>(
    world: &'a World,
    province: &'a Province,
    effect: &mut Effect<Change>,
) -> BTreeMap<&'a IdentityNumber, &'a party::Uid> {
    let mut uids = BTreeMap::new();
    for party in province
        .callers
        .iter()
        .filter_map(|caller| caller.part.party())
    {
        let number = &party.particulars.number;
        if let Some(known) = world.parties.get(number) {
            uids.insert(number, &known.uid);
        } else if !uids.contains_key(number) {
            uids.insert(number, &party.uid);
            add_party(effect, party);
        }
    }
    uids
}

fn add_party(effect: &mut Effect<Change>, party: &Party) {
    let uid = party.uid.as_str();
    effect.events.push(NewEvent::new(
        uid,
        Shard::of(uid),
        &wire::party_registered(&party.uid),
    ));
    effect.changes.push(Change::Party(party.clone()));
}

fn must_have_unit(
    world: &World,
    province: &Province,
    caller: &Principal<Party>,
) -> Result<(), Error> {
    let Some(uid) = caller.part.unit() else {
        return Ok(());
    };
    if world.units.contains_key(uid) || province.units.iter().any(|unit| unit.uid == *uid) {
        return Ok(());
    }
    Err(Error::UnitNotFound(uid.clone()))
}
