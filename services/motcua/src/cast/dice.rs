//! Chance that does not depend on the order of events: every question about a dossier has dice of its own.

use rand::SeedableRng as _;
use rand::rngs::StdRng;

/// The chance of one run.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The chance that belongs to a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The dice for one question about one subject; always the same for the same seed.
    #[must_use]
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

#[cfg(test)]
mod tests {
    use rand::RngExt as _;

    use super::*;

    #[test]
    fn the_same_question_has_the_same_answer_and_others_have_others() {
        let roll =
            |seed, question, subject| -> u64 { Dice::new(seed).on(question, subject).random() };
        assert_eq!(roll(1, "work", 7), roll(1, "work", 7));
        assert_ne!(roll(1, "work", 7), roll(2, "work", 7));
        assert_ne!(roll(1, "work", 7), roll(1, "work", 8));
        assert_ne!(roll(1, "work", 7), roll(1, "rest", 7));
    }
}
