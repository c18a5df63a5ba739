//! Deciding what becomes of units.

use kit::log::{NewEvent, Shard};
use kit::writer::Effect;

use super::{Change, World};
use crate::import::Province;
use crate::unit::Unit;
use crate::wire;

/// Takes in what is new or changed.
pub(super) fn import(world: &World, province: &Province, effect: &mut Effect<Change>) {
    for unit in &province.units {
        if let Some(changed) = unit.following(world.units.get(&unit.uid)) {
            put(effect, changed);
        }
    }
}

fn put(effect: &mut Effect<Change>, unit: Unit) {
    let uid = unit.uid.as_str();
    let told = wire::unit::imported(&unit);
    effect
        .events
        .push(NewEvent::new(uid, Shard::of(uid), &told));
    effect.changes.push(Change::Unit(unit));
}
