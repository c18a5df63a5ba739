//! How much each client system may call.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use tonic::Code;

use crate::caller::{Caller, RateClass};
use crate::failure::Failure;

/// Whenever so many calls were counted, the clients whose last call is longer ago than their burst are forgotten.
const TIDY_AFTER: usize = 10_000;

/// The counts of one port.
pub(super) struct Rates {
    classes: [(RateClass, DefaultKeyedRateLimiter<String>); 3],
    clock: DefaultClock,
    counted: AtomicUsize,
}

impl Rates {
    pub fn new() -> Self {
        let limiter = |class: RateClass| {
            let per_second = NonZeroU32::new(class.per_second()).unwrap_or(NonZeroU32::MIN);
            let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(1));
            let quota = Quota::per_second(per_second).allow_burst(burst);
            (class, DefaultKeyedRateLimiter::keyed(quota))
        };
        Self {
            classes: RateClass::ALL.map(limiter),
            clock: DefaultClock::default(),
            counted: AtomicUsize::new(0),
        }
    }

    /// Counts a call; only client systems have a limit of their own.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, `RATE_LIMITED` with a delay.
    pub fn count(&self, caller: &Caller) -> Result<(), Failure> {
        let Some(terms) = &caller.client else {
            return Ok(());
        };
        let mut classes = self.classes.iter();
        let Some((class, limiter)) = classes.find(|(class, _)| *class == terms.rate_class) else {
            return Ok(());
        };
        if self.counted.fetch_add(1, Ordering::Relaxed) % TIDY_AFTER == TIDY_AFTER - 1 {
            limiter.retain_recent();
        }
        let Err(until) = limiter.check_key(&caller.subject) else {
            return Ok(());
        };
        Err(too_many(*class, until.wait_time_from(self.clock.now())))
    }
}

fn too_many(class: RateClass, wait: Duration) -> Failure {
    let per_second = class.per_second();
    Failure::new(
        Code::ResourceExhausted,
        "RATE_LIMITED",
        format!("the client system may make {per_second} calls a second"),
        format!("Hệ thống chỉ được gọi {per_second} lần mỗi giây; hãy thử lại sau"),
    )
    .with("per_second", per_second)
    .retry_after(wait)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::{ClientTerms, Role};

    fn client(subject: &str, rate_class: RateClass) -> Caller {
        Caller {
            client: Some(ClientTerms {
                rpcs: Vec::new(),
                rate_class,
            }),
            ..Caller::new(subject, Role::Client, Vec::new())
        }
    }

    #[test]
    fn a_client_that_calls_too_much_is_told_when_to_call_again_and_delays_nobody_else() {
        let rates = Rates::new();
        let busy = client("busy", RateClass::Low);
        let refused = (0..30).find_map(|_| rates.count(&busy).err());
        assert_eq!(refused.unwrap().reason(), "RATE_LIMITED");
        assert!(rates.count(&client("other", RateClass::Low)).is_ok());
        assert!(rates.count(&client("busy", RateClass::High)).is_ok());
        let officer = Caller::new("officer", Role::Examiner, Vec::new());
        assert!((0..5_000).all(|_| rates.count(&officer).is_ok()));
    }
}
