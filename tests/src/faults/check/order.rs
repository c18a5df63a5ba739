//! Every log is dense, and what follows something stands after it.

use std::collections::HashMap;
use std::time::Duration;

use proto::intake::v1::StopReason;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::TransferEvent;

use super::super::evidence::{Evidence, Row};
use super::super::record::{Kind, Told};
use super::{Finding, Wrong};

/// Checks shard by shard, dossier by dossier.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = dense("intake", &evidence.intake);
    findings.extend(dense("routing", &evidence.routing));
    findings.extend(lives(evidence));
    findings.extend(transfers(evidence));
    findings.extend(as_the_callers_saw(evidence));
    findings
}

fn dense<C>(owner: &str, log: &[Row<C>]) -> Vec<Finding> {
    let mut reached: HashMap<i32, i64> = HashMap::new();
    let mut findings = Vec::new();
    for row in log {
        let last = reached.insert(row.shard, row.seq).unwrap_or_default();
        if row.seq != last + 1 {
            let text = format!("{owner}:{} goes from {last} to {}", row.shard, row.seq);
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
    }
    findings
}

/// A dossier goes through its states in one direction, and each at most once.
fn lives(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut reached: HashMap<&str, u8> = HashMap::new();
    let mut custody: HashMap<&str, i64> = HashMap::new();
    for row in &evidence.intake {
        let Some(change) = &row.change else { continue };
        if let Change::CustodyMoved(moved) = change {
            let before = custody
                .insert(&row.dossier, moved.custody_epoch)
                .unwrap_or_default();
            if moved.custody_epoch <= before {
                let text = format!(
                    "intake hears of custody {} after {before}",
                    moved.custody_epoch
                );
                findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
            }
            continue;
        }
        let Some(rank) = rank(change) else { continue };
        let before = reached.insert(&row.dossier, rank).unwrap_or_default();
        if rank <= before {
            let text = format!(
                "intake's number {}: stage {rank} after stage {before}",
                row.seq
            );
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
    }
    findings
}

/// How far in its life a dossier is with a change; nothing where it may come at any time.
fn rank(change: &Change) -> Option<u8> {
    Some(match change {
        Change::Corrected(_)
        | Change::NoticeDue(_)
        | Change::Guided(_)
        | Change::Forwarded(_)
        | Change::Completed(_)
        | Change::DeadlineMoved(_)
        | Change::ClockStopped(_)
        | Change::ClockResumed(_)
        | Change::PaymentMade(_) => return None,
        Change::Submitted(_) => 1,
        Change::Received(_) => 2,
        Change::Processing(_) | Change::CustodyMoved(_) => 3,
        Change::Decided(_) => 4,
        Change::Returned(_) | Change::Refused(_) | Change::Withdrawn(_) | Change::Stopped(_) => 5,
        Change::Erased(_) => 6,
    })
}

/// A transfer is offered, accepted, ended, in this order and in time; a dossier's acceptances are numbered 1, 2, 3.
fn transfers(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut stages: HashMap<&str, (TransferEvent, i64)> = HashMap::new();
    let mut custody: HashMap<&str, i64> = HashMap::new();
    for row in &evidence.routing {
        let Some(moved) = &row.change else { continue };
        let (event, uid) = (moved.event, moved.transfer.uid.as_str());
        // It is no stage: the transfer stands where it stood.
        if is_no_stage(event) {
            continue;
        }
        let before = stages.insert(uid, (event, row.at));
        let (stage, at) = before.unwrap_or((TransferEvent::Unspecified, i64::MIN));
        if !follows(stage, event) {
            let text = format!("transfer {uid} is {event:?} after {stage:?}");
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
        if row.at < at && !is_caused_elsewhere(event) && !is_caused_elsewhere(stage) {
            let text = format!("transfer {uid} is {event:?} earlier than {stage:?}");
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
        let changes_hands = match event {
            TransferEvent::Accepted => true,
            TransferEvent::Returned => moved.transfer.ended_at.is_none(),
            _ => false,
        };
        if changes_hands {
            let last = custody.entry(&row.dossier).or_default();
            if moved.transfer.custody_epoch != *last + 1 {
                let epoch = moved.transfer.custody_epoch;
                let text = format!("custody {epoch} follows custody {last}");
                findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
            }
            *last = moved.transfer.custody_epoch;
        }
    }
    findings
}

/// The transfer stands where it stood.
fn is_no_stage(event: TransferEvent) -> bool {
    matches!(
        event,
        TransferEvent::DueMoved
            | TransferEvent::Inherited
            | TransferEvent::PaperReceived
            | TransferEvent::DeadLettered
            | TransferEvent::Redriven
            | TransferEvent::Assigned
            | TransferEvent::Unassigned
            | TransferEvent::Escalated
            | TransferEvent::LinkLate
            | TransferEvent::LinkMended
    )
}

/// What another branch or intake caused has the time of that act, which may have been asked for earlier.
fn is_caused_elsewhere(event: TransferEvent) -> bool {
    matches!(
        event,
        TransferEvent::Released
            | TransferEvent::Recalled
            | TransferEvent::Cancelled
            | TransferEvent::Undone
    )
}

fn follows(before: TransferEvent, event: TransferEvent) -> bool {
    use TransferEvent as E;
    match event {
        E::Offered => matches!(
            before,
            E::Unspecified | E::Declined | E::Rehomed | E::Recalled | E::Returned
        ),
        E::Accepted | E::Rehomed | E::Declined => before == E::Offered,
        E::Recalled => matches!(before, E::Offered | E::Declined | E::Recalled | E::Returned),
        // A step that was cancelled with its dossier may still be reported as done, and intake may have recorded one as decided
        // before it heard that it went back.
        E::Completed => matches!(
            before,
            E::Accepted | E::Cancelled | E::Returned | E::Recalled | E::Declined
        ),
        E::Cancelled | E::Returned => before == E::Accepted,
        E::Released => before == E::Completed,
        E::Undone => matches!(before, E::Completed | E::Released),
        E::DueMoved
        | E::Inherited
        | E::PaperReceived
        | E::DeadLettered
        | E::Redriven
        | E::Assigned
        | E::Unassigned
        | E::Escalated
        | E::LinkLate
        | E::LinkMended
        | E::Unspecified => false,
    }
}

/// An act that a caller began after another had been acknowledged stands after it in the log.
fn as_the_callers_saw(evidence: &Evidence) -> Vec<Finding> {
    let mut places: HashMap<(&str, &'static str, &str, i64), usize> = HashMap::new();
    for (place, row) in evidence.intake.iter().enumerate() {
        let what = match &row.change {
            Some(Change::Submitted(_)) => "submitted",
            Some(Change::Received(_)) => "received",
            Some(Change::Decided(_)) => "decided",
            Some(Change::Returned(_)) => "returned",
            Some(Change::Withdrawn(_)) => "withdrawn",
            Some(Change::Stopped(_)) => "stopped",
            Some(Change::Guided(_)) => "guided",
            Some(Change::ClockStopped(_)) => "asked",
            Some(Change::ClockResumed(resumed)) if resumed.reason() == StopReason::Payment => {
                "paid"
            }
            Some(Change::Completed(_) | Change::ClockResumed(_)) => "completed by the applicant",
            _ => continue,
        };
        places.insert((&row.dossier, what, "", 0), place);
    }
    for (place, row) in evidence.routing.iter().enumerate() {
        let Some(moved) = &row.change else { continue };
        let transfer = &moved.transfer;
        let (what, epoch) = match moved.event {
            TransferEvent::Accepted => ("accepted", transfer.custody_epoch),
            TransferEvent::Completed => ("completed", 0),
            TransferEvent::Declined => ("declined", transfer.offer_epoch),
            _ => continue,
        };
        places.insert((&row.dossier, what, &transfer.uid, epoch), place);
    }
    let mut seen: HashMap<(bool, &str), Vec<Seen>> = HashMap::new();
    for act in &evidence.acts {
        let (Some(told), Some((answered, _))) = (act.told(), &act.answer) else {
            continue;
        };
        let Some((in_routing, what, epoch)) = name_of(act.kind, told) else {
            continue;
        };
        let transfer = if in_routing {
            told.transfer.as_str()
        } else {
            ""
        };
        if let Some(place) = places.get(&(told.dossier.as_str(), what, transfer, epoch)) {
            let seen = seen.entry((in_routing, &told.dossier)).or_default();
            seen.push(Seen {
                place: *place,
                sent: act.sent,
                answered: *answered,
                what,
            });
        }
    }
    let pairs = seen
        .iter()
        .flat_map(|((_, dossier), acts)| turned(dossier, acts));
    pairs.collect()
}

struct Seen {
    place: usize,
    sent: Duration,
    answered: Duration,
    what: &'static str,
}

fn turned(dossier: &str, acts: &[Seen]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in acts {
        for other in acts {
            if one.answered < other.sent && one.place > other.place {
                let text = format!(
                    "{} was acknowledged before {} was asked for, and stands after it",
                    one.what, other.what
                );
                findings.push(Finding::new(Wrong::OutOfOrder, dossier, text));
            }
        }
    }
    findings
}

fn name_of(kind: Kind, told: &Told) -> Option<(bool, &'static str, i64)> {
    match kind {
        Kind::Submit => Some((false, "submitted", 0)),
        Kind::Register | Kind::Receive => Some((false, "received", 0)),
        Kind::Decide => Some((false, "decided", 0)),
        Kind::Return => Some((false, "returned", 0)),
        Kind::Withdraw => Some((false, "withdrawn", 0)),
        Kind::Accept => Some((true, "accepted", told.epoch)),
        Kind::Complete => Some((true, "completed", 0)),
        Kind::Decline => Some((true, "declined", told.epoch)),
        Kind::Stop => Some((false, "stopped", 0)),
        Kind::Guide => Some((false, "guided", 0)),
        Kind::Supplement => Some((false, "completed by the applicant", 0)),
        Kind::AskSupplement | Kind::AskPayment => Some((false, "asked", 0)),
        Kind::Pay => Some((false, "paid", 0)),
        Kind::Refuse | Kind::Forward | Kind::Postpone | Kind::Reserve | Kind::GiveBack => None,
    }
}
