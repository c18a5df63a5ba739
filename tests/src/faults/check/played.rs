//! Every kind of act was done: the checks of one that never was have seen nothing, and are green for that.

use std::collections::HashSet;

use super::super::evidence::Evidence;
use super::super::record::{Act, Kind};
use super::{Finding, Wrong};

/// Looks for kinds of acts that an ordinary run did without.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    if evidence.is_ordinary {
        never_done(&evidence.acts)
    } else {
        Vec::new()
    }
}

fn never_done(acts: &[Act]) -> Vec<Finding> {
    let done = acts.iter().filter(|act| act.told().is_some());
    let done: HashSet<Kind> = done.map(|act| act.kind).collect();
    let never = Kind::ALL.into_iter().filter(|kind| !done.contains(kind));
    let findings = never.map(|kind| {
        let text = format!("in the whole run no {kind:?} was acknowledged");
        Finding::new(Wrong::Untried, "", text)
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::super::record::{Answer, Told};
    use super::*;

    fn act(kind: Kind, answer: Answer) -> Act {
        Act {
            kind,
            journey: 1,
            caller: "desk".to_owned(),
            request_id: "id".to_owned(),
            sent: Duration::ZERO,
            tries: 1,
            on_a_stream: false,
            answer: Some((Duration::ZERO, answer)),
        }
    }

    /// Of each kind an act that was acknowledged.
    fn all() -> Vec<Act> {
        let done = |kind| act(kind, Answer::Acknowledged(Told::default()));
        Kind::ALL.into_iter().map(done).collect()
    }

    fn wrong(acts: &[Act]) -> Vec<Wrong> {
        let findings = never_done(acts).into_iter();
        findings.map(|finding| finding.wrong).collect()
    }

    #[test]
    fn a_run_with_all_kinds_of_acts_is_right() {
        assert_eq!(wrong(&all()), []);
    }

    #[test]
    fn a_kind_of_act_that_is_never_done_or_only_refused_is_found() {
        let mut acts = all();
        acts.retain(|act| act.kind != Kind::Guide);
        assert_eq!(wrong(&acts), [Wrong::Untried]);
        acts.push(act(
            Kind::Guide,
            Answer::Refused("STATE_FORBIDS".to_owned()),
        ));
        assert_eq!(wrong(&acts), [Wrong::Untried]);
        assert_eq!(wrong(&[]).len(), Kind::ALL.len());
    }
}
