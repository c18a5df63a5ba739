//! How much each client system may call.

use std::time::Duration;

use tonic::Code;

use crate::caller::{Caller, RateClass};
use crate::failure::Failure;
use crate::rate::Rate;

/// The counts of one port.
pub(super) struct Rates([(RateClass, Rate); 3]);

impl Rates {
    pub fn new() -> Self {
        let rate = |class: RateClass| {
            let per_second = class.per_second();
            (class, Rate::new(per_second, 2 * per_second))
        };
        Self(RateClass::ALL.map(rate))
    }

    /// Counts a call; only client systems have a limit of their own.
    ///
    /// # Errors
    /// `RESOURCE_EXHAUSTED`, `RATE_LIMITED` with a delay.
    pub fn count(&self, caller: &Caller) -> Result<(), Failure> {
        let counted = self.try_count(caller);
        counted.map_err(|(class, wait)| too_many(class, wait))
    }

    /// Counts a call once there is room for it. A wait that is given up counts nothing.
    pub async fn count_in_time(&self, caller: &Caller) {
        while let Err((_, wait)) = self.try_count(caller) {
            tokio::time::sleep(wait).await;
        }
    }

    /// Counts a call, or tells how long it takes until there is room for it.
    fn try_count(&self, caller: &Caller) -> Result<(), (RateClass, Duration)> {
        let Some(terms) = &caller.client else {
            return Ok(());
        };
        let mut classes = self.0.iter();
        let Some((class, rate)) = classes.find(|(class, _)| *class == terms.rate_class) else {
            return Ok(());
        };
        let counted = rate.count(&caller.subject);
        counted.map_err(|wait| (*class, wait))
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
    use crate::clock;

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

    #[tokio::test]
    async fn what_waits_for_room_is_counted_as_fast_as_the_class_allows() {
        let rates = Rates::new();
        let (busy, began) = (client("busy", RateClass::Low), clock::monotonic());
        for _ in 0..25 {
            rates.count_in_time(&busy).await;
        }
        // Twenty at once, and five more at ten a second.
        assert!(began.elapsed() >= Duration::from_millis(450));
        assert!(rates.count(&client("other", RateClass::Low)).is_ok());
    }
}
