//! The logs are in the order in which the callers saw it happen.

use std::collections::HashMap;
use std::time::Duration;

use proto::intake::v1::StopReason;
use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::TransferEvent;

use super::super::evidence::Evidence;
use super::super::record::{Kind, Told};
use super::{Finding, Wrong};

/// An act that a caller began after another had been acknowledged stands after it in the log.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let places = places(evidence);
    let mut seen: HashMap<(bool, &str), Vec<Seen>> = HashMap::new();
    for act in &evidence.acts {
        let Some((answered, _)) = &act.answer else {
            continue;
        };
        for told in act.tells() {
            let Some((in_routing, what, epoch)) = name_of(act.kind, told) else {
                continue;
            };
            let transfer = if in_routing {
                told.transfer.as_str()
            } else {
                ""
            };
            if let Some(place) = places.get(&(told.dossier.as_str(), what, transfer, epoch)) {
                let seen = seen.entry((in_routing, &told.dossier)).or_default();
                seen.push(Seen {
                    place: *place,
                    sent: act.sent,
                    answered: *answered,
                    what,
                });
            }
        }
    }
    let pairs = seen
        .iter()
        .flat_map(|((_, dossier), acts)| turned(dossier, acts));
    pairs.collect()
}

/// Where in its log something stands: of which dossier, what, of which transfer, under which epoch.
type Places<'a> = HashMap<(&'a str, &'static str, &'a str, i64), usize>;

fn places(evidence: &Evidence) -> Places<'_> {
    let mut places = Places::new();
    for (place, row) in evidence.intake.iter().enumerate() {
        let what = match &row.change {
            Some(Change::Submitted(_)) => "submitted",
            Some(Change::Received(_)) => "received",
            Some(Change::Decided(_)) => "decided",
            Some(Change::Returned(_)) => "returned",
            Some(Change::Withdrawn(_)) => "withdrawn",
            Some(Change::Stopped(_)) => "stopped",
            Some(Change::Guided(_)) => "guided",
            Some(Change::Forwarded(_)) => "sent on",
            Some(Change::Corrected(_)) => "corrected",
            Some(Change::ClockStopped(_)) => "asked",
            Some(Change::ClockResumed(resumed)) if resumed.reason() == StopReason::Payment => {
                "paid"
            }
            Some(Change::Completed(_) | Change::ClockResumed(_)) => "completed by the applicant",
            _ => continue,
        };
        places.insert((&row.dossier, what, "", 0), place);
    }
    for (place, row) in evidence.routing.iter().enumerate() {
        let Some(moved) = &row.change else { continue };
        let transfer = &moved.transfer;
        let (what, epoch) = match moved.event {
            TransferEvent::Accepted => ("accepted", transfer.custody_epoch),
            TransferEvent::Completed => ("completed", 0),
            TransferEvent::Declined => ("declined", transfer.offer_epoch),
            TransferEvent::Offered => ("offered", transfer.offer_epoch),
            TransferEvent::Recalled if transfer.ended_at.is_none() => {
                ("recalled", transfer.offer_epoch)
            }
            TransferEvent::Returned => ("went back", transfer.custody_epoch),
            TransferEvent::Assigned | TransferEvent::Unassigned => ("assigned", transfer.revision),
            TransferEvent::PaperReceived => ("received on paper", 0),
            _ => continue,
        };
        places.insert((&row.dossier, what, &transfer.uid, epoch), place);
    }
    places
}

struct Seen {
    place: usize,
    sent: Duration,
    answered: Duration,
    what: &'static str,
}

fn turned(dossier: &str, acts: &[Seen]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for one in acts {
        for other in acts {
            if one.answered < other.sent && one.place > other.place {
                let text = format!(
                    "{} was acknowledged before {} was asked for, and stands after it",
                    one.what, other.what
                );
                findings.push(Finding::new(Wrong::OutOfOrder, dossier, text));
            }
        }
    }
    findings
}

fn name_of(kind: Kind, told: &Told) -> Option<(bool, &'static str, i64)> {
    match kind {
        Kind::Submit => Some((false, "submitted", 0)),
        Kind::Register | Kind::Receive => Some((false, "received", 0)),
        Kind::Decide => Some((false, "decided", 0)),
        Kind::Return => Some((false, "returned", 0)),
        Kind::Withdraw => Some((false, "withdrawn", 0)),
        Kind::Accept | Kind::TakeIn => Some((true, "accepted", told.epoch)),
        Kind::Complete => Some((true, "completed", 0)),
        Kind::Decline => Some((true, "declined", told.epoch)),
        Kind::Stop => Some((false, "stopped", 0)),
        Kind::Guide => Some((false, "guided", 0)),
        Kind::SendOn => Some((false, "sent on", 0)),
        Kind::Correct => Some((false, "corrected", 0)),
        Kind::Supplement => Some((false, "completed by the applicant", 0)),
        Kind::AskSupplement | Kind::AskPayment => Some((false, "asked", 0)),
        Kind::Pay => Some((false, "paid", 0)),
        Kind::Forward => Some((true, "offered", told.epoch)),
        Kind::Recall => Some((true, "recalled", told.epoch)),
        Kind::ReturnStep | Kind::SendBack => Some((true, "went back", told.epoch)),
        Kind::Claim | Kind::Assign | Kind::Release => Some((true, "assigned", told.epoch)),
        Kind::ReceivePaper => Some((true, "received on paper", 0)),
        Kind::Refuse
        | Kind::Postpone
        | Kind::Reserve
        | Kind::GiveBack
        | Kind::Redrive
        | Kind::Announce
        | Kind::EndUnit => None,
    }
}
