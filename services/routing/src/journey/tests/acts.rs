//! A journey to act on by the keys of its steps.

use super::{Around, DESK, Journey, moment, of};
use crate::error::Error;
use crate::journey::What;
use crate::route::Route;

/// A journey, and what it told so far.
pub struct Acted {
    pub journey: Journey,
    around: Around,
    minutes: i64,
}

impl Acted {
    pub fn open(route: Route) -> Self {
        let around = Around::new();
        let journey = Journey::open(route, DESK, moment(0), around.get()).unwrap();
        Self {
            journey,
            around,
            minutes: 0,
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

    pub fn withdraw(&mut self) {
        let at = self.tick();
        self.journey.withdrawn(at);
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

    fn tick(&mut self) -> crate::journey::Moment {
        self.minutes += 1;
        moment(self.minutes)
    }
}
