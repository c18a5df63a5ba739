//! How old a copy is of what another service owns.

use tokio::time::Instant;

use super::metrics;
use crate::clock;

/// The age of one service's copy of one owner's log, told as a metric.
#[derive(Debug)]
pub struct Lag {
    service: &'static str,
    owner: &'static str,
    level_at: Instant,
}

impl Lag {
    /// The copy that `service` keeps of what `owner` owns; its age is counted from now.
    #[must_use]
    pub fn new(service: &'static str, owner: &'static str) -> Self {
        Self {
            service,
            owner,
            level_at: clock::monotonic(),
        }
    }

    /// Tells how many events the copy is behind its owner; `None` when the owner did not answer, so that it may be any number.
    pub fn tell(&mut self, behind: Option<i64>) {
        if behind == Some(0) {
            self.level_at = clock::monotonic();
        }
        let age = clock::monotonic().duration_since(self.level_at);
        metrics::copy(self.service, self.owner, behind, age);
    }
}
