//! The decisions themselves: pure.

use kit::caller::{Caller, Role};
use kit::clock::Moment;
use kit::copies;
use kit::log::{NewEvent, Shard};
use kit::writer::Effect;

use super::world::World;
use crate::act::{Act, OnTransfer, Opened, Verb};
use crate::change::Change;
use crate::error::Error;
use crate::journey::Journey;
use crate::route::{RESULT, Route, Step};
use crate::transfer::{State, Transfer};
use crate::wire;

/// Whether the caller may do this to this transfer at all.
pub(super) fn permits(world: &World, on: &OnTransfer) -> Result<(), Error> {
    let journey = world.journey_of(&on.transfer)?;
    let transfer = journey.transfer(&on.transfer)?;
    let caller = &on.caller;
    if !is_party_to(caller, transfer) {
        // A unit that the offer has left may ask for its reply again; anything new is refused in the decision.
        let before = &transfer.offered_before;
        let had_it = before.iter().any(|unit| caller.acts_for(unit));
        return if had_it {
            Ok(())
        } else {
            Err(Error::TransferNotFound)
        };
    }
    match on.verb {
        Verb::Accept(_) | Verb::Complete(_) => {
            must_act_for(caller, &transfer.to)?;
            must_have_role(caller, transfer)
        }
        Verb::Decline(..) => must_act_for(caller, &transfer.to),
        Verb::Forward { .. } if transfer.state == State::Declined => {
            must_act_for(caller, &transfer.from)
        }
        Verb::Forward { .. } => Ok(()),
    }
}

fn is_party_to(caller: &Caller, transfer: &Transfer) -> bool {
    caller.acts_for(&transfer.from) || caller.acts_for(&transfer.to)
}

fn must_act_for(caller: &Caller, unit: &str) -> Result<(), Error> {
    if caller.acts_for(unit) {
        return Ok(());
    }
    Err(Error::UnitNotYours(unit.to_owned()))
}

fn must_have_role(caller: &Caller, transfer: &Transfer) -> Result<(), Error> {
    if caller.role == Some(transfer.work.role) || caller.role == Some(Role::Client) {
        return Ok(());
    }
    Err(Error::StepRoleRequired(
        wire::reply::role(transfer.work.role).as_str_name(),
    ))
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
        Act::Copies(copies) => Ok(Effect {
            changes: copies.iter().cloned().map(Change::Copy).collect(),
            ..Effect::nothing()
        }),
    }
}

fn on_transfer(world: &World, on: &OnTransfer, at: Moment) -> Result<Effect<Change>, Error> {
    let mut journey = world.journey_of(&on.transfer)?.clone();
    if !is_party_to(&on.caller, journey.transfer(&on.transfer)?) {
        return Err(Error::TransferNotFound);
    }
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
                .resolve(to)
                .ok_or_else(|| Error::UnitNotFound(to.clone()))?;
            journey.forward(uid, *offer_epoch, &unit.uid, reason, (at, around.calendar))?;
        }
        Verb::Complete(custody_epoch) => {
            must_end_here(journey.transfer(uid)?)?;
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
    let version = copies::version_key(&opened.procedure, opened.version);
    let plan = world.plan(&version)?.case(&opened.case_key)?;
    let mut steps = Vec::with_capacity(plan.len());
    for planned in plan {
        let unit = planned
            .unit_rule
            .unit(&opened.receiving, &opened.competent, around.units)?;
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
        steps,
        custody_epoch: 0,
        open: true,
    };
    let journey = Journey::open(route, &opened.receiving, at, around)?;
    Ok(effect(journey, Vec::new()))
}

fn effect(mut journey: Journey, reply: Vec<u8>) -> Effect<Change> {
    let dossier = journey.route.dossier.clone();
    let shard = Shard::of(&dossier);
    let told = journey.take_told();
    let events = told
        .iter()
        .map(|told| {
            let event = NewEvent::new(&dossier, shard, &wire::event::change(told));
            match told.transfer.reason.as_str() {
                "" => event,
                reason => event.with_personal(reason.as_bytes().to_vec()),
            }
        })
        .collect();
    Effect {
        changes: vec![Change::journey(journey)],
        events,
        reply,
    }
}
