//! Every dossier that came to its end went along the route of its procedure: each step once, none before its predecessors.

use std::collections::HashMap;

use proto::routing::v1::TransferEvent;

use super::super::evidence::{Dossier, Evidence, Moved};
use super::super::province::{Province, Step};
use super::{Finding, Wrong};

const RETURNED: i32 = 10;
const RESULT: &str = "result";

/// Compares routing's log with the province's files.
pub fn check(evidence: &Evidence, province: &Province) -> Vec<Finding> {
    let mut moves: HashMap<&str, Vec<&Moved>> = HashMap::new();
    for row in &evidence.routing {
        if let Some(moved) = &row.change {
            moves.entry(&row.dossier).or_default().push(moved);
        }
    }
    let mut findings = Vec::new();
    for dossier in &evidence.dossiers {
        let route = province.route(&dossier.procedure);
        let moves = moves
            .get(dossier.uid.as_str())
            .map_or(&[][..], Vec::as_slice);
        findings.extend(offers(dossier, route, moves));
        if dossier.state == RETURNED {
            findings.extend(steps(dossier, route, moves));
        }
    }
    findings
}

/// No step is offered before those that it follows are done, and none twice under the same epoch.
fn offers(dossier: &Dossier, route: &[Step], moves: &[&Moved]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (place, moved) in moves.iter().enumerate() {
        if moved.event != TransferEvent::Offered || moved.transfer.offer_epoch > 1 {
            continue;
        }
        let key = moved.transfer.step_key.as_str();
        let done = |step: &str| {
            let before = moves[..place].iter();
            let mut completed = before.filter(|moved| moved.event == TransferEvent::Completed);
            completed.any(|moved| moved.transfer.step_key == step)
        };
        for before in predecessors(route, key) {
            if !done(before) {
                let text = format!("step {key} is offered before {before} is done");
                findings.push(Finding::new(Wrong::OutOfOrder, &dossier.uid, text));
            }
        }
        let offers_it = |other: &&&Moved| {
            other.event == TransferEvent::Offered
                && other.transfer.step_key == key
                && other.transfer.offer_epoch == 1
        };
        if moves[..place].iter().any(|other| offers_it(&other)) {
            let text = format!("step {key} is offered a second time");
            findings.push(Finding::new(Wrong::Doubled, &dossier.uid, text));
        }
    }
    findings
}

fn predecessors<'a>(route: &'a [Step], key: &str) -> Vec<&'a str> {
    if key == RESULT {
        let deciding = route.iter().filter(|step| step.decides());
        return deciding.map(|step| step.key.as_str()).collect();
    }
    let step = route.iter().find(|step| step.key == key);
    step.map(|step| step.after().collect()).unwrap_or_default()
}

fn steps(dossier: &Dossier, route: &[Step], moves: &[&Moved]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let keys = route.iter().map(|step| step.key.as_str()).chain([RESULT]);
    for key in keys {
        let of_step = moves.iter().filter(|moved| moved.transfer.step_key == key);
        let done = of_step
            .filter(|moved| moved.event == TransferEvent::Completed)
            .count();
        if done == 0 {
            let text = format!("it was returned and step {key} was never done");
            findings.push(Finding::new(Wrong::Lost, &dossier.uid, text));
        }
        if done > 1 {
            let text = format!("step {key} was done {done} times");
            findings.push(Finding::new(Wrong::Doubled, &dossier.uid, text));
        }
    }
    findings
}
