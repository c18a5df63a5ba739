//! Chance that follows from the seed alone: every question about a subject has dice of its own.

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};

/// The chance of one run.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The chance that belongs to a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The dice for one question about one subject.
    pub fn on(self, question: &str, subject: usize) -> StdRng {
        let mut hash = 0xcbf2_9ce4_8422_2325_u64;
        let subject = u64::try_from(subject).unwrap_or(u64::MAX);
        let bytes = [self.0.to_le_bytes(), subject.to_le_bytes()].concat();
        for byte in bytes.iter().chain(question.as_bytes()) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        StdRng::seed_from_u64(hash)
    }
}

/// One of several.
pub fn pick<'a, T>(dice: &mut StdRng, of: &'a [T]) -> &'a T {
    &of[dice.random_range(0..of.len())]
}
