//! Who in a unit works on what, and who is told of what is late. Pure.

use chrono::NaiveDate;
use kit::authority::Relation;
use kit::clock::{self, Moment};
use kit::writer::Effect;

use super::decide::effect;
use super::world::World;
use crate::act::{AtDesk, OnTransfer, Staffing};
use crate::change::Change;
use crate::error::Error;
use crate::journey::Journey;
use crate::staff::{Holds, Post};
use crate::transfer::{Assignee, Transfer};

/// Who may give work to others may take it back from them.
const ASSIGN: &str = "routing.TransferService/AssignTransfer";

/// Does what an officer asks for.
pub(super) fn on_transfer(
    world: &World,
    (on, act): (&OnTransfer, &AtDesk),
    journey: &mut Journey,
    at: Moment,
) -> Result<(), Error> {
    let transfer = journey.transfer(&on.transfer)?.clone();
    let today = clock::local(at).date();
    match act {
        AtDesk::Claim => {
            let own = on.rights.caller().subject.clone();
            let taker = candidate(on, &transfer, own);
            // The token says so itself, unless identity has told of the end of the position since.
            if holds(world, &transfer, &taker, today) == Holds::No {
                return Err(not_in_role(&transfer, taker));
            }
            journey.claim(&on.transfer, taker)
        }
        AtDesk::Assign(subject) => {
            let given = candidate(on, &transfer, subject.clone());
            if holds(world, &transfer, &given, today) != Holds::Yes {
                return Err(not_in_role(&transfer, given));
            }
            journey.assign(&on.transfer, given)
        }
        AtDesk::Release => {
            must_be_own_or_led(on, &transfer)?;
            journey.release_to_unit(&on.transfer)
        }
    }
}

/// How the units of a transfer stand to it that work on it.
fn working(transfer: &Transfer) -> [(Relation, &str); 2] {
    [
        (Relation::Offered, &transfer.to),
        (Relation::Holder, &transfer.to),
    ]
}

/// An officer at the unit of the caller's position.
fn candidate(on: &OnTransfer, transfer: &Transfer, subject: String) -> Assignee {
    let step = Some(transfer.work.role);
    let unit = on.rights.acting_for(&working(transfer), step);
    Assignee {
        subject,
        unit: unit.unwrap_or_else(|| transfer.to.clone()),
    }
}

fn holds(world: &World, transfer: &Transfer, officer: &Assignee, on: NaiveDate) -> Holds {
    let post = Post {
        unit: &officer.unit,
        role: transfer.work.role,
        on,
    };
    world.staff().holds(&officer.subject, post, world.units())
}

fn not_in_role(transfer: &Transfer, officer: Assignee) -> Error {
    Error::OfficerNotInRole {
        officer: officer.subject,
        unit: officer.unit,
        role: transfer.work.role.as_str(),
    }
}

fn must_be_own_or_led(on: &OnTransfer, transfer: &Transfer) -> Result<(), Error> {
    let Some(assignee) = &transfer.assignee else {
        return Ok(());
    };
    let own = assignee.subject == on.rights.caller().subject;
    if own || on.rights.under(ASSIGN).suffice(&working(transfer)) {
        return Ok(());
    }
    Err(Error::AssignedToAnother {
        assignee: assignee.subject.clone(),
    })
}

/// Takes in what identity tells; what an officer had in a post that it holds no longer goes back to the unit.
pub(super) fn staffed(
    world: &World,
    staffing: &Staffing,
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let today = clock::local(at).date();
    let (change, lost) = match staffing {
        Staffing::Officer(officer) => (Change::Officer(officer.clone()), officer.disabled),
        Staffing::Position(position) => (Change::Position(position.clone()), false),
        Staffing::Ended(position, _) => (Change::Position(position.clone()), true),
    };
    let mut staff = world.staff().clone();
    match &change {
        Change::Officer(officer) => staff.put_officer(officer.clone()),
        Change::Position(position) => staff.put_position(position.clone()),
        Change::Journey { .. }
        | Change::Erased(_)
        | Change::Copy(_)
        | Change::DeadlineMoved(_)
        | Change::LinkLate { .. } => {}
    }
    let mut all = Effect::nothing();
    all.changes.push(change);
    if !lost {
        return Ok(all);
    }
    let may_keep = |transfer: &Transfer, assignee: &Assignee| {
        let (day, concerned) = match staffing {
            Staffing::Ended(position, from) => {
                let day = today.max(*from);
                let at_unit = position.is_at(&assignee.unit, world.units(), day);
                (day, at_unit && position.role == transfer.work.role)
            }
            Staffing::Officer(_) | Staffing::Position(_) => (today, true),
        };
        let post = Post {
            unit: &assignee.unit,
            role: transfer.work.role,
            on: day,
        };
        let holds = || staff.holds(&assignee.subject, post, world.units());
        assignee.subject != staffing.subject() || !concerned || holds() == Holds::Yes
    };
    for journey in world.journeys() {
        let mut journey = journey.clone();
        if journey.take_back(may_keep) {
            let taken = effect(world, journey, at, Vec::new())?;
            all.changes.extend(taken.changes);
            all.events.extend(taken.events);
        }
    }
    Ok(all)
}

/// What is late of these dossiers by now goes up.
pub(super) fn ring(
    world: &World,
    dossiers: &[String],
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let around = world.around()?;
    let mut all = Effect::nothing();
    for journey in dossiers.iter().filter_map(|uid| world.journey(uid)) {
        let mut journey = journey.clone();
        journey.ring(at, around);
        let rung = effect(world, journey, at, Vec::new())?;
        all.changes.extend(rung.changes);
        all.events.extend(rung.events);
    }
    Ok(all)
}
