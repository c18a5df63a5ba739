//! Every dossier that came to its end went along the route of its procedure: each step once, none before its predecessors.

use std::collections::{HashMap, HashSet};

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

/// Where the steps of a dossier stand as its log goes on: one that was sent back, or is undone by that, stands nowhere any more.
#[derive(Default)]
struct Standing<'a> {
    open: HashSet<&'a str>,
    done: HashSet<&'a str>,
}

impl<'a> Standing<'a> {
    fn follow(&mut self, moved: &'a Moved) {
        let key = moved.transfer.step_key.as_str();
        match moved.event {
            TransferEvent::Offered => {
                self.open.insert(key);
            }
            TransferEvent::Completed => {
                self.open.remove(key);
                self.done.insert(key);
            }
            TransferEvent::Undone => {
                self.done.remove(key);
            }
            TransferEvent::Returned if moved.transfer.ended_at.is_some() => {
                self.open.remove(key);
            }
            _ => {}
        }
    }

    fn has(&self, key: &str) -> bool {
        self.open.contains(key) || self.done.contains(key)
    }
}

/// No step is offered before those that it follows are done, none while one that follows it stands, and none twice, unless the
/// dossier was sent back.
fn offers(dossier: &Dossier, route: &[Step], moves: &[&Moved]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut standing = Standing::default();
    for moved in moves {
        let key = moved.transfer.step_key.as_str();
        if moved.event == TransferEvent::Offered && moved.transfer.offer_epoch == 1 {
            let mut wrong = |wrong, text| findings.push(Finding::new(wrong, &dossier.uid, text));
            for before in predecessors(route, key) {
                if !standing.done.contains(before) {
                    let text = format!("step {key} is offered before {before} is done");
                    wrong(Wrong::OutOfOrder, text);
                }
            }
            for after in successors(route, key) {
                if standing.has(after) {
                    let text = format!("step {key} is offered after {after}, which follows it");
                    wrong(Wrong::OutOfOrder, text);
                }
            }
            if standing.has(key) {
                let text = format!("step {key} is offered a second time");
                wrong(Wrong::Doubled, text);
            }
        }
        standing.follow(moved);
    }
    findings
}

/// The steps that come after one, near or far.
fn successors<'a>(route: &'a [Step], key: &str) -> HashSet<&'a str> {
    let mut after = HashSet::new();
    let mut next = vec![key];
    while let Some(key) = next.pop() {
        let keys = route.iter().map(|step| step.key.as_str()).chain([RESULT]);
        for step in keys.filter(|step| predecessors(route, step).contains(&key)) {
            if after.insert(step) {
                next.push(step);
            }
        }
    }
    after
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
        let count = |event| {
            let of_step = moves.iter().filter(|moved| moved.transfer.step_key == key);
            of_step.filter(|moved| moved.event == event).count()
        };
        // What was undone does not count.
        let undone = count(TransferEvent::Undone);
        let done = count(TransferEvent::Completed).saturating_sub(undone);
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
