//! Taking the files of a deployment in.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use kit::online::Period;
use kit::writer::Effect;

use super::{Change, World, calendar, changed};
use crate::check;
use crate::entry::Entry;
use crate::error::Error;
use crate::import::Filed;
use crate::procedure::FIRST_DAY;
use crate::route::UnitUid;

/// What is new is in force from the suite's first day, what has changed from today.
pub(super) fn take(
    world: &World,
    files: &crate::Catalogue,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let mut effect = Effect::nothing();
    let departments = departments(&files.procedures);
    for of_file in &files.procedures {
        let mut new = of_file.clone();
        check::settle(&mut new.procedure, &departments);
        let before = world.find(&new.procedure.code);
        let mut entry = before
            .cloned()
            .unwrap_or_else(|| Entry::new(new.procedure.code.clone()));
        file(&mut entry, new, today);
        if before != Some(&entry) {
            changed(entry, today, &mut effect);
        }
    }
    if let Some(calendar) = &files.calendar {
        calendar::publish(world, calendar, today, &mut effect)?;
    }
    Ok(effect)
}

fn file(entry: &mut Entry, filed: Filed, today: NaiveDate) {
    let last = entry.versions.last();
    let from = last.map_or(FIRST_DAY, |last| {
        // No two versions begin on one day.
        let next = last.from.succ_opt().unwrap_or(last.from);
        today.max(next).max(last.until.unwrap_or(next))
    });
    if entry.online.on("", from.max(today)).level != Some(filed.online_level) {
        let level = entry.versions.is_empty().then_some(FIRST_DAY);
        entry.online.set(Period {
            unit: String::new(),
            from: level.unwrap_or(today),
            to: None,
            level: Some(filed.online_level),
            service: None,
        });
    }
    if last.is_none_or(|last| last.procedure != filed.procedure) {
        entry.publish(filed.procedure, from);
    }
}

/// The department that leads most procedures of each field.
fn departments(filed: &[Filed]) -> HashMap<String, UnitUid> {
    let mut counts: BTreeMap<(&str, &UnitUid), usize> = BTreeMap::new();
    for Filed { procedure, .. } in filed {
        *counts
            .entry((&procedure.field, &procedure.lead_unit))
            .or_default() += 1;
    }
    let mut most: HashMap<String, (usize, UnitUid)> = HashMap::new();
    for ((field, unit), count) in counts {
        let known = most.get(field).map_or(0, |(known, _)| *known);
        if count > known {
            most.insert(field.to_owned(), (count, unit.clone()));
        }
    }
    most.into_iter()
        .map(|(field, (_, unit))| (field, unit))
        .collect()
}
