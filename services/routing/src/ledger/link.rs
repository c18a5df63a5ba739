//! Links to other systems, and what goes by them. Pure.

use std::collections::BTreeSet;

use kit::clock::Moment;
use kit::copies::Copy;
use kit::writer::Effect;

use super::decide::effect;
use super::world::World;
use crate::change::Change;
use crate::error::Error;

/// The kind of a copy that has the linked systems of a unit, by their names; its key is the unit's uid.
pub(super) const LINK: &str = "link";
/// The kind of a copy that has the units of a linked system, by their uids; its key is the system's name.
pub(super) const SYSTEM: &str = "linked_system";

const BETWEEN: char = '\n';

/// The names in a copy.
pub(super) fn names(body: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(body);
    let names = text.split(BETWEEN).filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

fn copy(kind: &'static str, key: &str, names: BTreeSet<String>) -> Change {
    let names: Vec<String> = names.into_iter().collect();
    Change::Copy(Copy {
        kind,
        key: key.to_owned(),
        body: names.join(&BETWEEN.to_string()).into_bytes(),
    })
}

/// A client system works on the steps of these units from now on, and of no others.
pub(super) fn system(world: &World, client: &str, units: &BTreeSet<String>) -> Effect<Change> {
    let before = world.linked_by(client);
    let mut all = Effect::nothing();
    if before == *units {
        return all;
    }
    for unit in before.symmetric_difference(units) {
        let mut systems = world.links().systems_of(unit);
        if units.contains(unit) {
            systems.insert(client.to_owned());
        } else {
            systems.remove(client);
        }
        all.changes.push(copy(LINK, unit, systems));
    }
    all.changes.push(copy(SYSTEM, client, units.clone()));
    all
}

/// Offers were brought to the systems of their units.
pub(super) fn delivered(
    world: &World,
    offers: &[(String, i64)],
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let mut all = Effect::nothing();
    let mut dossiers = BTreeSet::new();
    for (uid, _) in offers {
        let journey = world.journey_of(uid);
        dossiers.extend(journey.map(|journey| &journey.route.dossier));
    }
    for journey in dossiers.into_iter().filter_map(|uid| world.journey(uid)) {
        let mut journey = journey.clone();
        let mut is_news = false;
        for (uid, epoch) in offers {
            is_news |= journey.delivered(uid, *epoch, at);
        }
        if is_news {
            let noted = effect(world, journey, at, Vec::new())?;
            all.changes.extend(noted.changes);
            all.events.extend(noted.events);
        }
    }
    Ok(all)
}
