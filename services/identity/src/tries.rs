//! Attempts to sign in: how long one must wait after those that failed.

use chrono::TimeDelta;
use kit::clock::Moment;

/// After so many failures nobody can sign in for a day, or until an administrator unlocks.
const LOCKED_AFTER: u32 = 10;
const LOCKED_FOR: TimeDelta = TimeDelta::hours(24);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);

/// The attempts since the last that succeeded. Each counts as failed until it has succeeded, so that many at once are no way
/// around the wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tries {
    /// How many failed.
    pub failures: u32,
    /// When the last of them was.
    pub last: Moment,
}

impl Tries {
    /// Whether one may try now.
    #[must_use]
    pub fn may_try(&self, now: Moment) -> bool {
        self.failures == 0 || now >= self.last + self.wait()
    }

    /// These and one more.
    #[must_use]
    pub fn one_more(&self, now: Moment) -> Self {
        // A lock that has passed is forgotten.
        let before = if self.failures >= LOCKED_AFTER {
            0
        } else {
            self.failures
        };
        Self {
            failures: before + 1,
            last: now,
        }
    }

    fn wait(&self) -> TimeDelta {
        if self.failures >= LOCKED_AFTER {
            return LOCKED_FOR;
        }
        let doubled = 1_i64 << self.failures.saturating_sub(1);
        TimeDelta::seconds(doubled).min(LONGEST_WAIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_with_each_failure_and_the_tenth_locks_for_a_day() {
        let mut tries = Tries::default();
        let mut now = Moment::default();
        for wait in [1, 2, 4, 8, 16, 32, 64, 128, 256] {
            assert!(tries.may_try(now));
            tries = tries.one_more(now);
            assert!(!tries.may_try(now + TimeDelta::seconds(wait - 1)));
            now += TimeDelta::seconds(wait);
        }
        tries = tries.one_more(now);
        assert!(!tries.may_try(now + TimeDelta::hours(23)));
        let next_day = now + TimeDelta::hours(24);
        assert!(tries.may_try(next_day));
        assert_eq!(tries.one_more(next_day).failures, 1);
    }
}
