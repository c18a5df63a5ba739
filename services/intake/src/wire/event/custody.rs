//! Custody: what routing tells of it, and what intake passes on.

use kit::authority::Relation;
use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::copies;
use prost::{DecodeError, Message as _};
use prost_types::Timestamp;
use proto::event::v1::Event;
use proto::intake::v1 as pb;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{Transfer, TransferChange, TransferEvent, TransferState};

use crate::act::{Act, CustodyChange};
use crate::custody::{Custodian, Movement, Purpose, Standing};

/// What an event of routing asks for: what is offered to whom, and who holds it.
///
/// # Errors
/// When it cannot be read.
pub fn from_routing(event: &Event) -> Result<Option<Act>, DecodeError> {
    let change = TransferChange::decode(copies::change_of(event))?;
    let (told, role) = (change.event(), Role::try_from(change.role()).ok());
    let Some(transfer) = change.transfer else {
        return Ok(None);
    };
    let Some(standing) = standing(told, transfer.state()) else {
        return Ok(None);
    };
    let custodian = Some(change.custodian_uid).filter(|custodian| !custodian.is_empty());
    let moved = match told {
        TransferEvent::Accepted | TransferEvent::Inherited | TransferEvent::Returned => {
            custodian.clone()
        }
        _ => None,
    };
    let outside = change.outside_limit.then(|| transfer.step_name.clone());
    // Whoever is done and waits for others has it no more.
    let is_done = transfer.state() == TransferState::Completed;
    let custodian = custodian.filter(|_| !is_done).map(|unit| Custodian {
        unit,
        since: moment(change.custodian_since),
    });
    Ok(Some(Act::Custody(CustodyChange {
        purpose: purpose(&transfer),
        outside,
        transfer: transfer.uid,
        dossier: transfer.dossier_uid,
        unit: transfer.to_unit_uid,
        epoch: transfer.custody_epoch,
        standing,
        offered_on: told == TransferEvent::Rehomed,
        since: moment(event.occurred_at),
        custodian,
        moved_to: moved,
        role,
        routing_hash: event.hash.clone(),
    })))
}

/// How the unit of a transfer stands to its step after this; nothing where it stands as it did.
fn standing(told: TransferEvent, state: TransferState) -> Option<Standing> {
    match told {
        TransferEvent::Offered => Some(Standing::Offered),
        TransferEvent::Accepted => Some(Standing::Holds),
        TransferEvent::Completed | TransferEvent::Cancelled | TransferEvent::Returned => {
            Some(Standing::Held)
        }
        TransferEvent::Inherited => match state {
            TransferState::Accepted => Some(Standing::Holds),
            TransferState::Completed => Some(Standing::Held),
            // What is offered, or is its sender's again, stays with the unit that it is or was offered to.
            _ => None,
        },
        TransferEvent::Declined | TransferEvent::Recalled | TransferEvent::Rehomed => {
            Some(Standing::Left)
        }
        TransferEvent::Unspecified
        | TransferEvent::Released
        | TransferEvent::DueMoved
        | TransferEvent::Undone
        | TransferEvent::PaperReceived
        | TransferEvent::DeadLettered
        | TransferEvent::Redriven
        | TransferEvent::Assigned
        | TransferEvent::Unassigned
        | TransferEvent::Escalated
        | TransferEvent::LinkLate
        | TransferEvent::LinkMended
        | TransferEvent::HoldEnded => None,
    }
}

fn purpose(transfer: &Transfer) -> Purpose {
    match (transfer.decides, transfer.step_key.as_str()) {
        (true, _) => Purpose::Decide,
        (false, "result") => Purpose::Return,
        (false, _) if transfer.consulted => Purpose::Advise,
        (false, _) => Purpose::Work,
    }
}

fn moment(at: Option<Timestamp>) -> Moment {
    clock::from_timestamp(&at.unwrap_or_default())
}

/// Custody moved, as routing told.
#[must_use]
pub fn custody_moved(change: &CustodyChange, movement: Movement) -> Change {
    Change::CustodyMoved(pb::CustodyMoved {
        transfer_uid: change.transfer.clone(),
        custodian_uid: change.moved_to.clone().unwrap_or_default(),
        custody_epoch: change.epoch,
        routing_hash: change.routing_hash.clone(),
        left_unit_uid: movement.left.unwrap_or_default(),
    })
}

/// A unit came to the dossier or left it, and custody stayed; nothing where none did.
#[must_use]
pub fn standing_changed(change: &CustodyChange, movement: Movement) -> Option<Change> {
    (movement != Movement::default()).then(|| {
        Change::StandingChanged(pb::StandingChanged {
            transfer_uid: change.transfer.clone(),
            came_unit_uid: movement.came.unwrap_or_default(),
            left_unit_uid: movement.left.unwrap_or_default(),
        })
    })
}

/// How a unit stood to the dossier of one of our events before it, as it does no longer: in one of these ways.
#[must_use]
pub fn left(event: &Event) -> Option<(&'static [Relation], String)> {
    const COMPETENT: &[Relation] = &[Relation::Competent];
    const RETURNING: &[Relation] = &[Relation::Returning];
    const OF_A_STEP: &[Relation] = &[Relation::Offered, Relation::Holder, Relation::PastHolder];
    if !copies::tells_of::<pb::DossierChange>(event) {
        return None;
    }
    // Only an incompatible change of the contract could make it unreadable.
    let change = pb::DossierChange::decode(copies::change_of(event)).ok()?;
    let (stood, unit) = match change.change? {
        Change::StandingChanged(told) => (OF_A_STEP, told.left_unit_uid),
        Change::CustodyMoved(moved) => (OF_A_STEP, moved.left_unit_uid),
        Change::Forwarded(forwarded) => (COMPETENT, forwarded.from_unit_uid),
        Change::Corrected(corrected) => (RETURNING, corrected.returning_unit_before_uid),
        _ => return None,
    };
    Some((stood, unit)).filter(|(_, unit)| !unit.is_empty())
}
