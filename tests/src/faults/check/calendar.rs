//! Every announcement made one version of the calendar, once, and nothing else did.

use super::super::evidence::Evidence;
use super::super::record::{Act, Kind};
use super::{Finding, Wrong};

/// Compares what was announced with the versions that the catalogue has.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    compare(&evidence.acts, &evidence.calendar)
}

/// The first version was imported before the run began.
fn compare(acts: &[Act], calendar: &[(i64, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut wrong = |wrong, text| findings.push(Finding::new(wrong, "", text));
    let announced = || acts.iter().filter(|act| act.kind == Kind::Announce);
    for act in announced() {
        let made = calendar.iter().filter(|(_, by)| *by == act.request_id);
        let made: Vec<i64> = made.map(|(revision, _)| *revision).collect();
        if made.len() > 1 {
            let text = format!("{} made the versions {made:?}", act.request_id);
            wrong(Wrong::Doubled, text);
        }
        if let Some(told) = act.told()
            && !made.contains(&told.epoch)
        {
            let (id, epoch) = (&act.request_id, told.epoch);
            let text = format!("{id} made version {epoch} of the calendar, which is not there");
            wrong(Wrong::Lost, text);
        }
    }
    let first = calendar.iter().map(|(revision, _)| *revision).min();
    for (revision, by) in calendar {
        if Some(*revision) != first && announced().all(|act| act.request_id != *by) {
            let text = format!("nobody announced version {revision} of the calendar");
            wrong(Wrong::Unasked, text);
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::record::{Answer, Told};
    use super::*;

    fn announced(version: i64) -> Act {
        let told = Told {
            epoch: version,
            ..Told::default()
        };
        Act {
            kind: Kind::Announce,
            journey: 1,
            caller: "administrator".to_owned(),
            request_id: "id".to_owned(),
            sent: Duration::ZERO,
            tries: 1,
            on_a_stream: false,
            answer: Some((Duration::ZERO, Answer::Acknowledged(told))),
        }
    }

    /// In which way these versions are wrong after one announcement that made the second.
    fn wrong(by: &[&str]) -> Vec<Wrong> {
        let made = by.iter().map(|by| (*by).to_owned());
        let calendar: Vec<(i64, String)> = (1..).zip(made).collect();
        let findings = compare(&[announced(2)], &calendar);
        findings.into_iter().map(|finding| finding.wrong).collect()
    }

    #[test]
    fn one_version_for_one_announcement_is_right() {
        assert_eq!(wrong(&["", "id"]), []);
    }

    #[test]
    fn a_version_that_is_lost_doubled_or_nobodys_is_found() {
        assert_eq!(wrong(&[""]), [Wrong::Lost]);
        assert_eq!(wrong(&["", "id", "id"]), [Wrong::Doubled]);
        assert_eq!(wrong(&["", "id", "another"]), [Wrong::Unasked]);
    }
}
