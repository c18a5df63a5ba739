//! The decisions themselves: pure.

use kit::authority::Relation;
use kit::caller::Role;
use kit::clock::Moment;
use kit::copies::Unit;
use kit::log::{NewEvent, Shard};
use kit::writer::{About, Effect};
use proto::intake::v1::dossier_change::Change as Told;

use super::world::{READ, World};
use super::{codes, outside, timing};
use crate::act::{CustodyChange, Erasure, Handed};
use crate::change::{Change, LastNumber};
use crate::code::DossierCode;
use crate::custody::{Custody, Movement, stopping};
use crate::dossier::{Closing, Course, Dossier, Due, Filing, State, Units};
use crate::error::Error;
use crate::reference::Occasion;
use crate::{filing, wire};

/// Something is handed in: nothing → submitted, or received where a desk registers it.
pub(super) fn hand(world: &World, handed: &Handed, at: Moment) -> Result<Effect<Change>, Error> {
    if let Some((origin, dossier)) = world.handed_in_before(handed) {
        return Err(Error::OriginTaken {
            code: origin.code.clone(),
            dossier: dossier.to_owned(),
        });
    }
    let procedure = world.procedure_on(&handed.procedure_code, handed.date)?;
    let case = procedure.case(&handed.case_key)?;
    filing::must_be_handled_here(procedure, case)?;
    let receiving = filing::resolve(&world.units, &handed.receiving_unit, handed.date)?;
    if let Some(offline) = &handed.offline
        && let Some(same) = codes::registered_before(world, (handed, offline), receiving, case)?
    {
        return Ok(same);
    }
    // What a counter took in offline came when it says.
    let at = handed.offline.as_ref().map_or(at, |of| of.received_at);
    let desk = filing::Desk {
        receiving,
        competent: handed.competent_unit.as_deref(),
        returning: handed.returning_unit.as_deref(),
        units: &world.units,
        on: handed.date,
    };
    let units = filing::units(procedure, case, &desk)?;
    if !handed.at_desk {
        filing::must_be_online(procedure, receiving, handed.date)?;
    }
    filing::must_be_complete(case, &handed.components)?;
    filing::must_fit_form(case, &handed.form)?;
    let occasion = Occasion {
        receiving: receiving.uid,
        units: &world.units,
        on: handed.date,
        channel: handed.channel,
    };
    let limit_extra = case.extra(&occasion);
    let state = if handed.at_desk {
        let terms = case.terms(limit_extra, handed.channel);
        State::Received(timing::receipt(world, terms, &units, at)?)
    } else {
        State::Submitted
    };
    let filing = Filing {
        procedure_code: procedure.code.clone(),
        procedure_version: procedure.version,
        case_key: case.key.clone(),
        channel: handed.channel,
        filed_by: handed.filed_by,
        origin: handed.origin.clone(),
        applicant: Some(handed.applicant.clone()),
        party: handed.party.clone(),
        components: handed.components.clone(),
        form: handed.form.clone(),
        fees: case.fees_due(&occasion),
        limit_extra,
    };
    Ok(open(world, handed, (filing, units, state), receiving, at))
}

/// A new dossier with its code.
fn open(
    world: &World,
    handed: &Handed,
    (filing, units, state): (Filing, Units, State),
    receiving: Unit<'_>,
    at: Moment,
) -> Effect<Change> {
    let (code, last_number) = code(world, handed, receiving);
    let answer_by = match state {
        State::Submitted => timing::answer_by(world, receiving.uid, at),
        _ => None,
    };
    let dossier = Dossier {
        uid: handed.uid.clone(),
        code,
        filing,
        units,
        submitted_at: at,
        answer_by,
        course: Course::default(),
        state,
        revision: 1,
        key: Some(handed.key.clone()),
    };
    let digest = dossier.content_digest().unwrap_or_default();
    let twin = world.same_content(&digest, &handed.rights.under(READ).scope());
    let reply = if handed.at_desk {
        wire::reply::registered(&dossier, twin)
    } else {
        wire::reply::submitted(&dossier, twin)
    };
    let desk = [(Relation::Receiving, handed.receiving_unit.as_str())];
    let role = handed.rights.acting_as(&desk, None);
    let event = event_by(&dossier, wire::event::opened(&dossier), role);
    let named = dossier.filing.origin.clone().map(|origin| Change::Named {
        origin,
        dossier: dossier.uid.clone(),
    });
    let last_number = last_number.map(Change::LastNumber);
    let mut changes: Vec<Change> = last_number.into_iter().chain(named).collect();
    let personal = wire::event::personal(&dossier);
    let about = About::new(&dossier.uid, dossier.key.as_ref());
    changes.push(Change::Dossier(Box::new(dossier)));
    Effect {
        about,
        events: vec![event.with_personal(personal)],
        changes,
        reply,
    }
}

/// The code that its counter gave out, or the next one of its desk on that day.
fn code(world: &World, handed: &Handed, receiving: Unit<'_>) -> (DossierCode, Option<LastNumber>) {
    if let Some(offline) = &handed.offline {
        return (offline.code.clone(), None);
    }
    let (numbers, last) = codes::allot(world, receiving, handed.date, 1);
    let code = DossierCode::allot(receiving.national_code, handed.date, numbers.first);
    (code, Some(last))
}

/// The deadlines of open dossiers are reckoned anew by the calendar of now. Those that were closed meanwhile stay as they are.
pub(super) fn reckon(world: &World, uids: &[String], at: Moment) -> Result<Effect<Change>, Error> {
    let mut effect = Effect::nothing();
    let calendar = world.calendar()?.revision();
    for before in uids.iter().filter_map(|uid| world.dossier(uid).ok()) {
        let Some(receipt) = before.running() else {
            continue;
        };
        // Another replica was first.
        if receipt.due.calendar == calendar {
            continue;
        }
        let due = timing::due(world, before, receipt, at).unwrap_or_else(|error| {
            let uid = &before.uid;
            tracing::error!(%uid, %error, "a deadline cannot be reckoned anew and stays as it was");
            Due {
                calendar,
                ..receipt.due
            }
        });
        let dossier = Box::new(before.clone().reckoned(due, at));
        if due.at == receipt.due.at {
            effect.changes.push(Change::Clock(dossier));
            continue;
        }
        let told = wire::event::reckoned(receipt.due, due);
        effect.events.push(event(&dossier, told));
        effect.changes.push(Change::Dossier(dossier));
    }
    Ok(effect)
}

/// Time has come for alarms: each is told once of each deadline, and who did not answer in time is stopped (R2).
pub(super) fn ring(world: &World, uids: &[String], at: Moment) -> Effect<Change> {
    let mut effect = Effect::nothing();
    for before in uids.iter().filter_map(|uid| world.dossier(uid).ok()) {
        let ringing = before.ringing(at);
        if ringing.is_empty() {
            continue;
        }
        let mut dossier = before.clone().rung(ringing.iter().map(|(_, ring)| *ring));
        for (about, ring) in ringing {
            let told = match wire::event::notice_due(ring.alarm, about) {
                Some(told) => told,
                None => match dossier.clone().stop(unanswered(at)) {
                    Ok(stopped) => {
                        dossier = stopped;
                        wire::event::stopped(true)
                    }
                    Err(_) => continue,
                },
            };
            let mut event = event(&dossier, told);
            event.personal = wire::event::particulars(before, &dossier, "");
            effect.events.push(event);
        }
        effect.changes.push(Change::Dossier(Box::new(dossier)));
    }
    effect
}

/// As the applicant reads it.
fn unanswered(at: Moment) -> Closing {
    Closing {
        reason: "Quá thời hạn bổ sung hồ sơ".to_owned(),
        at,
    }
}

/// Routing told of an offer, or of a change of custody. The first acceptance begins the processing. An epoch that was told once
/// stays known when the step is offered again: who held it then holds it no more, and does not wait to be heard of. Where other
/// units than before have to do with the dossier, those that watch are told. The clock follows, by whom routing names.
pub(super) fn custody(
    world: &World,
    change: &CustodyChange,
    by: &str,
) -> Result<Effect<Change>, Error> {
    let before = world
        .dossier(&change.dossier)
        .map_err(|_| Error::DossierOfTransferMissing)?;
    let known = world.custodies(&change.dossier);
    let of_step = known
        .iter()
        .filter(|known| known.transfer == change.transfer);
    let told = of_step.map(|known| known.epoch).max().unwrap_or_default();
    let custody = Custody {
        transfer: change.transfer.clone(),
        dossier: change.dossier.clone(),
        unit: change.unit.clone(),
        epoch: change.epoch.max(told),
        purpose: change.purpose,
        outside: change.outside.clone(),
        standing: change.standing,
        since: change.since,
        custodian: change.custodian.clone(),
    };
    let movement = Movement::of(&before.units, known, &custody);
    let (mut dossier, mut told) = moved(before, change, movement);
    if !change.offered_on {
        let others = known.iter().filter(|of| of.transfer != custody.transfer);
        let stopping = stopping(others.chain([&custody]));
        let followed = outside::follow(world, dossier, &stopping, (by, change.since))?;
        dossier = followed.0;
        told.extend(followed.1);
    }
    let events = told.into_iter();
    let events = events.map(|told| event_by(&dossier, told, change.role));
    let events: Vec<NewEvent> = events.collect();
    let mut changes = vec![Change::Custody(custody)];
    if dossier.revision != before.revision {
        changes.push(Change::Dossier(Box::new(dossier)));
    }
    Ok(Effect {
        changes,
        events,
        ..Effect::nothing()
    })
}

/// The dossier whose custody moved, or some of whose units changed, and what is told of that.
fn moved(before: &Dossier, change: &CustodyChange, movement: Movement) -> (Dossier, Vec<Told>) {
    if change.moved_to.is_none() {
        let told = wire::event::standing_changed(change, movement);
        return (before.clone(), told.into_iter().collect());
    }
    let dossier = before.clone().begin_processing();
    let mut told = vec![wire::event::custody_moved(change, movement)];
    if dossier.revision != before.revision {
        told.push(wire::event::processing());
    }
    (dossier, told)
}

/// The person is forgotten; what was done, by whom and when stays.
pub(super) fn erase(world: &World, erasure: &Erasure) -> Result<Effect<Change>, Error> {
    let before = world.dossier(&erasure.dossier)?;
    if before.key.is_none() {
        return Ok(Effect::nothing());
    }
    let dossier = before.clone().erase()?;
    Ok(Effect {
        events: vec![event(&dossier, wire::event::erased(erasure.why))],
        changes: vec![
            Change::Erased(dossier.uid.clone()),
            Change::Dossier(Box::new(dossier)),
        ],
        ..Effect::nothing()
    })
}

/// What no officer did.
fn event(dossier: &Dossier, told: Told) -> NewEvent {
    event_by(dossier, told, None)
}

/// What an officer did in this role, or somebody else in none.
pub(super) fn event_by(dossier: &Dossier, told: Told, role: Option<Role>) -> NewEvent {
    let message = wire::event::change(dossier, told, role);
    NewEvent::new(&dossier.uid, Shard::of(&dossier.uid), &message).under(dossier.key.as_ref())
}
