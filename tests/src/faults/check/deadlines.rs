//! Results are due when the calendar of now says: what moved was told, from when it was due to when it is, and no day off is counted.

use std::collections::{BTreeSet, HashMap};

use proto::intake::v1::DeadlineReason;
use proto::intake::v1::dossier_change::Change;

use super::super::evidence::{Evidence, Row};
use super::super::promise::{Promise, counted_off};
use super::super::record::days_off;
use super::notices::micros;
use super::{Finding, Wrong};

/// Looks at every deadline in intake's log, and at what desks were told in the end.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let (due, mut findings) = in_log(&evidence.intake);
    let days_off = days_off(&evidence.acts);
    let promises = evidence.promises.iter();
    findings.extend(promises.flat_map(|promise| kept(promise, &days_off, &due)));
    findings
}

/// When a result is due, in microseconds, and the version of the calendar that this was told with last; 0 where none was told.
#[derive(Clone, Copy, Default)]
struct Due {
    at: i64,
    calendar: i64,
}

/// When each result is due by what the log tells, and what it tells that does not follow from before.
fn in_log(log: &[Row<Change>]) -> (HashMap<&str, Due>, Vec<Finding>) {
    let mut all: HashMap<&str, Due> = HashMap::new();
    let mut findings = Vec::new();
    for row in log {
        let Some(change) = &row.change else { continue };
        let known = all.entry(row.dossier.as_str()).or_default();
        let before = *known;
        let Some((was, is)) = moved(change, before) else {
            continue;
        };
        if was != before.at {
            let (seq, told) = (row.seq, before.at);
            let text = format!("by intake's number {seq} it was due at {was}, and {told} was told");
            findings.push(Finding::new(Wrong::Deadline, &row.dossier, text));
        }
        if is_of_the_calendar(change) && is.calendar <= before.calendar {
            let text = format!("it is reckoned with version {} again", is.calendar);
            findings.push(Finding::new(Wrong::Doubled, &row.dossier, text));
        }
        *known = is;
    }
    (all, findings)
}

/// When a result was due before a change, and is since; nothing where that tells of neither.
fn moved(change: &Change, before: Due) -> Option<(i64, Due)> {
    let due = |at| Due {
        at: micros(at),
        ..before
    };
    Some(match change {
        Change::Received(received) => (before.at, due(received.appointment)),
        Change::DeadlineMoved(moved) => {
            let is = Due {
                at: micros(moved.to),
                calendar: moved.calendar_revision,
            };
            (micros(moved.from), is)
        }
        Change::ClockResumed(resumed) => (micros(resumed.due_before), due(resumed.due)),
        Change::Decided(decided) => (micros(decided.due), before),
        _ => return None,
    })
}

fn is_of_the_calendar(change: &Change) -> bool {
    let Change::DeadlineMoved(moved) = change else {
        return false;
    };
    moved.reason() == DeadlineReason::CalendarChanged
}

/// What a desk was told in the end of a dossier whose clock never stopped: as much is counted as at first, no day off is, and it is
/// due when the log says.
fn kept(promise: &Promise, days_off: &BTreeSet<String>, due: &HashMap<&str, Due>) -> Vec<Finding> {
    let Promise {
        dossier,
        at_first,
        at_last,
    } = promise;
    let mut findings = Vec::new();
    let mut wrong = |text| findings.push(Finding::new(Wrong::Deadline, dossier, text));
    for day in counted_off(at_last, days_off) {
        wrong(format!("{day} is off and counts all the same"));
    }
    let (first, last) = (at_first.counted_minutes, at_last.counted_minutes);
    if first != last {
        wrong(format!(
            "of its limit {first} min were counted, and {last} are"
        ));
    }
    let told = due.get(dossier.as_str()).copied().unwrap_or_default().at;
    let is = micros(at_last.due);
    if told != is {
        wrong(format!("it is due at {is}, and {told} was told last"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{DeadlineMoved, DossierDecided, ExplainDeadlineResponse, ExplainedDay};

    use super::super::given::{log, on, received};
    use super::*;

    fn moved_to(from: i64, to: i64, calendar: i64) -> Change {
        Change::DeadlineMoved(DeadlineMoved {
            from: Some(on(from)),
            to: Some(on(to)),
            reason: DeadlineReason::CalendarChanged.into(),
            calendar_revision: calendar,
            late: false,
        })
    }

    fn decided(due: i64) -> Change {
        Change::Decided(DossierDecided {
            due: Some(on(due)),
            ..DossierDecided::default()
        })
    }

    fn ways(findings: Vec<Finding>) -> Vec<Wrong> {
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    /// In which way a log with these changes of one dossier is wrong.
    fn wrong(changes: impl IntoIterator<Item = Change>) -> Vec<Wrong> {
        ways(in_log(&log(changes)).1)
    }

    #[test]
    fn a_deadline_that_moves_from_when_it_was_is_right() {
        let moves = [
            received(5),
            moved_to(5, 6, 2),
            moved_to(6, 7, 4),
            decided(7),
        ];
        let log = log(moves);
        let (due, findings) = in_log(&log);
        assert_eq!(ways(findings), []);
        assert_eq!(due["dossier"].at, micros(Some(on(7))));
    }

    #[test]
    fn a_deadline_that_moved_unnoticed_or_twice_by_one_calendar_is_found() {
        let unnoticed = [received(5), moved_to(6, 7, 2)];
        assert_eq!(wrong(unnoticed), [Wrong::Deadline]);
        assert_eq!(wrong([received(5), decided(6)]), [Wrong::Deadline]);
        let twice = [received(5), moved_to(5, 6, 2), moved_to(6, 7, 2)];
        assert_eq!(wrong(twice), [Wrong::Doubled]);
    }

    /// Two days of work, of which the first is counted so long.
    fn explained(first: i32) -> ExplainDeadlineResponse {
        let day = |date: &str, counted_minutes| ExplainedDay {
            date: date.to_owned(),
            counted_minutes,
            ..ExplainedDay::default()
        };
        ExplainDeadlineResponse {
            days: vec![day("2017-08-30", first), day("2017-08-31", 480)],
            due: Some(on(5)),
            counted_minutes: first + 480,
            ..ExplainDeadlineResponse::default()
        }
    }

    /// In which way what was told in the end is wrong, where this day is off and 480 minutes were counted at first.
    fn wrong_in_the_end(last: ExplainDeadlineResponse, off: &str) -> Vec<Wrong> {
        let promise = Promise {
            dossier: "dossier".to_owned(),
            at_first: explained(0),
            at_last: last,
        };
        let log = log([received(5)]);
        let (due, _) = in_log(&log);
        ways(kept(&promise, &BTreeSet::from([off.to_owned()]), &due))
    }

    #[test]
    fn a_day_off_that_is_not_counted_is_right() {
        assert_eq!(wrong_in_the_end(explained(0), "2017-08-30"), []);
    }

    #[test]
    fn a_day_off_that_is_counted_or_on_which_it_is_due_is_found() {
        let late = Wrong::Deadline;
        let counted = wrong_in_the_end(explained(480), "2017-08-30");
        assert_eq!(counted, [late, late], "the day, and more than the limit");
        assert_eq!(wrong_in_the_end(explained(0), "2017-08-31"), [late]);
        let moved = ExplainDeadlineResponse {
            due: Some(on(6)),
            ..explained(0)
        };
        assert_eq!(wrong_in_the_end(moved, "2017-08-30"), [late]);
    }
}
