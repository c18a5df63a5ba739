//! What the suite tells of itself: one trace through all services, metrics, logs; and what it never tells.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "telemetry/canary.rs"]
mod canary;
#[path = "telemetry/collector.rs"]
mod collector;
#[path = "telemetry/measured.rs"]
mod measured;
#[path = "telemetry/one_trace.rs"]
mod one_trace;

use tests::{Receiver, Suite};

/// A suite whose spans and metrics go to the receiver.
async fn told() -> (Suite, Receiver) {
    let receiver = Receiver::start().await;
    let mut suite = Suite::load().await;
    receiver.listen_to(&mut suite);
    suite.restart().await;
    (suite, receiver)
}
