//! Everything that a batch of acts reads.

mod plans;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use chrono::NaiveDate;
use kit::copies::{self, CalendarCache, Calendars, Copy, Name, PROCEDURE, UNIT, UnitTable};
use kit::seal::Keyring;
use sea_orm::{DatabaseTransaction, DbErr};

use crate::act::{Act, AtDesk, BatchAccept, OnTransfer, Staffing, Verb};
use crate::change::Change;
use crate::error::Error;
use crate::journey::{Journey, Surroundings};
use crate::link::Links;
use crate::route::{Planned, Route};
use crate::staff::Staff;
use crate::store;
use crate::transfer::Transfer;
use crate::wire::plan::Procedure;

use super::link::{self, LINK, SYSTEM};
use plans::Plans;

/// What a manifest shows is what one may read.
const READ: &str = "routing.TransferService/GetTransfer";
/// How much of a manifest a batch is compared with.
const MANIFEST: u64 = 1_000;

/// How deep units name each other: parents, and chains of successors.
const UNIT_ROUNDS: usize = 8;

/// What was loaded, and what the batch has changed of it so far.
#[derive(Clone)]
pub struct World {
    journeys: HashMap<String, Journey>,
    dossier_of: HashMap<String, String>,
    dossier_of_code: HashMap<String, String>,
    /// What units send each other on paper, by sender and receiver.
    manifests: HashMap<(String, String), Vec<Transfer>>,
    plans: Plans,
    units: UnitTable,
    staff: Staff,
    links: Links,
    systems: HashMap<String, BTreeSet<String>>,
    calendar: Option<Arc<Calendars>>,
}

impl World {
    /// Nothing but these.
    pub fn new(links: Links, staff: Staff) -> Self {
        Self {
            journeys: HashMap::new(),
            dossier_of: HashMap::new(),
            dossier_of_code: HashMap::new(),
            manifests: HashMap::new(),
            plans: Plans::default(),
            units: UnitTable::default(),
            staff,
            links,
            systems: HashMap::new(),
            calendar: None,
        }
    }

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

    /// What a unit, or those that do its work by a day, sent another on paper, and had not come when it was loaded.
    pub fn manifest<'a>(
        &'a self,
        (from, on): (&'a str, NaiveDate),
        to: &'a str,
    ) -> impl Iterator<Item = &'a Transfer> {
        let senders = self.units.line(from, on);
        let sent = senders.filter_map(move |sender| {
            let units = (sender.to_owned(), to.to_owned());
            self.manifests.get(&units)
        });
        sent.flatten()
    }

    async fn load_manifests(
        &mut self,
        (tx, ring): (&DatabaseTransaction, &Keyring),
        batch: &BatchAccept,
    ) -> Result<(), DbErr> {
        let scope = batch.rights.under(READ).scope();
        let senders = self.units.line(&batch.from, NaiveDate::MAX);
        let senders: Vec<String> = senders.map(str::to_owned).collect();
        for sender in senders {
            let between = (sender.as_str(), batch.unit.as_str());
            let sent = store::manifest((tx, ring), &scope, between, None, MANIFEST).await?;
            self.manifests.insert((sender, batch.unit.clone()), sent);
        }
        Ok(())
    }

    /// What a version of a procedure asks for, by the key of its copy.
    pub fn plan(&self, version: &str) -> Result<&Procedure, Error> {
        self.plans.of_version(version)
    }

    /// The steps that the version in force on a day asks for in the case of a route, with their unit rules; none where no version
    /// is, or it has no such case.
    pub fn unit_rules(&self, route: &Route, on: NaiveDate) -> &[Planned] {
        self.plans.in_force(route, on)
    }

    /// All journeys that were loaded, in order.
    pub fn journeys(&self) -> impl Iterator<Item = &Journey> {
        let mut journeys: Vec<&Journey> = self.journeys.values().collect();
        journeys.sort_by_key(|journey| &journey.route.dossier);
        journeys.into_iter()
    }

    /// Those officers who are given work or lose it.
    pub fn staff(&self) -> &Staff {
        &self.staff
    }

    /// The units with linked systems.
    pub fn links(&self) -> &Links {
        &self.links
    }

    /// The units that a client system was linked to before.
    pub fn linked_by(&self, client: &str) -> BTreeSet<String> {
        self.systems.get(client).cloned().unwrap_or_default()
    }

    /// When units work, where that is known.
    pub fn calendar(&self) -> Option<&Calendars> {
        self.calendar.as_deref()
    }

    /// The units.
    pub fn units(&self) -> &UnitTable {
        &self.units
    }

    /// What deadlines and units are computed with.
    pub fn around(&self) -> Result<Surroundings<'_>, Error> {
        Ok(Surroundings {
            units: &self.units,
            calendar: self.calendar.as_deref().ok_or(Error::CalendarMissing)?,
        })
    }

    /// The copies that loaded ones name.
    fn wanted(&self) -> BTreeSet<Name> {
        let fixed = self.plans.fixed_units();
        let fixed = fixed.filter(|uid| !self.units.has(uid));
        let units = self.units.missing().chain(fixed);
        let units = units.map(|uid| (UNIT, uid.to_owned()));
        let linked = self.systems.values().flatten();
        units
            .chain(linked.map(|unit| (LINK, unit.clone())))
            .collect()
    }

    /// Takes in what was loaded of the other services.
    pub fn learn(&mut self, copies: &[Copy], cache: &CalendarCache) {
        self.calendar = self.calendar.take().or_else(|| cache.find(copies));
        for copy in copies {
            self.take(copy);
        }
    }

    fn take(&mut self, copy: &Copy) {
        self.units.take(copy);
        self.plans.take(copy);
        if copy.kind == LINK {
            self.links.put(&copy.key, link::names(&copy.body));
        }
        if copy.kind == SYSTEM {
            self.systems
                .insert(copy.key.clone(), link::names(&copy.body));
        }
    }

    /// Lets the acts that follow see a change.
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Copy(copy) => self.take(copy),
            Change::Officer(officer) => self.staff.put_officer(officer.clone()),
            Change::Position(position) => self.staff.put_position(position.clone()),
            Change::Journey { .. }
            | Change::Erased(_)
            | Change::DeadlineMoved(_)
            | Change::LinkLate { .. } => {}
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
    links: Links,
) -> Result<World, DbErr> {
    // First of all: who is given work and whose position ends is decided one after the other.
    let officers: BTreeSet<&str> = acts.iter().filter_map(|act| officer_of(act)).collect();
    let mut world = World::new(links, store::lock_staff(tx, &officers).await?);
    let leaving: BTreeSet<&str> = acts.iter().filter_map(|act| leaving(act)).collect();
    let transfers: BTreeSet<&str> = acts.iter().flat_map(|act| transfers_of(act)).collect();
    let mut dossiers: BTreeSet<String> = acts
        .iter()
        .flat_map(|act| dossiers_of(act))
        .cloned()
        .collect();
    dossiers.extend(store::dossiers_of(tx, &transfers).await?);
    for batch in acts.iter().filter_map(|act| batch_of(act)) {
        dossiers.extend(store::dossiers_at(tx, &batch.unit, &batch.codes).await?);
    }
    for act in acts {
        if let Act::Redrive(redrive) = act
            && redrive.transfers.is_none()
        {
            dossiers.extend(store::dossiers_of_dead_letters(tx, &redrive.unit).await?);
        }
    }
    dossiers.extend(store::assigned_to(tx, &leaving).await?);
    for journey in store::journeys(tx, ring, &dossiers).await? {
        world.apply(&Change::journey(journey));
    }
    load_reference(tx, &mut world, acts, cache).await?;
    for batch in acts.iter().filter_map(|act| batch_of(act)) {
        world.load_manifests((tx, ring), batch).await?;
    }
    Ok(world)
}

async fn load_reference(
    tx: &DatabaseTransaction,
    world: &mut World,
    acts: &[&Act],
    cache: &CalendarCache,
) -> Result<(), DbErr> {
    let mut names: BTreeSet<Name> = acts.iter().flat_map(|act| named_by(act, world)).collect();
    let mut asked = BTreeSet::new();
    for _ in 0..UNIT_ROUNDS {
        if names.is_empty() {
            return Ok(());
        }
        names.extend(links_of(&names));
        let copies = copies::load(tx, &names).await?;
        world.learn(&copies, cache);
        asked.append(&mut names);
        names = world.wanted();
        names.retain(|name| !asked.contains(name));
    }
    Ok(())
}

/// What is offered to a unit may go by a link.
fn links_of(names: &BTreeSet<Name>) -> Vec<Name> {
    let units = names.iter().filter(|(kind, _)| *kind == UNIT);
    units.map(|(_, unit)| (LINK, unit.clone())).collect()
}

/// The copies that an act needs: the calendar and units for whatever offers, the procedure for what opens.
fn named_by(act: &Act, world: &World) -> Vec<Name> {
    let calendar = copies::calendar_name;
    let unit = |uid: &String| (UNIT, uid.clone());
    let named = |uid: &str| (UNIT, uid.to_owned());
    match act {
        Act::Opened(opened) => vec![
            calendar(),
            (
                PROCEDURE,
                copies::version_key(&opened.procedure, opened.version),
            ),
            (PROCEDURE, opened.procedure.clone()),
            unit(&opened.receiving),
            unit(&opened.competent),
        ],
        Act::On(on) => named_by_verb(on, world),
        Act::Decided(told) => {
            let route = world.journey(&told.dossier).map(|journey| &journey.route);
            let returning = route.map(|route| unit(&route.returning));
            let with_paper = route.filter(|_| !told.paper.is_empty());
            let plan = with_paper.map(|route| {
                let version = copies::version_key(&route.procedure, told.version);
                (PROCEDURE, version)
            });
            let of_route = returning.into_iter().chain(plan);
            of_route.chain([calendar()]).collect()
        }
        Act::Corrected { returning, .. } => vec![calendar(), unit(returning)],
        Act::Inherit(dossiers) => {
            let journeys = dossiers.iter().filter_map(|uid| world.journey(uid));
            let units = journeys.flat_map(units_of);
            units.chain([calendar()]).collect()
        }
        Act::ClockResumed(resumed) => {
            let journey = world.journey(&resumed.dossier).into_iter();
            let on_hold = journey.flat_map(Journey::transfers);
            let on_hold = on_hold.filter(|transfer| transfer.on_hold);
            let units = on_hold.map(|transfer| unit(&transfer.to));
            units.chain([calendar()]).collect()
        }
        Act::DeadlineMoved { .. } | Act::Reckon(_) => vec![calendar()],
        Act::BatchAccept(batch) => vec![calendar(), unit(&batch.from)],
        Act::Ring(dossiers) => {
            let journeys = dossiers.iter().filter_map(|uid| world.journey(uid));
            journeys.flat_map(units_of).chain([calendar()]).collect()
        }
        Act::Staff(_) => world.staff.units().map(named).collect(),
        Act::System(client, units) => {
            let links = units.iter().map(|unit| (LINK, unit.clone()));
            links.chain([(SYSTEM, client.clone())]).collect()
        }
        Act::Delivered(_)
        | Act::Withdrawn(_)
        | Act::ClockStopped { .. }
        | Act::Returned { .. }
        | Act::Erased(_)
        | Act::GivenUp(_)
        | Act::Redrive(_)
        | Act::Copies(_) => Vec::new(),
    }
}

/// The copies that an act on a transfer needs.
fn named_by_verb(on: &OnTransfer, world: &World) -> Vec<Name> {
    let unit = |uid: &String| (UNIT, uid.clone());
    match &on.verb {
        Verb::Accept(_) | Verb::Decline(..) | Verb::Recall(..) | Verb::Return(..) => Vec::new(),
        Verb::ReceivePaper(_) => vec![copies::calendar_name()],
        Verb::AtDesk(..) => {
            let units = world.staff.units();
            units.map(|uid| (UNIT, uid.to_owned())).collect()
        }
        Verb::Forward { to, .. } => vec![copies::calendar_name(), unit(to)],
        Verb::SendBack { .. } => {
            let journey = world.journey_of(&on.transfer);
            let units = journey.iter().flat_map(|journey| units_of(journey));
            units.chain([copies::calendar_name()]).collect()
        }
        Verb::Complete(_) => {
            let Ok(journey) = world.journey_of(&on.transfer) else {
                return Vec::new();
            };
            let units = journey.route.steps.iter().map(|step| unit(&step.unit));
            let rules = unit_rules_after(journey, &on.transfer);
            units
                .chain(rules)
                .chain([copies::calendar_name()])
                .collect()
        }
    }
}

/// What unit rules are followed by, where a step may be offered for the first time when a transfer is completed.
fn unit_rules_after(journey: &Journey, transfer: &str) -> Vec<Name> {
    let route = &journey.route;
    match &route.filed {
        Some(filed) if journey.leads_on(transfer) => vec![
            (PROCEDURE, route.procedure.clone()),
            (UNIT, filed.receiving.clone()),
            (UNIT, filed.competent.clone()),
        ],
        _ => Vec::new(),
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

/// The officer who is given work by an act, or loses it.
fn officer_of(act: &Act) -> Option<&str> {
    match act {
        Act::On(on) => match &on.verb {
            Verb::AtDesk(AtDesk::Claim, _) => Some(&on.rights.caller().subject),
            Verb::AtDesk(AtDesk::Assign(subject), _) => Some(subject),
            _ => None,
        },
        Act::Staff(staffing) => Some(staffing.subject()),
        _ => None,
    }
}

/// The officer whose transfers go back to the unit.
fn leaving(act: &Act) -> Option<&str> {
    match act {
        Act::Staff(Staffing::Officer(officer)) => {
            officer.disabled.then_some(officer.subject.as_str())
        }
        Act::Staff(Staffing::Ended(position, _)) => Some(&position.subject),
        _ => None,
    }
}

fn transfers_of(act: &Act) -> Vec<&str> {
    match act {
        Act::On(on) => vec![&on.transfer],
        Act::GivenUp(offers) => offers.iter().map(|offer| offer.transfer.as_str()).collect(),
        Act::Redrive(redrive) => {
            let chosen = redrive.transfers.iter().flatten();
            chosen.map(String::as_str).collect()
        }
        Act::Delivered(offers) => offers.iter().map(|(uid, _)| uid.as_str()).collect(),
        Act::BatchAccept(_)
        | Act::Inherit(_)
        | Act::Opened(_)
        | Act::Withdrawn(_)
        | Act::Decided(_)
        | Act::Returned { .. }
        | Act::Erased(_)
        | Act::DeadlineMoved { .. }
        | Act::ClockStopped { .. }
        | Act::ClockResumed(_)
        | Act::Corrected { .. }
        | Act::Reckon(_)
        | Act::Ring(_)
        | Act::Staff(_)
        | Act::System(..)
        | Act::Copies(_) => Vec::new(),
    }
}

fn dossiers_of(act: &Act) -> &[String] {
    match act {
        Act::Opened(opened) => std::slice::from_ref(&opened.dossier),
        Act::Decided(told) => std::slice::from_ref(&told.dossier),
        Act::Withdrawn(dossier)
        | Act::Returned { dossier, .. }
        | Act::DeadlineMoved { dossier, .. }
        | Act::ClockStopped { dossier, .. }
        | Act::Corrected { dossier, .. }
        | Act::Erased(dossier) => std::slice::from_ref(dossier),
        Act::ClockResumed(resumed) => std::slice::from_ref(&resumed.dossier),
        Act::Inherit(dossiers) | Act::Reckon(dossiers) | Act::Ring(dossiers) => dossiers,
        Act::On(_)
        | Act::BatchAccept(_)
        | Act::GivenUp(_)
        | Act::Redrive(_)
        | Act::Delivered(_)
        | Act::Staff(_)
        | Act::System(..)
        | Act::Copies(_) => &[],
    }
}
