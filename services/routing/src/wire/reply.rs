//! Replies.

use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::failure::Failure;
use kit::queue::{Change, Delivered, Stats};
use prost::Message as _;
use prost_types::Timestamp;
use proto::routing::v1 as pb;

use crate::act::{AtDesk, Verb};
use crate::error::Error;
use crate::journey::{Holding, Journey};
use crate::link::{Link, LinkStep};
use crate::paper::{Piece, Receipt};
use crate::store::{OpenOffers, StandingStill};
use crate::transfer::{Cause, Escalation, Level, State, Transfer, Urgency};
use crate::wire::queue::Named;

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
        Cause::Paper => pb::EscalationCause::Paper,
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
    let on_hold = transfer.on_hold && transfer.state == State::Offered;
    let ended_at = transfer.state.ended_at();
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
        hand_over_due: (!on_hold).then(|| time(transfer.due.hand_over)),
        accepted_at: acceptance.map(|acceptance| time(acceptance.at)),
        due: (!transfer.waits_for_paper()).then(|| time(transfer.due.step)),
        ended_at: ended_at.map(time),
        reason: transfer.reason.clone(),
        revision: transfer.revision,
        erased: transfer.key.is_none(),
        suspended: false,
        paper: transfer.paper.pieces.iter().map(piece).collect(),
        paper_receipt: transfer.paper.receipt.as_ref().map(receipt),
        dead_letter_since: transfer.dead_letter.map(|letter| time(letter.since)),
        dead_letter_deliveries: transfer.dead_letter.map_or(0, |letter| {
            i32::try_from(letter.deliveries).unwrap_or(i32::MAX)
        }),
        assignee: assignee
            .map(|assignee| assignee.subject.clone())
            .unwrap_or_default(),
        urgency: pb::TransferUrgency::Unspecified.into(),
        escalation: transfer.escalation.as_ref().map(escalation),
        link: transfer.link.as_ref().map(link),
        on_hold,
        waits_for_paper: ended_at.is_none() && transfer.waits_for_paper(),
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

/// A delivery on the wire, whose lease ends then.
#[must_use]
pub fn delivery(known: &Transfer, delivered: &Delivered, lease_ends: Moment) -> pb::Delivery {
    pb::Delivery {
        transfer: Some(transfer(known)),
        attempt: i32::try_from(delivered.attempt).unwrap_or(i32::MAX),
        traceparent: delivered.offer.traceparent.clone(),
        committed_at: delivered.offer.committed_at.map(time),
        lease_ends: Some(time(lease_ends)),
    }
}

/// Nothing to tell yet of the act with this number.
#[must_use]
pub fn outcome(number: i64) -> pb::StreamOutcome {
    pb::StreamOutcome {
        number,
        ..pb::StreamOutcome::default()
    }
}

/// Those of these deliveries on which a change had no effect; `done` tells of each whether it had.
#[must_use]
pub fn without_effect(named: Vec<Named>, done: impl Iterator<Item = bool>) -> Vec<pb::DeliveryKey> {
    let without = named.into_iter().zip(done).filter(|(_, done)| !done);
    without.map(|(named, _)| named.told).collect()
}

/// When leases end that were extended at this moment.
#[must_use]
pub fn lease_ends(change: Change, at: Moment) -> Option<Timestamp> {
    match change {
        Change::Extend(by) => Some(time(at + by)),
        Change::Acknowledge | Change::GiveBack(_) | Change::Undeliver => None,
    }
}

/// Why an act within a stream was refused.
#[must_use]
pub fn refusal(failure: &Failure) -> pb::StreamRefusal {
    let metadata = failure.metadata().iter();
    pb::StreamRefusal {
        code: failure.code().into(),
        reason: failure.reason().to_owned(),
        message: failure.vietnamese().to_owned(),
        metadata: metadata
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect(),
        retry_delay: failure
            .delay()
            .and_then(|delay| prost_types::Duration::try_from(delay).ok()),
    }
}

/// What waits for a unit: in the store, and in the queue.
#[must_use]
pub fn stats(offers: OpenOffers, stats: Option<Stats>, now: Moment) -> pb::GetQueueStatsResponse {
    let queue_up = stats.is_some();
    let stats = stats.unwrap_or_default();
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let oldest = stats.oldest_waiting.and_then(|at| (now - at).to_std().ok());
    let open = offers.to_be_delivered + offers.dead_letters + offers.on_hold;
    let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    pb::GetQueueStatsResponse {
        open: stored(open),
        dead_letters: stored(offers.dead_letters),
        on_hold: stored(offers.on_hold),
        in_queue: count(stats.held),
        leased: count(stats.leased),
        delayed: count(stats.later),
        acknowledged: count(stats.acknowledged),
        oldest_waiting: oldest.and_then(|age| prost_types::Duration::try_from(age).ok()),
        queue_up,
    }
}

/// The reply of having dead letters delivered anew.
#[must_use]
pub fn redriven(transfer_uids: Vec<String>) -> Vec<u8> {
    pb::RedriveDeadLettersResponse { transfer_uids }.encode_to_vec()
}

fn time(moment: Moment) -> Timestamp {
    clock::to_timestamp(moment)
}
