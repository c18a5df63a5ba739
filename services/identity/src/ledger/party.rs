//! Deciding what becomes of parties.

mod known;
mod merge;
mod proxy;

use std::collections::{BTreeMap, BTreeSet};

use kit::identity_number::IdentityNumber;
use kit::log::{NewEvent, Shard};
use kit::seal::Keyring;
use kit::writer::{About, Effect, Step};
use prost::Message as _;
use proto::identity::v1::IdentityChange;
use sea_orm::DbErr;

use super::Change;
use crate::error::Error;
use crate::party::{Details, Party, Uid, Warning, warnings};
use crate::proxy::Proxy;
use crate::{store, wire};

pub(crate) use known::{Keys, Known};
pub(crate) use proxy::{Grant, Revocation};

/// What can be done about parties.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Register one under a new uid, unless its number is known.
    Register(Party),
    /// Tell its details anew.
    Update(On, Details),
    /// Add a number.
    AddNumber(On, IdentityNumber),
    /// The first is the second, registered twice.
    Merge { merged: On, survivor: Uid },
    /// It was another after all.
    /// At this second of the real clock.
    Unmerge(On, i64),
    /// One acts for another.
    Grant(Box<Grant>),
    /// It does no longer.
    Revoke(Revocation),
}

/// The party that an act is about.
#[derive(Clone, Debug)]
pub(crate) struct On {
    pub uid: Uid,
    /// The revision that the caller has seen; 0 does not check.
    pub expected_revision: i64,
}

/// One row to write.
#[derive(Clone, Debug)]
pub(crate) enum PartyChange {
    Party(Party),
    /// A number that a party has from now on.
    Number(Uid, IdentityNumber),
    Proxy(Proxy),
}

/// Writes changes; of one party or proxy only the last counts.
pub(super) async fn save(
    sink: &impl kit::db::Sink,
    ring: &Keyring,
    changes: &[&PartyChange],
) -> Result<(), DbErr> {
    let (mut parties, mut proxies) = (BTreeMap::new(), BTreeMap::new());
    let mut numbers = Vec::new();
    for change in changes {
        match change {
            PartyChange::Party(party) => {
                parties.insert(&party.uid, party);
            }
            PartyChange::Number(uid, number) => numbers.push((uid, number)),
            PartyChange::Proxy(proxy) => {
                proxies.insert(&proxy.uid, proxy);
            }
        }
    }
    let parties: Vec<&Party> = parties.into_values().collect();
    store::party::save(sink, &parties).await?;
    store::party::insert_numbers(sink, ring, &numbers).await?;
    let proxies: Vec<&Proxy> = proxies.into_values().collect();
    store::proxy::save(sink, &proxies).await
}

/// Whether the caller may do this for this party at all; the rule of the rpc has said all else.
pub(super) fn permits(known: &Known, act: &Act) -> Result<(), Error> {
    match act {
        Act::Grant(grant) => proxy::may_grant(grant),
        Act::Revoke(revocation) => proxy::may_revoke(known, revocation),
        Act::Register(_)
        | Act::Update(..)
        | Act::AddNumber(..)
        | Act::Merge { .. }
        | Act::Unmerge(..) => Ok(()),
    }
}

/// Decides one act.
pub(super) fn decide(
    known: &Known,
    step: &Step<super::Act>,
    act: &Act,
) -> Result<Effect<Change>, Error> {
    match act {
        Act::Register(party) => Ok(register(known, party)),
        Act::Update(on, details) => {
            let party = known.own(on)?.detailed(details.clone());
            let reply = wire::party::updated(&party, &known.family(&party.uid));
            Ok(changed(party, wire::party::told_updated, &reply))
        }
        Act::AddNumber(on, number) => add_number(known, on, number),
        Act::Merge { merged, survivor } => merge::merge(known, merged, survivor),
        Act::Unmerge(on, now) => merge::unmerge(known, on, *now),
        Act::Grant(grant) => proxy::grant(known, grant, &step.cause),
        Act::Revoke(revocation) => proxy::revoke(known, revocation, &step.cause),
    }
}

/// Registers a party; a number that is known gives the party that has it.
fn register(known: &Known, party: &Party) -> Effect<Change> {
    let number = party.particulars.first_number();
    let Some(there) = number.and_then(|number| known.holder(number)) else {
        let mut effect = Effect::nothing();
        put(&mut effect, party);
        effect.reply = wire::party::registered(
            party,
            &BTreeSet::new(),
            false,
            &warnings(&party.particulars),
        )
        .encode_to_vec();
        effect.about = About::new(party.uid.as_str(), Some(&party.key));
        return effect;
    };
    let mut found = warnings(&there.particulars);
    if there.particulars.details.name != party.particulars.details.name {
        found.push(Warning::NameDiffers);
    }
    let family = known.family(&there.uid);
    Effect {
        reply: wire::party::registered(there, &family, true, &found).encode_to_vec(),
        about: About::new(there.uid.as_str(), Some(&there.key)),
        ..Effect::nothing()
    }
}

/// Adds a number to a party; one that it has already, also through a merge, changes nothing.
fn add_number(known: &Known, on: &On, number: &IdentityNumber) -> Result<Effect<Change>, Error> {
    let party = known.own(on)?;
    let family = known.family(&party.uid);
    if let Some(holder) = known.holder(number) {
        if holder.uid != party.uid {
            return Err(Error::NumberTaken(holder.uid.clone()));
        }
        return Ok(Effect {
            reply: wire::party::number_added(party, &family).encode_to_vec(),
            about: About::new(party.uid.as_str(), Some(&party.key)),
            ..Effect::nothing()
        });
    }
    if !party.particulars.kind.may_have(number.kind()) {
        return Err(Error::NumberUnfit(party.particulars.kind));
    }
    let party = party.numbered(number.clone());
    let reply = wire::party::number_added(&party, &family);
    let uid = party.uid.clone();
    let mut effect = changed(party, wire::party::told_number_added, &reply);
    let number = PartyChange::Number(uid, number.clone());
    effect.changes.push(Change::Party(number));
    Ok(effect)
}

/// A party that is new.
fn put(effect: &mut Effect<Change>, party: &Party) {
    let told = wire::party::told_registered(&party.uid);
    effect.events.push(event(party, &told));
    let change = PartyChange::Party(party.clone());
    effect.changes.push(Change::Party(change));
    for number in &party.particulars.numbers {
        let number = PartyChange::Number(party.uid.clone(), number.clone());
        effect.changes.push(Change::Party(number));
    }
}

/// A party that changed, what is told of it, and the reply, which is about it.
fn changed(
    party: Party,
    told: fn(&Uid) -> IdentityChange,
    reply: &impl prost::Message,
) -> Effect<Change> {
    Effect {
        events: vec![event(&party, &told(&party.uid))],
        about: About::new(party.uid.as_str(), Some(&party.key)),
        reply: reply.encode_to_vec(),
        changes: vec![Change::Party(PartyChange::Party(party))],
    }
}

/// What is told of a party.
fn event(party: &Party, told: &IdentityChange) -> NewEvent {
    let uid = party.uid.as_str();
    NewEvent::new(uid, Shard::of(uid), told).under(Some(&party.key))
}

fn must_be_at(party: &Party, expected: i64) -> Result<(), Error> {
    if expected != 0 && expected != party.revision {
        return Err(Error::RevisionChanged {
            expected,
            current: party.revision,
        });
    }
    Ok(())
}
