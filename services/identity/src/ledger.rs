//! How identity changes: what an act reads, what it decides, what it writes.

pub(crate) mod client;
mod officer;
pub(crate) mod party;
mod password;
mod staffing;
mod unit;

use std::collections::{BTreeSet, HashMap};

use kit::clock;
use kit::db::Sink;
use kit::seal::Keyring;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseConnection, DatabaseTransaction, DbErr, TransactionTrait as _};

use crate::client::Client;
use crate::error::Error;
use crate::import::Province;
use crate::officer::Officer;
use crate::password::Credential;
use crate::position::{self, Position};
use crate::register::{Draft, Register};
use crate::staff::Staff;
use crate::subject::Subject;
use crate::token::Revocation;
use crate::tries::Tries;
use crate::unit::Unit;
use crate::{NAME, store};
use client::OnClient;

pub(crate) use officer::{Command, Ending, Verb};
pub(crate) use password::{Administrator, Attempt, SignedIn};
pub(crate) use staffing::Row;

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
    /// Something about parties.
    Party(party::Act),
    /// Register or change a client system.
    Client(OnClient),
    /// Take tokens back.
    Revoke(Revocation),
    /// Change officers, their positions or passwords.
    Command(Box<Command>),
    /// Tell of positions that have ended by this day.
    TellEnded(Vec<position::Uid>),
    /// Count an attempt to sign in, before its password is looked at.
    Attempt(Attempt),
    /// An attempt has succeeded.
    SignedIn(SignedIn),
    /// Make an administrator of the province, by hand.
    Administrator(Box<Administrator>),
}

/// What acts read.
#[derive(Debug, Default)]
pub(crate) struct World {
    units: Register,
    parties: party::Known,
    clients: HashMap<Subject, Client>,
    staff: Staff,
    passwords: HashMap<Subject, Credential>,
    tries: HashMap<String, Tries>,
}

/// One row to write.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Unit(Unit),
    Party(party::PartyChange),
    Client(Client),
    Revocation(Revocation),
    NewOfficer(Officer),
    Officer(Officer),
    Position(Position),
    Password(Subject, Credential),
    Tries(String, Tries),
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
        let units = if keys.units {
            store::unit::lock_all(tx).await?
        } else {
            Register::default()
        };
        let parties = keys.parties.load((tx, &self.0)).await?;
        let clients = store::client::lock(tx, keys.clients, keys.certificates).await?;
        let staffing = staffing::Loaded::of((tx, &self.0), acts).await?;
        Ok(World {
            units,
            staff: staffing.staff,
            passwords: staffing.passwords,
            tries: staffing.tries,
            parties,
            clients: clients
                .into_iter()
                .map(|client| (client.subject.clone(), client))
                .collect(),
        })
    }

    /// Desks and clients do it for whomever they serve; the rule of the rpc has said most.
    fn permits(&self, world: &World, act: &Act) -> Result<String, Error> {
        match act {
            Act::Party(act) => party::permits(&world.parties, act)?,
            Act::Command(command) => command.must_be_permitted(world)?,
            _ => {}
        }
        Ok(String::new())
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        match &step.act {
            Act::Import(province) => {
                let mut effect = Effect::nothing();
                let on = clock::local(step.cause.at).date();
                let taken = unit::import(world, &province.draft, on, &mut effect)?;
                staffing::import(world, &taken.register, (province, on), &mut effect)?;
                Ok(effect)
            }
            Act::ImportUnits { draft, is_dry_run } => {
                let on = clock::local(step.cause.at).date();
                unit::import_for(world, draft, *is_dry_run, on)
            }
            Act::Party(act) => party::decide(&world.parties, step, act),
            Act::Client(on) => client::decide(world, on),
            Act::Revoke(revocation) => Ok(Effect {
                changes: vec![Change::Revocation(revocation.clone())],
                ..Effect::nothing()
            }),
            Act::Command(command) => officer::decide(world, command),
            Act::TellEnded(uids) => Ok(officer::tell_ended(world, uids, step.cause.at)),
            Act::Attempt(attempt) => Ok(password::attempt(world, attempt, step.cause.at)),
            Act::SignedIn(signed_in) => password::signed_in(world, signed_in),
            Act::Administrator(made) => password::administrator(world, made),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        match change.clone() {
            Change::Unit(unit) => {
                world.units.put(unit);
            }
            Change::Party(change) => world.parties.apply(change),
            Change::Client(client) => {
                world.clients.insert(client.subject.clone(), client);
            }
            Change::Revocation(_) => {}
            Change::NewOfficer(officer) | Change::Officer(officer) => {
                world.staff.put_officer(officer);
            }
            Change::Position(position) => world.staff.put_position(position),
            Change::Password(subject, credential) => {
                world.passwords.insert(subject, credential);
            }
            Change::Tries(key, tries) => {
                world.tries.insert(key, tries);
            }
        }
    }

    async fn save(&self, sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
        let (mut units, mut parties) = (Vec::new(), Vec::new());
        let (mut clients, mut revocations) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Unit(unit) => units.push(unit),
                Change::Party(change) => parties.push(change),
                Change::Client(client) => clients.push(client),
                Change::Revocation(revocation) => revocations.push(revocation),
                Change::NewOfficer(_)
                | Change::Officer(_)
                | Change::Position(_)
                | Change::Password(..)
                | Change::Tries(..) => {}
            }
        }
        store::unit::save(sink, &units).await?;
        party::save(sink, &self.0, &parties).await?;
        store::client::save(sink, &clients).await?;
        store::revocation::save(sink, &revocations).await?;
        staffing::save(sink, changes).await
    }
}

/// The keys of all that acts read.
#[derive(Default)]
struct Keys<'a> {
    units: bool,
    parties: party::Keys<'a>,
    clients: BTreeSet<&'a Subject>,
    certificates: BTreeSet<&'a str>,
}

impl<'a> Keys<'a> {
    fn of(acts: &[&'a Act]) -> Self {
        let mut keys = Self::default();
        for act in acts {
            match act {
                Act::Import(province) => keys.add(province),
                Act::ImportUnits { .. } => keys.units = true,
                Act::Administrator(made) => keys.add_officer(&made.officer),
                Act::Party(act) => keys.parties.add(act),
                Act::Client(on) => keys.add_client(on),
                Act::Command(command) => keys.add_command(command),
                Act::Revoke(_) | Act::TellEnded(_) | Act::Attempt(_) | Act::SignedIn(_) => {}
            }
        }
        keys
    }

    fn add_client(&mut self, on: &'a OnClient) {
        self.clients.insert(&on.subject);
        if let Some(registration) = on.registration() {
            self.units = true;
            let certificate = registration.certificate_subject.as_deref();
            self.certificates.extend(certificate);
        }
    }

    fn add_command(&mut self, command: &'a Command) {
        self.units |= command.reads_units();
        if let Verb::Register(officer) = &command.verb {
            self.add_officer(officer);
        }
    }

    /// Whoever gives a name locks the units first: so a client and an officer never get the same one at once.
    fn add_officer(&mut self, officer: &'a Officer) {
        self.units = true;
        self.clients.insert(&officer.subject);
    }

    fn add(&mut self, province: &'a Province) {
        self.units = true;
        for officer in &province.staff.officers {
            self.add_officer(officer);
        }
    }
}

/// Decides these in order on what the store has now, and keeps nothing. What the last one would reply.
pub(crate) async fn try_out(
    (db, ring): (&DatabaseConnection, &Keyring),
    steps: &[Step<Act>],
) -> Result<Vec<u8>, Error> {
    let ledger = Identity(ring.clone());
    let acts: Vec<&Act> = steps.iter().map(|step| &step.act).collect();
    let tx = db.begin().await?;
    let mut world = ledger.load(&tx, &acts).await?;
    tx.rollback().await?;
    let mut reply = Vec::new();
    for step in steps {
        let effect = ledger.decide(&world, step)?;
        for change in &effect.changes {
            Identity::apply(&mut world, change);
        }
        reply = effect.reply;
    }
    Ok(reply)
}
