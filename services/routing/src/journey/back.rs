//! A dossier that goes back: called back by the sender, given back by its holder, sent back to a step before.

use std::collections::BTreeSet;

use kit::clock::Moment;

use super::{Journey, Surroundings, What};
use crate::error::Error;
use crate::route::RESULT;
use crate::transfer::{State, Transfer};

impl Journey {
    /// The sender calls an open offer back, stays responsible and forwards it.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `OFFER_CHANGED`.
    pub fn recall(&mut self, uid: &str, offer_epoch: i64, reason: &str) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        let recalled = transfer.recall(reason)?;
        transfer.must_be_offer(offer_epoch)?;
        self.note(What::Recalled, recalled);
        Ok(())
    }

    /// The holder gives a step back to the unit that sent it, which is responsible from now on and forwards it.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `NOT_THE_HOLDER`, `DOSSIER_SUSPENDED`.
    pub fn give_back(
        &mut self,
        uid: &str,
        custody_epoch: i64,
        reason: &str,
        at: Moment,
    ) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        let epoch = self.route.custody_epoch + 1;
        let returned = transfer.give_back(reason, epoch)?;
        self.must_be_held(transfer, custody_epoch)?;
        self.route.custody_epoch = epoch;
        self.hand(&returned, &returned.from, at);
        self.note(What::Returned, returned);
        Ok(())
    }

    /// A leader of the unit that holds a step sends the dossier back to an earlier one, which is offered anew to the unit that
    /// did it. Whatever came after that is to be done again.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `NOT_THE_HOLDER`, `DOSSIER_SUSPENDED`, `ALREADY_DECIDED`, `STEP_NOT_BEFORE`, `BRANCH_BESIDE`;
    /// `CALENDAR_MISSING` when the calendar has no working time ahead.
    pub fn send_back(
        &mut self,
        (uid, custody_epoch): (&str, i64),
        (to, reason): (&str, &str),
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        let sent = transfer.send_back(reason, at)?;
        self.must_be_held(transfer, custody_epoch)?;
        if self.transfer_of(RESULT).is_some() {
            return Err(Error::AlreadyDecided);
        }
        let again = self.done_from(to, &sent.work.key)?;
        let did = again.iter().find(|transfer| transfer.work.key == to);
        let did = did.ok_or_else(|| Error::StepNotBefore(to.to_owned()))?;
        let step = self.route.step(to).cloned();
        let mut step = step.ok_or_else(|| Error::StepNotBefore(to.to_owned()))?;
        did.to.clone_into(&mut step.unit);
        self.note(What::Returned, sent.clone());
        self.close(uid, at);
        for undone in again.iter().filter_map(Transfer::undo) {
            self.note(What::Undone, undone);
        }
        self.offer(&step, &sent.to, at, around)?;
        self.explain(&step.key, reason);
        Ok(())
    }

    /// The completed transfers of a step and of all that came after it, where this one did; none of them has an open branch.
    fn done_from(&self, step: &str, held: &str) -> Result<Vec<Transfer>, Error> {
        let after = self.all_after(step);
        if !after.contains(held) {
            return Err(Error::StepNotBefore(step.to_owned()));
        }
        let mut done = Vec::new();
        for key in after.into_iter().chain([step]).filter(|key| *key != held) {
            let Some(transfer) = self.transfer_of(key) else {
                continue;
            };
            if self.custodian(&transfer.uid).is_some() {
                return Err(Error::BranchBeside(key.to_owned()));
            }
            if matches!(transfer.state, State::Completed(..)) {
                done.push(transfer.clone());
            }
        }
        Ok(done)
    }

    /// The keys of the steps that come after this one, near or far.
    fn all_after<'a>(&'a self, step: &'a str) -> BTreeSet<&'a str> {
        let (mut after, mut next) = (BTreeSet::new(), vec![step]);
        while let Some(key) = next.pop() {
            let steps = self.route.steps_after(key).map(|step| step.key.as_str());
            next.extend(steps.filter(|key| after.insert(*key)));
        }
        after
    }

    /// The unit that a step is offered to reads why.
    fn explain(&mut self, step: &str, reason: &str) {
        let offered = self.told.last_mut().map(|told| &mut told.transfer);
        let known = self.transfers.last_mut();
        for transfer in [offered, known].into_iter().flatten() {
            if transfer.work.key == step {
                reason.clone_into(&mut transfer.reason);
            }
        }
    }
}
