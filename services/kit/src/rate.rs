//! How often something may be done in one name.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// Whenever so many were counted, the names whose last is longer ago than it matters are forgotten.
const TIDY_AFTER: usize = 10_000;

/// A limit, and what was counted under each name.
pub struct Rate {
    limiter: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
    counted: AtomicUsize,
}

impl Rate {
    /// So many a second in one name, and so many at once.
    #[must_use]
    pub fn new(per_second: u32, at_once: u32) -> Self {
        let some = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(some(per_second)).allow_burst(some(at_once));
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(quota),
            clock: DefaultClock::default(),
            counted: AtomicUsize::new(0),
        }
    }

    /// Counts one more in this name.
    ///
    /// # Errors
    /// How long it takes until there may be one more.
    pub fn count(&self, name: &str) -> Result<(), Duration> {
        if self.counted.fetch_add(1, Ordering::Relaxed) % TIDY_AFTER == TIDY_AFTER - 1 {
            self.limiter.retain_recent();
        }
        let counted = self.limiter.check_key(&name.to_owned());
        counted.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_its_own_limit_and_is_told_how_long_to_wait() {
        let rate = Rate::new(2, 5);
        for _ in 0..5 {
            assert_eq!(rate.count("busy"), Ok(()));
        }
        let wait = rate.count("busy").unwrap_err();
        assert!(wait <= Duration::from_millis(500), "{wait:?}");
        assert_eq!(rate.count("other"), Ok(()));
    }

    #[test]
    fn names_that_are_not_heard_of_any_more_are_forgotten() {
        let rate = Rate::new(u32::MAX, u32::MAX);
        for number in 0..=TIDY_AFTER {
            assert_eq!(rate.count(&number.to_string()), Ok(()));
        }
        assert!(rate.limiter.len() < TIDY_AFTER / 2);
    }
}
