//! When results are due, as desks are told of dossiers that wait while days off are announced.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use proto::intake::v1::ExplainDeadlineResponse;

/// When the result of one dossier is due, and why.
#[derive(Clone, Debug, Default)]
pub struct Promise {
    /// The dossier.
    pub dossier: String,
    /// As it was explained when it had been received.
    pub at_first: ExplainDeadlineResponse,
    /// As it was explained when all else was over.
    pub at_last: ExplainDeadlineResponse,
}

/// What desks were told.
#[derive(Default)]
pub struct Promises(Mutex<Vec<Promise>>);

impl Promises {
    /// Notes what a desk was told.
    pub fn note(&self, promise: Promise) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(promise);
    }

    /// What all were told.
    pub fn all(&self) -> Vec<Promise> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.clone()
    }
}

/// The days off that are counted all the same, or on which it is due.
pub fn counted_off<'a>(
    explained: &'a ExplainDeadlineResponse,
    days_off: &'a BTreeSet<String>,
) -> impl Iterator<Item = &'a str> {
    let last = explained.days.len().saturating_sub(1);
    let days = explained.days.iter().enumerate();
    let off = days.filter(move |(_, day)| days_off.contains(&day.date));
    let counted = off.filter(move |(place, day)| day.counted_minutes > 0 || *place == last);
    counted.map(|(_, day)| day.date.as_str())
}
