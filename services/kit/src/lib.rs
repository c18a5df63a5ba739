//! What every service of the suite needs and none owns.
//!
//! A service is a set of pure decisions over its own tables. Everything around them lives here once: who calls
//! ([`caller`]) and what that lets them do ([`authority`]), how a change is committed ([`writer`]), told to the others ([`log`]) and taken in by them
//! ([`consumer`], [`copies`]), what a calendar that changes moves ([`reckoning`]), how work waits for a unit ([`queue`]), what time it is ([`clock`]), what an error looks like
//! ([`failure`]), how often one may ask ([`rate`]), how changes are watched ([`watch`]), how Vietnamese text is compared ([`text`]), how a port is served
//! ([`serve`]), what a form asks ([`form`]), what follows from an online level ([`online`]), and how personal data rests
//! ([`seal`]). Facts that are imported from files are read by [`sheet`]; [`fill`] fills stores for measuring, and [`stand_in`]
//! lets people in where no `OpenID` provider is.

#[cfg(test)]
extern crate self as kit;

pub mod access;
pub mod authority;
pub mod caller;
pub mod client;
pub mod clock;
pub mod consumer;
pub mod copies;
#[cfg(test)]
#[path = "../tests/support/counter.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the writer from outside, which use the rest"
)]
mod counter;
pub mod db;
pub mod deadline;
pub mod failure;
pub mod fields;
pub mod fill;
pub mod form;
pub mod identity_number;
pub mod inside;
pub mod keys;
pub mod log;
mod merkle;
pub mod migration;
pub mod online;
pub mod page;
pub mod queue;
pub mod rate;
pub mod reckoning;
pub mod sabotage;
pub mod seal;
pub mod serve;
pub mod sheet;
pub mod stand_in;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
pub mod tls;
pub mod watch;
pub mod writer;
