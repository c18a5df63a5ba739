//! Deciding what becomes of parties.

use std::collections::BTreeMap;

use kit::identity_number::IdentityNumber;
use kit::log::{NewEvent, Shard};
use kit::writer::Effect;
use prost::Message as _;

use super::{Change, World};
use crate::import::Province;
use crate::party::{Party, Uid};
use crate::wire;

/// Registers a party; a number that is known gives the party that has it.
pub(super) fn register(world: &World, party: &Party) -> Effect<Change> {
    let known = world.parties.get(&party.particulars.number);
    let mut effect = Effect::nothing();
    if known.is_none() {
        put(&mut effect, party);
    }
    let registered = known.unwrap_or(party);
    effect.reply = wire::party::registered(&registered.uid).encode_to_vec();
    effect
}

/// The uid of every party that a caller is, by number; those that are not known yet are registered.
pub(super) fn import<'a>(
    world: &'a World,
    province: &'a Province,
    effect: &mut Effect<Change>,
) -> BTreeMap<&'a IdentityNumber, &'a Uid> {
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
            put(effect, party);
        }
    }
    uids
}

fn put(effect: &mut Effect<Change>, party: &Party) {
    let uid = party.uid.as_str();
    let told = wire::party::told_registered(&party.uid);
    let event = NewEvent::new(uid, Shard::of(uid), &told).under(Some(&party.key));
    effect.events.push(event);
    effect.changes.push(Change::Party(party.clone()));
}
