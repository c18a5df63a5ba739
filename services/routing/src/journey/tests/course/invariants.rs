//! What holds at every moment of a journey.

use std::collections::{BTreeMap, BTreeSet};

use kit::clock::Moment;

use super::super::offers::Offers;
use super::super::{Holding, open_holdings};
use super::Course;
use crate::journey::{Told, What};
use crate::route::RESULT;
use crate::transfer::{State, Transfer};

impl Course {
    /// Everything that holds at every moment.
    pub fn check(&self) {
        self.every_branch_has_one_custodian();
        self.an_open_route_has_an_open_branch_and_a_closed_one_has_none();
        self.the_book_has_no_hole();
        self.custody_epochs_count_acceptances_and_returns();
        self.offers_add_up();
        self.the_log_says_who_is_responsible();
        self.no_step_was_offered_before_its_predecessors_were_done();
        self.what_waits_for_the_applicant_is_not_done();
        self.what_is_on_hold_is_its_senders_while_the_clock_stands_still();
    }

    fn what_is_on_hold_is_its_senders_while_the_clock_stands_still(&self) {
        let transfers = self.journey.transfers().iter();
        for transfer in transfers.filter(|transfer| transfer.on_hold) {
            let state = transfer.state;
            assert!(
                state == State::Offered || state.waits_for_sender(),
                "{state:?}"
            );
            assert!(self.journey.route.stopped_at.is_some());
        }
    }

    fn what_waits_for_the_applicant_is_not_done(&self) {
        let waiting = self.stopped.as_ref().filter(|stop| stop.was_held);
        let waiting = waiting.map(|stop| stop.transfer.as_str());
        assert_eq!(self.journey.route.suspended_by.as_deref(), waiting);
        if let Some(waiting) = waiting {
            let state = self.journey.transfer(waiting).unwrap().state;
            assert!(matches!(state, State::Accepted(_)), "{state:?}");
        }
    }

    fn every_branch_has_one_custodian(&self) {
        for transfer in self.journey.transfers() {
            let open = open_holdings(&self.journey, &transfer.uid);
            let open: Vec<&str> = open.iter().map(|held| held.custodian.as_str()).collect();
            let responsible = match transfer.state {
                State::Offered | State::Declined | State::CalledBack | State::GivenBack(_) => {
                    Some(transfer.from.as_str())
                }
                State::Accepted(_) => Some(transfer.to.as_str()),
                State::Completed(_, at) if self.waits(transfer, at) => Some(transfer.to.as_str()),
                State::Completed(..)
                | State::Recalled(_)
                | State::Cancelled(..)
                | State::SentBack(..)
                | State::Undone(..) => None,
            };
            assert_eq!(open, Vec::from_iter(responsible), "{transfer:?}");
        }
    }

    /// Whether what comes after a completed step has not been offered since it was.
    fn waits(&self, completed: &Transfer, at: Moment) -> bool {
        let route = &self.journey.route;
        let is_offered = |key: &str| {
            let mut transfers = self.journey.transfers().iter();
            transfers.any(|transfer| transfer.work.key == key && transfer.offered_at >= at)
        };
        let mut after = route.steps_after(&completed.work.key).peekable();
        let waits = after.peek().is_none() || after.any(|step| !is_offered(&step.key));
        let mut transfers = self.journey.transfers().iter();
        let decided = transfers.any(|transfer| transfer.work.key == RESULT);
        route.open && waits && !decided
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
            let mut told = self.told.iter();
            let first = told.find(|told| told.transfer.uid == transfer.uid);
            assert_eq!(book[0].custodian, first.unwrap().transfer.from);
            for (ordinal, holding) in (0..).zip(&book) {
                assert_eq!(holding.ordinal, ordinal);
            }
            for pair in book.windows(2) {
                assert_eq!(pair[0].until, Some(pair[1].since));
            }
        }
    }

    fn custody_epochs_count_acceptances_and_returns(&self) {
        let moves = self.told.iter().filter(|told| match told.what {
            What::Accepted => true,
            What::Returned => told.custodian.is_some(),
            _ => false,
        });
        let epochs = moves.map(|told| told.transfer.state.custody_epoch().unwrap());
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
                (What::Undone, _) => drop(done.remove(key)),
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
