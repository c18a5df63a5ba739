//! The decisions themselves: pure.

mod batch;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use kit::authority::Relation;
use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::copies;
use kit::log::{Cause, NewEvent, Shard};
use kit::seal::DataKey;
use kit::writer::{About, Effect};

use super::desk;
use super::link;
use super::world::World;
use crate::act::{Act, Decided, GivenUp, OnTransfer, Opened, Redrive, Verb};
use crate::change::Change;
use crate::error::Error;
use crate::journey::{Journey, Surroundings};
use crate::paper::{Piece, Receipt};
use crate::route::{Filed, Limit, Planned, RESULT, Route};
use crate::transfer::{DeadLetter, State, Transfer};
use crate::wire;
use crate::wire::plan::Procedure;

pub(super) use batch::permits as permits_batch;

/// Who may read a transfer learns that it exists.
const READ: &str = "routing.TransferService/GetTransfer";
/// What the paper of a result is called that is no component.
const THE_RESULT: &str = "Kết quả giải quyết";

/// Whether the caller may do this to this transfer at all. What is offered to a unit may be held by it since, or have left
/// it, and its caller may ask for the reply again; anything new is refused in the decision. Tells for which unit it is done.
pub(super) fn permits(world: &World, on: &OnTransfer) -> Result<String, Error> {
    let journey = world.journey_of(&on.transfer)?;
    let transfer = journey.transfer(&on.transfer)?;
    let receivers = std::iter::once(&transfer.to).chain(&transfer.offered_before);
    let mut standing: Vec<_> = receivers
        .flat_map(|unit| [(Relation::Offered, unit.as_str()), (Relation::Holder, unit)])
        .collect();
    standing.push((Relation::Sender, &transfer.from));
    let step = Some(transfer.work.role);
    if let Some(unit) = on.rights.acting_for(&standing, step) {
        return Ok(unit);
    }
    if !on.rights.under(READ).suffice(&reading(transfer)) {
        return Err(Error::TransferNotFound);
    }
    if on.rights.suffice(&standing) {
        let role = wire::reply::role(transfer.work.role);
        return Err(Error::StepRoleRequired(role.as_str_name()));
    }
    Err(Error::UnitNotYours(transfer.to.clone()))
}

/// Whether the caller may have dead letters of this unit delivered anew, and for which of its units.
pub(super) fn permits_redrive(redrive: &Redrive) -> Result<String, Error> {
    let own = [(Relation::Own, redrive.unit.as_str())];
    let unit = redrive.rights.acting_for(&own, None);
    unit.ok_or_else(|| Error::UnitNotYours(redrive.unit.clone()))
}

/// Who stands how to a transfer.
fn reading(transfer: &Transfer) -> Vec<(Relation, &str)> {
    let to = match transfer.state {
        State::Offered => Some(Relation::Offered),
        State::Accepted(_) => Some(Relation::Holder),
        State::Completed(..)
        | State::Cancelled(..)
        | State::GivenBack(_)
        | State::SentBack(..)
        | State::Undone(..) => Some(Relation::PastHolder),
        State::Declined | State::CalledBack | State::Recalled(_) => None,
    };
    let mut standing = vec![(Relation::Sender, transfer.from.as_str())];
    let escalated = transfer.escalation.as_ref();
    standing.extend(escalated.map(|escalated| (Relation::Escalated, escalated.to.as_str())));
    standing.extend(to.map(|relation| (relation, transfer.to.as_str())));
    standing
}

/// The two units between which a transfer is now.
fn between(transfer: &Transfer) -> [(Relation, &str); 3] {
    [
        (Relation::Offered, transfer.to.as_str()),
        (Relation::Holder, &transfer.to),
        (Relation::Sender, &transfer.from),
    ]
}

/// Whether the unit that the caller acts for is one of the two between which the transfer is now.
fn must_be_party_to(on: &OnTransfer, transfer: &Transfer) -> Result<(), Error> {
    if !on.rights.suffice(&between(transfer)) {
        return Err(Error::TransferNotFound);
    }
    let waits_for_sender = transfer.state.waits_for_sender();
    let sender = [(Relation::Sender, transfer.from.as_str())];
    if waits_for_sender && matches!(on.verb, Verb::Forward { .. }) && !on.rights.suffice(&sender) {
        return Err(Error::UnitNotYours(transfer.from.clone()));
    }
    Ok(())
}

/// Decides one act.
pub(super) fn decide(world: &World, act: &Act, cause: &Cause) -> Result<Effect<Change>, Error> {
    let at = cause.at;
    match act {
        Act::On(on) => on_transfer(world, on, cause),
        Act::BatchAccept(batch) => batch::accept(world, batch, cause),
        Act::Inherit(dossiers) => inherit(world, dossiers, at),
        Act::Opened(opened) => open(world, opened, at),
        Act::Withdrawn(dossier) => withdraw(world, dossier, at),
        Act::Decided(told) => decided(world, told, at),
        Act::Returned { dossier, transfer } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.returned(transfer, at)?;
            effect(world, journey, at, Vec::new())
        }
        Act::Erased(dossier) => Ok(erase(world, dossier)),
        Act::DeadlineMoved { dossier, due } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.deadline_moved(*due, world.around()?)?;
            let mut effect = effect(world, journey, at, Vec::new())?;
            effect.changes.push(Change::DeadlineMoved(dossier.clone()));
            Ok(effect)
        }
        Act::ClockStopped { dossier, transfer } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.clock_stopped(transfer, at);
            effect(world, journey, at, Vec::new())
        }
        Act::ClockResumed(resumed) => {
            let journey = world.journey(&resumed.dossier);
            let mut journey = journey.ok_or(Error::RouteNotFound)?.clone();
            journey.clock_resumed(resumed, world.around()?)?;
            effect(world, journey, at, Vec::new())
        }
        Act::Corrected { dossier, returning } => corrected(world, (dossier, returning), at),
        Act::Reckon(dossiers) => reckon(world, dossiers, at),
        Act::GivenUp(offers) => give_up(world, offers, at),
        Act::Redrive(of) => redrive(world, of, at),
        Act::Ring(dossiers) => desk::ring(world, dossiers, at),
        Act::Staff(staffing) => desk::staffed(world, staffing, at),
        Act::System(client, units) => Ok(link::system(world, client, units)),
        Act::Delivered(offers) => link::delivered(world, offers, at),
        Act::Copies(copies) => Ok(Effect {
            changes: copies.iter().cloned().map(Change::Copy).collect(),
            ..Effect::nothing()
        }),
    }
}

/// A dossier that was never received has nothing here.
fn erase(world: &World, dossier: &str) -> Effect<Change> {
    let known = world.journey(dossier);
    let erased = known.map(|_| Change::Erased(dossier.to_owned()));
    Effect {
        changes: erased.into_iter().collect(),
        ..Effect::nothing()
    }
}

fn withdraw(world: &World, dossier: &str, at: Moment) -> Result<Effect<Change>, Error> {
    // A dossier that was withdrawn before reception has no route.
    let Some(journey) = world.journey(dossier) else {
        return Ok(Effect::nothing());
    };
    let mut journey = journey.clone();
    journey.withdrawn(at);
    effect(world, journey, at, Vec::new())
}

fn corrected(
    world: &World,
    (dossier, returning): (&str, &str),
    at: Moment,
) -> Result<Effect<Change>, Error> {
    // A dossier that was corrected before reception has no route.
    let Some(journey) = world.journey(dossier) else {
        return Ok(Effect::nothing());
    };
    let mut journey = journey.clone();
    journey.corrected(returning, at, world.around()?)?;
    effect(world, journey, at, Vec::new())
}

fn on_transfer(world: &World, on: &OnTransfer, cause: &Cause) -> Result<Effect<Change>, Error> {
    let at = cause.at;
    let mut journey = world.journey_of(&on.transfer)?.clone();
    let transfer = journey.transfer(&on.transfer)?;
    must_be_party_to(on, transfer)?;
    let step = Some(transfer.work.role);
    let role = on.rights.acting_as(&between(transfer), step);
    if let Verb::Complete(_) = on.verb {
        must_end_here(transfer)?;
    }
    on.rights.must_allow(transfer.state.name())?;
    let uid = &on.transfer;
    match &on.verb {
        Verb::Accept(offer_epoch) => journey.accept(uid, *offer_epoch, at)?,
        Verb::Decline(offer_epoch, reason) => journey.decline(uid, *offer_epoch, reason)?,
        Verb::Forward {
            offer_epoch,
            to,
            reason,
        } => {
            let around = world.around()?;
            let unit = around
                .units
                .resolve(to, clock::local(at).date())
                .ok_or_else(|| Error::UnitNotFound(to.clone()))?;
            journey.forward(uid, *offer_epoch, unit.uid, reason, (at, around.calendar))?;
        }
        Verb::Complete(custody_epoch) => {
            complete(world, &mut journey, (uid.as_str(), *custody_epoch), at)?;
        }
        Verb::Recall(offer_epoch, reason) => journey.recall(uid, *offer_epoch, reason)?,
        Verb::Return(custody_epoch, reason) => {
            journey.give_back(uid, *custody_epoch, reason, at)?;
        }
        Verb::SendBack {
            custody_epoch,
            to,
            reason,
        } => {
            let held = (uid.as_str(), *custody_epoch);
            journey.send_back(held, (to, reason), at, world.around()?)?;
        }
        Verb::ReceivePaper(missing) => {
            let receipt = Receipt {
                unit: transfer.to.clone(),
                by: cause.actor.clone(),
                at,
                missing: missing.clone(),
            };
            journey.receive_paper(uid, receipt, world.around()?.calendar)?;
        }
        Verb::AtDesk(act, expected) => {
            journey.transfer(uid)?.must_be_revision(*expected)?;
            desk::on_transfer(world, (on, act), &mut journey, at)?;
        }
    }
    journey.send_paper(&on.paper)?;
    let reply = wire::reply::on_transfer(&on.verb, uid, &journey)?;
    effect_by(world, journey, (at, role), reply)
}

/// A step is done. What opens with it for the first time goes to the units that the rules of that day name.
fn complete(
    world: &World,
    journey: &mut Journey,
    (uid, custody_epoch): (&str, i64),
    at: Moment,
) -> Result<(), Error> {
    let (around, on) = (world.around()?, clock::local(at).date());
    let rules = world.unit_rules(&journey.route, on);
    journey.follow(uid, rules, (around.units, on));
    journey.complete(uid, custody_epoch, at, around)
}

/// A deciding step ends with the decision, a result with its return: both are intake's.
fn must_end_here(transfer: &Transfer) -> Result<(), Error> {
    if transfer.work.decides {
        return Err(Error::DecisionRequired("RecordDecision"));
    }
    if transfer.work.key == RESULT {
        return Err(Error::DecisionRequired("ReturnResult"));
    }
    Ok(())
}

/// A dossier was decided: its result sets out for the desk, with the paper that goes with it.
fn decided(world: &World, told: &Decided, at: Moment) -> Result<Effect<Change>, Error> {
    let journey = world.journey(&told.dossier);
    let mut journey = journey.ok_or(Error::RouteNotFound)?.clone();
    journey.decided(&told.transfer, at, world.around()?)?;
    let version = copies::version_key(&journey.route.procedure, told.version);
    let procedure = world.plan(&version).ok();
    journey.send_paper(&named(&told.paper, procedure, &told.case_key))?;
    effect(world, journey, at, Vec::new())
}

/// Paper with what its components are called; those of a procedure that is not known by their keys.
fn named(paper: &[Piece], procedure: Option<&Procedure>, case: &str) -> Vec<Piece> {
    let named = |piece: &Piece| {
        let key = piece.component.as_str();
        let component = procedure.map_or(key, |procedure| procedure.component(case, key));
        let name = if key.is_empty() {
            THE_RESULT
        } else {
            component
        };
        Piece {
            name: name.to_owned(),
            ..piece.clone()
        }
    };
    paper.iter().map(named).collect()
}

/// A dossier was received: its route is planned, and its first steps are offered by the receiving desk.
fn open(world: &World, opened: &Opened, at: Moment) -> Result<Effect<Change>, Error> {
    let (around, on) = (world.around()?, clock::local(at).date());
    let version = copies::version_key(&opened.procedure, opened.version);
    let procedure = world.plan(&version)?;
    let mut route = planned(opened, procedure, (around, on))?;
    // It may have been handed in under a version that is over by now.
    let rules = world.unit_rules(&route, on);
    route.follow(rules, |step| step.after.is_empty(), (around.units, on));
    let mut journey = Journey::open(route, &opened.receiving, at, around)?;
    // What the desk has need not travel where it does the first step itself.
    if journey.offered_now().all(|offer| offer.to != offer.from) {
        journey.send_paper(&named(&opened.paper, Some(procedure), &opened.case_key))?;
    }
    effect(world, journey, at, Vec::new())
}

/// The way of a dossier by the version that it stays on.
fn planned(
    opened: &Opened,
    procedure: &Procedure,
    (around, on): (Surroundings<'_>, NaiveDate),
) -> Result<Route, Error> {
    let filed = Filed {
        case_key: opened.case_key.clone(),
        receiving: opened.receiving.clone(),
        competent: opened.competent.clone(),
    };
    let plan = procedure.case(&opened.case_key)?.iter();
    let at_unit = |planned: &Planned| planned.at_unit(&filed, (around.units, on));
    let steps = plan.map(at_unit).collect::<Result<Vec<_>, Error>>()?;
    Ok(Route {
        dossier: opened.dossier.clone(),
        code: opened.code.clone(),
        procedure: opened.procedure.clone(),
        returning: opened.returning.clone(),
        received_at: opened.received_at,
        appointment: opened.appointment,
        limit: Limit {
            from: opened.received_at,
            to: opened.appointment,
        },
        pauses: Vec::new(),
        stopped_at: None,
        suspended_by: None,
        calendar: around.calendar.revision(),
        steps,
        filed: Some(filed),
        custody_epoch: 0,
        open: true,
        key: Some(DataKey::generate()),
    })
}

/// The steps under way of journeys are reckoned anew by the calendar of now.
fn reckon(world: &World, dossiers: &[String], at: Moment) -> Result<Effect<Change>, Error> {
    let mut reckoned = Vec::with_capacity(dossiers.len());
    let around = world.around()?;
    // Whose deadline moved was reckoned when intake told so.
    let is_left = |journey: &&Journey| journey.route.calendar != around.calendar.revision();
    let journeys = dossiers.iter().filter_map(|uid| world.journey(uid));
    for journey in journeys.filter(is_left) {
        let mut journey = journey.clone();
        if let Err(error) = journey.reckon(around) {
            let dossier = &journey.route.dossier;
            tracing::error!(%dossier, %error, "steps cannot be reckoned anew and stay as they were");
        }
        reckoned.push(journey);
    }
    effects(world, reckoned, at, Vec::new())
}

/// What is left of units that are no more goes to those that do their work.
fn inherit(world: &World, dossiers: &[String], at: Moment) -> Result<Effect<Change>, Error> {
    let around = world.around()?;
    let journeys = dossiers.iter().filter_map(|uid| world.journey(uid));
    let inherited = journeys.cloned().map(|mut journey| {
        journey.inherit(at, around);
        journey
    });
    effects(world, inherited, at, Vec::new())
}

/// The queue gave up offers: those that are still open are dead letters.
fn give_up(world: &World, offers: &[GivenUp], at: Moment) -> Result<Effect<Change>, Error> {
    let mut journeys: BTreeMap<&String, Journey> = BTreeMap::new();
    for offer in offers {
        let Ok(journey) = world.journey_of(&offer.transfer) else {
            continue;
        };
        let letter = DeadLetter {
            since: at,
            deliveries: offer.deliveries,
        };
        let journey = journeys
            .entry(&journey.route.dossier)
            .or_insert_with(|| journey.clone());
        journey.give_up(&offer.transfer, offer.offer_epoch, letter);
    }
    effects(world, journeys.into_values(), at, Vec::new())
}

/// Dead letters of a unit are delivered anew.
fn redrive(world: &World, of: &Redrive, at: Moment) -> Result<Effect<Change>, Error> {
    let (mut journeys, mut redriven) = (Vec::new(), Vec::new());
    for journey in world.journeys() {
        let mut journey = journey.clone();
        let of_journey = journey.redrive(&of.unit, of.transfers.as_deref());
        if !of_journey.is_empty() {
            redriven.extend(of_journey);
            journeys.push(journey);
        }
    }
    redriven.sort();
    effects(world, journeys, at, wire::reply::redriven(redriven))
}

/// The effects of an act on several journeys; the reply tells nothing personal of any.
fn effects(
    world: &World,
    journeys: impl IntoIterator<Item = Journey>,
    at: Moment,
    reply: Vec<u8>,
) -> Result<Effect<Change>, Error> {
    let mut all = Effect {
        reply,
        ..Effect::nothing()
    };
    for journey in journeys {
        let one = effect(world, journey, at, Vec::new())?;
        all.changes.extend(one.changes);
        all.events.extend(one.events);
    }
    Ok(all)
}

/// What a changed journey writes and tells.
pub(super) fn effect(
    world: &World,
    journey: Journey,
    at: Moment,
    reply: Vec<u8>,
) -> Result<Effect<Change>, Error> {
    effect_by(world, journey, (at, None), reply)
}

/// The same of what an officer did in this role, or somebody else in none.
fn effect_by(
    world: &World,
    mut journey: Journey,
    (at, role): (Moment, Option<Role>),
    reply: Vec<u8>,
) -> Result<Effect<Change>, Error> {
    journey.follow_links(world.links(), world.calendar(), at)?;
    let late = journey.links_late_now().into_iter();
    let late = late.map(|(transfer, unit, with)| Change::LinkLate {
        transfer,
        unit,
        with,
    });
    let late: Vec<Change> = late.collect();
    let dossier = journey.route.dossier.clone();
    let shard = Shard::of(&dossier);
    let told = journey.take_told();
    let events = told
        .iter()
        .map(|told| {
            let change = wire::event::change(told, &journey.route, role);
            let event = NewEvent::new(&dossier, shard, &change);
            let event = event.under(journey.route.key.as_ref());
            match wire::event::personal(told) {
                personal if personal.is_empty() => event,
                personal => event.with_personal(personal),
            }
        })
        .collect();
    Ok(Effect {
        about: About::new(&dossier, journey.route.key.as_ref()),
        changes: std::iter::once(Change::journey(journey))
            .chain(late)
            .collect(),
        events,
        reply,
    })
}
