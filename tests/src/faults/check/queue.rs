//! Queues tell every subscriber what is its own, and what was acknowledged mostly no more; a slow one delays nobody else.

use std::time::Duration;

use super::super::crowd::Came;
use super::super::evidence::Evidence;
use super::super::mail::Left;
use super::{Finding, Wrong};

/// How long an offer may be on its way to a subscriber that is not slow, mostly: far less than those leave theirs that are.
const IN_TIME: Duration = Duration::from_secs(2);

/// Of so many offers and more it is looked at how many came again.
const SOME: usize = 10;

/// Looks at what systems were told, and at how offers came in a crowd.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let odd = evidence.odd.iter();
    let mut findings: Vec<_> = odd
        .map(|text| Finding::new(Wrong::Unasked, "", text.as_str()))
        .collect();
    findings.extend(in_a_crowd(&evidence.came));
    findings.extend(come_again(evidence.left));
    findings
}

/// A slow subscriber delays nobody else. Where there was a crowd, others did get offers.
fn in_a_crowd(came: &Came) -> Option<Finding> {
    if came.crowds > 0 && came.quick.is_empty() {
        let text = "in a crowd no offer came to anybody but slow subscribers";
        return Some(Finding::new(Wrong::Untried, "", text));
    }
    let took = Came::median(&came.quick);
    let text = format!(
        "with slow subscribers beside them, half of the others got their offers after {} ms or more",
        took.as_millis()
    );
    (took > IN_TIME).then(|| Finding::new(Wrong::Delayed, "", text))
}

/// What was acknowledged comes again where the queue has lost what it knew. Most of it is acknowledged while that does not happen.
fn come_again(Left { offers, again }: Left) -> Option<Finding> {
    let is_wrong = offers >= SOME && again * 4 > offers * 3;
    let text = format!("of {offers} offers that were acknowledged {again} came again");
    is_wrong.then(|| Finding::new(Wrong::Doubled, "", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In which way it is wrong that in so many crowds offers came after so many seconds.
    fn wrong_in(crowds: usize, quick: &[u64]) -> Option<Wrong> {
        let quick = quick.iter().copied().map(Duration::from_secs);
        let came = Came {
            crowds,
            quick: quick.collect(),
            ..Came::default()
        };
        in_a_crowd(&came).map(|finding| finding.wrong)
    }

    #[test]
    fn offers_that_come_in_time_in_a_crowd_are_right_and_so_are_none_without_one() {
        assert_eq!(wrong_in(1, &[0, 1, 9]), None);
        assert_eq!(wrong_in(0, &[]), None);
    }

    #[test]
    fn offers_that_come_late_in_a_crowd_or_not_at_all_are_found() {
        assert_eq!(wrong_in(1, &[0, 3, 9]), Some(Wrong::Delayed));
        assert_eq!(wrong_in(1, &[]), Some(Wrong::Untried));
    }

    fn is_wrong(offers: usize, again: usize) -> bool {
        come_again(Left { offers, again }).is_some()
    }

    #[test]
    fn what_comes_again_since_the_queue_was_lost_is_right() {
        assert!(!is_wrong(20, 0) && !is_wrong(20, 15) && !is_wrong(2, 2));
    }

    #[test]
    fn acknowledgements_without_effect_are_found() {
        assert!(is_wrong(20, 16) && is_wrong(10, 10));
    }
}
