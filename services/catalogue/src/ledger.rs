//! How the catalogue changes: what an act reads, what it decides, what it writes.

mod calendar;
mod draft;
mod files;
mod publish;
mod take;
mod world;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kit::clock;
use kit::copies::{self, Copy};
use kit::db::Sink;
use kit::log::{NewEvent, Shard};
use kit::online::Period;
use kit::writer::{Effect, Ledger, Step};
use sea_orm::{DatabaseTransaction, DbErr};

use crate::entry::Entry;
use crate::error::Error;
use crate::exchange::{AtLine, Told};
use crate::procedure::{Code, Procedure};
use crate::store::known::Known;
use crate::store::{self, procedure};
use crate::{NAME, wire};
pub(crate) use calendar::CalendarImport;
pub(crate) use publish::Published;
pub(crate) use take::Taken;
pub(crate) use world::World;

/// What can be done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Take the files of a deployment in.
    Files(crate::Catalogue),
    /// Take an exported file in, or only tell what would change.
    Take {
        told: Vec<AtLine<Told>>,
        is_dry_run: bool,
    },
    /// Something with one procedure.
    On(Box<OnProcedure>),
    /// Make the next version of the calendar, or only tell what would change.
    ImportCalendar(Box<CalendarImport>),
    /// Identity told of a unit.
    Copies(Vec<Copy>),
}

/// Something with one procedure.
#[derive(Clone, Debug)]
pub(crate) struct OnProcedure {
    pub code: Code,
    /// The revision that the caller has seen, of the procedure or its draft; 0 does not check.
    pub expected_revision: i64,
    pub verb: Verb,
}

/// What is done with one procedure.
#[derive(Clone, Debug)]
pub(crate) enum Verb {
    /// `CreateDraft`; without content as a copy of the last version.
    CreateDraft(Option<Procedure>),
    /// `UpdateDraft`.
    UpdateDraft(Procedure),
    /// `DiscardDraft`.
    DiscardDraft,
    /// `PublishVersion`.
    Publish { from: NaiveDate, is_dry_run: bool },
    /// `RetireProcedure`.
    Retire { from: NaiveDate },
    /// `SetOnlineLevel`.
    SetOnline(Period),
}

/// One row to write.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Entry(Box<Entry>),
    Calendar(store::calendar::Row),
    Copy(Copy),
}

/// The ledger of the catalogue, which tells the memory of a running service when something changed.
pub(crate) struct Catalogue {
    pub known: Option<Known>,
}

impl Ledger for Catalogue {
    const OWNER: &'static str = NAME;
    type Act = Act;
    type World = World;
    type Change = Change;
    type Error = Error;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<World, DbErr> {
        World::load(tx, acts).await
    }

    /// Whom the rules let in may do everything here.
    fn permits(&self, _: &World, _: &Act) -> Result<String, Error> {
        Ok(String::new())
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        let today = clock::local(step.cause.at).date();
        match &step.act {
            Act::Files(files) => files::take(world, files, today),
            Act::Take { told, is_dry_run } => take::take(world, told, *is_dry_run, today),
            Act::On(on) => on_procedure(world, on, today),
            Act::ImportCalendar(import) => calendar::import(world, import, today),
            Act::Copies(copies) => Ok(Effect {
                changes: copies.iter().cloned().map(Change::Copy).collect(),
                ..Effect::nothing()
            }),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        world.apply(change);
    }

    /// Of one procedure only the last change counts.
    async fn save(&self, sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
        let mut entries = BTreeMap::new();
        let (mut calendars, mut copied) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Entry(entry) => {
                    entries.insert(&entry.code, entry.as_ref());
                }
                Change::Calendar(row) => calendars.push(row),
                Change::Copy(copy) => copied.push(copy),
            }
        }
        let entries: Vec<_> = entries.into_values().collect();
        procedure::save(sink, &entries).await?;
        store::calendar::save(sink, &calendars).await?;
        copies::save(sink, &copied).await
    }

    fn committed(&self, changes: &[Change]) {
        let is_of_procedures = |change: &Change| matches!(change, Change::Entry(_));
        if let Some(known) = &self.known
            && changes.iter().any(is_of_procedures)
        {
            known.changed();
        }
    }
}

fn on_procedure(
    world: &World,
    on: &OnProcedure,
    today: NaiveDate,
) -> Result<Effect<Change>, Error> {
    match &on.verb {
        Verb::CreateDraft(content) => draft::create(world, on, content.as_ref(), today),
        Verb::UpdateDraft(content) => draft::update(world, on, content, today),
        Verb::DiscardDraft => draft::discard(world, on, today),
        Verb::Publish { from, is_dry_run } => {
            publish::publish(world, on, (*from, *is_dry_run), today)
        }
        Verb::Retire { from } => publish::retire(world, on, *from, today),
        Verb::SetOnline(period) => publish::set_online(world, on, period, today),
    }
}

/// A procedure has changed: it is told as it is from today on.
fn changed(mut entry: Entry, today: NaiveDate, effect: &mut Effect<Change>) {
    entry.revision += 1;
    let code = entry.code.as_str();
    let told = wire::event::procedure_changed(&entry, today);
    effect
        .events
        .push(NewEvent::new(code, Shard::of(code), &told));
    effect.changes.push(Change::Entry(Box::new(entry)));
}
