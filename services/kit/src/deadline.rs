//! How long a call may still take: what its caller gave it, and never longer than the suite's own cap.
//!
//! The deadline goes with the task of the rpc, so that calls to other services and long waits keep within it.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::clock;

/// No call takes longer, whatever its caller gives it: the longest rpc is a pull that waits for a minute.
pub const MOST: Duration = Duration::from_secs(90);
/// What a wait leaves of a call's time for the answer and its way back, at most.
const FOR_THE_ANSWER: Duration = Duration::from_millis(200);
const TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");
/// The protocol's limit for the number in `grpc-timeout`.
const MOST_DIGITS: usize = 8;

tokio::task_local! {
    static DEADLINE: Instant;
}

/// Awaits `call` until `deadline`, which is then dropped: `None`. Within it [`current`] tells the deadline.
pub async fn within<F: Future>(deadline: Instant, call: F) -> Option<F::Output> {
    tokio::time::timeout_at(deadline, DEADLINE.scope(deadline, call))
        .await
        .ok()
}

/// When the rpc that this task works at must be answered; `None` outside of rpcs.
#[must_use]
pub fn current() -> Option<Instant> {
    DEADLINE.try_with(|deadline| *deadline).ok()
}

/// As much of `wait` as leaves the rpc time to answer.
#[must_use]
pub fn leaving_time_to_answer(wait: Duration) -> Duration {
    let Some(deadline) = current() else {
        return wait;
    };
    let left = deadline.saturating_duration_since(clock::monotonic());
    wait.min(left.saturating_sub(FOR_THE_ANSWER.min(left / 4)))
}

/// What `grpc-timeout` says; `None` when there is none.
///
/// # Errors
/// When it is malformed.
pub(crate) fn asked_for(headers: &HeaderMap) -> Result<Option<Duration>, Malformed> {
    let Some(value) = headers.get(TIMEOUT) else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| Malformed)?;
    parse(text).map(Some).ok_or(Malformed)
}

/// `grpc-timeout` is not what the protocol says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

fn parse(text: &str) -> Option<Duration> {
    let (amount, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if amount.len() > MOST_DIGITS || !amount.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let amount: u64 = amount.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(amount * 3600)),
        "M" => Some(Duration::from_secs(amount * 60)),
        "S" => Some(Duration::from_secs(amount)),
        "m" => Some(Duration::from_millis(amount)),
        "u" => Some(Duration::from_micros(amount)),
        "n" => Some(Duration::from_nanos(amount)),
        _ => None,
    }
}

/// Tells whoever is called how much time is left.
pub(crate) fn pass_on(headers: &mut HeaderMap, left: Duration) {
    // Up to the cap, microseconds fit in the protocol's eight digits.
    let text = format!("{}u", left.min(MOST).as_micros());
    if let Ok(value) = HeaderValue::from_str(&text) {
        headers.insert(TIMEOUT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_of_the_protocol_is_read() {
        for (text, nanos) in [
            ("2H", 7_200_000_000_000),
            ("3M", 180_000_000_000),
            ("4S", 4_000_000_000),
            ("5m", 5_000_000),
            ("6u", 6_000),
            ("7n", 7),
            ("0S", 0),
            ("99999999S", 99_999_999_000_000_000),
        ] {
            assert_eq!(parse(text), Some(Duration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        for text in [
            "",
            "S",
            "5",
            "5s",
            "-5S",
            "+5S",
            "1.5S",
            "123456789S",
            "5 S",
            "5giờ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_passed_on_is_what_is_left_and_never_over_the_cap() {
        for (left, passed_on) in [
            (Duration::from_millis(1500), Duration::from_millis(1500)),
            (Duration::from_hours(2), MOST),
        ] {
            let mut headers = HeaderMap::new();
            pass_on(&mut headers, left);
            assert_eq!(asked_for(&headers), Ok(Some(passed_on)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_within_a_call_leaves_time_to_answer() {
        let minute = Duration::from_mins(1);
        assert_eq!(leaving_time_to_answer(minute), minute);
        let deadline = clock::monotonic() + Duration::from_secs(5);
        let within_call = within(deadline, async { leaving_time_to_answer(minute) });
        assert_eq!(within_call.await, Some(Duration::from_millis(4800)));
        let deadline = clock::monotonic() + Duration::from_millis(100);
        let within_call = within(deadline, async { leaving_time_to_answer(minute) });
        assert_eq!(within_call.await, Some(Duration::from_millis(75)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_ends_at_its_deadline() {
        let deadline = clock::monotonic() + Duration::from_secs(5);
        let call = within(deadline, std::future::pending::<()>());
        assert_eq!(call.await, None);
        assert_eq!(clock::monotonic(), deadline);
    }
}
