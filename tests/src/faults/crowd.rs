//! A crowd: for a while five times as many people work at once, and some subscribers read slowly. Those who do not must get their
//! offers as if nothing were.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use kit::clock::{self, Moment};
use proto::routing::v1::Delivery;
use rand::RngExt as _;

use super::dice::Dice;
use super::province::Province;

/// How many times as many work.
const TIMES: u32 = 5;
/// So many of ten subscribers are slow.
const SLOW_OF_TEN: usize = 3;
/// How long a slow subscriber leaves what it has read before it reads on: longer than its leases.
const SLOW: Duration = Duration::from_secs(5);

/// Whether there is a crowd, and how offers came while there was.
pub struct Crowd {
    slow: HashSet<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    is_there: bool,
    /// Between when the offers are made that are looked at; the last stretch may last.
    looked_at: Vec<(Moment, Option<Moment>)>,
    came: Came,
}

/// How long offers were on their way that were made in a crowd while nothing else was wrong.
#[derive(Clone, Debug, Default)]
pub struct Came {
    /// How many crowds were looked at.
    pub crowds: usize,
    /// Those to subscribers that read as always.
    pub quick: Vec<Duration>,
    /// Those to slow ones.
    pub slow: Vec<Duration>,
    /// How many came to slow ones once more, since their leases were over.
    pub again: usize,
}

impl Crowd {
    /// Nobody yet. The seed decides who is slow: among those with much to do as many as among the others.
    pub fn of(province: &Province, dice: Dice) -> Self {
        let mut handled: HashMap<&str, usize> = HashMap::new();
        for procedure in &province.procedures {
            for unit in province.desks(procedure) {
                *handled.entry(&unit.uid).or_default() += 1;
            }
        }
        let mut units: Vec<&str> = province
            .units
            .iter()
            .map(|unit| unit.uid.as_str())
            .collect();
        units.sort_by_key(|unit| Reverse(handled.get(unit).copied()));
        let first = dice.on("slow", 0).random_range(0..10);
        let by_work = units.into_iter().enumerate();
        let slow = by_work.filter(|(place, _)| (place * SLOW_OF_TEN + first) % 10 < SLOW_OF_TEN);
        Self {
            slow: slow.map(|(_, unit)| unit.to_owned()).collect(),
            state: Mutex::default(),
        }
    }

    /// It gathers for so long. For the first part of that time nothing else goes wrong, and it is looked at.
    pub async fn gather(&self, alone: Duration, in_all: Duration) {
        self.with(|state| {
            state.is_there = true;
            state.looked_at.push((clock::real(), None));
        });
        tokio::time::sleep(alone).await;
        self.with(|state| {
            if let Some((_, until)) = state.looked_at.last_mut() {
                *until = Some(clock::real());
            }
            state.came.crowds += 1;
        });
        tokio::time::sleep(in_all.saturating_sub(alone)).await;
        self.with(|state| state.is_there = false);
    }

    /// How many times as many as usual work now.
    pub fn times(&self) -> u32 {
        self.with(|state| if state.is_there { TIMES } else { 1 })
    }

    /// How long the subscriber of a unit now leaves what it has read.
    pub fn pause_of(&self, unit: &str) -> Option<Duration> {
        let is_slow = self.slow.contains(unit) && self.with(|state| state.is_there);
        is_slow.then_some(SLOW)
    }

    /// An offer has come to the journey that it is of.
    pub fn came(&self, unit: &str, delivery: &Delivery) {
        let Some(made) = &delivery.committed_at else {
            return;
        };
        let made = clock::from_timestamp(made);
        let took = (clock::real() - made).to_std().unwrap_or_default();
        let is_slow = self.slow.contains(unit);
        self.with(|state| {
            let within = |(from, until): &(Moment, Option<Moment>)| {
                *from <= made && until.is_none_or(|until| made < until)
            };
            if !state.looked_at.iter().any(within) {
                return;
            }
            match (is_slow, delivery.attempt) {
                (false, 1) => state.came.quick.push(took),
                (true, 1) => state.came.slow.push(took),
                (true, _) => state.came.again += 1,
                (false, _) => {}
            }
        });
    }

    /// How offers came.
    pub fn seen(&self) -> Came {
        self.with(|state| state.came.clone())
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        what(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Came {
    /// The median of these.
    pub fn median(of: &[Duration]) -> Duration {
        let mut sorted = of.to_vec();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}
