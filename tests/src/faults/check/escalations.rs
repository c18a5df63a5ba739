//! Of what is late its unit is told, and then the one above it: each once of each due time, neither before its time. Of what stays
//! late for long both are.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use proto::intake::v1::dossier_change::Change;
use proto::routing::v1::{
    EscalationCause, EscalationLevel, Transfer, TransferEvent, TransferState,
};

use super::super::evidence::{Evidence, Moved, Row};
use super::super::line::SPEED;
use super::notices::micros;
use super::{Finding, Wrong};

/// The unit above is told a working day after the due time: that takes at least its eight hours …
const WORKING_DAY_AT_LEAST: Duration = Duration::from_hours(8);
/// … and at most so long in a run, whatever days off are announced.
const WORKING_DAY_AT_MOST: Duration = Duration::from_hours(14 * 24);
/// Nothing is missing before somebody had so much real time to tell it: services go away, and hear late of what has happened.
const LONG: Duration = Duration::from_mins(2);

/// Looks at every escalation in routing's log, and at what stayed late without one.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let rows = evidence.intake.iter();
    let stopped = rows.filter(|row| matches!(row.change, Some(Change::ClockStopped(_))));
    let stopped = stopped.map(|row| row.dossier.as_str()).collect();
    in_log(&evidence.routing, &stopped)
}

/// No step is late while the clock of its dossier stands still. Routing's log does not tell since when it does: of `stopped` no step
/// is missed.
fn in_log(log: &[Row<Moved>], stopped: &HashSet<&str>) -> Vec<Finding> {
    let mut all: HashMap<&str, Known<'_>> = HashMap::new();
    let mut findings = Vec::new();
    for row in log {
        let Some(moved) = &row.change else { continue };
        let uid = moved.transfer.uid.as_str();
        let known = all.get(uid);
        let wrong = if moved.event == TransferEvent::Escalated {
            wrong_with(&moved.transfer, known)
        } else {
            let may_stand_still = stopped.contains(row.dossier.as_str());
            known.and_then(|known| known.missing(row.at, may_stand_still))
        };
        if let Some((wrong, text)) = wrong {
            let text = format!("transfer {uid} {text}");
            findings.push(Finding::new(wrong, &row.dossier, text));
        }
        let known = Known::after(known, moved, row.at);
        all.insert(uid, known);
    }
    findings
}

/// What is wrong, and in words.
type Told = (Wrong, String);

/// Somebody was told that a transfer is late.
#[derive(Clone, Copy)]
struct Escalated {
    level: EscalationLevel,
    cause: EscalationCause,
    at: i64,
}

impl Escalated {
    fn by(transfer: &Transfer) -> Option<Self> {
        let escalation = transfer.escalation.as_ref()?;
        Some(Self {
            level: escalation.level(),
            cause: escalation.cause(),
            at: micros(escalation.at),
        })
    }

    /// From when on that may be told of what is due then.
    fn not_before(self, due: i64) -> i64 {
        match self.level {
            EscalationLevel::ParentUnit => due + in_micros(WORKING_DAY_AT_LEAST),
            EscalationLevel::Unit | EscalationLevel::Unspecified => due,
        }
    }
}

/// How a transfer stands by the log so far.
struct Known<'a> {
    transfer: &'a Transfer,
    /// Since when it is this offer, or this acceptance, and due as it is.
    since: i64,
    /// Who was told last, as long as that holds. What the services keep of it is not looked at: they may forget it.
    told: Option<Escalated>,
}

impl<'a> Known<'a> {
    fn after(before: Option<&Self>, moved: &'a Moved, at: i64) -> Self {
        let transfer = &moved.transfer;
        let is_as_before = |before: &&Self| {
            let was = before.transfer;
            let due = (was.hand_over_due, was.due) == (transfer.hand_over_due, transfer.due);
            due && stage(was) == stage(transfer)
        };
        let told = match moved.event {
            TransferEvent::Escalated => Escalated::by(transfer),
            _ => before.and_then(|before| before.goes_on(transfer)),
        };
        let same = before.filter(is_as_before);
        Self {
            transfer,
            since: same.map_or(at, |before| before.since),
            told,
        }
    }

    /// What was told and holds after a change. Of an offer that was not accepted in time it does until that is accepted, of a step
    /// until its end; and of neither where it is due later than when it was told.
    fn goes_on(&self, now: &Transfer) -> Option<Escalated> {
        let states = (self.transfer.state(), now.state());
        let is_accepted = states == (TransferState::Offered, TransferState::Accepted);
        let is_same = stage(self.transfer) == stage(now);
        self.told.filter(|told| {
            let goes_on = is_same || is_accepted && told.cause != EscalationCause::HandOver;
            goes_on && due_by(now, told.cause).is_some_and(|due| due <= told.at)
        })
    }

    /// What nobody was told by then, though there was time enough.
    fn missing(&self, now: i64, may_stand_still: bool) -> Option<Told> {
        let transfer = self.transfer;
        let cause = match transfer.state() {
            TransferState::Offered => EscalationCause::HandOver,
            TransferState::Accepted if transfer.waits_for_paper => EscalationCause::Paper,
            TransferState::Accepted if !may_stand_still => EscalationCause::Step,
            _ => return None,
        };
        let due = due_by(transfer, cause)?;
        let (level, time) = match self.told.map(|told| told.level) {
            None => (EscalationLevel::Unit, due),
            Some(EscalationLevel::ParentUnit) => return None,
            Some(_) => {
                let time = due + in_micros(WORKING_DAY_AT_MOST);
                (EscalationLevel::ParentUnit, time)
            }
        };
        let long_ago = now - in_micros(LONG * SPEED);
        let is_missing = self.since <= long_ago && time <= long_ago;
        let text = format!("is late for its {cause:?} since {due}, and {level:?} was not told");
        is_missing.then_some((Wrong::Lost, text))
    }
}

/// What is wrong with an escalation of a transfer that was known like this before.
fn wrong_with(now: &Transfer, known: Option<&Known<'_>>) -> Option<Told> {
    let Some(told) = Escalated::by(now) else {
        return Some((Wrong::Lost, "goes up, and nobody is told".to_owned()));
    };
    let Escalated { level, cause, at } = told;
    let before = known.and_then(|known| known.told).map(|told| told.level);
    let stood = known.map_or(now, |known| known.transfer);
    let escalation = now.escalation.as_ref();
    let to = escalation.map(|escalation| escalation.to_unit_uid.as_str());
    let is_of_unit = level == EscalationLevel::Unit && cause != EscalationCause::Paper;
    let what = format!("goes up to {level:?} for its {cause:?} at {at}");
    let Some(due) = due_by(stood, cause) else {
        return Some((Wrong::OutOfOrder, format!("{what}, and no such clock runs")));
    };
    if before >= Some(level) {
        return Some((Wrong::Doubled, format!("{what}, and did before")));
    }
    if level == EscalationLevel::ParentUnit && before.is_none() {
        let text = format!("{what}, and its own unit was not told");
        return Some((Wrong::OutOfOrder, text));
    }
    if at < told.not_before(due) {
        let text = format!("{what}, and is due at {due}");
        return Some((Wrong::OutOfOrder, text));
    }
    if is_of_unit && to != Some(stood.to_unit_uid.as_str()) {
        let text = format!("{what}, and that is told {to:?}, which does not have it");
        return Some((Wrong::Unasked, text));
    }
    None
}

/// Which offer or acceptance it is.
fn stage(of: &Transfer) -> (i32, i64, i64) {
    (of.state, of.offer_epoch, of.custody_epoch)
}

/// When it is late in this way, where a clock runs for that.
fn due_by(of: &Transfer, cause: EscalationCause) -> Option<i64> {
    let due = match (of.state(), cause) {
        (TransferState::Offered, EscalationCause::HandOver) => of.hand_over_due,
        (TransferState::Accepted, EscalationCause::Paper) if of.waits_for_paper => of.hand_over_due,
        (TransferState::Offered, EscalationCause::Step) if !of.on_hold => of.due,
        (TransferState::Accepted, EscalationCause::Step) => of.due,
        _ => None,
    };
    due.map(|due| micros(Some(due)))
}

fn in_micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
