//! A journey to act on by the keys of its steps.

use super::{Around, DESK, Journey, moment, of};
use chrono::NaiveDate;
use kit::clock::Moment;

use crate::act::Resumed;
use crate::error::Error;
use crate::journey::What;
use crate::paper::{Piece, Receipt};
use crate::route::{Pause, Route, Why};

/// A journey, and what it told so far.
pub struct Acted {
    pub journey: Journey,
    around: Around,
    minutes: i64,
    stopped_at: Moment,
}

impl Acted {
    pub fn open(route: Route) -> Self {
        let around = Around::new();
        let journey = Journey::open(route, DESK, moment(0), around.get()).unwrap();
        Self {
            journey,
            around,
            minutes: 0,
            stopped_at: moment(0),
        }
    }

    /// Accepts the present offers of these steps, each a minute later.
    pub fn accept(&mut self, steps: &[&str]) -> &mut Self {
        for step in steps {
            let epoch = of(&self.journey, step).offer_epoch;
            self.try_accept(step, epoch).unwrap();
        }
        self
    }

    /// Completes these steps in their holders' names, each a minute later.
    pub fn complete(&mut self, steps: &[&str]) -> &mut Self {
        for step in steps {
            let acceptance = of(&self.journey, step).state.acceptance().unwrap();
            self.try_complete(step, acceptance.epoch).unwrap();
        }
        self
    }

    pub fn try_accept(&mut self, step: &str, offer_epoch: i64) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        self.journey.accept(&uid, offer_epoch, at)
    }

    pub fn try_decline(&mut self, step: &str, offer_epoch: i64) -> Result<(), Error> {
        let uid = self.uid(step);
        self.journey
            .decline(&uid, offer_epoch, "không thuộc thẩm quyền")
    }

    pub fn try_forward(&mut self, step: &str, offer_epoch: i64, to: &str) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        let at = (at, &self.around.calendar);
        self.journey.forward(&uid, offer_epoch, to, "đúng nơi", at)
    }

    pub fn try_recall(&mut self, step: &str, offer_epoch: i64) -> Result<(), Error> {
        let uid = self.uid(step);
        self.journey.recall(&uid, offer_epoch, "gửi nhầm nơi")
    }

    pub fn try_give_back(&mut self, step: &str, custody_epoch: i64) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        self.journey
            .give_back(&uid, custody_epoch, "thiếu hồ sơ", at)
    }

    /// Gives these steps back in their holders' names, each a minute later.
    pub fn give_back(&mut self, steps: &[&str]) -> &mut Self {
        for step in steps {
            let acceptance = of(&self.journey, step).state.acceptance().unwrap();
            self.try_give_back(step, acceptance.epoch).unwrap();
        }
        self
    }

    /// The holder of a step sends the dossier back to another.
    pub fn try_send_back(&mut self, step: &str, to: &str) -> Result<(), Error> {
        let transfer = of(&self.journey, step);
        let (uid, epoch) = (transfer.uid.clone(), transfer.state.custody_epoch());
        let held = (uid.as_str(), epoch.unwrap_or_default());
        let (at, around) = (self.tick(), self.around.get());
        let to = (to, "làm lại");
        self.journey.send_back(held, to, at, around)
    }

    /// From now on another unit does the work of this one.
    pub fn merge(&mut self, gone: &str, heir: &str) {
        self.around.merge(gone, heir);
        let at = self.tick();
        self.journey.inherit(at, self.around.get());
    }

    pub fn try_complete(&mut self, step: &str, custody_epoch: i64) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        let around = self.around.get();
        self.journey.complete(&uid, custody_epoch, at, around)
    }

    pub fn try_decide(&mut self, step: &str) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        self.journey.decided(&uid, at, self.around.get())
    }

    pub fn try_return(&mut self, step: &str) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        self.journey.returned(&uid, at)
    }

    /// The paper of a step comes, but for what is missing of it.
    pub fn try_receive(&mut self, step: &str, missing: &[Piece]) -> Result<(), Error> {
        let (uid, at) = (self.uid(step), self.tick());
        let receipt = Receipt {
            unit: of(&self.journey, step).to.clone(),
            by: "officer".to_owned(),
            at,
            missing: missing.to_vec(),
        };
        let calendars = &self.around.calendar;
        self.journey.receive_paper(&uid, receipt, calendars)
    }

    pub fn withdraw(&mut self) {
        let at = self.tick();
        self.journey.withdrawn(at);
    }

    /// Intake stopped the clock for what the holder of this step asked.
    pub fn stop_clock(&mut self, step: &str) -> &mut Self {
        let uid = self.uid(step);
        self.stopped_at = self.tick();
        self.journey.clock_stopped(&uid, self.stopped_at);
        self
    }

    /// It goes on with what was left, or with the full limit anew; the result is due then.
    pub fn resume(&mut self, restarts: bool, due: Moment) {
        self.go_on((self.stopped_at, Why::Asked), restarts, due);
    }

    /// It had stood still for steps outside the limit since then, and goes on; the result is due then.
    pub fn come_inside(&mut self, since: Moment, due: Moment) {
        self.go_on((since, Why::OutsideLimit), false, due);
    }

    fn go_on(&mut self, (from, why): (Moment, Why), restarts: bool, due: Moment) {
        let to = self.tick();
        let resumed = Resumed {
            dossier: self.journey.route.dossier.clone(),
            pause: Pause { from, to, why },
            restarts,
            due,
        };
        let around = self.around.get();
        self.journey.clock_resumed(&resumed, around).unwrap();
    }

    pub fn move_deadline(&mut self, due: Moment) {
        let around = self.around.get();
        self.journey.deadline_moved(due, around).unwrap();
    }

    /// A new calendar says that nobody works on this day.
    pub fn close(&mut self, date: NaiveDate) {
        self.around.close(date);
        self.journey.reckon(self.around.get()).unwrap();
    }

    pub fn correct(&mut self, returning: &str) {
        let (at, around) = (self.tick(), self.around.get());
        self.journey.corrected(returning, at, around).unwrap();
    }

    /// Time goes by until so many minutes after receipt.
    pub fn wait_until(&mut self, minutes: i64) -> &mut Self {
        assert!(minutes > self.minutes);
        self.minutes = minutes - 1;
        self
    }

    /// What was told since it was last asked: each step with what happened to it.
    pub fn told(&mut self) -> Vec<(String, What)> {
        let told = self.journey.take_told().into_iter();
        told.map(|told| (told.transfer.work.key, told.what))
            .collect()
    }

    fn uid(&self, step: &str) -> String {
        of(&self.journey, step).uid.clone()
    }

    fn tick(&mut self) -> Moment {
        self.minutes += 1;
        moment(self.minutes)
    }
}
