//! How the catalogue changes: what an import reads, what it decides, what it writes.

mod calendar;

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use kit::clock;
use kit::db::Sink;
use kit::log::{NewEvent, Shard};
use kit::writer::{Effect, Ledger, Step};
use prost::Message as _;
use sea_orm::{DatabaseTransaction, DbErr};

use crate::calendar::PROVINCE;
use crate::error::Error;
use crate::procedure::{Edition, Handling, Procedure};
use crate::store::procedure;
use crate::{NAME, store, wire};

pub(crate) use calendar::CalendarImport;

/// What can be done.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// Take files in.
    Import(crate::Catalogue),
    /// Make the next version of the calendar, or only tell what would change.
    ImportCalendar(Box<CalendarImport>),
}

/// What imports read.
#[derive(Debug, Default)]
pub(crate) struct World {
    procedures: HashMap<String, procedure::Row>,
    calendar: Option<store::calendar::Row>,
}

/// One row to write.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Procedure(procedure::Row),
    Calendar(store::calendar::Row),
}

/// The ledger of the catalogue.
pub(crate) struct Catalogue;

impl Ledger for Catalogue {
    const OWNER: &'static str = NAME;
    type Act = Act;
    type World = World;
    type Change = Change;
    type Error = Error;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Act]) -> Result<World, DbErr> {
        let procedures = acts.iter().flat_map(|act| match act {
            Act::Import(catalogue) => catalogue.procedures.as_slice(),
            Act::ImportCalendar(_) => &[],
        });
        let codes: BTreeSet<_> = procedures.map(|procedure| &procedure.code).collect();
        let rows = procedure::lock(tx, codes).await?;
        Ok(World {
            procedures: rows
                .into_iter()
                .map(|row| (row.code.clone(), row))
                .collect(),
            calendar: store::calendar::lock(tx, PROVINCE).await?,
        })
    }

    /// The rules of the rpcs say all.
    fn permits(&self, _: &World, _: &Act) -> Result<(), Error> {
        Ok(())
    }

    fn decide(&self, world: &World, step: &Step<Act>) -> Result<Effect<Change>, Error> {
        let today = clock::local(step.cause.at).date();
        match &step.act {
            Act::Import(catalogue) => {
                let mut effect = Effect::nothing();
                for procedure in &catalogue.procedures {
                    publish_procedure(world, procedure, today, &mut effect);
                }
                if let Some(calendar) = &catalogue.calendar {
                    calendar::publish(world, calendar, today, &mut effect)?;
                }
                Ok(effect)
            }
            Act::ImportCalendar(import) => calendar::import(world, import, today),
        }
    }

    fn apply(world: &mut World, change: &Change) {
        match change.clone() {
            Change::Procedure(row) => {
                world.procedures.insert(row.code.clone(), row);
            }
            Change::Calendar(row) => world.calendar = Some(row),
        }
    }

    async fn save(&self, sink: &impl Sink, changes: &[Change]) -> Result<(), DbErr> {
        let (mut procedures, mut calendars) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Procedure(row) => procedures.push(row),
                Change::Calendar(row) => calendars.push(row),
            }
        }
        procedure::save(sink, &procedures).await?;
        store::calendar::save(sink, &calendars).await
    }
}

/// Publishes a procedure unless the edition in force says the same. Bodies are compared, so that a field which the
/// contract gains counts as a change too.
fn publish_procedure(
    world: &World,
    procedure: &Procedure,
    today: NaiveDate,
    effect: &mut Effect<Change>,
) {
    let kept = world.procedures.get(procedure.code.as_str());
    let body = |edition: Edition| wire::procedure(procedure, edition).encode_to_vec();
    if kept.is_some_and(|kept| body(kept.edition()) == kept.body) {
        return;
    }
    let edition = kept.map_or(Edition::FIRST, |kept| kept.edition().next(today));
    let code = procedure.code.as_str();
    let told = wire::procedure_published(wire::procedure(procedure, edition));
    effect
        .events
        .push(NewEvent::new(code, Shard::of(code), &told));
    effect.changes.push(Change::Procedure(procedure::Row {
        code: code.to_owned(),
        level: procedure.level.as_str().to_owned(),
        online_level: procedure.online_level.number(),
        vertical_agency: procedure.handling == Handling::VerticalAgency,
        version: edition.version,
        effective_from: edition.effective_from,
        revision: edition.revision,
        body: body(edition),
    }));
}
