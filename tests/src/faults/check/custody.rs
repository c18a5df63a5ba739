//! One custodian for every open branch, at every moment.

use std::collections::{HashMap, HashSet};

use proto::routing::v1::{TransferEvent, TransferState};

use super::super::evidence::{Evidence, Holding, Moved};
use super::{Finding, Wrong};

/// Checks the log as it went and the table as it is.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = in_the_log(evidence);
    findings.extend(in_the_table(evidence));
    findings
}

/// After every event of an open branch somebody is responsible: the sender until acceptance, then the accepting unit.
fn in_the_log(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in &evidence.routing {
        let Some(moved) = &row.change else { continue };
        let transfer = &moved.transfer;
        let Some(responsible) = responsible(moved) else {
            continue;
        };
        if moved.custodian != responsible {
            let text = format!(
                "transfer {} is {:?} and `{}` is responsible, not `{responsible}`",
                transfer.uid, moved.event, moved.custodian
            );
            findings.push(Finding::new(Wrong::Custody, &row.dossier, text));
        }
    }
    findings
}

/// Who must be responsible for the branch of a transfer after this happened to it: nobody where that closed it, nothing where it
/// follows from more than this.
fn responsible(moved: &Moved) -> Option<&str> {
    let transfer = &moved.transfer;
    let (sender, receiver) = (&transfer.from_unit_uid, &transfer.to_unit_uid);
    let has_ended = transfer.ended_at.is_some();
    match moved.event {
        TransferEvent::Recalled | TransferEvent::Returned if has_ended => Some(""),
        // It is offered, or the sender has it back.
        TransferEvent::Offered
        | TransferEvent::Declined
        | TransferEvent::Rehomed
        | TransferEvent::Recalled
        | TransferEvent::Returned => Some(sender),
        TransferEvent::Accepted => Some(receiver),
        TransferEvent::Cancelled | TransferEvent::Undone => Some(""),
        // Nothing about custody changes.
        TransferEvent::Assigned | TransferEvent::Unassigned => match transfer.state() {
            TransferState::Accepted => Some(receiver),
            _ => Some(sender),
        },
        // The branch closes, or the unit, or its heir, stays responsible until the next steps are open.
        TransferEvent::Completed
        | TransferEvent::Released
        | TransferEvent::Inherited
        | TransferEvent::PaperReceived
        | TransferEvent::DueMoved
        | TransferEvent::DeadLettered
        | TransferEvent::Redriven
        | TransferEvent::Escalated
        | TransferEvent::LinkLate
        | TransferEvent::LinkMended
        | TransferEvent::HoldEnded
        | TransferEvent::Unspecified => None,
    }
}

/// The stretches of responsibility for a branch follow each other without a gap and do not overlap.
fn in_the_table(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut last: HashMap<&str, &Holding> = HashMap::new();
    for holding in &evidence.holdings {
        let before = last.insert(&holding.transfer, holding);
        if let Some(before) = before
            && before.until != Some(holding.since)
        {
            let text = format!(
                "transfer {}: one stretch ends at {:?}, the next begins at {}",
                holding.transfer, before.until, holding.since
            );
            findings.push(Finding::new(Wrong::Custody, &holding.dossier, text));
        }
    }
    let held: HashSet<&str> = evidence
        .holdings
        .iter()
        .map(|holding| holding.transfer.as_str())
        .collect();
    for row in &evidence.routing {
        if let Some(moved) = &row.change
            && !held.contains(moved.transfer.uid.as_str())
        {
            let text = format!("nobody ever held transfer {}", moved.transfer.uid);
            findings.push(Finding::new(Wrong::Custody, &row.dossier, text));
        }
    }
    findings
}
