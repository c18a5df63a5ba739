//! Taking an exported file in.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use kit::writer::Effect;

use super::publish::unpayable;
use super::{Change, World, changed};
use crate::check;
use crate::entry::Entry;
use crate::error::Error;
use crate::exchange::{AtLine, Told, ToldVersion};
use crate::fault::{Fault, Problem};
use crate::procedure::{Code, FIRST_DAY};
use crate::wire;

/// What an import does, or would do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Taken {
    pub procedures: usize,
    pub changed: usize,
    pub published: usize,
    pub is_dry_run: bool,
}

/// Takes in what is new, or says of every line what is wrong with it.
pub(super) fn take(
    world: &World,
    told: &[AtLine<Told>],
    is_dry_run: bool,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let (mut effect, mut faults) = (Effect::nothing(), Vec::new());
    let mut taken = Taken {
        procedures: told.len(),
        is_dry_run,
        ..Taken::default()
    };
    let (mut codes, mut local) = (BTreeSet::new(), HashMap::new());
    for AtLine { line, what } in told {
        let mut bad = Vec::new();
        let Some(code) = what.versions.first().map(|version| &version.procedure.code) else {
            continue;
        };
        if !codes.insert(code) {
            bad.push(Fault::new("code", Problem::CodeTaken(code.to_string())));
        }
        for own in local_codes(what) {
            // Of two procedures of one file the second is told.
            if *local.entry(own).or_insert(code) != code {
                bad.push(Fault::new(
                    "local_code",
                    Problem::CodeTaken(own.to_string()),
                ));
            }
        }
        let before = world.find(code);
        let mut entry = before.cloned().unwrap_or_else(|| Entry::new(code.clone()));
        let count = entry.versions.len();
        for version in &what.versions {
            take_version(world, &mut entry, version, &mut bad);
        }
        for period in what.online.periods() {
            entry.online.set(period.clone());
        }
        bad.extend(unpayable(&entry, FIRST_DAY));
        faults.extend(bad.into_iter().map(|fault| AtLine::fault(*line, fault)));
        if before != Some(&entry) {
            taken.changed += 1;
            taken.published += entry.versions.len() - count;
            changed(entry, today, &mut effect);
        }
    }
    if !faults.is_empty() {
        return Err(Error::ImportInvalid(faults));
    }
    if is_dry_run {
        effect = Effect::nothing();
    }
    effect.reply = wire::reply::taken(taken);
    Ok(effect)
}

/// The local codes of a procedure.
fn local_codes(told: &Told) -> BTreeSet<&Code> {
    let versions = told.versions.iter();
    versions
        .filter_map(|version| version.procedure.local_code.as_ref())
        .collect()
}

/// A version that is there must say the same; one that is not is published.
fn take_version(world: &World, entry: &mut Entry, told: &ToldVersion, faults: &mut Vec<Fault>) {
    let place = |fault: Fault| {
        let dot = if fault.place.is_empty() { "" } else { "." };
        Fault::new(
            format!("versions[{}]{dot}{}", told.number, fault.place),
            fault.problem,
        )
    };
    let mut content = told.procedure.clone();
    check::settle(&mut content, &world.departments);
    if let Some(known) = entry.version(told.number) {
        if known.from != told.from || known.procedure != content {
            faults.push(place(Fault::new("", Problem::Immutable)));
        }
        return end(entry, told, place, faults);
    }
    let next = entry.next_number();
    if told.number != next {
        faults.push(place(Fault::new("number", Problem::NumberWrong(next))));
    }
    faults.extend(entry.must_follow(told.from).map(place));
    let bad = world.faults(&content, told.from);
    faults.extend(bad.into_iter().map(place));
    entry.publish(content, told.from);
    end(entry, told, place, faults);
}

/// What was retired is retired on the same day.
fn end(
    entry: &mut Entry,
    told: &ToldVersion,
    place: impl Fn(Fault) -> Fault,
    faults: &mut Vec<Fault>,
) {
    let Some(until) = told.until else { return };
    if until <= told.from {
        faults.push(place(Fault::new("until", Problem::PeriodInvalid)));
    }
    let known = entry
        .versions
        .iter_mut()
        .find(|known| known.number == told.number);
    match known {
        Some(known) if known.until.is_none() => known.until = Some(until),
        Some(known) if known.until == Some(until) => {}
        _ => faults.push(place(Fault::new("until", Problem::Immutable))),
    }
}
