//! What time brings is told once of each deadline, and of nothing that has ended.

use std::collections::{HashMap, HashSet};

use kit::clock;
use prost_types::Timestamp;
use proto::intake::v1::Notice;
use proto::intake::v1::dossier_change::Change;

use super::super::evidence::{Evidence, Row};
use super::{Finding, Wrong};

/// Looks at every notice in intake's log.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    in_log(&evidence.intake)
}

fn in_log(log: &[Row<Change>]) -> Vec<Finding> {
    // When the result of a dossier is due, as far as the log has told.
    let mut due: HashMap<&str, i64> = HashMap::new();
    let mut ended: HashSet<&str> = HashSet::new();
    let mut told: HashSet<(&str, Notice, i64)> = HashSet::new();
    let mut findings = Vec::new();
    for row in log {
        let dossier = row.dossier.as_str();
        match &row.change {
            Some(Change::Received(received)) => {
                due.insert(dossier, micros(received.appointment));
            }
            Some(Change::DeadlineMoved(moved)) => {
                due.insert(dossier, micros(moved.to));
            }
            Some(Change::ClockResumed(resumed)) => {
                due.insert(dossier, micros(resumed.due));
            }
            Some(
                Change::Refused(_)
                | Change::Withdrawn(_)
                | Change::Stopped(_)
                | Change::Decided(_)
                | Change::Returned(_),
            ) => {
                ended.insert(dossier);
            }
            Some(Change::NoticeDue(of)) => {
                let notice = of.notice();
                let deadline = match notice {
                    Notice::DueSoon | Notice::Overdue => due.get(dossier).copied(),
                    Notice::Unanswered | Notice::SupplementReminder | Notice::Unspecified => {
                        Some(micros(of.about))
                    }
                };
                let deadline = deadline.unwrap_or_default();
                if !told.insert((dossier, notice, deadline)) {
                    let text = format!("{notice:?} of {deadline} is told again");
                    findings.push(Finding::new(Wrong::Doubled, dossier, text));
                }
                if ended.contains(dossier) {
                    let text = format!("{notice:?} is told of what has ended");
                    findings.push(Finding::new(Wrong::OutOfOrder, dossier, text));
                }
            }
            _ => {}
        }
    }
    findings
}

/// A time in microseconds; 0 where it is absent.
pub(super) fn micros(at: Option<Timestamp>) -> i64 {
    clock::micros(clock::from_timestamp(&at.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{DeadlineMoved, DossierDecided, NoticeDue};

    use super::super::given::{log, on, received};
    use super::*;

    fn moved(to: i64) -> Change {
        Change::DeadlineMoved(DeadlineMoved {
            to: Some(on(to)),
            ..DeadlineMoved::default()
        })
    }

    fn notice(notice: Notice, about: i64) -> Change {
        Change::NoticeDue(NoticeDue {
            notice: notice.into(),
            about: Some(on(about)),
        })
    }

    /// In which way a log with these changes of one dossier is wrong.
    fn wrong(changes: impl IntoIterator<Item = Change>) -> Vec<Wrong> {
        let findings = in_log(&log(changes)).into_iter();
        findings.map(|finding| finding.wrong).collect()
    }

    #[test]
    fn each_notice_once_of_each_deadline_is_right() {
        let (soon, overdue) = (Notice::DueSoon, Notice::Overdue);
        let told = [
            notice(Notice::Unanswered, 1),
            received(5),
            notice(soon, 4),
            notice(overdue, 5),
            moved(9),
            // The day before may be the same for two deadlines.
            notice(soon, 4),
            notice(overdue, 9),
        ];
        assert_eq!(wrong(told), []);
    }

    #[test]
    fn a_notice_that_is_told_again_or_of_what_has_ended_is_found() {
        let again = [
            received(5),
            notice(Notice::Overdue, 5),
            notice(Notice::Overdue, 5),
        ];
        assert_eq!(wrong(again), [Wrong::Doubled]);
        let too_late = [
            received(5),
            Change::Decided(DossierDecided::default()),
            notice(Notice::DueSoon, 4),
        ];
        assert_eq!(wrong(too_late), [Wrong::OutOfOrder]);
    }
}
