//! Deciding what becomes of units.

use chrono::NaiveDate;
use kit::log::{NewEvent, Shard};
use kit::writer::Effect;
use prost::Message as _;

use super::{Change, World};
use crate::error::Error;
use crate::register::{Draft, Taken};
use crate::unit::Unit;
use crate::wire;

/// Takes in what is new or changed.
pub(super) fn import(
    world: &World,
    draft: &Draft,
    on: NaiveDate,
    effect: &mut Effect<Change>,
) -> Result<Taken, Error> {
    let taken = world.units.take_in(draft).map_err(Error::ImportInvalid)?;
    for unit in &taken.changed {
        put(effect, unit, on);
    }
    Ok(taken)
}

/// The same for a caller, who is told what changed, or would change.
pub(super) fn import_for(
    world: &World,
    draft: &Draft,
    is_dry_run: bool,
    on: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let mut effect = Effect::nothing();
    let taken = import(world, draft, on, &mut effect)?;
    if is_dry_run {
        effect = Effect::nothing();
    }
    let report = wire::unit::report(&world.units, draft, &taken, is_dry_run);
    effect.reply = report.encode_to_vec();
    Ok(effect)
}

fn put(effect: &mut Effect<Change>, unit: &Unit, on: NaiveDate) {
    let uid = unit.uid.as_str();
    let told = wire::unit::imported(unit, on);
    effect
        .events
        .push(NewEvent::new(uid, Shard::of(uid), &told));
    effect.changes.push(Change::Unit(unit.clone()));
}
