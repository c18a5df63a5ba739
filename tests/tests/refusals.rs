//! What is refused, why, and that nothing is left behind by it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "refusals/handing_in.rs"]
mod handing_in;
#[path = "refusals/out_of_turn.rs"]
mod out_of_turn;
#[path = "refusals/requests.rs"]
mod requests;
