//! What routing tells the others, and what it hears from them.

#[cfg(test)]
mod tests;

use kit::caller::Role;
use kit::clock;
use kit::copies;
use prost::{DecodeError, Message as _};
use proto::event::v1::Event;
use proto::identity::v1 as identity;
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{ClockResumed, DossierChange, HandedIn, StopReason};
use proto::routing::v1 as pb;

use super::{reply, staff};
use crate::act::{Act, Decided, Opened, Resumed};
use crate::journey::{Told, What};
use crate::paper::Piece;
use crate::route::{Pause, Route, Why};

/// The message of what happened to a transfer on its route, with the role of the officer's position by which it did.
#[must_use]
pub fn change(told: &Told, route: &Route, role: Option<Role>) -> pb::TransferChange {
    let event = match told.what {
        What::Offered => pb::TransferEvent::Offered,
        What::Accepted => pb::TransferEvent::Accepted,
        What::Declined => pb::TransferEvent::Declined,
        What::Recalled => pb::TransferEvent::Recalled,
        What::Rehomed => pb::TransferEvent::Rehomed,
        What::Completed => pb::TransferEvent::Completed,
        What::Cancelled => pb::TransferEvent::Cancelled,
        What::Released => pb::TransferEvent::Released,
        What::DueMoved => pb::TransferEvent::DueMoved,
        What::Returned => pb::TransferEvent::Returned,
        What::Undone => pb::TransferEvent::Undone,
        What::Inherited => pb::TransferEvent::Inherited,
        What::PaperReceived => pb::TransferEvent::PaperReceived,
        What::DeadLettered => pb::TransferEvent::DeadLettered,
        What::Redriven => pb::TransferEvent::Redriven,
        What::Assigned => pb::TransferEvent::Assigned,
        What::Unassigned => pb::TransferEvent::Unassigned,
        What::Escalated => pb::TransferEvent::Escalated,
        What::LinkLate => pb::TransferEvent::LinkLate,
        What::LinkMended => pb::TransferEvent::LinkMended,
        What::HoldEnded => pb::TransferEvent::HoldEnded,
    };
    let (custodian, since) = told.custodian.clone().unzip();
    pb::TransferChange {
        transfer: Some(reply::plain(&told.transfer)),
        event: event.into(),
        custodian_uid: custodian.unwrap_or_default(),
        custodian_since: since.map(clock::to_timestamp),
        role: role.map(identity::Role::from).unwrap_or_default().into(),
        outside_limit: route.is_outside(&told.transfer.work.key),
    }
}

/// What may speak of a person: why, and of paper what was missing.
#[must_use]
pub fn personal(told: &Told) -> Vec<u8> {
    match (told.what, &told.transfer.paper.receipt) {
        (What::PaperReceived, Some(receipt)) => reply::receipt(receipt).encode_to_vec(),
        _ => told.transfer.reason.as_bytes().to_vec(),
    }
}

/// What an event of identity asks for.
///
/// # Errors
/// When it cannot be read.
pub fn from_identity(event: &Event) -> Result<Option<Act>, DecodeError> {
    if let Some(act) = staff::told(event)? {
        return Ok(Some(act));
    }
    Ok(Some(Act::Copies(copies::from_identity(event)?)))
}

/// What an event of the catalogue asks for.
///
/// # Errors
/// When it cannot be read.
pub fn from_catalogue(event: &Event) -> Result<Option<Act>, DecodeError> {
    Ok(Some(Act::Copies(copies::from_catalogue(event)?)))
}

/// What an event of intake asks for.
///
/// # Errors
/// When it cannot be read.
pub fn from_intake(event: &Event) -> Result<Option<Act>, DecodeError> {
    // Codes that no dossier has yet are none of a route's business.
    if !copies::tells_of::<DossierChange>(event) {
        return Ok(None);
    }
    let message = DossierChange::decode(copies::change_of(event))?;
    Ok(of_dossier(event.subject.clone(), message))
}

fn piece(handed_in: HandedIn) -> Piece {
    Piece {
        component: handed_in.component_key,
        name: String::new(),
        originals: handed_in.originals,
        copies: handed_in.copies,
    }
}

fn pause(resumed: &ClockResumed) -> Pause {
    Pause {
        from: clock::from_timestamp(&resumed.stopped_at.unwrap_or_default()),
        to: clock::from_timestamp(&resumed.at.unwrap_or_default()),
        why: match resumed.reason() {
            StopReason::OutsideLimit => Why::OutsideLimit,
            StopReason::Supplement | StopReason::Payment | StopReason::Unspecified => Why::Asked,
        },
    }
}

fn of_dossier(dossier: String, message: DossierChange) -> Option<Act> {
    match message.change {
        Some(Change::Received(received)) => Some(Act::Opened(Opened {
            dossier,
            code: message.code,
            procedure: received.procedure_code,
            version: received.procedure_version,
            case_key: received.case_key,
            receiving: received.receiving_unit_uid,
            competent: received.competent_unit_uid,
            returning: received.returning_unit_uid,
            received_at: clock::from_timestamp(&received.received_at.unwrap_or_default()),
            appointment: clock::from_timestamp(&received.appointment.unwrap_or_default()),
            paper: received.paper.into_iter().map(piece).collect(),
        })),
        Some(Change::Withdrawn(_) | Change::Stopped(_)) => Some(Act::Withdrawn(dossier)),
        Some(Change::Decided(decided)) => Some(Act::Decided(Decided {
            dossier,
            transfer: decided.transfer_uid,
            version: decided.procedure_version,
            case_key: decided.case_key,
            paper: decided.paper.into_iter().map(piece).collect(),
        })),
        Some(Change::Returned(returned)) => Some(Act::Returned {
            dossier,
            transfer: returned.transfer_uid,
        }),
        Some(Change::Erased(_)) => Some(Act::Erased(dossier)),
        Some(Change::DeadlineMoved(moved)) => Some(Act::DeadlineMoved {
            dossier,
            due: clock::from_timestamp(&moved.to.unwrap_or_default()),
        }),
        // Nothing waits for that: what it took is told when it is over.
        Some(Change::ClockStopped(stopped)) if stopped.reason() == StopReason::OutsideLimit => None,
        Some(Change::ClockStopped(stopped)) => Some(Act::ClockStopped {
            dossier,
            transfer: stopped.transfer_uid,
        }),
        Some(Change::ClockResumed(resumed)) => Some(Act::ClockResumed(Resumed {
            dossier,
            pause: pause(&resumed),
            restarts: resumed.restarts,
            due: clock::from_timestamp(&resumed.due.unwrap_or_default()),
        })),
        Some(Change::Corrected(corrected)) => Some(corrected.returning_unit_uid)
            .filter(|returning| !returning.is_empty())
            .map(|returning| Act::Corrected { dossier, returning }),
        Some(
            Change::Submitted(_)
            | Change::Guided(_)
            | Change::Completed(_)
            | Change::Forwarded(_)
            | Change::Refused(_)
            | Change::Processing(_)
            | Change::PaymentMade(_)
            | Change::NoticeDue(_)
            | Change::CustodyMoved(_)
            | Change::StandingChanged(_),
        )
        | None => None,
    }
}
