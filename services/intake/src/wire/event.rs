//! What intake tells the others, and what it hears from them.

use kit::copies;
use prost::{DecodeError, Message as _};
use proto::event::v1::Event;
use proto::intake::v1 as pb;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{TransferChange, TransferEvent};

use super::reply;
use crate::act::{Act, CustodyChange, Why};
use crate::custody::{Purpose, Standing};
use crate::dossier::{Dossier, Outcome, Receipt, State};

/// The whole message of a change.
#[must_use]
pub fn change(dossier: &Dossier, change: Change) -> pb::DossierChange {
    pb::DossierChange {
        code: dossier.code.to_string(),
        state: reply::state(&dossier.state).into(),
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
                received_at: Some(kit::clock::to_timestamp(receipt.received_at)),
                appointment: Some(kit::clock::to_timestamp(receipt.appointment)),
            })
        }
        _ => Change::Submitted(pb::DossierSubmitted {
            procedure_code: dossier.filing.procedure_code.clone(),
            procedure_version: dossier.filing.procedure_version,
            channel: reply::channel(dossier.filing.channel).into(),
            receiving_unit_uid: dossier.units.receiving.clone(),
        }),
    }
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

/// Decided by the holder of a transfer.
#[must_use]
pub fn decided(transfer: &str, outcome: Outcome) -> Change {
    Change::Decided(pb::DossierDecided {
        transfer_uid: transfer.to_owned(),
        outcome: reply::outcome(outcome).into(),
    })
}

/// Handed over by the holder of a transfer.
#[must_use]
pub fn returned(transfer: &str) -> Change {
    Change::Returned(pb::DossierReturned {
        transfer_uid: transfer.to_owned(),
    })
}

/// Custody moved, as routing told.
#[must_use]
pub fn custody_moved(change: &CustodyChange) -> Change {
    Change::CustodyMoved(pb::CustodyMoved {
        transfer_uid: change.transfer.clone(),
        custodian_uid: change.unit.clone(),
        custody_epoch: change.epoch,
        routing_hash: change.routing_hash.clone(),
    })
}

/// Its deadline moved with the calendar, from what it was before.
#[must_use]
pub fn deadline_moved(before: Receipt, now: Receipt) -> Change {
    let time = |at| Some(kit::clock::to_timestamp(at));
    Change::DeadlineMoved(pb::DeadlineMoved {
        from: time(before.due),
        to: time(now.due),
        reason: pb::DeadlineReason::CalendarChanged.into(),
        calendar_revision: now.calendar,
    })
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
    pb::Dossier {
        applicant: reply::applicant(&dossier.filing),
        form_data: dossier.filing.form.clone(),
        ..pb::Dossier::default()
    }
    .encode_to_vec()
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

/// What an event of routing asks for: what is offered to whom, and who holds it.
///
/// # Errors
/// When it cannot be read.
pub fn from_routing(event: &Event) -> Result<Option<Act>, DecodeError> {
    let change = TransferChange::decode(copies::change_of(event))?;
    let told = change.event();
    let Some(transfer) = change.transfer else {
        return Ok(None);
    };
    let standing = match told {
        TransferEvent::Offered => Standing::Offered,
        TransferEvent::Accepted => Standing::Holds,
        TransferEvent::Completed | TransferEvent::Cancelled => Standing::Held,
        TransferEvent::Declined | TransferEvent::Recalled | TransferEvent::Rehomed => {
            Standing::Left
        }
        TransferEvent::Unspecified | TransferEvent::Released | TransferEvent::DueMoved => {
            return Ok(None);
        }
    };
    let purpose = match (transfer.decides, transfer.step_key.as_str()) {
        (true, _) => Purpose::Decide,
        (false, "result") => Purpose::Return,
        (false, _) => Purpose::Work,
    };
    Ok(Some(Act::Custody(CustodyChange {
        transfer: transfer.uid,
        dossier: transfer.dossier_uid,
        unit: transfer.to_unit_uid,
        epoch: transfer.custody_epoch,
        purpose,
        standing,
        routing_hash: event.hash.clone(),
    })))
}

/// What a step says about people: why it was closed, what was decided by whom. It is part of the history under a digest.
#[must_use]
pub fn particulars(dossier: &Dossier) -> Vec<u8> {
    let message = reply::dossier(dossier);
    pb::Dossier {
        closing_reason: message.closing_reason,
        decision: message.decision,
        ..pb::Dossier::default()
    }
    .encode_to_vec()
}
