//! An officer has a transfer from when it is taken or given until it is let go of, offered anew or ended, and nobody else does.

use std::collections::HashMap;

use proto::routing::v1::TransferEvent;

use super::super::evidence::Evidence;
use super::{Finding, Wrong};

/// Follows who has what through the log.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut having: HashMap<&str, &str> = HashMap::new();
    for row in &evidence.routing {
        let Some(moved) = &row.change else { continue };
        let (uid, has) = (moved.transfer.uid.as_str(), &moved.transfer.assignee);
        let had = having.insert(uid, has).unwrap_or_default();
        let is_right = match moved.event {
            TransferEvent::Assigned => !has.is_empty() && had != has,
            TransferEvent::Unassigned => has.is_empty() && !had.is_empty(),
            TransferEvent::Accepted
            | TransferEvent::Rehomed
            | TransferEvent::Inherited
            | TransferEvent::DueMoved
            | TransferEvent::PaperReceived
            | TransferEvent::DeadLettered
            | TransferEvent::Redriven
            | TransferEvent::Escalated
            | TransferEvent::LinkLate
            | TransferEvent::LinkMended
            | TransferEvent::HoldEnded => had == has,
            TransferEvent::Offered
            | TransferEvent::Declined
            | TransferEvent::Recalled
            | TransferEvent::Completed
            | TransferEvent::Cancelled
            | TransferEvent::Released
            | TransferEvent::Returned
            | TransferEvent::Undone
            | TransferEvent::Unspecified => has.is_empty(),
        };
        if !is_right {
            let text = format!(
                "transfer {uid} was `{had}`'s, is {:?} and `{has}`'s",
                moved.event
            );
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
    }
    findings
}
