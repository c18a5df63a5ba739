//! Who may do what, played out: every rpc in every role, from every place beside every standing, against the table in
//! `authority/expected.txt`.
//!
//! The tokens are of the suite's own key, so that each says one role for one unit or party, also such as identity would never
//! issue: a party where a unit belongs, and the other way round.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "authority/matrix.rs"]
mod matrix;
#[path = "authority/probe.rs"]
mod probe;
#[path = "authority/queues.rs"]
mod queues;
#[path = "authority/scene.rs"]
mod scene;
#[path = "authority/strangers.rs"]
mod strangers;
#[path = "authority/table.rs"]
mod table;
#[path = "authority/tokens.rs"]
mod tokens;
