//! Codes set aside for a counter that works offline.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::clock::Moment;

use crate::code::DossierCode;

/// Numbers of a desk and day that its counter gives out while it is offline, and registers later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Ours, lasting.
    pub uid: String,
    /// The unit.
    pub unit: String,
    /// The local day on which they are given out.
    pub date: NaiveDate,
    /// What its codes begin with; it stays, whatever code the unit has later.
    pub beginning: String,
    /// Its numbers.
    pub numbers: Numbers,
    /// When it was given back: nothing is registered under it after that.
    pub returned_at: Option<Moment>,
}

/// Numbers without a gap; at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Numbers {
    /// The first.
    pub first: u32,
    /// The last.
    pub last: u32,
}

/// Numbers of a desk and day that no dossier has or ever will have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Void {
    /// The unit.
    pub unit: String,
    /// The local day.
    pub date: NaiveDate,
    /// The numbers.
    pub numbers: Numbers,
    /// Why.
    pub reason: String,
}

impl Block {
    /// The code with this number.
    #[must_use]
    pub fn code(&self, number: u32) -> DossierCode {
        DossierCode::numbered(&self.beginning, number)
    }

    /// All its codes in order.
    pub fn codes(&self) -> impl Iterator<Item = DossierCode> {
        self.numbers.iter().map(|number| self.code(number))
    }

    /// Whether this is one of its codes.
    #[must_use]
    pub fn has(&self, code: &DossierCode) -> bool {
        let number = code.number().filter(|number| self.numbers.has(*number));
        number.is_some_and(|number| self.code(number) == *code)
    }

    /// What is void when it is given back and these codes are used.
    #[must_use]
    pub fn unused(&self, used: &BTreeSet<DossierCode>) -> Vec<Numbers> {
        let mut unused: Vec<Numbers> = Vec::new();
        for number in self.numbers.iter() {
            if used.contains(&self.code(number)) {
                continue;
            }
            match unused.last_mut() {
                Some(numbers) if numbers.last + 1 == number => numbers.last = number,
                _ => unused.push(Numbers {
                    first: number,
                    last: number,
                }),
            }
        }
        unused
    }
}

impl Numbers {
    /// So many after a number.
    #[must_use]
    pub fn after(last: u32, count: u32) -> Self {
        Self {
            first: last + 1,
            last: last + count,
        }
    }

    /// Each of them in order.
    pub fn iter(self) -> impl Iterator<Item = u32> {
        self.first..=self.last
    }

    fn has(self, number: u32) -> bool {
        (self.first..=self.last).contains(&number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Block {
        Block {
            uid: "block".to_owned(),
            unit: "unit".to_owned(),
            date: "2017-08-28".parse().unwrap(),
            beginning: "000.00.12.H15-170828".to_owned(),
            numbers: Numbers::after(3, 5),
            returned_at: None,
        }
    }

    fn code(text: &str) -> DossierCode {
        DossierCode::parse(text).unwrap()
    }

    #[test]
    fn a_block_has_its_own_codes_and_no_others() {
        let block = block();
        assert_eq!(block.codes().count(), 5);
        assert!(block.codes().all(|code| block.has(&code)));
        for other in [
            "000.00.12.H15-170828-0003",
            "000.00.12.H15-170828-0009",
            "000.00.12.H15-170829-0004",
            "000.00.13.H15-170828-0004",
            // The same number, written otherwise.
            "000.00.12.H15-170828-00004",
        ] {
            assert!(!block.has(&code(other)), "{other}");
        }
    }

    #[test]
    fn what_no_dossier_has_is_unused_in_as_few_stretches_as_there_are() {
        let block = block();
        let used = ["000.00.12.H15-170828-0004", "000.00.12.H15-170828-0006"];
        let used = used.map(code).into_iter().collect();
        let numbers = |first, last| Numbers { first, last };
        assert_eq!(block.unused(&used), [numbers(5, 5), numbers(7, 8)]);
        assert_eq!(block.unused(&BTreeSet::new()), [block.numbers]);
        assert_eq!(block.unused(&block.codes().collect()), []);
    }
}
