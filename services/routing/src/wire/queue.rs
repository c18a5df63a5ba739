//! What is asked of the queue: subscriptions, acts on deliveries, dead letters.

#[cfg(test)]
mod tests;

use std::time::Duration;

use kit::authority::Context;
use kit::failure::{Failure, Violation};
use kit::fields::{Fields, required};
use kit::queue::{Change, Modify};
use proto::routing::v1 as pb;
use proto::routing::v1::stream_transfers_request::Act as Asked;

use super::query::after;
use super::request::{
    LARGEST_PAGE, LEASES, LONGEST_LEASE, UID, USUAL_LEASE, USUAL_PAGE, duration, epoch,
};
use crate::act::{Act, Redrive};
use crate::store::DeadLetters;
use crate::transfer::offer_key;

const MOST_AT_ONCE: usize = 1_000;
const MOST_REDRIVEN: usize = 500;
const USUAL_OUTSTANDING: u64 = 100;
const MOST_OUTSTANDING: u64 = 1_000;
const USUAL_BYTES: usize = 1024 * 1024;
const LEAST_BYTES: usize = 1_024;
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What a subscriber subscribes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The unit.
    pub unit: String,
    /// How much may be outstanding.
    pub limits: Limits,
    /// How long nobody else gets a delivery.
    pub lease: Duration,
}

/// How much may be outstanding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Deliveries.
    pub deliveries: usize,
    /// Bytes of them.
    pub bytes: usize,
}

/// A delivery that a caller names, as it named it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The key of its offer.
    pub key: String,
    /// Which delivery.
    pub attempt: u32,
    /// On the wire.
    pub told: pb::DeliveryKey,
}

/// An act of a subscriber.
#[derive(Clone, Debug, PartialEq)]
pub enum StreamAct {
    /// On deliveries.
    Change(Vec<Named>, Change),
    /// `AcceptTransfer`.
    Accept(pb::AcceptTransferRequest),
    /// Other flow limits.
    Limits(Limits),
}

impl Named {
    /// What is asked of the queue.
    #[must_use]
    pub fn modify(&self, change: Change) -> Modify {
        Modify {
            key: self.key.clone(),
            attempt: self.attempt,
            change,
        }
    }
}

/// The first message of a stream.
///
/// # Errors
/// Every violation.
pub fn subscription(request: pb::StreamTransfersRequest) -> Result<Subscription, Failure> {
    let mut fields = Fields::new();
    let Some(Asked::Subscribe(asked)) = request.act else {
        fields.reject(required("subscribe"));
        return Err(refusal(fields));
    };
    let unit = fields.text("subscribe.unit_uid", &asked.unit_uid, UID);
    let flow = asked.limits.unwrap_or_default();
    let limits = limits(&mut fields, "subscribe.limits", flow);
    let lease = duration(
        &mut fields,
        "subscribe.lease",
        asked.lease.as_ref(),
        USUAL_LEASE,
        LEASES,
    );
    fields.finish()?;
    Ok(Subscription {
        unit,
        limits,
        lease,
    })
}

/// A later message of a stream whose leases usually last so long.
///
/// # Errors
/// Every violation.
pub fn stream_act(
    request: pb::StreamTransfersRequest,
    lease: Duration,
) -> Result<StreamAct, Failure> {
    let mut fields = Fields::new();
    let act = match request.act {
        Some(Asked::Acknowledge(asked)) => {
            let named = named(&mut fields, "acknowledge.deliveries", asked.deliveries);
            StreamAct::Change(named, Change::Acknowledge)
        }
        Some(Asked::Extend(asked)) => {
            let by = asked.lease.as_ref();
            let by = duration(&mut fields, "extend.lease", by, lease, LEASES);
            let named = named(&mut fields, "extend.deliveries", asked.deliveries);
            StreamAct::Change(named, Change::Extend(by))
        }
        Some(Asked::GiveBack(asked)) => {
            let delay = delay(&mut fields, "give_back.delay", asked.delay.as_ref());
            let named = named(&mut fields, "give_back.deliveries", asked.deliveries);
            StreamAct::Change(named, Change::GiveBack(delay))
        }
        Some(Asked::AcknowledgeAndAccept(asked)) => StreamAct::Accept(asked),
        Some(Asked::Limits(asked)) => StreamAct::Limits(limits(&mut fields, "limits", asked)),
        Some(Asked::Subscribe(_)) => {
            fields.reject(Violation::new(
                "subscribe",
                "OUT_OF_TURN",
                "stands in the first message alone",
                "chỉ được có trong thông điệp đầu tiên",
            ));
            return Err(refusal(fields));
        }
        None => {
            fields.reject(required("act"));
            return Err(refusal(fields));
        }
    };
    fields.finish()?;
    Ok(act)
}

/// `AcknowledgeTransfers`.
///
/// # Errors
/// Every violation.
pub fn acknowledge(
    request: pb::AcknowledgeTransfersRequest,
) -> Result<(String, Vec<Named>), Failure> {
    let mut fields = Fields::new();
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    let named = named(&mut fields, "deliveries", request.deliveries);
    fields.finish()?;
    Ok((unit, named))
}

/// `ModifyLeases`.
///
/// # Errors
/// Every violation.
pub fn modify_leases(
    request: pb::ModifyLeasesRequest,
) -> Result<(String, Vec<Named>, Change), Failure> {
    use pb::modify_leases_request::Change as Asked;
    let mut fields = Fields::new();
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    let named = named(&mut fields, "deliveries", request.deliveries);
    let change = match &request.change {
        Some(Asked::Extend(by)) => Change::Extend(duration(
            &mut fields,
            "extend",
            Some(by),
            USUAL_LEASE,
            LEASES,
        )),
        Some(Asked::GiveBack(asked)) => {
            Change::GiveBack(delay(&mut fields, "give_back", Some(asked)))
        }
        None => {
            fields.reject(required("change"));
            Change::GiveBack(Duration::ZERO)
        }
    };
    fields.finish()?;
    Ok((unit, named, change))
}

/// `GetQueueStats`.
///
/// # Errors
/// Every violation.
pub fn stats(request: &pb::GetQueueStatsRequest) -> Result<String, Failure> {
    let mut fields = Fields::new();
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    fields.finish()?;
    Ok(unit)
}

/// `ListDeadLetters`.
///
/// # Errors
/// Every violation.
pub fn dead_letters(request: &pb::ListDeadLettersRequest) -> Result<DeadLetters, Failure> {
    let mut fields = Fields::new();
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    let limit = fields.page_size(request.page_size, USUAL_PAGE, LARGEST_PAGE);
    let after = fields.take(after(&request.page_token)).flatten();
    fields.finish()?;
    Ok(DeadLetters { unit, after, limit })
}

/// `RedriveDeadLetters`.
///
/// # Errors
/// Every violation.
pub fn redrive(
    context: &Context,
    request: &pb::RedriveDeadLettersRequest,
) -> Result<(String, Act), Failure> {
    let mut fields = Fields::new();
    let request_id = fields.request_id(&request.request_id);
    let unit = fields.text("unit_uid", &request.unit_uid, UID);
    if request.transfer_uids.len() > MOST_REDRIVEN {
        fields.reject(too_many("transfer_uids", 0, MOST_REDRIVEN));
    }
    let transfers = request.transfer_uids.iter().enumerate().map(|(at, uid)| {
        let field = format!("transfer_uids[{at}]");
        fields.text(&field, uid, UID)
    });
    let transfers: Vec<String> = transfers.collect();
    fields.finish()?;
    let redrive = Redrive {
        rights: context.rights.clone(),
        unit,
        transfers: Some(transfers).filter(|chosen| !chosen.is_empty()),
    };
    Ok((request_id, Act::Redrive(redrive)))
}

/// The deliveries in a field.
fn named(fields: &mut Fields, field: &str, deliveries: Vec<pb::DeliveryKey>) -> Vec<Named> {
    if !(1..=MOST_AT_ONCE).contains(&deliveries.len()) {
        fields.reject(too_many(field, 1, MOST_AT_ONCE));
        return Vec::new();
    }
    let deliveries = deliveries.into_iter().enumerate().map(|(at, told)| {
        let field = |name: &str| format!("{field}[{at}].{name}");
        let uid = fields.text(&field("transfer_uid"), &told.transfer_uid, UID);
        let epoch = epoch(fields, &field("offer_epoch"), told.offer_epoch);
        Named {
            key: offer_key(&uid, epoch),
            attempt: u32::try_from(told.attempt).unwrap_or_default(),
            told,
        }
    });
    deliveries.collect()
}

/// The flow limits in a field.
fn limits(fields: &mut Fields, field: &str, asked: pb::FlowLimits) -> Limits {
    let deliveries = fields.count(
        &format!("{field}.max_outstanding"),
        asked.max_outstanding,
        USUAL_OUTSTANDING,
        MOST_OUTSTANDING,
    );
    let bytes = match usize::try_from(asked.max_outstanding_bytes) {
        Ok(0) => USUAL_BYTES,
        Ok(bytes) if (LEAST_BYTES..=MOST_BYTES).contains(&bytes) => bytes,
        _ => {
            let field = format!("{field}.max_outstanding_bytes");
            fields.reject(too_many(&field, LEAST_BYTES, MOST_BYTES));
            USUAL_BYTES
        }
    };
    Limits {
        deliveries: usize::try_from(deliveries).unwrap_or_default(),
        bytes,
    }
}

fn delay(fields: &mut Fields, field: &str, asked: Option<&prost_types::Duration>) -> Duration {
    let allowed = Duration::ZERO..=LONGEST_LEASE;
    duration(fields, field, asked, Duration::ZERO, allowed)
}

fn too_many(field: &str, least: usize, most: usize) -> Violation {
    Violation::new(
        field,
        "OUT_OF_RANGE",
        format!("must be {least} to {most}"),
        format!("phải từ {least} đến {most}"),
    )
}

/// Of fields of which one was rejected.
fn refusal(fields: Fields) -> Failure {
    fields
        .finish()
        .err()
        .unwrap_or_else(|| Failure::invalid_fields(Vec::new()))
}
