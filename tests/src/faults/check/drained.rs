//! Nothing is under way any more: every journey is at its end, every route is closed, every event taken in, and whoever was told to
//! end did.

use std::collections::{HashMap, HashSet};

use proto::routing::v1::{Transfer, TransferState};

use super::super::evidence::{Evidence, Moved, Row};
use super::super::plan::waits;
use super::super::record::Act;
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
    let offered = offered(&evidence.routing);
    for journey in &evidence.unfinished {
        let dossier = dossier(journey);
        let mut acts = evidence.acts.iter().rev();
        let last = acts.find(|act| act.journey == *journey);
        let (wrong, waits) = waits_for(*journey, last, offered.contains(dossier));
        let text = format!("journey {journey} is not at its end: {waits}");
        findings.push(Finding::new(wrong, dossier, text));
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
    let cut_short = evidence.cut_short.iter().map(|replica| {
        let text = format!("{replica} was told to end, did not in time and was killed");
        Finding::new(Wrong::NotDrained, "", text)
    });
    findings.extend(cut_short);
    findings
}

/// The dossiers of which something is offered that its unit is to be brought.
fn offered(log: &[Row<Moved>]) -> HashSet<&str> {
    let mut last: HashMap<&str, (&str, &Transfer)> = HashMap::new();
    for row in log {
        if let Some(moved) = &row.change {
            let transfer = &moved.transfer;
            last.insert(&transfer.uid, (&row.dossier, transfer));
        }
    }
    let is_to_be_brought = |transfer: &Transfer| {
        transfer.state() == TransferState::Offered
            && !transfer.on_hold
            && transfer.dead_letter_since.is_none()
    };
    let offered = last.into_values();
    let offered = offered.filter(|(_, transfer)| is_to_be_brought(transfer));
    offered.map(|(dossier, _)| dossier).collect()
}

/// What a journey waits for whose last act is this. Those that wait for the others answer no offer before that.
fn waits_for(journey: usize, last: Option<&Act>, is_offered: bool) -> (Wrong, String) {
    let Some(act) = last else {
        return (Wrong::NotDrained, String::new());
    };
    let (kind, tries) = (act.kind, act.tries);
    if act.answer.is_none() {
        let text = format!("{kind:?} was sent {tries} times without an answer");
        return (Wrong::NotDrained, text);
    }
    let wrong = if is_offered && !waits(journey) {
        Wrong::Undelivered
    } else {
        Wrong::NotDrained
    };
    (wrong, format!("no offer has come since {kind:?}"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prost_types::Timestamp;
    use proto::routing::v1::TransferEvent;

    use super::super::super::record::{Answer, Kind, Told};
    use super::super::given::log;
    use super::*;

    fn accept(answer: Option<Answer>) -> Act {
        Act {
            kind: Kind::Accept,
            journey: 1,
            caller: "officer".to_owned(),
            request_id: "id".to_owned(),
            sent: Duration::ZERO,
            tries: 1,
            on_a_stream: false,
            answer: answer.map(|answer| (Duration::ZERO, answer)),
        }
    }

    #[test]
    fn who_waits_for_an_offer_that_lies_open_was_not_brought_it() {
        let done = accept(Some(Answer::Acknowledged(Told::default())));
        let of = |journey, last: &Act, is_offered| waits_for(journey, Some(last), is_offered).0;
        assert_eq!(of(1, &done, true), Wrong::Undelivered);
        assert_eq!(of(1, &done, false), Wrong::NotDrained);
        assert_eq!(of(1, &accept(None), true), Wrong::NotDrained);
        let for_others = (0..100).find(|number| waits(*number)).unwrap();
        assert_eq!(of(for_others, &done, true), Wrong::NotDrained);
        assert_eq!(waits_for(1, None, true).0, Wrong::NotDrained);
    }

    /// Whether an offer like this is to be brought.
    fn is_offered(transfer: Transfer) -> bool {
        let moved = Moved {
            event: TransferEvent::Offered,
            transfer,
            custodian: String::new(),
        };
        offered(&log([moved])).contains("dossier")
    }

    #[test]
    fn an_offer_is_to_be_brought_unless_it_is_on_hold_or_was_given_up() {
        let offer = || Transfer {
            state: TransferState::Offered.into(),
            ..Transfer::default()
        };
        assert!(is_offered(offer()));
        assert!(!is_offered(Transfer {
            on_hold: true,
            ..offer()
        }));
        assert!(!is_offered(Transfer {
            dead_letter_since: Some(Timestamp::default()),
            ..offer()
        }));
        assert!(!is_offered(Transfer::default()));
    }
}
