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
        let Some(terms) = &caller.client else {
            return Ok(());
        };
        let mut classes = self.0.iter();
        let Some((class, rate)) = classes.find(|(class, _)| *class == terms.rate_class) else {
            return Ok(());
        };
        let counted = rate.count(&caller.subject);
        counted.map_err(|wait| too_many(*class, wait))
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
