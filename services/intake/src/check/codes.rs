//! Every number that a desk gave out on a day is a dossier's, void with a reason, or reserved for a counter that works offline.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use sea_orm::{ConnectionTrait, DbErr};

use crate::block::{Block, Void};
use crate::code::DossierCode;
use crate::store;

/// What the codes in the store look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codes {
    /// How many dossiers have.
    pub dossiers: usize,
    /// Numbers that are void with a reason.
    pub void: usize,
    /// Numbers that are reserved for counters that work offline, and not registered yet.
    pub reserved: usize,
    /// Codes that have more digits than the rule set of their day foresees.
    pub grown: usize,
    /// Numbers that were given out and are none of these, or that no desk's counter knows of.
    pub missing: usize,
    /// Codes that two dossiers have, and numbers that are two of these.
    pub twice: usize,
}

/// Accounts for the numbers of every desk and day.
///
/// # Errors
/// When the store does not answer.
pub async fn codes(db: &impl ConnectionTrait) -> Result<Codes, DbErr> {
    let given_out = store::all_numbers(db).await?;
    let mut account = Account::default();
    for block in store::all_blocks(db).await? {
        account.block(block);
    }
    for (unit, code) in store::codes(db).await? {
        account.dossier(unit, &code);
    }
    for void in store::voids(db).await? {
        account.void(void);
    }
    Ok(account.close(given_out))
}

/// A unit and a local day; none where a code names no day.
type Desk = (String, Option<NaiveDate>);

#[derive(Default)]
struct Account {
    found: Codes,
    desks: HashMap<Desk, Numbers>,
    /// What was set aside, by what its codes begin with: a unit may have ended before it registered a dossier, which is its
    /// successor's then.
    blocks: HashMap<String, Vec<Block>>,
}

/// The numbers of one desk and day.
#[derive(Default)]
struct Numbers {
    of_dossiers: BTreeSet<u32>,
    void: BTreeSet<u32>,
    in_blocks: BTreeSet<u32>,
    open: BTreeSet<u32>,
}

impl Account {
    fn dossier(&mut self, receiving: String, code: &DossierCode) {
        let unit = self.set_aside_by(code).unwrap_or(receiving);
        self.found.dossiers += 1;
        self.found.grown += usize::from(code.has_grown());
        let desk = self.desks.entry((unit, code.date())).or_default();
        let number = code.number().unwrap_or_default();
        self.found.twice += usize::from(!desk.of_dossiers.insert(number));
    }

    fn void(&mut self, void: Void) {
        let desk = self.desks.entry((void.unit, Some(void.date))).or_default();
        for number in void.numbers.iter() {
            self.found.twice += usize::from(!desk.void.insert(number));
        }
    }

    fn block(&mut self, block: Block) {
        let desk = (block.unit.clone(), Some(block.date));
        let desk = self.desks.entry(desk).or_default();
        for number in block.numbers.iter() {
            self.found.twice += usize::from(!desk.in_blocks.insert(number));
            if block.returned_at.is_none() {
                desk.open.insert(number);
            }
        }
        let same = self.blocks.entry(block.beginning.clone());
        same.or_default().push(block);
    }

    fn set_aside_by(&self, code: &DossierCode) -> Option<String> {
        let mut blocks = self.blocks.get(code.unit_and_day())?.iter();
        let block = blocks.find(|block| block.has(code))?;
        Some(block.unit.clone())
    }

    /// Compares with the last numbers of the desks.
    fn close(mut self, mut given_out: HashMap<(String, NaiveDate), u32>) -> Codes {
        for ((unit, date), numbers) in self.desks {
            let last = date.and_then(|date| given_out.remove(&(unit, date)));
            self.found.add(&numbers, last.unwrap_or_default());
        }
        // Desks of whose numbers nothing is there at all.
        for last in given_out.into_values() {
            self.found.add(&Numbers::default(), last);
        }
        self.found
    }
}

impl Codes {
    fn add(&mut self, numbers: &Numbers, last: u32) {
        let Numbers {
            of_dossiers,
            void,
            open,
            ..
        } = numbers;
        self.void += void.len();
        self.reserved += open.difference(of_dossiers).count();
        self.twice += of_dossiers.intersection(void).count() + open.intersection(void).count();
        let accounted = [of_dossiers, void, open];
        let is_accounted = |number: &u32| accounted.iter().any(|some| some.contains(number));
        let holes = (1..=last).filter(|number| !is_accounted(number)).count();
        let all: BTreeSet<u32> = accounted.into_iter().flatten().copied().collect();
        self.missing += holes + all.iter().filter(|number| **number > last).count();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "unit";

    fn date() -> NaiveDate {
        "2017-08-28".parse().unwrap()
    }

    fn numbers(first: u32, last: u32) -> crate::block::Numbers {
        crate::block::Numbers { first, last }
    }

    fn block(first: u32, last: u32, is_open: bool) -> Block {
        Block {
            uid: format!("{first}"),
            unit: UNIT.to_owned(),
            date: date(),
            beginning: "000.00.12.H15-170828".to_owned(),
            numbers: numbers(first, last),
            returned_at: (!is_open).then(chrono::DateTime::default),
        }
    }

    fn void(first: u32, last: u32) -> Void {
        Void {
            unit: UNIT.to_owned(),
            date: date(),
            numbers: numbers(first, last),
            reason: "Máy chủ đã có mạng".to_owned(),
        }
    }

    fn with_dossiers(numbers: &[u32]) -> Account {
        let mut account = Account::default();
        for number in numbers {
            let code = DossierCode::allot("000.00.12.H15", date(), *number);
            account.dossier(UNIT.to_owned(), &code);
        }
        account
    }

    fn close(account: Account, last: u32) -> Codes {
        account.close(HashMap::from([((UNIT.to_owned(), date()), last)]))
    }

    #[test]
    fn every_number_is_a_dossiers_void_or_reserved() {
        let mut account = with_dossiers(&[1, 2, 4, 7]);
        account.block(block(3, 5, false));
        account.void(void(3, 3));
        account.void(void(5, 5));
        account.block(block(6, 8, true));
        let found = Codes {
            dossiers: 4,
            void: 2,
            reserved: 2,
            ..Codes::default()
        };
        assert_eq!(close(account, 8), found);
    }

    #[test]
    fn a_code_that_was_set_aside_is_its_units_whoever_has_the_dossier() {
        let mut account = Account::default();
        account.block(block(1, 1, true));
        let code = DossierCode::allot("000.00.12.H15", date(), 1);
        account.dossier("heir".to_owned(), &code);
        let found = Codes {
            dossiers: 1,
            ..Codes::default()
        };
        assert_eq!(close(account, 1), found);
    }

    #[test]
    fn what_is_none_of_these_is_missing() {
        assert_eq!(close(with_dossiers(&[1, 3]), 3).missing, 1);
        let mut given_back = with_dossiers(&[1]);
        given_back.block(block(2, 3, false));
        assert_eq!(close(given_back, 3).missing, 2);
        assert_eq!(close(Account::default(), 2).missing, 2);
        // More than the desk's counter knows of.
        assert_eq!(close(with_dossiers(&[1, 2]), 1).missing, 1);
    }

    #[test]
    fn what_is_two_of_these_is_there_twice() {
        assert_eq!(close(with_dossiers(&[1, 1]), 1).twice, 1);
        let mut account = with_dossiers(&[1]);
        account.void(void(1, 1));
        account.block(block(2, 3, true));
        account.block(block(3, 4, true));
        assert_eq!(close(account, 4).twice, 2);
    }

    #[test]
    fn codes_that_grew_are_counted() {
        assert_eq!(with_dossiers(&[9_999, 10_000]).found.grown, 1);
    }
}
