//! Every acknowledged act is there once, and nothing is there that nobody asked for.

use std::collections::{HashMap, HashSet};

use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{DeadlineReason, StopReason};
use proto::routing::v1::TransferEvent;

use super::super::evidence::{Evidence, Moved};
use super::super::record::{Kind, OF_NO_JOURNEY, Told, heirs};
use super::succession::{Inherited, passed_on};
use super::{Finding, Wrong};

/// What one event says, without its wording: what, of which transfer, under which epoch.
pub type Trace = (&'static str, String, i64);

/// Compares the acknowledged acts with the logs.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut wanted: HashMap<(&str, Trace), usize> = HashMap::new();
    for act in &evidence.acts {
        for told in act.tells() {
            for trace in traces_of(act.kind, told) {
                *wanted.entry((told.dossier.as_str(), trace)).or_default() += 1;
            }
        }
    }
    let mut there: HashMap<(&str, Trace), usize> = HashMap::new();
    let inherited = Inherited::by(&evidence.routing);
    for row in &evidence.intake {
        let Some(change) = &row.change else { continue };
        // Nobody asks for that: it is looked at with the units that end.
        if matches!(change, Change::CustodyMoved(moved) if inherited.includes(moved)) {
            continue;
        }
        if let Some(trace) = of_intake(change) {
            *there.entry((row.dossier.as_str(), trace)).or_default() += 1;
        }
    }
    for row in &evidence.routing {
        if let Some(trace) = row.change.as_ref().and_then(of_routing) {
            *there.entry((row.dossier.as_str(), trace)).or_default() += 1;
        }
    }
    let by_itself = passed_on(&evidence.routing, &heirs(&evidence.acts));
    let mut findings = compare(&wanted, &there, (&in_doubt(evidence), &by_itself));
    findings.extend(rows(evidence));
    findings
}

fn compare(
    wanted: &HashMap<(&str, Trace), usize>,
    there: &HashMap<(&str, Trace), usize>,
    (in_doubt, by_itself): (&HashSet<&str>, &HashSet<Trace>),
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key @ (dossier, (what, transfer, epoch)), count) in wanted {
        let found = there.get(key).copied().unwrap_or_default();
        let about = format!("{what} {transfer} {epoch}");
        if found < *count {
            let text = format!("acknowledged and not in the log: {about}");
            findings.push(Finding::new(Wrong::Lost, dossier, text));
        }
        if found > *count {
            let text = format!("{found} times in the log: {about}");
            findings.push(Finding::new(Wrong::Doubled, dossier, text));
        }
    }
    for key @ (dossier, trace @ (what, transfer, epoch)) in there.keys() {
        let follows = follows_by_itself(trace) || by_itself.contains(trace);
        if !wanted.contains_key(key) && !follows && !in_doubt.contains(dossier) {
            let text = format!("in the log and never acknowledged: {what} {transfer} {epoch}");
            findings.push(Finding::new(Wrong::Unasked, dossier, text));
        }
    }
    findings
}

/// The first offer of a step follows from the route, which is checked elsewhere.
fn follows_by_itself((what, _, epoch): &Trace) -> bool {
    (*what, *epoch) == ("offered", 1)
}

/// Dossiers of which an act was not answered when the run ended: whether it is there is not known.
fn in_doubt(evidence: &Evidence) -> HashSet<&str> {
    let dossiers = evidence.dossier_of();
    let acts = evidence.acts.iter();
    let unanswered = acts.filter(|act| act.answer.is_none() && act.journey != OF_NO_JOURNEY);
    let mut in_doubt: HashSet<&str> = unanswered
        .clone()
        .filter_map(|act| dossiers.get(&act.journey).copied())
        .collect();
    if unanswered
        .into_iter()
        .any(|act| !dossiers.contains_key(&act.journey))
    {
        // Somebody does not know yet which dossier is his.
        let known: HashSet<&str> = dossiers.into_values().collect();
        let all = evidence.dossiers.iter().map(|dossier| dossier.uid.as_str());
        in_doubt.extend(all.filter(|uid| !known.contains(uid)));
    }
    in_doubt
}

/// What must be in the logs because of an act.
pub fn traces_of(kind: Kind, told: &Told) -> Vec<Trace> {
    let of_dossier = |what| (what, String::new(), 0);
    let of_transfer = |what, epoch| (what, told.transfer.clone(), epoch);
    match kind {
        Kind::Submit => vec![of_dossier("submitted")],
        Kind::Register | Kind::Receive => vec![of_dossier("received")],
        Kind::Refuse => vec![of_dossier("refused")],
        Kind::Withdraw => vec![of_dossier("withdrawn")],
        Kind::Guide => vec![of_dossier("guided")],
        Kind::SendOn => vec![of_dossier("sent on")],
        Kind::Correct => vec![of_dossier("corrected")],
        // The same for a guidance and for a request: only the latter stopped the clock.
        Kind::Supplement => vec![of_dossier("completed")],
        Kind::AskSupplement | Kind::AskPayment => vec![of_dossier("clock stopped")],
        Kind::Pay => vec![of_dossier("paid")],
        Kind::Postpone => vec![of_dossier("postponed")],
        Kind::Stop => vec![of_dossier("stopped")],
        // What came of these is checked with the codes, the paper, the dead letters, the deadlines and the units that ended.
        Kind::Reserve
        | Kind::GiveBack
        | Kind::ReceivePaper
        | Kind::Redrive
        | Kind::Announce
        | Kind::EndUnit => Vec::new(),
        // Of post as a whole nothing: of each that was taken in.
        Kind::TakeIn if told.transfer.is_empty() => Vec::new(),
        Kind::Accept | Kind::TakeIn => vec![
            of_transfer("accepted", told.epoch),
            of_transfer("custody moved", told.epoch),
        ],
        Kind::Decline => vec![of_transfer("declined", told.epoch)],
        Kind::Forward => vec![of_transfer("offered", told.epoch)],
        Kind::Complete => vec![of_transfer("completed", 0)],
        Kind::Recall => vec![of_transfer("recalled", told.epoch)],
        Kind::ReturnStep => vec![
            of_transfer("given back", told.epoch),
            of_transfer("custody moved", told.epoch),
        ],
        Kind::SendBack => vec![
            of_transfer("sent back", told.epoch),
            ("offered", told.anew.clone(), 1),
        ],
        Kind::Claim | Kind::Assign => vec![of_transfer("assigned", told.epoch)],
        Kind::Release => vec![of_transfer("unassigned", told.epoch)],
        Kind::Decide => vec![of_transfer("decided", 0), of_transfer("completed", 0)],
        Kind::Return => vec![of_transfer("returned", 0), of_transfer("completed", 0)],
    }
}

fn of_intake(change: &Change) -> Option<Trace> {
    let of_dossier = |what| Some((what, String::new(), 0));
    match change {
        Change::Submitted(_) => of_dossier("submitted"),
        Change::Received(_) => of_dossier("received"),
        Change::Refused(_) => of_dossier("refused"),
        Change::Withdrawn(_) => of_dossier("withdrawn"),
        Change::Decided(decided) => Some(("decided", decided.transfer_uid.clone(), 0)),
        Change::Returned(returned) => Some(("returned", returned.transfer_uid.clone(), 0)),
        Change::CustodyMoved(moved) => Some((
            "custody moved",
            moved.transfer_uid.clone(),
            moved.custody_epoch,
        )),
        Change::Guided(_) => of_dossier("guided"),
        Change::Forwarded(_) => of_dossier("sent on"),
        Change::Corrected(_) => of_dossier("corrected"),
        Change::ClockStopped(_) => of_dossier("clock stopped"),
        Change::PaymentMade(_) => of_dossier("paid"),
        Change::ClockResumed(resumed) if resumed.reason() == StopReason::Payment => {
            of_dossier("paid")
        }
        Change::Completed(_) | Change::ClockResumed(_) => of_dossier("completed"),
        Change::Stopped(_) => of_dossier("stopped"),
        Change::DeadlineMoved(moved) if moved.reason() == DeadlineReason::Postponed => {
            of_dossier("postponed")
        }
        // The first follows from the first acceptance: the order is checked elsewhere. Nobody is forgotten in a run; time brings
        // notices and calendars move deadlines, each of which is looked at elsewhere, and offers bring units.
        Change::Processing(_)
        | Change::Erased(_)
        | Change::DeadlineMoved(_)
        | Change::NoticeDue(_)
        | Change::StandingChanged(_) => None,
    }
}

/// What an event of routing says that somebody must have asked for.
pub fn of_routing(moved: &Moved) -> Option<Trace> {
    let Moved {
        event, transfer, ..
    } = moved;
    let of_transfer = |what, epoch| Some((what, transfer.uid.clone(), epoch));
    let has_ended = transfer.ended_at.is_some();
    match event {
        TransferEvent::Accepted => of_transfer("accepted", transfer.custody_epoch),
        TransferEvent::Declined => of_transfer("declined", transfer.offer_epoch),
        TransferEvent::Offered => of_transfer("offered", transfer.offer_epoch),
        TransferEvent::Completed => of_transfer("completed", 0),
        TransferEvent::Recalled if !has_ended => of_transfer("recalled", transfer.offer_epoch),
        TransferEvent::Returned if has_ended => of_transfer("sent back", transfer.custody_epoch),
        TransferEvent::Returned => of_transfer("given back", transfer.custody_epoch),
        TransferEvent::Assigned => of_transfer("assigned", transfer.revision),
        TransferEvent::Unassigned => of_transfer("unassigned", transfer.revision),
        // What ends with its dossier, or gives custody on, follows from other acts; what is undone from the route, deadlines from
        // the calendar, and paper and dead letters from what is checked elsewhere.
        TransferEvent::Unspecified
        | TransferEvent::Recalled
        | TransferEvent::Rehomed
        | TransferEvent::Cancelled
        | TransferEvent::Released
        | TransferEvent::DueMoved
        | TransferEvent::Undone
        | TransferEvent::Inherited
        | TransferEvent::PaperReceived
        | TransferEvent::DeadLettered
        | TransferEvent::Redriven
        | TransferEvent::Escalated
        | TransferEvent::LinkLate
        | TransferEvent::LinkMended
        | TransferEvent::HoldEnded => None,
    }
}

/// The rows of dossiers against what the callers were told when they handed in.
fn rows(evidence: &Evidence) -> Vec<Finding> {
    let codes: HashMap<&str, &str> = evidence
        .dossiers
        .iter()
        .map(|dossier| (dossier.uid.as_str(), dossier.code.as_str()))
        .collect();
    let mut findings = Vec::new();
    let handed_in = [Kind::Submit, Kind::Register];
    let told = evidence
        .acts
        .iter()
        .filter(|act| handed_in.contains(&act.kind));
    for told in told.filter_map(|act| act.told()) {
        match codes.get(told.dossier.as_str()) {
            None => {
                let text = format!("acknowledged as {} and not in the store", told.code);
                findings.push(Finding::new(Wrong::Lost, &told.dossier, text));
            }
            Some(code) if *code != told.code => {
                let text = format!("acknowledged as {} and stored as {code}", told.code);
                findings.push(Finding::new(Wrong::Lost, &told.dossier, text));
            }
            Some(_) => {}
        }
    }
    let (known, in_doubt) = (evidence.journey_of(), in_doubt(evidence));
    for uid in codes.keys() {
        if !known.contains_key(uid) && !in_doubt.contains(uid) {
            findings.push(Finding::new(Wrong::Unasked, uid, "nobody handed it in"));
        }
    }
    findings
}
