//! What intake tells of the whole dossier: how its journey ends, and where.

use kit::caller::Role;
use kit::clock::Moment;

use super::{Journey, Surroundings, What};
use crate::error::Error;
use crate::route::{Part, RESULT, Slice, Step};
use crate::transfer::{State, Transfer};

/// Why an offer of the result goes on to another desk.
const CORRECTED: &str = "Đính chính nơi trả kết quả";

impl Journey {
    /// Intake recorded the decision: the deciding step ends, and with it whatever ran beside it; the result is offered to the
    /// returning desk.
    ///
    /// # Errors
    /// When that transfer is not held, or the route is closed.
    pub fn decided(
        &mut self,
        uid: &str,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        if !self.route.open {
            return Err(Error::StateForbids {
                act: "RecordDecision",
                current: "CLOSED",
                allowed: &["OPEN"],
            });
        }
        let completed = self.finish(uid, at)?;
        self.end_all_but(Some(uid), at);
        let result = self.result(&completed.work.key);
        self.offer(&result, &completed.to, at, around)?;
        self.close(uid, at);
        Ok(())
    }

    /// Intake recorded that the result was handed over: the journey ends.
    ///
    /// # Errors
    /// When that transfer is not held.
    pub fn returned(&mut self, uid: &str, at: Moment) -> Result<(), Error> {
        self.finish(uid, at)?;
        self.close(uid, at);
        self.route.open = false;
        Ok(())
    }

    /// A step ends as intake recorded. What was offered anew since its holder gave it back is called back first.
    fn finish(&mut self, uid: &str, at: Moment) -> Result<Transfer, Error> {
        let mut transfer = self.transfer(uid)?.clone();
        if transfer.state == State::Offered && transfer.given_back.is_some() {
            transfer = transfer.recall(&transfer.reason)?;
            self.note(What::Recalled, transfer.clone());
        }
        let finished = transfer.finish(at)?;
        self.note(What::Completed, finished.clone());
        Ok(finished)
    }

    /// The dossier was withdrawn or stopped: offers are recalled, accepted steps cancelled, every branch closes.
    pub fn withdrawn(&mut self, at: Moment) {
        self.route.open = false;
        self.end_all_but(None, at);
    }

    /// The result returns to another desk than was planned. An offer of it goes on to that desk; a desk that has accepted it
    /// keeps it and returns it.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn corrected(
        &mut self,
        returning: &str,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        if self.route.returning == returning {
            return Ok(());
        }
        returning.clone_into(&mut self.route.returning);
        let desk = around.unit(returning, at);
        let waits = |result: &&Transfer| {
            let waits = result.state == State::Offered || result.state.waits_for_sender();
            waits && result.to != desk
        };
        let Some(result) = self.transfer_of(RESULT).filter(waits) else {
            return Ok(());
        };
        let (uid, offer_epoch) = (result.uid.clone(), result.offer_epoch);
        self.forward(&uid, offer_epoch, desk, CORRECTED, (at, around.calendar))
    }

    fn result(&self, decided: &str) -> Step {
        Step {
            key: RESULT.to_owned(),
            name: "Trả kết quả tại bộ phận một cửa".to_owned(),
            after: vec![decided.to_owned()],
            unit: self.route.returning.clone(),
            unit_rule: None,
            role: Role::Receptionist,
            slice: Slice::Percent(0),
            part: Part::Sole,
            decides: false,
            waits_for_paper: false,
        }
    }

    /// Ends whatever is under way, but for one transfer. Nothing waits for the applicant any more.
    fn end_all_but(&mut self, kept: Option<&str>, at: Moment) {
        self.clock_goes_on();
        let others: Vec<Transfer> = self
            .transfers
            .iter()
            .filter(|transfer| Some(transfer.uid.as_str()) != kept)
            .cloned()
            .collect();
        for transfer in others {
            let Some(ended) = transfer.end(at) else {
                self.release(&transfer, at);
                continue;
            };
            let what = if ended.state.acceptance().is_some() {
                What::Cancelled
            } else {
                What::Recalled
            };
            self.note(what, ended);
            self.close(&transfer.uid, at);
        }
    }
}
