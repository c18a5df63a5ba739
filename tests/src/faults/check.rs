//! Was anything lost, doubled or put out of order? Decided outside the services, from what the callers were told and what the
//! stores hold. One obvious place to add a check: a module with a function from [`Evidence`] to [`Finding`]s, named in [`all`].

mod acts;
mod assigned;
mod calendar;
mod changed;
mod codes;
mod custody;
mod dead_letters;
mod deadlines;
mod drained;
mod escalations;
#[cfg(test)]
mod given;
mod history;
mod notices;
mod offers;
mod order;
mod origins;
mod paper;
mod played;
mod queue;
mod routes;
mod seen;
mod succession;

use std::fmt;

use super::evidence::Evidence;
use super::province::Province;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// In which way.
    pub wrong: Wrong,
    /// With which dossier; empty where it is about no single one.
    pub dossier: String,
    /// In words.
    pub text: String,
}

/// In which way something is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// Something acknowledged is not there.
    Lost,
    /// Something is there more than once.
    Doubled,
    /// Something stands before what it follows.
    OutOfOrder,
    /// Something is there that nobody asked for.
    Unasked,
    /// Something was refused that the contract promises.
    Refused,
    /// A branch has no custodian, or two.
    Custody,
    /// The numbers of a desk and day have holes or repetitions.
    Codes,
    /// History is not as it was written.
    History,
    /// A result is due at another time than the calendar says, or than was told.
    Deadline,
    /// Some were delayed by others.
    Delayed,
    /// An offer lies open, and its unit was not brought it.
    Undelivered,
    /// What was to be tried never was, and its checks have seen nothing.
    Untried,
    /// Something is still under way.
    NotDrained,
}

impl Finding {
    fn new(wrong: Wrong, dossier: &str, text: impl Into<String>) -> Self {
        Self {
            wrong,
            dossier: dossier.to_owned(),
            text: text.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            wrong,
            dossier,
            text,
        } = self;
        match dossier.as_str() {
            "" => write!(f, "{wrong:?}: {text}"),
            dossier => write!(f, "{wrong:?}: dossier {dossier}: {text}"),
        }
    }
}

/// Everything that is wrong.
pub fn all(evidence: &Evidence, province: &Province) -> Vec<Finding> {
    let mut findings = [
        acts::check(evidence),
        order::check(evidence),
        seen::check(evidence),
        offers::check(evidence),
        assigned::check(evidence),
        queue::check(evidence),
        dead_letters::check(evidence),
        paper::check(evidence),
        routes::check(evidence, province),
        custody::check(evidence),
        codes::check(evidence),
        origins::check(evidence),
        history::check(evidence),
        changed::check(evidence),
        notices::check(evidence),
        escalations::check(evidence),
        calendar::check(evidence),
        deadlines::check(evidence),
        succession::check(evidence),
        drained::check(evidence),
        played::check(evidence),
    ]
    .concat();
    findings.sort();
    findings.dedup();
    findings
}
