//! Replies.

use std::collections::BTreeSet;

use kit::caller::Role;
use kit::clock::{self, Moment};
use prost::Message as _;
use prost_types::Timestamp;
use proto::routing::v1 as pb;

use crate::act::Verb;
use crate::error::Error;
use crate::journey::{Holding, Journey};
use crate::paper::{Piece, Receipt};
use crate::transfer::{State, Transfer};

/// The transfer on the wire as it stands now: one of those that are suspended waits for the applicant.
#[must_use]
pub fn standing(known: &Transfer, suspended: &BTreeSet<String>) -> pb::Transfer {
    pb::Transfer {
        suspended: suspended.contains(&known.uid),
        ..transfer(known)
    }
}

/// The transfer on the wire, after an act on it.
#[must_use]
pub fn transfer(transfer: &Transfer) -> pb::Transfer {
    let acceptance = transfer.state.acceptance();
    pb::Transfer {
        uid: transfer.uid.clone(),
        dossier_uid: transfer.dossier.clone(),
        dossier_code: transfer.dossier_code.clone(),
        procedure_code: transfer.procedure.clone(),
        step_key: transfer.work.key.clone(),
        step_name: transfer.work.name.clone(),
        role: role(transfer.work.role).into(),
        consulted: transfer.work.consulted,
        decides: transfer.work.decides,
        state: state(&transfer.state).into(),
        from_unit_uid: transfer.from.clone(),
        to_unit_uid: transfer.to.clone(),
        offer_epoch: transfer.offer_epoch,
        custody_epoch: transfer.state.custody_epoch().unwrap_or_default(),
        offered_at: Some(time(transfer.offered_at)),
        hand_over_due: Some(time(transfer.due.hand_over)),
        accepted_at: acceptance.map(|acceptance| time(acceptance.at)),
        due: Some(time(transfer.due.step)),
        ended_at: transfer.state.ended_at().map(time),
        reason: transfer.reason.clone(),
        revision: transfer.revision,
        erased: transfer.key.is_none(),
        suspended: false,
        paper: transfer.paper.pieces.iter().map(piece).collect(),
        paper_receipt: transfer.paper.receipt.as_ref().map(receipt),
    }
}

/// The transfer without what may speak of a person, which stays in routing.
#[must_use]
pub fn plain(known: &Transfer) -> pb::Transfer {
    pb::Transfer {
        reason: String::new(),
        paper: Vec::new(),
        paper_receipt: None,
        ..transfer(known)
    }
}

/// The receipt of paper on the wire.
#[must_use]
pub fn receipt(receipt: &Receipt) -> pb::PaperReceipt {
    pb::PaperReceipt {
        unit_uid: receipt.unit.clone(),
        received_by: receipt.by.clone(),
        received_at: Some(time(receipt.at)),
        missing: receipt.missing.iter().map(piece).collect(),
    }
}

fn piece(piece: &Piece) -> pb::Paper {
    pb::Paper {
        component: piece.component.clone(),
        name: piece.name.clone(),
        originals: piece.originals,
        copies: piece.copies,
    }
}

/// The state on the wire.
#[must_use]
pub fn state(state: &State) -> pb::TransferState {
    match state {
        State::Offered => pb::TransferState::Offered,
        State::Accepted(_) => pb::TransferState::Accepted,
        State::Declined => pb::TransferState::Declined,
        State::Completed(..) => pb::TransferState::Completed,
        State::CalledBack | State::Recalled(_) => pb::TransferState::Recalled,
        State::Cancelled(..) => pb::TransferState::Cancelled,
        State::GivenBack(_) | State::SentBack(..) => pb::TransferState::Returned,
        State::Undone(..) => pb::TransferState::Undone,
    }
}

/// The role of a step on the wire.
#[must_use]
pub fn role(role: Role) -> pb::TransferRole {
    match role {
        Role::Receptionist => pb::TransferRole::Receptionist,
        Role::Examiner => pb::TransferRole::Examiner,
        Role::Leader => pb::TransferRole::Leader,
        Role::HeadOfOffice => pb::TransferRole::HeadOfOffice,
        Role::Clerk => pb::TransferRole::Clerk,
        Role::Cashier => pb::TransferRole::Cashier,
        Role::UnitAdministrator
        | Role::ProvinceAdministrator
        | Role::Auditor
        | Role::Applicant
        | Role::Proxy
        | Role::Client
        | Role::LinkedSystem
        | Role::PaymentProvider
        | Role::Service => pb::TransferRole::Unspecified,
    }
}

/// A custody on the wire.
#[must_use]
pub fn branch(holding: &Holding) -> pb::Branch {
    pb::Branch {
        step_key: holding.step.clone(),
        custodian_uid: holding.custodian.clone(),
        since: Some(time(holding.since)),
        until: holding.until.map(time),
    }
}

/// The reply of an act on a transfer.
///
/// # Errors
/// When the transfer is gone, which cannot be.
pub fn on_transfer(verb: &Verb, uid: &str, journey: &Journey) -> Result<Vec<u8>, Error> {
    let after = Some(transfer(journey.transfer(uid)?));
    Ok(match verb {
        Verb::Accept(_) => pb::AcceptTransferResponse { transfer: after }.encode_to_vec(),
        Verb::Decline(..) => pb::DeclineTransferResponse { transfer: after }.encode_to_vec(),
        Verb::Forward { .. } => pb::ForwardTransferResponse { transfer: after }.encode_to_vec(),
        Verb::Complete(_) => pb::CompleteTransferResponse {
            transfer: after,
            offered: journey.offered_now().map(transfer).collect(),
        }
        .encode_to_vec(),
        Verb::Recall(..) => pb::RecallTransferResponse { transfer: after }.encode_to_vec(),
        Verb::Return(..) => pb::ReturnTransferResponse { transfer: after }.encode_to_vec(),
        Verb::SendBack { .. } => pb::SendBackTransferResponse {
            transfer: after,
            offered: journey.offered_now().next().map(transfer),
        }
        .encode_to_vec(),
        Verb::ReceivePaper(_) => pb::ReceivePaperResponse { transfer: after }.encode_to_vec(),
    })
}

fn time(moment: Moment) -> Timestamp {
    clock::to_timestamp(moment)
}
