//! How often anyone may ask how far dossiers are: their codes can be guessed (R7).

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use kit::caller::Caller;
use kit::failure::Failure;
use tonic::Code;

use crate::code::DossierCode;

/// So often in a minute one caller may ask for codes of one unit and day.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();
/// Those that asked long ago are forgotten when so many were counted.
const TIDY_AFTER: usize = 10_000;

/// The counts of one process.
#[derive(Clone)]
pub struct Tracking(Arc<DefaultKeyedRateLimiter<(String, String)>>);

impl Tracking {
    /// Nobody has asked yet.
    pub fn new() -> Self {
        let quota = Quota::per_minute(PER_MINUTE);
        Self(Arc::new(DefaultKeyedRateLimiter::keyed(quota)))
    }

    /// Counts a question.
    ///
    /// # Errors
    /// `TRACKED_TOO_OFTEN` with a delay.
    pub fn count(&self, caller: &Caller, code: &DossierCode) -> Result<(), Failure> {
        if self.0.len() > TIDY_AFTER {
            self.0.retain_recent();
        }
        let key = (caller.subject.clone(), code.unit_and_day().to_owned());
        let Err(until) = self.0.check_key(&key) else {
            return Ok(());
        };
        let failure = Failure::new(
            Code::ResourceExhausted,
            "TRACKED_TOO_OFTEN",
            format!("codes of one unit and day may be asked for {PER_MINUTE} times a minute"),
            "Tra cứu quá nhiều lần; hãy thử lại sau",
        );
        Err(failure.retry_after(until.wait_time_from(DefaultClock::default().now())))
    }
}
