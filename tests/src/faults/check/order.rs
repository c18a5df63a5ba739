//! Every log is dense, and what follows something stands after it.

use std::collections::{HashMap, HashSet};

use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::TransferEvent;

use super::super::evidence::{Evidence, Row};
use super::super::record::{Kind, heirs};
use super::succession::Inherited;
use super::{Finding, Wrong};

/// Checks shard by shard, dossier by dossier.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = dense("intake", &evidence.intake);
    findings.extend(dense("routing", &evidence.routing));
    findings.extend(lives(evidence));
    findings.extend(transfers(evidence));
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
    let inherited = Inherited::by(&evidence.routing);
    let mut accepted: HashSet<(&str, i64)> = HashSet::new();
    for row in &evidence.intake {
        let Some(change) = &row.change else { continue };
        if let Change::CustodyMoved(moved) = change {
            let of = (moved.transfer_uid.as_str(), moved.custody_epoch);
            // It is the same custody.
            if inherited.includes(moved) {
                if !accepted.contains(&of) {
                    let text = format!("{} is inherited before it was accepted", of.0);
                    findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
                }
                continue;
            }
            accepted.insert(of);
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
        | Change::PaymentMade(_)
        | Change::StandingChanged(_) => return None,
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
    let mut stages: HashMap<&str, (Stage, i64)> = HashMap::new();
    let mut custody: HashMap<&str, i64> = HashMap::new();
    let (on_streams, heirs) = (accepted_on_streams(evidence), heirs(&evidence.acts));
    for row in &evidence.routing {
        let Some(moved) = &row.change else { continue };
        let (event, uid) = (moved.event, moved.transfer.uid.as_str());
        let now = (event, moved.transfer.ended_at.is_some());
        // It is no stage: the transfer stands where it stood.
        if is_no_stage(event) {
            continue;
        }
        let before = stages.insert(uid, (now, row.at));
        let (before, at) = before.unwrap_or(((TransferEvent::Unspecified, false), i64::MIN));
        let stage = before.0;
        if !follows(before, now) {
            let text = format!("transfer {uid} is {event:?} after {stage:?}");
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
        // Nobody asks for an offer to go on to a successor: it does so by the last call that a replica heard.
        let goes_on = event == TransferEvent::Rehomed
            && heirs.contains_key(moved.transfer.to_unit_uid.as_str());
        let has_other_time = goes_on
            || is_caused_elsewhere(event)
            || is_caused_elsewhere(stage)
            || event == TransferEvent::Accepted
                && on_streams.contains(&(uid, moved.transfer.custody_epoch));
        if row.at < at && !has_other_time {
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

/// What happened to a transfer last, and whether it has ended by that.
type Stage = (TransferEvent, bool);

/// Acceptances that were asked for on streams, by transfer and custody epoch. A call says what time it is, a message on a stream does
/// not: such an acceptance has the time of the last call that its replica heard, which may be earlier than that of the offer.
fn accepted_on_streams(evidence: &Evidence) -> HashSet<(&str, i64)> {
    let acts = evidence.acts.iter();
    let on_streams = acts.filter(|act| act.on_a_stream && act.kind == Kind::Accept);
    on_streams
        .filter_map(|act| act.told())
        .map(|told| (told.transfer.as_str(), told.epoch))
        .collect()
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
            | TransferEvent::HoldEnded
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

fn follows((before, ended_before): Stage, (event, has_ended): Stage) -> bool {
    use TransferEvent as E;
    let is_its_senders = !ended_before && matches!(before, E::Declined | E::Recalled | E::Returned);
    match event {
        E::Offered => is_its_senders || matches!(before, E::Unspecified | E::Rehomed),
        E::Accepted | E::Rehomed | E::Declined => before == E::Offered,
        E::Recalled => before == E::Offered || has_ended && is_its_senders,
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
        | E::HoldEnded
        | E::Unspecified => false,
    }
}
