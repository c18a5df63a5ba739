//! The decisions themselves: pure.

use std::collections::BTreeMap;

use kit::authority::Relation;
use kit::clock::{self, Moment};
use kit::copies;
use kit::log::{NewEvent, Shard};
use kit::seal::DataKey;
use kit::writer::{About, Effect};

use super::world::World;
use crate::act::{Act, GivenUp, OnTransfer, Opened, Redrive, Verb};
use crate::change::Change;
use crate::error::Error;
use crate::journey::Journey;
use crate::route::{Limit, RESULT, Route, Step};
use crate::transfer::{DeadLetter, State, Transfer};
use crate::wire;

/// Who may read a transfer learns that it exists.
const READ: &str = "routing.TransferService/GetTransfer";

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
        State::Completed(..) | State::Cancelled(..) => Some(Relation::PastHolder),
        State::Declined | State::Recalled(_) => None,
    };
    let mut standing = vec![(Relation::Sender, transfer.from.as_str())];
    standing.extend(to.map(|relation| (relation, transfer.to.as_str())));
    standing
}

/// Whether the unit that the caller acts for is one of the two between which the transfer is now.
fn must_be_party_to(on: &OnTransfer, transfer: &Transfer) -> Result<(), Error> {
    let now = [
        (Relation::Offered, transfer.to.as_str()),
        (Relation::Holder, &transfer.to),
        (Relation::Sender, &transfer.from),
    ];
    if !on.rights.suffice(&now) {
        return Err(Error::TransferNotFound);
    }
    let waits_for_sender = transfer.state == State::Declined;
    let sender = [(Relation::Sender, transfer.from.as_str())];
    if waits_for_sender && matches!(on.verb, Verb::Forward { .. }) && !on.rights.suffice(&sender) {
        return Err(Error::UnitNotYours(transfer.from.clone()));
    }
    Ok(())
}

/// Decides one act.
pub(super) fn decide(world: &World, act: &Act, at: Moment) -> Result<Effect<Change>, Error> {
    match act {
        Act::On(on) => on_transfer(world, on, at),
        Act::Opened(opened) => open(world, opened, at),
        Act::Withdrawn(dossier) => {
            // A dossier that was withdrawn before reception has no route.
            let Some(journey) = world.journey(dossier) else {
                return Ok(Effect::nothing());
            };
            let mut journey = journey.clone();
            journey.withdrawn(at);
            Ok(effect(journey, Vec::new()))
        }
        Act::Decided { dossier, transfer } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.decided(transfer, at, world.around()?)?;
            Ok(effect(journey, Vec::new()))
        }
        Act::Returned { dossier, transfer } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.returned(transfer, at)?;
            Ok(effect(journey, Vec::new()))
        }
        Act::Erased(dossier) => Ok(erase(world, dossier)),
        Act::DeadlineMoved { dossier, due } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.deadline_moved(*due, world.around()?)?;
            Ok(effect(journey, Vec::new()))
        }
        Act::ClockStopped { dossier, transfer } => {
            let mut journey = world.journey(dossier).ok_or(Error::RouteNotFound)?.clone();
            journey.clock_stopped(transfer);
            Ok(effect(journey, Vec::new()))
        }
        Act::ClockResumed(resumed) => {
            let journey = world.journey(&resumed.dossier);
            let mut journey = journey.ok_or(Error::RouteNotFound)?.clone();
            journey.clock_resumed(resumed, world.around()?)?;
            Ok(effect(journey, Vec::new()))
        }
        Act::Corrected { dossier, returning } => {
            // A dossier that was corrected before reception has no route.
            let Some(journey) = world.journey(dossier) else {
                return Ok(Effect::nothing());
            };
            let mut journey = journey.clone();
            journey.corrected(returning, at, world.around()?)?;
            Ok(effect(journey, Vec::new()))
        }
        Act::Reckon(dossiers) => reckon(world, dossiers),
        Act::GivenUp(offers) => Ok(give_up(world, offers, at)),
        Act::Redrive(of) => Ok(redrive(world, of)),
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

fn on_transfer(world: &World, on: &OnTransfer, at: Moment) -> Result<Effect<Change>, Error> {
    let mut journey = world.journey_of(&on.transfer)?.clone();
    let transfer = journey.transfer(&on.transfer)?;
    must_be_party_to(on, transfer)?;
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
            journey.complete(uid, *custody_epoch, at, world.around()?)?;
        }
    }
    let reply = wire::reply::on_transfer(&on.verb, uid, &journey)?;
    Ok(effect(journey, reply))
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

/// A dossier was received: its route is planned, and its first steps are offered by the receiving desk.
fn open(world: &World, opened: &Opened, at: Moment) -> Result<Effect<Change>, Error> {
    let around = world.around()?;
    let known = (around.units, clock::local(at).date());
    let version = copies::version_key(&opened.procedure, opened.version);
    let plan = world.plan(&version)?.case(&opened.case_key)?;
    let mut steps = Vec::with_capacity(plan.len());
    for planned in plan {
        let unit = planned
            .unit_rule
            .unit(&opened.receiving, &opened.competent, known)?;
        steps.push(Step {
            unit,
            ..planned.step.clone()
        });
    }
    let route = Route {
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
        suspended_by: None,
        calendar: around.calendar.revision(),
        steps,
        custody_epoch: 0,
        open: true,
        key: Some(DataKey::generate()),
    };
    let journey = Journey::open(route, &opened.receiving, at, around)?;
    Ok(effect(journey, Vec::new()))
}

/// The steps under way of journeys are reckoned anew by the calendar of now.
fn reckon(world: &World, dossiers: &[String]) -> Result<Effect<Change>, Error> {
    let mut all = Effect::nothing();
    for journey in dossiers.iter().filter_map(|uid| world.journey(uid)) {
        let mut journey = journey.clone();
        if let Err(error) = journey.reckon(world.around()?) {
            let dossier = &journey.route.dossier;
            tracing::error!(%dossier, %error, "steps cannot be reckoned anew and stay as they were");
        }
        let reckoned = effect(journey, Vec::new());
        all.changes.extend(reckoned.changes);
        all.events.extend(reckoned.events);
    }
    Ok(all)
}

/// The queue gave up offers: those that are still open are dead letters.
fn give_up(world: &World, offers: &[GivenUp], at: Moment) -> Effect<Change> {
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
    all(journeys.into_values(), Vec::new())
}

/// Dead letters of a unit are delivered anew.
fn redrive(world: &World, of: &Redrive) -> Effect<Change> {
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
    all(journeys, wire::reply::redriven(redriven))
}

/// The effects of an act on several journeys; the reply tells nothing personal of any.
fn all(journeys: impl IntoIterator<Item = Journey>, reply: Vec<u8>) -> Effect<Change> {
    let mut all = Effect {
        reply,
        ..Effect::nothing()
    };
    for journey in journeys {
        let one = effect(journey, Vec::new());
        all.changes.extend(one.changes);
        all.events.extend(one.events);
    }
    all
}

fn effect(mut journey: Journey, reply: Vec<u8>) -> Effect<Change> {
    let dossier = journey.route.dossier.clone();
    let shard = Shard::of(&dossier);
    let told = journey.take_told();
    let events = told
        .iter()
        .map(|told| {
            let event = NewEvent::new(&dossier, shard, &wire::event::change(told));
            let event = event.under(journey.route.key.as_ref());
            match told.transfer.reason.as_str() {
                "" => event,
                reason => event.with_personal(reason.as_bytes().to_vec()),
            }
        })
        .collect();
    Effect {
        about: About::new(&dossier, journey.route.key.as_ref()),
        changes: vec![Change::journey(journey)],
        events,
        reply,
    }
}
