//! A journey that is saved and loaded after every act, with everything that it told: what the store and the log would have.

mod invariants;

use std::collections::BTreeMap;

use kit::clock::Moment;

use super::{Around, DESK, Journey, moment};
use crate::act::Resumed;
use crate::error::Error;
use crate::journey::Told;
use crate::route::{Pause, RESULT, Route, Why};
use crate::transfer::{State, Transfer};

/// An act on a transfer, or what intake told.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Accept,
    Decline,
    Forward(&'static str),
    Recall,
    GiveBack,
    SendBack(&'static str),
    Merged(&'static str),
    Complete,
    Decided,
    Returned,
    Withdrawn,
    ClockStopped,
    Resumed,
    Restarted,
    Corrected(&'static str),
}

/// The clock as intake has it: stopped for what the holder of a transfer asked, which may be done here by then.
#[derive(Clone)]
struct Stop {
    transfer: String,
    was_held: bool,
    at: Moment,
}

/// What the store and the log would have.
pub struct Course {
    around: Around,
    pub journey: Journey,
    told: Vec<Told>,
    minutes: i64,
    closed: bool,
    stopped: Option<Stop>,
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
            stopped: None,
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
        if let Act::Merged(gone) = act {
            self.around.merge(gone, "heir");
        }
        let mut journey = self.journey.clone();
        if self.apply(&mut journey, act, &transfer, stale).is_err() {
            return false;
        }
        self.told.extend(journey.take_told());
        self.journey = saved(&self.journey, &journey);
        self.closed |= matches!(act, Act::Withdrawn | Act::Returned);
        self.intake_keeps(act, &transfer);
        true
    }

    fn intake_keeps(&mut self, act: Act, transfer: &Transfer) {
        match act {
            Act::ClockStopped => {
                self.stopped = Some(Stop {
                    transfer: transfer.uid.clone(),
                    was_held: matches!(transfer.state, State::Accepted(_)),
                    at: moment(self.minutes),
                });
            }
            Act::Resumed | Act::Restarted | Act::Withdrawn => self.stopped = None,
            _ => {}
        }
    }

    /// Intake tells of one end only, of what a holder did that it knows of, and of no decision while its clock stands still; the
    /// ledger keeps deciding steps for intake.
    fn intake_and_ledger_let_through(&self, act: Act, transfer: &Transfer) -> bool {
        let decided = self
            .journey
            .transfers()
            .iter()
            .any(|transfer| transfer.work.key == RESULT);
        // Intake may not have heard yet that a step went back.
        let went_back = transfer.given_back.is_some() && transfer.state.ended_at().is_none();
        let went_back = went_back || matches!(transfer.state, State::SentBack(..));
        let held = matches!(transfer.state, State::Accepted(_)) || went_back;
        let result = transfer.work.key == RESULT;
        match act {
            Act::Accept
            | Act::Decline
            | Act::Forward(_)
            | Act::Recall
            | Act::GiveBack
            | Act::SendBack(_)
            | Act::Merged(_) => true,
            Act::Complete => !transfer.work.decides && !result,
            Act::Decided => {
                let runs = !self.closed && !decided && self.stopped.is_none();
                runs && held && transfer.work.decides
            }
            Act::ClockStopped => {
                let runs = !self.closed && !decided && self.stopped.is_none();
                runs && transfer.state.acceptance().is_some()
            }
            Act::Resumed | Act::Restarted => self.stopped.is_some(),
            Act::Corrected(_) => !self.closed,
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
        let held = (uid, custody);
        let (around, calendar) = (self.around.get(), &self.around.calendar);
        match act {
            Act::Accept => journey.accept(uid, offer, at)?,
            Act::Decline => journey.decline(uid, offer, "không thuộc thẩm quyền")?,
            Act::Forward(to) => journey.forward(uid, offer, to, "đúng nơi", (at, calendar))?,
            Act::Recall => journey.recall(uid, offer, "gửi nhầm nơi")?,
            Act::GiveBack => journey.give_back(uid, custody, "thiếu hồ sơ", at)?,
            Act::SendBack(to) => journey.send_back(held, (to, "làm lại"), at, around)?,
            Act::Merged(_) => journey.inherit(at, around),
            Act::Complete => journey.complete(uid, custody, at, around)?,
            Act::Decided => journey.decided(uid, at, around)?,
            Act::Returned => journey.returned(uid, at)?,
            Act::Withdrawn => journey.withdrawn(at),
            Act::ClockStopped => journey.clock_stopped(uid, at),
            Act::Resumed | Act::Restarted => {
                let resumed = self.resumed(at, matches!(act, Act::Restarted));
                journey.clock_resumed(&resumed, around)?;
            }
            Act::Corrected(returning) => journey.corrected(returning, at, around)?,
        }
        Ok(())
    }

    fn resumed(&self, at: Moment, restarts: bool) -> Resumed {
        let from = self.stopped.as_ref().map_or(at, |stop| stop.at);
        Resumed {
            dossier: self.journey.route.dossier.clone(),
            pause: Pause {
                from,
                to: at,
                why: Why::Asked,
            },
            restarts,
            due: self.journey.route.appointment + (at - from),
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
