//! Replies.

use std::collections::BTreeSet;

use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::failure::Failure;
use kit::queue::{Change, Delivered, Stats};
use prost::Message as _;
use prost_types::Timestamp;
use proto::routing::v1 as pb;

use crate::act::Verb;
use crate::error::Error;
use crate::journey::{Holding, Journey};
use crate::transfer::{State, Transfer};
use crate::wire::queue::Named;

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
        dead_letter_since: transfer.dead_letter.map(|letter| time(letter.since)),
        dead_letter_deliveries: transfer.dead_letter.map_or(0, |letter| {
            i32::try_from(letter.deliveries).unwrap_or(i32::MAX)
        }),
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
    })
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

/// What waits for a unit: how many open offers without dead letters, how many of these, and what the queue holds.
#[must_use]
pub fn stats(
    (open, dead_letters): (u64, u64),
    stats: Option<Stats>,
    now: Moment,
) -> pb::GetQueueStatsResponse {
    let queue_up = stats.is_some();
    let stats = stats.unwrap_or_default();
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let oldest = stats.oldest_waiting.and_then(|at| (now - at).to_std().ok());
    pb::GetQueueStatsResponse {
        open: i64::try_from(open + dead_letters).unwrap_or(i64::MAX),
        dead_letters: i64::try_from(dead_letters).unwrap_or(i64::MAX),
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

fn ended_at(state: &State) -> Option<Moment> {
    match state {
        State::Completed(_, at) | State::Recalled(at) | State::Cancelled(_, at) => Some(*at),
        State::Offered | State::Accepted(_) | State::Declined => None,
    }
}
