//! The suite seen from outside: what the stories in `tests/` start, call and look at.
//!
//! A [`Suite`] is the real binary as a child process on a data folder of its own, loaded with the province of Đắk Lắk. An
//! [`Actor`] calls it as one person or system does. Nothing here is a stand-in for our own code.
#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    clippy::panic,
    reason = "the harness of tests: what goes wrong here fails the test that called it"
)]

pub mod actor;
pub mod apart;
pub mod cast;
pub mod catalogue;
pub mod desk;
pub mod faults;
pub mod filing;
pub mod pair;
pub mod program;
pub mod receiver;
pub mod refusal;
pub mod rpc;
pub mod servers;
pub mod stored;
pub mod subscriber;
pub mod suite;

pub use actor::{Actor, Reply};
pub use desk::Held;
pub use receiver::Receiver;
pub use refusal::Refusal;
pub use subscriber::Subscriber;
pub use suite::Suite;

/// A fresh id for one mutation.
pub fn new_request_id() -> String {
    kit::clock::new_uid()
}
