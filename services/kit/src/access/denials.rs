//! Denials, counted together until they are written.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::record::Entry;

/// So many kinds of denial are told apart at a time; beyond that, who was denied is not, and what it was still is.
const KINDS: usize = 1_024;
/// Stands for callers who are not told apart.
const MANY: &str = "*";

#[derive(Default)]
pub(super) struct Denials(Mutex<HashMap<Key, Entry>>);

#[derive(PartialEq, Eq, Hash)]
struct Key {
    subject: String,
    roles: String,
    units: String,
    rpc: String,
    outcome: String,
}

impl Denials {
    /// Counts one with those of its kind; the first gives the time.
    pub fn add(&self, mut denial: Entry) {
        let mut known = self.known();
        if known.len() >= KINDS && !known.contains_key(&Key::of(&denial)) {
            MANY.clone_into(&mut denial.subject);
            denial.roles.clear();
            denial.units.clear();
        }
        match known.entry(Key::of(&denial)) {
            Slot::Occupied(mut first) => first.get_mut().times += denial.times,
            Slot::Vacant(slot) => {
                slot.insert(denial);
            }
        }
    }

    /// Those that were counted since this was last asked, in the order of their times.
    pub fn take(&self) -> Vec<Entry> {
        let taken = std::mem::take(&mut *self.known());
        let mut denials: Vec<Entry> = taken.into_values().collect();
        denials.sort_by_key(|denial| denial.at);
        denials
    }

    fn known(&self) -> MutexGuard<'_, HashMap<Key, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    fn of(denial: &Entry) -> Self {
        Self {
            subject: denial.subject.clone(),
            roles: denial.roles.clone(),
            units: denial.units.clone(),
            rpc: denial.rpc.clone(),
            outcome: denial.outcome.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Kind;
    use super::*;
    use crate::caller::Caller;
    use crate::clock;

    fn denial(subject: &str, rpc: &str) -> Entry {
        let caller = Caller {
            subject: subject.to_owned(),
            ..Caller::anonymous()
        };
        Entry::of(&caller, clock::from_micros(1), rpc, Kind::Denial)
    }

    #[test]
    fn denials_of_one_kind_are_one_entry_with_their_number() {
        let denials = Denials::default();
        for _ in 0..1000 {
            denials.add(denial("alice", "a"));
        }
        denials.add(denial("alice", "b"));
        let mut times: Vec<_> = denials.take().iter().map(|one| one.times).collect();
        times.sort_unstable();
        assert_eq!(times, [1, 1000]);
        assert!(denials.take().is_empty());
    }

    #[test]
    fn under_a_flood_of_callers_none_is_lost_and_memory_is_bounded() {
        let denials = Denials::default();
        for number in 0..5_000 {
            denials.add(denial(&format!("caller-{number}"), "a"));
        }
        let taken = denials.take();
        assert_eq!(taken.len(), KINDS + 1);
        assert_eq!(taken.iter().map(|one| one.times).sum::<i64>(), 5_000);
    }
}
