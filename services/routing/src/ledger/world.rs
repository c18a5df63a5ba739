//! Everything that a batch of acts reads.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kit::copies::{
    self, CALENDAR, CalendarCache, Calendars, Copy, Name, PROCEDURE, PROVINCE_CALENDAR, UNIT,
    UnitTable,
};
use kit::seal::Keyring;
use sea_orm::{DatabaseTransaction, DbErr};

use crate::act::{Act, BatchAccept, Verb};
use crate::change::Change;
use crate::error::Error;
use crate::journey::{Journey, Surroundings};
use crate::transfer::Transfer;
use crate::{store, wire};

/// What a manifest shows is what one may read.
const READ: &str = "routing.TransferService/GetTransfer";
/// How much of a manifest a batch is compared with.
const MANIFEST: u64 = 1_000;
/// How deep units name each other: parents, and chains of successors.
const UNIT_ROUNDS: usize = 8;

/// What was loaded, and what the batch has changed of it so far.
#[derive(Default)]
pub struct World {
    journeys: HashMap<String, Journey>,
    dossier_of: HashMap<String, String>,
    dossier_of_code: HashMap<String, String>,
    /// What units send each other on paper, by sender and receiver.
    manifests: HashMap<(String, String), Vec<Transfer>>,
    plans: HashMap<String, wire::plan::Procedure>,
    units: UnitTable,
    calendar: Option<Arc<Calendars>>,
}

impl World {
    /// The journey of a dossier.
    pub fn journey(&self, dossier: &str) -> Option<&Journey> {
        self.journeys.get(dossier)
    }

    /// The journey that a transfer belongs to.
    pub fn journey_of(&self, transfer: &str) -> Result<&Journey, Error> {
        let dossier = self.dossier_of.get(transfer);
        dossier
            .and_then(|dossier| self.journeys.get(dossier))
            .ok_or(Error::TransferNotFound)
    }

    /// The journey of the dossier with this code, of those that were asked for by code.
    pub fn journey_by_code(&self, code: &str) -> Option<&Journey> {
        self.journey(self.dossier_of_code.get(code)?)
    }

    /// What a unit sent another on paper, and had not come when it was loaded.
    pub fn manifest(&self, from: &str, to: &str) -> &[Transfer] {
        let units = (from.to_owned(), to.to_owned());
        self.manifests.get(&units).map_or(&[], Vec::as_slice)
    }

    /// The steps that a procedure's case asks for.
    pub fn plan(&self, procedure: &str) -> Result<&wire::plan::Procedure, Error> {
        self.plans
            .get(procedure)
            .ok_or_else(|| Error::PlanMissing(procedure.to_owned()))
    }

    /// What deadlines and units are computed with.
    pub fn around(&self) -> Result<Surroundings<'_>, Error> {
        Ok(Surroundings {
            units: &self.units,
            calendar: self.calendar.as_deref().ok_or(Error::CalendarMissing)?,
        })
    }

    fn take(&mut self, copy: &Copy) {
        self.units.take(copy);
        if copy.kind == PROCEDURE
            && let Some(plan) = wire::plan::procedure(&copy.body)
        {
            self.plans.insert(copy.key.clone(), plan);
        }
    }

    /// Lets the acts that follow see a change.
    pub fn apply(&mut self, change: &Change) {
        if let Change::Copy(copy) = change {
            self.take(copy);
        }
        if let Change::Erased(dossier) = change
            && let Some(journey) = self.journeys.get_mut(dossier)
        {
            journey.forget();
        }
        if let Change::Journey { journey, .. } = change {
            let dossier = &journey.route.dossier;
            self.dossier_of_code
                .insert(journey.route.code.clone(), dossier.clone());
            for transfer in journey.transfers() {
                self.dossier_of
                    .insert(transfer.uid.clone(), dossier.clone());
            }
            self.journeys
                .insert(dossier.clone(), journey.as_ref().clone());
        }
    }
}

/// Loads what these acts read, in a handful of queries whatever their number.
pub(super) async fn load(
    (tx, ring): (&DatabaseTransaction, &Keyring),
    acts: &[&Act],
    cache: &CalendarCache,
) -> Result<World, DbErr> {
    let mut world = World::default();
    let transfers: BTreeSet<&str> = acts.iter().filter_map(|act| transfer_of(act)).collect();
    let mut dossiers: BTreeSet<String> = acts
        .iter()
        .flat_map(|act| dossiers_of(act))
        .cloned()
        .collect();
    dossiers.extend(store::dossiers_of(tx, &transfers).await?);
    for batch in acts.iter().filter_map(|act| batch_of(act)) {
        dossiers.extend(store::dossiers_at(tx, &batch.unit, &batch.codes).await?);
        let units = (batch.from.clone(), batch.unit.clone());
        let scope = batch.rights.under(READ).scope();
        let between = (units.0.as_str(), units.1.as_str());
        let sent = store::manifest((tx, ring), &scope, between, None, MANIFEST).await?;
        world.manifests.insert(units, sent);
    }
    for journey in store::journeys(tx, ring, &dossiers).await? {
        world.apply(&Change::journey(journey));
    }
    load_reference(tx, &mut world, acts, cache).await?;
    Ok(world)
}

async fn load_reference(
    tx: &DatabaseTransaction,
    world: &mut World,
    acts: &[&Act],
    cache: &CalendarCache,
) -> Result<(), DbErr> {
    let mut names: BTreeSet<Name> = acts.iter().flat_map(|act| named_by(act, world)).collect();
    for _ in 0..UNIT_ROUNDS {
        if names.is_empty() {
            return Ok(());
        }
        let copies = copies::load(tx, &names).await?;
        world.calendar = world.calendar.take().or_else(|| cache.find(&copies));
        for copy in &copies {
            world.take(copy);
        }
        let asked = std::mem::take(&mut names);
        let fixed = world
            .plans
            .values()
            .flat_map(wire::plan::Procedure::fixed_units);
        let wanted = world
            .units
            .missing()
            .chain(fixed.filter(|uid| !world.units.has(uid)));
        let wanted = wanted.map(|uid| (UNIT, uid.to_owned()));
        names = wanted.filter(|name| !asked.contains(name)).collect();
    }
    Ok(())
}

/// The one calendar that all units share.
pub(super) fn calendar_name() -> Name {
    (CALENDAR, PROVINCE_CALENDAR.to_owned())
}

/// The copies that an act needs: the calendar and units for whatever offers, the procedure for what opens.
fn named_by(act: &Act, world: &World) -> Vec<Name> {
    let calendar = calendar_name;
    let unit = |uid: &String| (UNIT, uid.clone());
    match act {
        Act::Opened(opened) => vec![
            calendar(),
            (
                PROCEDURE,
                copies::version_key(&opened.procedure, opened.version),
            ),
            unit(&opened.receiving),
            unit(&opened.competent),
        ],
        Act::On(on) => match &on.verb {
            Verb::Accept(_)
            | Verb::Decline(..)
            | Verb::Recall(..)
            | Verb::Return(..)
            | Verb::ReceivePaper(_) => Vec::new(),
            Verb::Forward { to, .. } => vec![calendar(), unit(to)],
            Verb::SendBack { .. } => {
                let journey = world.journey_of(&on.transfer);
                let units = journey.iter().flat_map(|journey| units_of(journey));
                units.chain([calendar()]).collect()
            }
            Verb::Complete(_) => {
                let steps = world
                    .journey_of(&on.transfer)
                    .map(|journey| &journey.route.steps);
                let units = steps.into_iter().flatten().map(|step| unit(&step.unit));
                units.chain([calendar()]).collect()
            }
        },
        Act::Decided { dossier, .. } => {
            let returning = world
                .journey(dossier)
                .map(|journey| unit(&journey.route.returning));
            returning.into_iter().chain([calendar()]).collect()
        }
        Act::Corrected { returning, .. } => vec![calendar(), unit(returning)],
        Act::Inherit(dossiers) => {
            let journeys = dossiers.iter().filter_map(|uid| world.journey(uid));
            let units = journeys.flat_map(units_of);
            units.chain([calendar()]).collect()
        }
        Act::DeadlineMoved { .. } | Act::ClockResumed(_) | Act::Reckon(_) => vec![calendar()],
        Act::Withdrawn(_)
        | Act::BatchAccept(_)
        | Act::ClockStopped { .. }
        | Act::Returned { .. }
        | Act::Erased(_)
        | Act::Copies(_) => Vec::new(),
    }
}

/// The units between which a dossier has gone.
fn units_of(journey: &Journey) -> impl Iterator<Item = Name> {
    let transfers = journey.transfers().iter();
    let units = transfers.flat_map(|transfer| [&transfer.from, &transfer.to]);
    units.map(|uid| (UNIT, uid.clone()))
}

fn batch_of(act: &Act) -> Option<&BatchAccept> {
    match act {
        Act::BatchAccept(batch) => Some(batch),
        _ => None,
    }
}

fn transfer_of(act: &Act) -> Option<&str> {
    match act {
        Act::On(on) => Some(&on.transfer),
        Act::BatchAccept(_)
        | Act::Inherit(_)
        | Act::Opened(_)
        | Act::Withdrawn(_)
        | Act::Decided { .. }
        | Act::Returned { .. }
        | Act::Erased(_)
        | Act::DeadlineMoved { .. }
        | Act::ClockStopped { .. }
        | Act::ClockResumed(_)
        | Act::Corrected { .. }
        | Act::Reckon(_)
        | Act::Copies(_) => None,
    }
}

fn dossiers_of(act: &Act) -> &[String] {
    match act {
        Act::Opened(opened) => std::slice::from_ref(&opened.dossier),
        Act::Withdrawn(dossier)
        | Act::Decided { dossier, .. }
        | Act::Returned { dossier, .. }
        | Act::DeadlineMoved { dossier, .. }
        | Act::ClockStopped { dossier, .. }
        | Act::Corrected { dossier, .. }
        | Act::Erased(dossier) => std::slice::from_ref(dossier),
        Act::ClockResumed(resumed) => std::slice::from_ref(&resumed.dossier),
        Act::Inherit(dossiers) | Act::Reckon(dossiers) => dossiers,
        Act::On(_) | Act::BatchAccept(_) | Act::Copies(_) => &[],
    }
}
