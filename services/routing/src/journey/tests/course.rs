//! A journey that is saved and loaded after every act, with everything that it told: what the store and the log would have.

use std::collections::{BTreeMap, BTreeSet};

use super::{Around, DESK, Holding, Journey, moment, open_holdings};
use crate::error::Error;
use crate::journey::{Told, What};
use crate::route::{RESULT, Route};
use crate::transfer::{State, Transfer};

/// An act on a transfer, or what intake told.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Accept,
    Decline,
    Forward(&'static str),
    Complete,
    Decided,
    Returned,
    Withdrawn,
}

/// What the store and the log would have.
pub struct Course {
    around: Around,
    pub journey: Journey,
    told: Vec<Told>,
    minutes: i64,
    closed: bool,
}

impl Course {
    pub fn open(route: Route) -> Self {
        let around = Around::new();
        let mut journey = Journey::open(route, DESK, moment(0), around.get()).unwrap();
        let told = journey.take_told();
        let stored = saved(
            &Journey::stored(journey.route.clone(), vec![], vec![]),
            &journey,
        );
        Self {
            around,
            journey: stored,
            told,
            minutes: 0,
            closed: false,
        }
    }

    /// Does an act on the `nth` transfer, as somebody who saw it `stale` offers or acceptances ago. Whether it was possible.
    pub fn act(&mut self, act: Act, nth: usize, stale: i64) -> bool {
        let transfers = self.journey.transfers();
        let transfer = transfers[nth % transfers.len()].clone();
        if !self.intake_and_ledger_let_through(act, &transfer) {
            return false;
        }
        self.minutes += 7;
        let mut journey = self.journey.clone();
        if self.apply(&mut journey, act, &transfer, stale).is_err() {
            return false;
        }
        self.told.extend(journey.take_told());
        self.journey = saved(&self.journey, &journey);
        self.closed |= matches!(act, Act::Withdrawn | Act::Returned);
        true
    }

    /// Intake tells of one end only, and of what the holder did; the ledger keeps deciding steps for intake.
    fn intake_and_ledger_let_through(&self, act: Act, transfer: &Transfer) -> bool {
        let decided = self
            .journey
            .transfers()
            .iter()
            .any(|transfer| transfer.work.key == RESULT);
        let held = matches!(transfer.state, State::Accepted(_));
        let result = transfer.work.key == RESULT;
        match act {
            Act::Accept | Act::Decline | Act::Forward(_) => true,
            Act::Complete => !transfer.work.decides && !result,
            Act::Decided => !self.closed && !decided && held && transfer.work.decides,
            Act::Returned => !self.closed && held && result,
            Act::Withdrawn => !self.closed && !decided,
        }
    }

    fn apply(
        &self,
        journey: &mut Journey,
        act: Act,
        on: &Transfer,
        stale: i64,
    ) -> Result<(), Error> {
        let (uid, at) = (on.uid.as_str(), moment(self.minutes));
        let offer = on.offer_epoch - stale;
        let acceptance = on.state.acceptance();
        let custody = acceptance.map_or(0, |acceptance| acceptance.epoch) - stale;
        let (around, calendar) = (self.around.get(), &self.around.calendar);
        match act {
            Act::Accept => journey.accept(uid, offer, at)?,
            Act::Decline => journey.decline(uid, offer, "không thuộc thẩm quyền")?,
            Act::Forward(to) => journey.forward(uid, offer, to, "đúng nơi", (at, calendar))?,
            Act::Complete => journey.complete(uid, custody, at, around)?,
            Act::Decided => journey.decided(uid, at, around)?,
            Act::Returned => journey.returned(uid, at)?,
            Act::Withdrawn => journey.withdrawn(at),
        }
        Ok(())
    }

    /// Everything that holds at every moment.
    pub fn check(&self) {
        self.every_branch_has_one_custodian();
        self.an_open_route_has_an_open_branch_and_a_closed_one_has_none();
        self.the_book_has_no_hole();
        self.custody_epochs_count_acceptances();
        self.offers_add_up();
        self.the_log_says_who_is_responsible();
        self.no_step_was_offered_before_its_predecessors_were_done();
    }

    fn every_branch_has_one_custodian(&self) {
        for transfer in self.journey.transfers() {
            let open = open_holdings(&self.journey, &transfer.uid);
            let open: Vec<&str> = open.iter().map(|held| held.custodian.as_str()).collect();
            let responsible = match transfer.state {
                State::Offered | State::Declined => Some(transfer.from.as_str()),
                State::Accepted(_) => Some(transfer.to.as_str()),
                State::Completed(..) if self.waits(transfer) => Some(transfer.to.as_str()),
                State::Completed(..) | State::Recalled(_) | State::Cancelled(..) => None,
            };
            assert_eq!(open, Vec::from_iter(responsible), "{transfer:?}");
        }
    }

    /// Whether what comes after a completed step has not been offered yet.
    fn waits(&self, completed: &Transfer) -> bool {
        let route = &self.journey.route;
        let is_offered = |key: &str| {
            let mut transfers = self.journey.transfers().iter();
            transfers.any(|transfer| transfer.work.key == key)
        };
        let mut after = route.steps_after(&completed.work.key).peekable();
        let waits = after.peek().is_none() || after.any(|step| !is_offered(&step.key));
        route.open && waits && !is_offered(RESULT)
    }

    fn an_open_route_has_an_open_branch_and_a_closed_one_has_none(&self) {
        let open = self
            .journey
            .holdings
            .iter()
            .any(|holding| holding.until.is_none());
        assert_eq!(open, self.journey.route.open);
        assert_eq!(open, !self.closed);
    }

    fn the_book_has_no_hole(&self) {
        for transfer in self.journey.transfers() {
            let holdings = self.journey.holdings.iter();
            let book: Vec<&Holding> = holdings
                .filter(|holding| holding.transfer == transfer.uid)
                .collect();
            assert_eq!(book[0].custodian, transfer.from);
            for (ordinal, holding) in (0..).zip(&book) {
                assert_eq!(holding.ordinal, ordinal);
            }
            for pair in book.windows(2) {
                assert_eq!(pair[0].until, Some(pair[1].since));
            }
        }
    }

    fn custody_epochs_count_acceptances(&self) {
        let accepted = self.told.iter().filter(|told| told.what == What::Accepted);
        let epochs = accepted.map(|told| told.transfer.state.acceptance().unwrap().epoch);
        let epochs: Vec<i64> = epochs.collect();
        let counted: Vec<i64> = (1..=self.journey.route.custody_epoch).collect();
        assert_eq!(epochs, counted);
    }

    fn offers_add_up(&self) {
        let mut offers = Offers::default();
        for told in &self.told {
            offers.take(told);
        }
        for pair in offers.open.values() {
            *offers.left.entry(*pair).or_default() -= 1;
        }
        let add_up = offers.left.values().all(|left| *left == 0);
        assert!(add_up, "{:?}", offers.left);
        let told: BTreeSet<(&str, i64)> = offers.open.into_keys().collect();
        assert_eq!(told, self.offers_in_store());
    }

    fn offers_in_store(&self) -> BTreeSet<(&str, i64)> {
        let transfers = self.journey.transfers().iter();
        let offered = transfers.filter(|transfer| transfer.state == State::Offered);
        offered
            .map(|transfer| (transfer.uid.as_str(), transfer.offer_epoch))
            .collect()
    }

    fn the_log_says_who_is_responsible(&self) {
        let mut told = BTreeMap::new();
        for Told {
            transfer,
            custodian,
            ..
        } in &self.told
        {
            match custodian {
                Some(custodian) => told.insert(&transfer.uid, custodian.clone()),
                None => told.remove(&transfer.uid),
            };
        }
        let open = self
            .journey
            .holdings
            .iter()
            .filter(|holding| holding.until.is_none());
        let open = open.map(|holding| {
            (
                &holding.transfer,
                (holding.custodian.clone(), holding.since),
            )
        });
        assert_eq!(told, open.collect());
    }

    fn no_step_was_offered_before_its_predecessors_were_done(&self) {
        let mut done: BTreeSet<&str> = BTreeSet::new();
        for Told { what, transfer, .. } in &self.told {
            let key = transfer.work.key.as_str();
            match (what, self.journey.route.step(key)) {
                (What::Completed, _) => drop(done.insert(key)),
                (What::Offered, Some(step)) => {
                    assert!(
                        step.after
                            .iter()
                            .all(|before| done.contains(before.as_str()))
                    );
                }
                _ => {}
            }
        }
    }
}

/// Per pair: offered = accepted + declined + recalled + re-homed + open, as `motcua check` counts.
#[derive(Default)]
struct Offers<'a> {
    open: BTreeMap<(&'a str, i64), (&'a str, &'a str)>,
    left: BTreeMap<(&'a str, &'a str), i64>,
}

impl<'a> Offers<'a> {
    fn take(&mut self, Told { what, transfer, .. }: &'a Told) {
        let (uid, epoch) = (transfer.uid.as_str(), transfer.offer_epoch);
        let pair = (transfer.from.as_str(), transfer.to.as_str());
        match what {
            What::Offered => {
                let twice = self.open.keys().any(|(other, _)| *other == uid);
                assert!(!twice, "two open offers of {transfer:?}");
                self.open.insert((uid, epoch), pair);
                *self.left.entry(pair).or_default() += 1;
            }
            What::Accepted | What::Declined | What::Rehomed => {
                let offer = self.open.remove(&(uid, epoch));
                assert_eq!(offer, Some(pair), "there is no such offer");
                *self.left.entry(pair).or_default() -= 1;
            }
            // What was declined is no open offer any more when it is recalled.
            What::Recalled if self.open.remove(&(uid, epoch)).is_some() => {
                *self.left.entry(pair).or_default() -= 1;
            }
            What::Recalled
            | What::Completed
            | What::Cancelled
            | What::Released
            | What::DueMoved => {}
        }
    }
}

/// What is loaded after the rows that an act touched were written over those of before: exactly what it left.
fn saved(before: &Journey, after: &Journey) -> Journey {
    let (mut transfers, mut holdings) = (BTreeMap::new(), BTreeMap::new());
    let (touched, held) = after.touched();
    for transfer in before.transfers.iter().chain(touched) {
        transfers.insert(&transfer.uid, transfer);
    }
    for holding in before.holdings.iter().chain(held) {
        holdings.insert((&holding.transfer, holding.ordinal), holding);
    }
    for transfer in &after.transfers {
        assert_eq!(transfers[&transfer.uid], transfer, "not touched");
    }
    for holding in &after.holdings {
        let key = (&holding.transfer, holding.ordinal);
        assert_eq!(holdings[&key], holding, "not touched");
    }
    let transfers = transfers.into_values().cloned().collect();
    let holdings = holdings.into_values().cloned().collect();
    Journey::stored(after.route.clone(), transfers, holdings)
}
