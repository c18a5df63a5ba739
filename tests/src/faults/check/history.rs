//! History is as it was written, and `motcua check` says so, too.

use super::super::evidence::Evidence;
use super::{Finding, Wrong};

/// Checks the hash chains, and what the operator's own check says.
pub fn check(evidence: &Evidence) -> Vec<Finding> {
    let breaks = evidence.breaks.iter().map(|broken| {
        let text = format!(
            "the history breaks at {}:{}: {}",
            broken.shard, broken.seq, broken.what
        );
        Finding::new(Wrong::History, &broken.subject, text)
    });
    let said = evidence.check.iter().map(|said| {
        let text = format!("`motcua check` is not content: {said}");
        Finding::new(Wrong::History, "", text)
    });
    breaks.chain(said).collect()
}
