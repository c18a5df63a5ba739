//! Queues tell every subscriber what is its own, once, and a slow one delays nobody else.

use std::time::Duration;

use super::super::crowd::Came;
use super::super::evidence::Evidence;
use super::{Finding, Wrong};

/// How long an offer may be on its way to a subscriber that is not slow, mostly: far less than those leave theirs that are.
const IN_TIME: Duration = Duration::from_secs(2);

/// Looks at what systems were told, and at how offers came in a crowd.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let odd = evidence.odd.iter();
    let mut findings: Vec<_> = odd
        .map(|text| Finding::new(Wrong::Unasked, "", text.as_str()))
        .collect();
    let took = Came::median(&evidence.came.quick);
    if took > IN_TIME {
        let text = format!(
            "with slow subscribers beside them, half of the others got their offers after {} ms or more",
            took.as_millis()
        );
        findings.push(Finding::new(Wrong::Delayed, "", text));
    }
    findings
}
