//! An offer is a dead letter once until it is delivered anew, and is that where somebody asked for it.

use std::collections::{HashMap, HashSet};

use proto::routing::v1::TransferEvent;

use super::super::evidence::{Evidence, Moved, Row};
use super::super::record::{Act, Answer, Kind};
use super::{Finding, Wrong};
use crate::cast::subject;

/// Follows dead letters through routing's log, and compares what was delivered anew with what was asked for.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut findings = in_log(&evidence.routing);
    findings.extend(asked_for(&evidence.routing, &evidence.acts));
    findings
}

fn in_log(log: &[Row<Moved>]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut dead: HashMap<&str, bool> = HashMap::new();
    for row in log {
        let Some(moved) = &row.change else { continue };
        let (uid, is) = (
            moved.transfer.uid.as_str(),
            moved.transfer.dead_letter_since.is_some(),
        );
        let was = dead.insert(uid, is).unwrap_or_default();
        let is_right = match moved.event {
            TransferEvent::DeadLettered => is && !was,
            TransferEvent::Redriven => was && !is,
            _ => was || !is,
        };
        if !is_right {
            let event = moved.event;
            let text = format!("transfer {uid} is {event:?}, dead letter before: {was}, now: {is}");
            findings.push(Finding::new(Wrong::OutOfOrder, &row.dossier, text));
        }
    }
    findings
}

fn asked_for(log: &[Row<Moved>], acts: &[Act]) -> Vec<Finding> {
    let redrives = || acts.iter().filter(|act| act.kind == Kind::Redrive);
    let mut findings: Vec<_> = redrives().filter_map(refused).collect();
    let mut wanted: HashMap<&str, usize> = HashMap::new();
    for told in redrives().flat_map(|act| act.tells().skip(1)) {
        *wanted.entry(&told.transfer).or_default() += 1;
    }
    let mut there: HashMap<&str, (&Row<Moved>, usize)> = HashMap::new();
    for row in log {
        if let Some(moved) = &row.change
            && moved.event == TransferEvent::Redriven
        {
            let (_, times) = there.entry(&moved.transfer.uid).or_insert((row, 0));
            *times += 1;
        }
    }
    for (transfer, asked) in &wanted {
        let found = there.get(transfer).map_or(0, |(_, times)| *times);
        if found < *asked {
            let text = format!(
                "{transfer} is delivered anew {asked} times, and {found} of them are in the log"
            );
            findings.push(Finding::new(Wrong::Lost, "", text));
        }
    }
    let unanswered = redrives().filter(|act| act.answer.is_none());
    let in_doubt: HashSet<&str> = unanswered.map(|act| act.caller.as_str()).collect();
    for (transfer, (row, found)) in &there {
        let asked = wanted.get(transfer).copied().unwrap_or_default();
        if *found > asked && !in_doubt.contains(caller_of(row).as_str()) {
            let text = format!(
                "{transfer} was delivered anew {found} times, and {asked} of them were told"
            );
            findings.push(Finding::new(Wrong::Unasked, &row.dossier, text));
        }
    }
    findings
}

/// Who asks for what is offered to the unit of a transfer.
fn caller_of(row: &Row<Moved>) -> String {
    let moved = row.change.as_ref();
    let unit = moved.map_or("", |moved| &moved.transfer.to_unit_uid);
    subject(unit, "receptionist")
}

fn refused(act: &Act) -> Option<Finding> {
    let (_, answer) = act.answer.as_ref()?;
    let Answer::Refused(reason) = answer else {
        return None;
    };
    let text = format!("dead letters for {} were refused: {reason}", act.caller);
    Some(Finding::new(Wrong::Refused, "", text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prost_types::Timestamp;
    use proto::routing::v1::Transfer;

    use super::super::super::record::{OF_NO_JOURNEY, Told};
    use super::*;

    /// An event of the one transfer, after which it is a dead letter or none.
    fn row(event: TransferEvent, is_dead: bool) -> Row<Moved> {
        let transfer = Transfer {
            uid: "transfer".to_owned(),
            to_unit_uid: "unit".to_owned(),
            dead_letter_since: is_dead.then(Timestamp::default),
            ..Transfer::default()
        };
        Row {
            shard: 0,
            seq: 1,
            dossier: "dossier".to_owned(),
            at: 0,
            change: Some(Moved {
                event,
                transfer,
                custodian: String::new(),
            }),
        }
    }

    fn dead() -> Row<Moved> {
        row(TransferEvent::DeadLettered, true)
    }

    fn redriven() -> Row<Moved> {
        row(TransferEvent::Redriven, false)
    }

    fn asked(answer: Option<Answer>) -> Act {
        Act {
            kind: Kind::Redrive,
            journey: OF_NO_JOURNEY,
            caller: subject("unit", "receptionist"),
            request_id: "id".to_owned(),
            sent: Duration::ZERO,
            tries: 1,
            on_a_stream: false,
            answer: answer.map(|answer| (Duration::ZERO, answer)),
        }
    }

    /// An acknowledged act that names the transfer.
    fn told() -> Act {
        let transfer = Told {
            transfer: "transfer".to_owned(),
            ..Told::default()
        };
        asked(Some(Answer::Acknowledged(Told {
            each: vec![transfer],
            ..Told::default()
        })))
    }

    fn wrong(findings: Vec<Finding>) -> Vec<Wrong> {
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    #[test]
    fn an_offer_that_is_given_up_and_delivered_anew_by_turns_is_right() {
        let accepted = row(TransferEvent::Accepted, false);
        let log = [dead(), redriven(), dead(), accepted];
        assert_eq!(wrong(in_log(&log)), []);
        assert_eq!(wrong(asked_for(&log, &[told()])), []);
    }

    #[test]
    fn an_offer_that_is_given_up_twice_or_delivered_anew_without_that_is_found() {
        assert_eq!(wrong(in_log(&[dead(), dead()])), [Wrong::OutOfOrder]);
        assert_eq!(wrong(in_log(&[redriven()])), [Wrong::OutOfOrder]);
        let unnoticed = row(TransferEvent::Escalated, true);
        assert_eq!(wrong(in_log(&[unnoticed])), [Wrong::OutOfOrder]);
    }

    #[test]
    fn what_was_told_is_in_the_log_and_what_is_there_was_told() {
        let (log, told) = ([dead(), redriven()], || [told()]);
        assert_eq!(wrong(asked_for(&log[..1], &told())), [Wrong::Lost]);
        assert_eq!(wrong(asked_for(&log, &[])), [Wrong::Unasked]);
        let unanswered = asked(None);
        assert_eq!(wrong(asked_for(&log, &[unanswered])), []);
        let no = asked(Some(Answer::Refused("UNIT_NOT_YOURS".to_owned())));
        assert_eq!(wrong(asked_for(&[], &[no])), [Wrong::Refused]);
        let twice = [dead(), redriven(), dead(), redriven()];
        assert_eq!(wrong(asked_for(&twice, &told())), [Wrong::Unasked]);
    }
}
