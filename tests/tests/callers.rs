//! Who may call what, and what nobody learns.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "callers/scopes.rs"]
mod scopes;
#[path = "callers/tokens.rs"]
mod tokens;
