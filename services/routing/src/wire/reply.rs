//! Replies.

use kit::caller::Role;
use kit::clock::{self, Moment};
use prost::Message as _;
use prost_types::Timestamp;
use proto::routing::v1 as pb;

use crate::act::{AtDesk, Verb};
use crate::error::Error;
use crate::journey::{Holding, Journey};
use crate::link::{Link, LinkStep};
use crate::store::StandingStill;
use crate::transfer::{Cause, Escalation, Level, State, Transfer, Urgency};

/// The transfer on the wire as it stands at a time.
#[must_use]
pub fn standing(known: &Transfer, still: &StandingStill, now: Moment) -> pb::Transfer {
    let urgency = known.urgency(now, still.since.get(&known.dossier).copied());
    pb::Transfer {
        suspended: still.suspended.contains(&known.uid),
        urgency: self::urgency(urgency).into(),
        ..transfer(known)
    }
}

fn urgency(urgency: Option<Urgency>) -> pb::TransferUrgency {
    match urgency {
        None => pb::TransferUrgency::Unspecified,
        Some(Urgency::AtRisk) => pb::TransferUrgency::AtRisk,
        Some(Urgency::Late) => pb::TransferUrgency::Late,
    }
}

fn escalation(escalation: &Escalation) -> pb::Escalation {
    let level = match escalation.level {
        Level::Unit => pb::EscalationLevel::Unit,
        Level::Above => pb::EscalationLevel::ParentUnit,
    };
    let cause = match escalation.cause {
        Cause::HandOver => pb::EscalationCause::HandOver,
        Cause::Step => pb::EscalationCause::Step,
    };
    pb::Escalation {
        level: level.into(),
        cause: cause.into(),
        at: Some(time(escalation.at)),
        to_unit_uid: escalation.to.clone(),
    }
}

fn link(link: &Link) -> pb::Link {
    let late = link.late.as_ref();
    let with = late.map_or(pb::LinkStep::Unspecified, |late| match late.with {
        LinkStep::Delivery => pb::LinkStep::Delivery,
        LinkStep::Acknowledgement => pb::LinkStep::Acknowledgement,
    });
    pb::Link {
        deliver_by: Some(time(link.deliver_by)),
        acknowledge_by: Some(time(link.acknowledge_by)),
        delivered_at: link.delivered_at.map(time),
        late_with: with.into(),
        late_at: late.map(|late| time(late.at)),
        mend_by: late.map(|late| time(late.mend_by)),
        mended_at: late.and_then(|late| late.mended_at).map(time),
    }
}

/// The transfer on the wire, after an act on it.
#[must_use]
pub fn transfer(transfer: &Transfer) -> pb::Transfer {
    let acceptance = transfer.state.acceptance();
    let assignee = transfer.assignee.as_ref();
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
        custody_epoch: acceptance.map_or(0, |acceptance| acceptance.epoch),
        offered_at: Some(time(transfer.offered_at)),
        hand_over_due: Some(time(transfer.due.hand_over)),
        accepted_at: acceptance.map(|acceptance| time(acceptance.at)),
        due: Some(time(transfer.due.step)),
        ended_at: ended_at(&transfer.state).map(time),
        reason: transfer.reason.clone(),
        revision: transfer.revision,
        erased: transfer.key.is_none(),
        suspended: false,
        assignee: assignee
            .map(|assignee| assignee.subject.clone())
            .unwrap_or_default(),
        urgency: pb::TransferUrgency::Unspecified.into(),
        escalation: transfer.escalation.as_ref().map(escalation),
        link: transfer.link.as_ref().map(link),
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
        State::Recalled(_) => pb::TransferState::Recalled,
        State::Cancelled(..) => pb::TransferState::Cancelled,
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
        Verb::AtDesk(act, _) => at_desk(act, after),
    })
}

fn at_desk(act: &AtDesk, transfer: Option<pb::Transfer>) -> Vec<u8> {
    match act {
        AtDesk::Claim => pb::ClaimTransferResponse { transfer }.encode_to_vec(),
        AtDesk::Assign(_) => pb::AssignTransferResponse { transfer }.encode_to_vec(),
        AtDesk::Release => pb::ReleaseTransferResponse { transfer }.encode_to_vec(),
    }
}

fn time(moment: Moment) -> Timestamp {
    clock::to_timestamp(moment)
}

fn ended_at(state: &State) -> Option<Moment> {
    match state {
        State::Completed(_, at) | State::Recalled(at) | State::Cancelled(_, at) => Some(*at),
        State::Offered | State::Accepted(_) | State::Declined => None,
    }
}
