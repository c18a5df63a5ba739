//! Working on a draft.

use chrono::NaiveDate;
use kit::log::{NewEvent, Shard};
use kit::writer::Effect;

use super::{Change, OnProcedure, World};
use crate::entry::Entry;
use crate::error::Error;
use crate::procedure::Procedure;
use crate::wire;

/// nothing → draft.
pub(super) fn create(
    world: &World,
    on: &OnProcedure,
    content: Option<&Procedure>,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let mut entry = match world.find(&on.code) {
        Some(entry) => entry.clone(),
        None => Entry::new(on.code.clone()),
    };
    let last = entry.versions.last().map(|version| &version.procedure);
    let content = content.or(last).cloned();
    let content = content.ok_or_else(|| Error::ProcedureNotFound(on.code.to_string()))?;
    entry.begin_draft(content)?;
    let reply = wire::reply::draft_created(&entry, today);
    Ok(drafted(entry, reply))
}

/// The draft says something else.
pub(super) fn update(
    world: &World,
    on: &OnProcedure,
    content: &Procedure,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let missing = || Error::DraftNotFound(on.code.to_string());
    let mut entry = world.find(&on.code).ok_or_else(missing)?.clone();
    let mut draft = entry.draft(on.expected_revision)?.clone();
    draft.procedure = content.clone();
    draft.revision += 1;
    entry.draft = Some(draft);
    let reply = wire::reply::draft_updated(&entry, today);
    Ok(drafted(entry, reply))
}

/// draft → nothing.
pub(super) fn discard(
    world: &World,
    on: &OnProcedure,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    let missing = || Error::DraftNotFound(on.code.to_string());
    let before = world.find(&on.code).ok_or_else(missing)?;
    let mut entry = before.clone();
    entry.discard_draft(on.expected_revision)?;
    let reply = wire::reply::draft_discarded(before, today);
    Ok(drafted(entry, reply))
}

fn drafted(entry: Entry, reply: Vec<u8>) -> Effect<Change> {
    let code = entry.code.as_str();
    let told = wire::event::draft_changed(&entry);
    Effect {
        events: vec![NewEvent::new(code, Shard::of(code), &told)],
        changes: vec![Change::Entry(Box::new(entry))],
        reply,
        about: None,
    }
}
