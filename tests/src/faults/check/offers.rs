//! An offer is answered as its caller saw it: never one that was made since.

use std::collections::HashMap;

use super::super::evidence::Evidence;
use super::acts::{Trace, of_routing, traces_of};
use super::{Finding, Wrong};

/// Compares the offers that callers named with those that stood when routing did what they asked for.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let moved = evidence
        .routing
        .iter()
        .filter_map(|row| row.change.as_ref());
    let stood: HashMap<Trace, i64> = moved
        .filter_map(|moved| Some((of_routing(moved)?, moved.transfer.offer_epoch)))
        .collect();
    let mut findings = Vec::new();
    for act in &evidence.acts {
        let Some(told) = act.told().filter(|told| told.offer > 0) else {
            continue;
        };
        for trace @ (what, transfer, _) in &traces_of(act.kind, told) {
            let Some(stood) = stood.get(trace).filter(|stood| **stood != told.offer) else {
                continue;
            };
            let text = format!(
                "transfer {transfer} is {what} under offer {}, which was over: offer {stood} stood",
                told.offer
            );
            findings.push(Finding::new(Wrong::OutOfOrder, &told.dossier, text));
        }
    }
    findings
}
