//! What intake tells the others, and what it hears from them.

mod custody;

use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::copies;
use prost::{DecodeError, Message as _};
use prost_types::Timestamp;
use proto::event::v1::Event;
use proto::identity::v1 as pb_identity;
use proto::intake::v1 as pb;
use proto::intake::v1::dossier_change::Change;

use super::reply;
use crate::act::{Act, Why};
use crate::dossier::{
    self, Alarm, Channel, Dossier, Due, Filing, HandedIn, Item, Method, Payment, Restart, State,
    Stop,
};

pub use custody::{custody_moved, from_routing, left, standing_changed};

/// The whole message of a change, with the role of the officer's position by which it was done.
#[must_use]
pub fn change(dossier: &Dossier, change: Change, role: Option<Role>) -> pb::DossierChange {
    let role = role.map(pb_identity::Role::from).unwrap_or_default();
    pb::DossierChange {
        code: dossier.code.to_string(),
        state: reply::state(&dossier.state).into(),
        role: role.into(),
        change: Some(change),
    }
}

/// Handed in, or received: whichever its state says.
#[must_use]
pub fn opened(dossier: &Dossier) -> Change {
    match dossier.state.receipt() {
        Some(receipt) if matches!(dossier.state, State::Received(_)) => {
            Change::Received(pb::DossierReceived {
                procedure_code: dossier.filing.procedure_code.clone(),
                procedure_version: dossier.filing.procedure_version,
                case_key: dossier.filing.case_key.clone(),
                receiving_unit_uid: dossier.units.receiving.clone(),
                competent_unit_uid: dossier.units.competent.clone(),
                returning_unit_uid: dossier.units.returning.clone(),
                received_at: Some(clock::to_timestamp(receipt.received_at)),
                appointment: Some(clock::to_timestamp(receipt.appointment)),
                paper: on_paper(&dossier.filing),
            })
        }
        _ => Change::Submitted(pb::DossierSubmitted {
            procedure_code: dossier.filing.procedure_code.clone(),
            procedure_version: dossier.filing.procedure_version,
            channel: reply::channel(dossier.filing.channel).into(),
            receiving_unit_uid: dossier.units.receiving.clone(),
            answer_by: dossier.answer_by.map(clock::to_timestamp),
        }),
    }
}

/// What was not handed in online.
fn on_paper(filing: &Filing) -> Vec<pb::HandedIn> {
    if filing.channel == Channel::Online {
        return Vec::new();
    }
    let sheets = filing.components.iter();
    let sheets = sheets.filter(|component| (component.originals, component.copies) != (0, 0));
    sheets.map(reply::handed_in).collect()
}

/// The components that are others than before; nothing where all stay as they were.
fn replaced(before: &[HandedIn], after: &[HandedIn]) -> Option<pb::ComponentsReplaced> {
    let without = |of: &[HandedIn], others: &[HandedIn]| -> Vec<pb::HandedIn> {
        let differ = of.iter().filter(|component| !others.contains(component));
        differ.map(reply::handed_in).collect()
    };
    let replaced = pb::ComponentsReplaced {
        before: without(before, after),
        after: without(after, before),
    };
    (replaced != pb::ComponentsReplaced::default()).then_some(replaced)
}

/// Refused by the desk.
#[must_use]
pub fn refused() -> Change {
    Change::Refused(pb::DossierRefused {})
}

/// Withdrawn by the applicant.
#[must_use]
pub fn withdrawn() -> Change {
    Change::Withdrawn(pb::DossierWithdrawn {})
}

/// Work began.
#[must_use]
pub fn processing() -> Change {
    Change::Processing(pb::DossierProcessing {})
}

/// Stopped; unanswered, or by somebody.
#[must_use]
pub fn stopped(unanswered: bool) -> Change {
    Change::Stopped(pb::DossierStopped { unanswered })
}

/// The desk told the applicant what is missing.
#[must_use]
pub fn guided(items: &[Item]) -> Change {
    Change::Guided(pb::DossierGuided {
        places: places(items),
    })
}

/// The desk sent it on.
#[must_use]
pub fn forwarded(from: &str, to: &str) -> Change {
    Change::Forwarded(pb::DossierForwarded {
        from_unit_uid: from.to_owned(),
        to_unit_uid: to.to_owned(),
    })
}

/// The applicant answered a guidance.
#[must_use]
pub fn completed(before: &Dossier, after: &Dossier) -> Change {
    Change::Completed(pb::DossierCompleted {
        answer_by: after.answer_by.map(clock::to_timestamp),
        components: replaced(&before.filing.components, &after.filing.components),
    })
}

/// The applicant was asked for something, or a step outside the limit is under way: the clock stands still.
#[must_use]
pub fn clock_stopped(
    stop: &Stop,
    (items, payments): (&[Item], &[Payment]),
    answer_by: Option<Moment>,
) -> Change {
    let order = |payment: &Payment| pb::PaymentOrder {
        order_uid: payment.order.clone(),
        amount_vnd: payment.amount_vnd,
    };
    Change::ClockStopped(pb::ClockStopped {
        transfer_uid: stop.transfer.clone(),
        reason: stop_reason(&stop.why).into(),
        at: time(stop.from),
        places: places(items),
        orders: payments.iter().map(order).collect(),
        answer_by: answer_by.and_then(time),
        step_name: stop.step().unwrap_or_default().to_owned(),
    })
}

/// The applicant has done it, by which components may be others than before, or the step is over: what was due then is due now.
#[must_use]
pub fn clock_resumed(
    stop: &Stop,
    (then, now): (Moment, Moment),
    (before, after): (&Dossier, &Dossier),
) -> Change {
    Change::ClockResumed(pb::ClockResumed {
        transfer_uid: stop.transfer.clone(),
        reason: stop_reason(&stop.why).into(),
        stopped_at: time(stop.from),
        at: stop.to.and_then(time),
        restarts: stop.then == Restart::Restarts,
        due_before: time(then),
        due: time(now),
        components: replaced(&before.filing.components, &after.filing.components),
        step_name: stop.step().unwrap_or_default().to_owned(),
    })
}

/// One of several orders was paid.
#[must_use]
pub fn payment_made(order: &str) -> Change {
    Change::PaymentMade(pb::PaymentMade {
        order_uid: order.to_owned(),
    })
}

/// A clerk's error was mended; nothing where both say the same.
#[must_use]
pub fn corrected(before: &Dossier, after: &Dossier) -> Option<Change> {
    let components = replaced(&before.filing.components, &after.filing.components);
    let fields = [
        (
            "applicant",
            before.filing.applicant != after.filing.applicant,
        ),
        ("components", components.is_some()),
        (
            "returning_unit_uid",
            before.units.returning != after.units.returning,
        ),
    ];
    let changed = fields.into_iter().filter(|(_, differs)| *differs);
    let fields: Vec<String> = changed.map(|(field, _)| field.to_owned()).collect();
    (!fields.is_empty()).then(|| {
        Change::Corrected(pb::DossierCorrected {
            fields,
            returning_unit_uid: after.units.returning.clone(),
            returning_unit_before_uid: before.units.returning.clone(),
            components,
        })
    })
}

/// Somebody has to be told something; nothing where the dossier is to be stopped.
#[must_use]
pub fn notice_due(alarm: Alarm, about: Moment) -> Option<Change> {
    let notice = match alarm {
        Alarm::DueSoon => pb::Notice::DueSoon,
        Alarm::Overdue => pb::Notice::Overdue,
        Alarm::Unanswered => pb::Notice::Unanswered,
        Alarm::Reminder => pb::Notice::SupplementReminder,
        Alarm::Stop => return None,
    };
    Some(Change::NoticeDue(pb::NoticeDue {
        notice: notice.into(),
        about: time(about),
    }))
}

/// Decided by the holder of a transfer, with paper that goes with the result.
#[must_use]
pub fn decided(transfer: &str, dossier: &Dossier, paper: &[HandedIn]) -> Option<Change> {
    let decision = dossier.state.decision()?;
    let due = dossier.state.receipt()?.due.at;
    let day = |at| clock::local(at).date();
    Some(Change::Decided(pb::DossierDecided {
        transfer_uid: transfer.to_owned(),
        outcome: reply::outcome(decision.outcome).into(),
        due: time(due),
        early: day(decision.recorded_at) < day(due),
        procedure_version: dossier.filing.procedure_version,
        case_key: dossier.filing.case_key.clone(),
        paper: paper.iter().map(reply::handed_in).collect(),
    }))
}

/// Handed over by the holder of a transfer.
#[must_use]
pub fn returned(transfer: &str, method: Method) -> Change {
    Change::Returned(pb::DossierReturned {
        transfer_uid: transfer.to_owned(),
        method: reply::method(method).into(),
    })
}

/// Its deadline moved with the calendar.
#[must_use]
pub fn reckoned(before: Due, now: Due) -> Change {
    deadline_moved(before, now, pb::DeadlineReason::CalendarChanged, false)
}

/// The desk apologised and made a new appointment.
#[must_use]
pub fn postponed(before: Due, now: Due, late: bool) -> Change {
    deadline_moved(before, now, pb::DeadlineReason::Postponed, late)
}

fn deadline_moved(before: Due, now: Due, reason: pb::DeadlineReason, late: bool) -> Change {
    Change::DeadlineMoved(pb::DeadlineMoved {
        from: time(before.at),
        to: time(now.at),
        reason: reason.into(),
        calendar_revision: now.calendar,
        late,
    })
}

fn stop_reason(why: &dossier::Why) -> pb::StopReason {
    match why {
        dossier::Why::Supplement => pb::StopReason::Supplement,
        dossier::Why::Payment => pb::StopReason::Payment,
        dossier::Why::OutsideLimit(_) => pb::StopReason::OutsideLimit,
    }
}

fn places(items: &[Item]) -> Vec<String> {
    items.iter().map(|item| item.place.clone()).collect()
}

fn time(at: impl Into<Option<Moment>>) -> Option<Timestamp> {
    at.into().map(clock::to_timestamp)
}

/// What was personal about it is forgotten.
#[must_use]
pub fn erased(why: Why) -> Change {
    let reason = match why {
        Why::Asked => pb::ErasureReason::Asked,
        Why::Expired => pb::ErasureReason::Expired,
        Why::Ordered => pb::ErasureReason::Ordered,
        Why::Mistaken => pb::ErasureReason::Mistaken,
    };
    Change::Erased(pb::DossierErased {
        reason: reason.into(),
    })
}

/// What is personal about a new dossier.
#[must_use]
pub fn personal(dossier: &Dossier) -> Vec<u8> {
    let particulars = pb::Particulars {
        after: Some(personal_of(dossier)),
        ..pb::Particulars::default()
    };
    particulars.encode_to_vec()
}

/// What a change says about people, where it says anything. It is part of the history under a digest.
#[must_use]
pub fn particulars(before: &Dossier, after: &Dossier, reason: &str) -> Option<Vec<u8>> {
    let (mut was, mut is) = (personal_of(before), personal_of(after));
    if was == is && reason.is_empty() {
        return None;
    }
    forget_what_is_same(&mut was.applicant, &mut is.applicant);
    forget_what_is_same(&mut was.form_data, &mut is.form_data);
    forget_what_is_same(&mut was.closing_reason, &mut is.closing_reason);
    forget_what_is_same(&mut was.decision, &mut is.decision);
    forget_what_is_same(&mut was.guidance, &mut is.guidance);
    forget_what_is_same(&mut was.supplement, &mut is.supplement);
    forget_what_is_same(&mut was.payments, &mut is.payments);
    forget_what_is_same(&mut was.adjustments, &mut is.adjustments);
    let particulars = pb::Particulars {
        before: Some(was).filter(|was| *was != pb::Dossier::default()),
        after: Some(is),
        reason: reason.to_owned(),
    };
    Some(particulars.encode_to_vec())
}

fn forget_what_is_same<T: Default + PartialEq>(before: &mut T, after: &mut T) {
    if before == after {
        (*before, *after) = (T::default(), T::default());
    }
}

/// The fields of a dossier that are personal. What else a step changes, such as components and units, the change itself tells.
fn personal_of(dossier: &Dossier) -> pb::Dossier {
    let message = reply::dossier(dossier);
    pb::Dossier {
        applicant: message.applicant,
        form_data: message.form_data,
        closing_reason: message.closing_reason,
        decision: message.decision,
        guidance: message.guidance,
        supplement: message.supplement,
        payments: message.payments,
        adjustments: message.adjustments,
        ..pb::Dossier::default()
    }
}

/// What an event of identity asks for.
///
/// # Errors
/// When it cannot be read.
pub fn from_identity(event: &Event) -> Result<Option<Act>, DecodeError> {
    Ok(Some(Act::Copies(copies::from_identity(event)?)))
}

/// What an event of the catalogue asks for.
///
/// # Errors
/// When it cannot be read.
pub fn from_catalogue(event: &Event) -> Result<Option<Act>, DecodeError> {
    Ok(Some(Act::Copies(copies::from_catalogue(event)?)))
}
