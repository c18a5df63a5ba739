//! Paper comes once, where somebody took it in, and is on its way no more then.

use std::collections::{HashMap, HashSet};

use proto::routing::v1::TransferEvent;

use super::super::evidence::Evidence;
use super::super::record::{Act, Kind};
use super::{Finding, Wrong};

/// Compares what was received with routing's log, and with what is still on its way.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut came = Came::default();
    for row in &evidence.routing {
        if let Some(moved) = &row.change
            && moved.event == TransferEvent::PaperReceived
        {
            came.count(&row.dossier, &moved.transfer.uid);
        }
    }
    let travelling = evidence.travelling.iter().map(String::as_str).collect();
    let mut findings = came.where_taken_in(&evidence.acts, &travelling);
    findings.extend(came.where_nobody_asked(&evidence.acts));
    findings
}

/// How often the paper of which transfer came, and of which dossier it is.
#[derive(Default)]
struct Came<'a>(HashMap<&'a str, (&'a str, usize)>);

impl<'a> Came<'a> {
    fn count(&mut self, dossier: &'a str, transfer: &'a str) {
        let (_, times) = self.0.entry(transfer).or_insert((dossier, 0));
        *times += 1;
    }

    /// What was received has come once; what was taken in by a scanned code may have had no paper.
    fn where_taken_in(&self, acts: &[Act], travelling: &HashSet<&str>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for act in received(acts) {
            for told in act.tells().filter(|told| !told.transfer.is_empty()) {
                let transfer = told.transfer.as_str();
                let known = self.0.get(transfer);
                let times = known.map_or(0, |(_, times)| *times);
                if act.kind == Kind::ReceivePaper && times == 0 {
                    let text = format!("the paper of {transfer} was received, which is nowhere");
                    findings.push(Finding::new(Wrong::Lost, &told.dossier, text));
                }
                if travelling.contains(transfer) {
                    let text = format!("the paper of {transfer} came and is still on its way");
                    findings.push(Finding::new(Wrong::Lost, &told.dossier, text));
                }
            }
        }
        findings
    }

    /// Nothing comes twice, or without anybody who takes it in.
    fn where_nobody_asked(&self, acts: &[Act]) -> Vec<Finding> {
        let told = received(acts).flat_map(Act::tells);
        let taken_in: HashSet<&str> = told.map(|told| told.transfer.as_str()).collect();
        let all_are_known = received(acts).all(|act| act.answer.is_some());
        let mut findings = Vec::new();
        for (transfer, (dossier, times)) in &self.0 {
            if *times > 1 {
                let text = format!("the paper of {transfer} came {times} times");
                findings.push(Finding::new(Wrong::Doubled, dossier, text));
            }
            if all_are_known && !taken_in.contains(transfer) {
                let text = format!("the paper of {transfer} came, and nobody received it");
                findings.push(Finding::new(Wrong::Unasked, dossier, text));
            }
        }
        findings
    }
}

/// The acts by which paper is received.
fn received(acts: &[Act]) -> impl Iterator<Item = &Act> {
    let kinds = [Kind::ReceivePaper, Kind::TakeIn];
    acts.iter().filter(move |act| kinds.contains(&act.kind))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::record::{Answer, Told};
    use super::*;

    fn act(kind: Kind, told: Told) -> Act {
        Act {
            kind,
            journey: 0,
            caller: "desk".to_owned(),
            request_id: "id".to_owned(),
            sent: Duration::ZERO,
            tries: 1,
            on_a_stream: false,
            answer: Some((Duration::ZERO, Answer::Acknowledged(told))),
        }
    }

    fn told(transfer: &str) -> Told {
        Told {
            transfer: transfer.to_owned(),
            ..Told::default()
        }
    }

    /// One received by itself, and one of two that were scanned together.
    fn acts() -> Vec<Act> {
        let scanned = Told {
            each: vec![told("scanned"), told("without paper")],
            ..Told::default()
        };
        vec![
            act(Kind::ReceivePaper, told("by itself")),
            act(Kind::TakeIn, scanned),
        ]
    }

    /// In which way it is wrong that this came, and that is on its way.
    fn wrong(came: &[&str], travelling: &[&str]) -> Vec<Wrong> {
        let mut all = Came::default();
        for transfer in came {
            all.count("dossier", transfer);
        }
        let travelling = travelling.iter().copied().collect();
        let mut findings = all.where_taken_in(&acts(), &travelling);
        findings.extend(all.where_nobody_asked(&acts()));
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    #[test]
    fn what_came_once_and_was_received_is_right() {
        let never_received = ["another"];
        assert_eq!(wrong(&["by itself", "scanned"], &never_received), []);
    }

    #[test]
    fn paper_that_is_lost_doubled_or_nobodys_is_found() {
        let lost = [Wrong::Lost];
        assert_eq!(wrong(&["scanned"], &[]), lost);
        assert_eq!(wrong(&["by itself", "scanned"], &["scanned"]), lost);
        let twice = ["by itself", "scanned", "scanned"];
        assert_eq!(wrong(&twice, &[]), [Wrong::Doubled]);
        let nobodys = ["by itself", "scanned", "another"];
        assert_eq!(wrong(&nobodys, &[]), [Wrong::Unasked]);
    }
}
