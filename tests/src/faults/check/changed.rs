//! What a change tells of before is what was told before, and what was told last is what the store has.

use std::collections::HashMap;

use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{ComponentsReplaced, HandedIn};

use super::super::evidence::Evidence;
use super::{Finding, Wrong};

/// Follows the units and components of every dossier through intake's log.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let mut all: HashMap<&str, Known> = HashMap::new();
    let mut findings = Vec::new();
    for row in &evidence.intake {
        let Some(change) = &row.change else { continue };
        for what in all.entry(&row.dossier).or_default().follow(change) {
            let text = format!("by intake's number {} {what} was another before", row.seq);
            findings.push(Finding::new(Wrong::History, &row.dossier, text));
        }
    }
    for dossier in &evidence.dossiers {
        let Some(known) = all.get(dossier.uid.as_str()) else {
            continue;
        };
        for (what, told, stored) in [
            (COMPETENT, known.competent, &dossier.competent),
            (RETURNING, known.returning, &dossier.returning),
        ] {
            if let Some(told) = told.filter(|told| told != stored) {
                let text = format!("{what} is {stored}, and {told} was told last");
                findings.push(Finding::new(Wrong::History, &dossier.uid, text));
            }
        }
    }
    findings
}

const COMPETENT: &str = "the competent unit";
const RETURNING: &str = "the returning unit";

/// What was told of a dossier so far.
#[derive(Default)]
struct Known<'a> {
    competent: Option<&'a str>,
    returning: Option<&'a str>,
    /// How many originals and copies.
    components: HashMap<&'a str, (i32, i32)>,
}

impl<'a> Known<'a> {
    /// Takes a change in; names what was another before than it tells.
    fn follow(&mut self, change: &'a Change) -> Vec<&'a str> {
        match change {
            Change::Received(received) => {
                let paper = received.paper.iter();
                self.components.extend(paper.map(counts));
                let unit = received.competent_unit_uid.as_str();
                let competent = moved(&mut self.competent, (unit, unit), COMPETENT);
                let unit = received.returning_unit_uid.as_str();
                let returning = moved(&mut self.returning, (unit, unit), RETURNING);
                competent.into_iter().chain(returning).collect()
            }
            Change::Forwarded(sent) => {
                let units = (sent.from_unit_uid.as_str(), sent.to_unit_uid.as_str());
                let wrong = moved(&mut self.competent, units, COMPETENT);
                wrong.into_iter().collect()
            }
            Change::Corrected(corrected) => {
                let before = corrected.returning_unit_before_uid.as_str();
                let units = (before, corrected.returning_unit_uid.as_str());
                let unit = moved(&mut self.returning, units, RETURNING);
                let components = self.replace(corrected.components.as_ref());
                unit.into_iter().chain(components).collect()
            }
            Change::Completed(completed) => self.replace(completed.components.as_ref()),
            Change::ClockResumed(resumed) => self.replace(resumed.components.as_ref()),
            _ => Vec::new(),
        }
    }

    /// The components that were others before than is told.
    fn replace(&mut self, replaced: Option<&'a ComponentsReplaced>) -> Vec<&'a str> {
        let Some(replaced) = replaced else {
            return Vec::new();
        };
        let mut wrong = Vec::new();
        for (key, told) in replaced.before.iter().map(counts) {
            let known = self.components.remove(key);
            if known.is_some_and(|known| known != told) {
                wrong.push(key);
            }
        }
        self.components.extend(replaced.after.iter().map(counts));
        wrong
    }
}

/// A unit was one and is another; what it is, where it was told to be a third.
fn moved<'a>(
    known: &mut Option<&'a str>,
    (before, after): (&'a str, &'a str),
    what: &'static str,
) -> Option<&'a str> {
    let was = known.replace(after);
    was.is_some_and(|was| was != before).then_some(what)
}

fn counts(component: &HandedIn) -> (&str, (i32, i32)) {
    let counts = (component.originals, component.copies);
    (component.component_key.as_str(), counts)
}

#[cfg(test)]
mod tests {
    use proto::intake::v1::{DossierCorrected, DossierForwarded, DossierReceived};

    use super::*;

    fn received() -> Change {
        Change::Received(DossierReceived {
            competent_unit_uid: "commune".to_owned(),
            returning_unit_uid: "commune".to_owned(),
            paper: vec![handed_in(1)],
            ..DossierReceived::default()
        })
    }

    fn handed_in(copies: i32) -> HandedIn {
        HandedIn {
            component_key: "form".to_owned(),
            originals: 1,
            copies,
        }
    }

    fn corrected(returning: (&str, &str), copies: (i32, i32)) -> Change {
        Change::Corrected(DossierCorrected {
            returning_unit_before_uid: returning.0.to_owned(),
            returning_unit_uid: returning.1.to_owned(),
            components: Some(ComponentsReplaced {
                before: vec![handed_in(copies.0)],
                after: vec![handed_in(copies.1)],
            }),
            ..DossierCorrected::default()
        })
    }

    fn sent_on(from: &str, to: &str) -> Change {
        Change::Forwarded(DossierForwarded {
            from_unit_uid: from.to_owned(),
            to_unit_uid: to.to_owned(),
        })
    }

    /// What is named of the last of these.
    fn named(changes: &[Change]) -> Vec<&str> {
        let (mut known, mut named) = (Known::default(), Vec::new());
        for change in changes {
            named = known.follow(change);
        }
        named
    }

    #[test]
    fn a_change_that_tells_what_was_before_as_it_was_is_right() {
        let first = corrected(("commune", "other"), (1, 2));
        let second = corrected(("other", "third"), (2, 3));
        assert_eq!(named(&[received(), first, second]), [""; 0]);
        assert_eq!(named(&[sent_on("other", "commune"), received()]), [""; 0]);
    }

    #[test]
    fn a_change_that_tells_of_another_before_is_found() {
        let first = || corrected(("commune", "other"), (1, 2));
        let units = corrected(("commune", "third"), (2, 3));
        assert_eq!(named(&[received(), first(), units]), [RETURNING]);
        let components = corrected(("other", "third"), (1, 3));
        assert_eq!(named(&[received(), first(), components]), ["form"]);
        let elsewhere = [sent_on("commune", "other"), received()];
        assert_eq!(named(&elsewhere), [COMPETENT]);
    }
}
