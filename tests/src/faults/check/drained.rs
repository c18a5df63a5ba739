//! Nothing is under way any more: every journey is at its end, every route is closed, every event taken in.

use super::super::evidence::Evidence;
use super::{Finding, Wrong};

/// Checks that nothing was left lying.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let dossiers = evidence.dossier_of();
    let dossier = |journey: &usize| dossiers.get(journey).copied().unwrap_or_default();
    let mut findings = Vec::new();
    for (journey, reason) in &evidence.refused {
        let text = format!("journey {journey} was refused: {reason}");
        findings.push(Finding::new(Wrong::Refused, dossier(journey), text));
    }
    for journey in &evidence.unfinished {
        let last = evidence
            .acts
            .iter()
            .rev()
            .find(|act| act.journey == *journey);
        let waits = last.map_or_else(String::new, |act| match &act.answer {
            None => format!(
                "{:?} was sent {} times without an answer",
                act.kind, act.tries
            ),
            Some(_) => format!("no offer has come since {:?}", act.kind),
        });
        let text = format!("journey {journey} is not at its end: {waits}");
        findings.push(Finding::new(Wrong::NotDrained, dossier(journey), text));
    }
    for dossier in &evidence.open {
        findings.push(Finding::new(
            Wrong::NotDrained,
            dossier,
            "its route is open",
        ));
    }
    for dossier in &evidence.held {
        let text = "intake believes that a step is still held";
        findings.push(Finding::new(Wrong::NotDrained, dossier, text));
    }
    let behind = evidence.behind.iter();
    findings.extend(behind.map(|text| Finding::new(Wrong::NotDrained, "", text.as_str())));
    findings
}
