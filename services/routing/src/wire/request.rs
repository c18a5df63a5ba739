//! Requests, parsed at the edge: a domain value, or everything that is wrong at once.

use std::ops::RangeInclusive;
use std::time::Duration;

use kit::authority::Context;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use proto::routing::v1 as pb;

use super::paper::pieces;
use crate::act::{Act, AtDesk, OnTransfer, Verb};

pub(super) const UID: usize = 64;
const REASON: usize = 1_000;
const USUAL_PULL: u64 = 10;
const LARGEST_PULL: u64 = 100;
pub(super) const USUAL_PAGE: u64 = 50;
pub(super) const LARGEST_PAGE: u64 = 500;
const LONGEST_WAIT: Duration = Duration::from_mins(1);
pub(super) const USUAL_LEASE: Duration = Duration::from_mins(1);
const SHORTEST_LEASE: Duration = Duration::from_secs(1);
pub(super) const LONGEST_LEASE: Duration = Duration::from_mins(10);
/// How long a lease may be.
pub(super) const LEASES: RangeInclusive<Duration> = SHORTEST_LEASE..=LONGEST_LEASE;

/// What a puller asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// The unit.
    pub unit: String,
    /// At most so many.
    pub most: usize,
    /// How long to wait for the first.
    pub wait: Duration,
    /// How long nobody else gets them.
    pub lease: Duration,
}

/// `AcceptTransfer`.
///
/// # Errors
/// Every violation.
pub fn accept(
    context: &Context,
    request: &pb::AcceptTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Accept(epoch(&mut fields, "offer_epoch", request.offer_epoch));
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &[])
}

/// `DeclineTransfer`.
///
/// # Errors
/// Every violation.
pub fn decline(
    context: &Context,
    request: &pb::DeclineTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let epoch = epoch(&mut fields, "offer_epoch", request.offer_epoch);
    let verb = Verb::Decline(epoch, fields.text("reason", &request.reason, REASON));
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &[])
}

/// `ForwardTransfer`.
///
/// # Errors
/// Every violation.
pub fn forward(
    context: &Context,
    request: &pb::ForwardTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Forward {
        offer_epoch: epoch(&mut fields, "offer_epoch", request.offer_epoch),
        to: fields.text("to_unit_uid", &request.to_unit_uid, UID),
        reason: fields.text("reason", &request.reason, REASON),
    };
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &request.paper)
}

/// `CompleteTransfer`.
///
/// # Errors
/// Every violation.
pub fn complete(
    context: &Context,
    request: &pb::CompleteTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::Complete(epoch(&mut fields, "custody_epoch", request.custody_epoch));
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &request.paper)
}

/// `RecallTransfer`.
///
/// # Errors
/// Every violation.
pub fn recall(
    context: &Context,
    request: &pb::RecallTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let epoch = epoch(&mut fields, "offer_epoch", request.offer_epoch);
    let verb = Verb::Recall(epoch, fields.text("reason", &request.reason, REASON));
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &[])
}

/// `ReturnTransfer`.
///
/// # Errors
/// Every violation.
pub fn give_back(
    context: &Context,
    request: &pb::ReturnTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let epoch = epoch(&mut fields, "custody_epoch", request.custody_epoch);
    let verb = Verb::Return(epoch, fields.text("reason", &request.reason, REASON));
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &[])
}

/// `SendBackTransfer`.
///
/// # Errors
/// Every violation.
pub fn send_back(
    context: &Context,
    request: &pb::SendBackTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::SendBack {
        custody_epoch: epoch(&mut fields, "custody_epoch", request.custody_epoch),
        to: fields.text("to_step_key", &request.to_step_key, UID),
        reason: fields.text("reason", &request.reason, REASON),
    };
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &request.paper)
}

/// `ReceivePaper`.
///
/// # Errors
/// Every violation.
pub fn receive_paper(
    context: &Context,
    request: &pb::ReceivePaperRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::ReceivePaper(pieces(&mut fields, "missing", &request.missing));
    let on = (&*request.request_id, &*request.transfer_uid);
    on_transfer(context, fields, on, verb, &[])
}

/// `ClaimTransfer`.
///
/// # Errors
/// Every violation.
pub fn claim(
    context: &Context,
    request: &pb::ClaimTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::AtDesk(AtDesk::Claim, fields.revision(request.expected_revision));
    let on = (request.request_id.as_str(), request.transfer_uid.as_str());
    on_transfer(context, fields, on, verb, &[])
}

/// `AssignTransfer`.
///
/// # Errors
/// Every violation.
pub fn assign(
    context: &Context,
    request: &pb::AssignTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let assign = AtDesk::Assign(fields.text("assignee", &request.assignee, UID));
    let verb = Verb::AtDesk(assign, fields.revision(request.expected_revision));
    let on = (request.request_id.as_str(), request.transfer_uid.as_str());
    on_transfer(context, fields, on, verb, &[])
}

/// `ReleaseTransfer`.
///
/// # Errors
/// Every violation.
pub fn release(
    context: &Context,
    request: &pb::ReleaseTransferRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let verb = Verb::AtDesk(AtDesk::Release, fields.revision(request.expected_revision));
    let on = (request.request_id.as_str(), request.transfer_uid.as_str());
    on_transfer(context, fields, on, verb, &[])
}

fn on_transfer(
    context: &Context,
    mut fields: Fields,
    (request_id, transfer): (&str, &str),
    verb: Verb,
    paper: &[pb::Paper],
) -> Result<(String, Act), Failure> {
    let request_id = fields.request_id(request_id);
    let transfer = fields.text("transfer_uid", transfer, UID);
    let paper = pieces(&mut fields, "paper", paper);
    fields.finish()?;
    let on = OnTransfer {
        rights: context.rights.clone(),
        transfer,
        verb,
        paper,
    };
    Ok((request_id, Act::On(on)))
}

pub(super) fn epoch(fields: &mut Fields, field: &str, value: i64) -> i64 {
    if value < 1 {
        fields.reject(required(field));
    }
    value
}

/// `PullTransfers`.
///
/// # Errors
/// Every violation.
pub fn pull(request: &pb::PullTransfersRequest) -> Result<Pull, Failure> {
    let mut fields = Fields::new();
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    let most = fields.count(
        "max_transfers",
        request.max_transfers,
        USUAL_PULL,
        LARGEST_PULL,
    );
    let wait = duration(
        &mut fields,
        "wait",
        request.wait.as_ref(),
        Duration::ZERO,
        Duration::ZERO..=LONGEST_WAIT,
    );
    let lease = duration(
        &mut fields,
        "lease",
        request.lease.as_ref(),
        USUAL_LEASE,
        LEASES,
    );
    fields.finish()?;
    Ok(Pull {
        unit,
        most: usize::try_from(most).unwrap_or_default(),
        wait,
        lease,
    })
}

pub(super) fn duration(
    fields: &mut Fields,
    field: &str,
    value: Option<&prost_types::Duration>,
    usual: Duration,
    allowed: RangeInclusive<Duration>,
) -> Duration {
    let Some(value) = value else { return usual };
    match Duration::try_from(*value) {
        Ok(duration) if allowed.contains(&duration) => duration,
        _ => {
            let (least, most) = (allowed.start().as_secs(), allowed.end().as_secs());
            fields.reject(Violation::new(
                field,
                "OUT_OF_RANGE",
                format!("must be {least} s to {most} s"),
                format!("phải từ {least} đến {most} giây"),
            ));
            usual
        }
    }
}
