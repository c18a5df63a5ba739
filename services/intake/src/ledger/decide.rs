//! The decisions themselves: pure.

use kit::clock::{self, Moment};
use kit::copies::Unit;
use kit::log::{NewEvent, Shard};
use kit::writer::{About, Effect};
use worktime::{Limit, RuleSet, appointment};

use super::world::{READ, World};
use crate::act::{CustodyChange, Erasure, Handed, OnDossier, Verb};
use crate::change::Change;
use crate::code::DossierCode;
use crate::custody::{Custody, Purpose, Standing};
use crate::dossier::{Closing, Decision, Dossier, Filing, Receipt, State, Units};
use crate::error::Error;
use crate::reference::Occasion;
use crate::{filing, wire};

/// Something is handed in: nothing → submitted, or received where a desk registers it.
pub(super) fn hand(world: &World, handed: &Handed, at: Moment) -> Result<Effect<Change>, Error> {
    let procedure = world.procedure_on(&handed.procedure_code, handed.date)?;
    let case = procedure.case(&handed.case_key)?;
    filing::must_be_handled_here(procedure, case)?;
    let receiving = filing::resolve(&world.units, &handed.receiving_unit, handed.date)?;
    let units = filing::units(procedure, case, receiving, (&world.units, handed.date))?;
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
        let limit = case.limit_with(limit_extra);
        State::Received(receipt(world, limit, &units, at)?)
    } else {
        State::Submitted
    };
    let filing = Filing {
        procedure_code: procedure.code.clone(),
        procedure_version: procedure.version,
        case_key: case.key.clone(),
        channel: handed.channel,
        applicant: Some(handed.applicant.clone()),
        party: handed.party.clone(),
        components: handed.components.clone(),
        form: handed.form.clone(),
        fees: case.fees_due(&occasion),
        limit_extra,
    };
    Ok(open(world, handed, (filing, units, state), receiving, at))
}

/// A new dossier with the next code of its desk on that day.
fn open(
    world: &World,
    handed: &Handed,
    (filing, units, state): (Filing, Units, State),
    receiving: Unit<'_>,
    at: Moment,
) -> Effect<Change> {
    let number = world.next_number(receiving, handed.date);
    let dossier = Dossier {
        uid: handed.uid.clone(),
        code: DossierCode::allot(receiving.national_code, handed.date, number),
        filing,
        units,
        submitted_at: at,
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
    let event = event(&dossier, wire::event::opened(&dossier));
    let last_number = Change::LastNumber {
        unit: dossier.units.receiving.clone(),
        date: handed.date,
        number,
    };
    Effect {
        about: About::new(&dossier.uid, dossier.key.as_ref()),
        events: vec![event.with_personal(wire::event::personal(&dossier))],
        changes: vec![last_number, Change::Dossier(Box::new(dossier))],
        reply,
    }
}

/// The promise on the receipt, by the rule set in force on the day of receipt.
fn receipt(world: &World, limit: Limit, units: &Units, at: Moment) -> Result<Receipt, Error> {
    let received = clock::local(at);
    let rules = RuleSet::in_force_on(received.date());
    let calendars = world.calendar()?;
    let calendar = calendars.of(&units.receiving);
    let promised =
        appointment(calendar, &rules, received, limit).map_err(|_| Error::CalendarMissing)?;
    let appointment = clock::from_local(promised);
    Ok(Receipt {
        received_at: at,
        appointment,
        due: appointment,
        calendar: calendars.revision(),
    })
}

/// The deadlines of open dossiers are reckoned anew by the calendar of now. Those that were closed meanwhile stay as they are.
pub(super) fn reckon(world: &World, uids: &[String]) -> Result<Effect<Change>, Error> {
    let mut effect = Effect::nothing();
    let calendar = world.calendar()?.revision();
    for uid in uids {
        let Ok(before) = world.dossier(uid) else {
            continue;
        };
        let Some(receipt) = before.state.running() else {
            continue;
        };
        let due = due_now(world, before, receipt).unwrap_or_else(|error| {
            tracing::error!(%uid, %error, "a deadline cannot be reckoned anew and stays as it was");
            receipt.due
        });
        let dossier = before.clone().reckoned(due, calendar);
        if let Some(now) = dossier.state.running().filter(|now| now.due != receipt.due) {
            let told = wire::event::deadline_moved(receipt, now);
            effect.events.push(event(&dossier, told));
        }
        effect.changes.push(Change::Dossier(Box::new(dossier)));
    }
    Ok(effect)
}

fn due_now(world: &World, dossier: &Dossier, receipt: Receipt) -> Result<Moment, Error> {
    let limit = limit_of(world, dossier)?;
    let calendar = world.calendar()?.of(&dossier.units.receiving);
    let received = clock::local(receipt.received_at);
    let rules = RuleSet::in_force_on(received.date());
    let due = appointment(calendar, &rules, received, limit);
    due.map(clock::from_local)
        .map_err(|_| Error::CalendarMissing)
}

/// The limit of its case in the version that it stays on, longer by what its desk has.
fn limit_of(world: &World, dossier: &Dossier) -> Result<Limit, Error> {
    let filing = &dossier.filing;
    let case = world.procedure_of(filing)?.case(&filing.case_key)?;
    Ok(case.limit_with(filing.limit_extra))
}

/// A step of a dossier's life.
pub(super) fn on_dossier(
    world: &World,
    on: &OnDossier,
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let dossier = world.dossier(&on.dossier)?.clone();
    if on.expected_revision != 0 && on.expected_revision != dossier.revision {
        return Err(Error::RevisionChanged {
            expected: on.expected_revision,
            current: dossier.revision,
        });
    }
    let closing = |reason: &String| Closing {
        reason: reason.clone(),
        at,
    };
    let (dossier, told) = match &on.verb {
        Verb::Receive => {
            on.rights.must_allow(dossier.state.name())?;
            let limit = limit_of(world, &dossier)?;
            let receipt = receipt(world, limit, &dossier.units, at)?;
            let received = dossier.receive(receipt)?;
            let told = wire::event::opened(&received);
            (received, told)
        }
        Verb::Refuse(reason) => {
            on.rights.must_allow(dossier.state.name())?;
            (dossier.refuse(closing(reason))?, wire::event::refused())
        }
        Verb::Withdraw(reason) => {
            on.rights.must_allow(dossier.state.name())?;
            (dossier.withdraw(closing(reason))?, wire::event::withdrawn())
        }
        Verb::Decide(claim, decision) => {
            claim.must_be_known(world.custodies(&dossier.uid))?;
            on.rights.must_allow(dossier.state.name())?;
            let held = claim.check(world.custodies(&dossier.uid), Purpose::Decide, &on.rights)?;
            let decision = Decision {
                unit: held.unit.clone(),
                recorded_at: at,
                ..decision.as_ref().clone()
            };
            let told = wire::event::decided(&claim.transfer, decision.outcome);
            (dossier.decide(decision)?, told)
        }
        Verb::Return(claim) => {
            claim.must_be_known(world.custodies(&dossier.uid))?;
            on.rights.must_allow(dossier.state.name())?;
            claim.check(world.custodies(&dossier.uid), Purpose::Return, &on.rights)?;
            (
                dossier.return_result(at)?,
                wire::event::returned(&claim.transfer),
            )
        }
    };
    let reply = wire::reply::stepped(&on.verb, &dossier);
    Ok(Effect {
        about: About::new(&dossier.uid, dossier.key.as_ref()),
        events: vec![event(&dossier, told).with_personal(wire::event::particulars(&dossier))],
        changes: vec![Change::Dossier(Box::new(dossier))],
        reply,
    })
}

/// Routing told of an acceptance or of the end of one. The first acceptance begins the processing.
pub(super) fn custody(world: &World, change: &CustodyChange) -> Result<Effect<Change>, Error> {
    let before = world
        .dossier(&change.dossier)
        .map_err(|_| Error::DossierOfTransferMissing)?;
    let custody = Change::Custody(Custody {
        transfer: change.transfer.clone(),
        dossier: change.dossier.clone(),
        unit: change.unit.clone(),
        epoch: change.epoch,
        purpose: change.purpose,
        standing: change.standing,
    });
    if change.standing != Standing::Holds {
        return Ok(Effect {
            changes: vec![custody],
            ..Effect::nothing()
        });
    }
    let dossier = before.clone().begin_processing();
    let mut events = vec![event(&dossier, wire::event::custody_moved(change))];
    let mut changes = vec![custody];
    if dossier.revision != before.revision {
        events.push(event(&dossier, wire::event::processing()));
        changes.push(Change::Dossier(Box::new(dossier)));
    }
    Ok(Effect {
        changes,
        events,
        ..Effect::nothing()
    })
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

fn event(dossier: &Dossier, change: proto::intake::v1::dossier_change::Change) -> NewEvent {
    let message = wire::event::change(dossier, change);
    NewEvent::new(&dossier.uid, Shard::of(&dossier.uid), &message).under(dossier.key.as_ref())
}
