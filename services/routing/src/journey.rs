//! The journey of one dossier: its route, its transfers, and who is responsible for each branch. Pure.
//!
//! A branch opens when its step is first offered. From then until it closes exactly one unit is responsible for it: the sender
//! until acceptance, then the accepting unit, also after its work is done, until the steps after it have opened.

mod back;
mod branches;
mod dead_letter;
mod desk;
mod due;
mod links;
mod outcome;
mod paper;
mod succession;
#[cfg(test)]
mod tests;
mod told;
mod unit_rule;

use std::collections::BTreeSet;

use kit::clock::{self, Moment};
use kit::copies::{Calendars, Unit, UnitTable};

use crate::error::Error;
use crate::paper::Paper;
use crate::route::{Part, Route, Step};
use crate::transfer::{Acceptance, State, Transfer};

pub use told::{Holding, Told, What};

/// The journey of one dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The plan.
    pub route: Route,
    transfers: Vec<Transfer>,
    holdings: Vec<Holding>,
    touched: BTreeSet<String>,
    /// The holdings that began or ended, by transfer and ordinal.
    handed: BTreeSet<(String, i32)>,
    told: Vec<Told>,
}

/// What deadlines and units are computed with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The units, for successors.
    pub units: &'a UnitTable,
    /// When units work.
    pub calendar: &'a Calendars,
}

impl Surroundings<'_> {
    /// The unit that does the work of this one at a moment; itself where it is not known.
    fn unit<'a>(&'a self, uid: &'a str, at: Moment) -> &'a str {
        let resolved = self.units.resolve(uid, clock::local(at).date());
        resolved.map_or(uid, |unit| unit.uid)
    }

    /// The unit above this one at a moment; empty where there is none.
    fn above<'a>(&'a self, uid: &str, at: Moment) -> &'a str {
        let on = clock::local(at).date();
        let above = |unit: Unit<'a>| self.units.resolve(unit.parent, on);
        let above = self.units.resolve(uid, on).and_then(above);
        above.map_or("", |unit| unit.uid)
    }
}

impl Journey {
    /// A journey as the store has it.
    #[must_use]
    pub fn stored(route: Route, transfers: Vec<Transfer>, holdings: Vec<Holding>) -> Self {
        Self {
            route,
            transfers,
            holdings,
            touched: BTreeSet::new(),
            handed: BTreeSet::new(),
            told: Vec::new(),
        }
    }

    /// Opens a route: its first steps are offered by the receiving unit.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn open(
        route: Route,
        sender: &str,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<Self, Error> {
        let mut journey = Self::stored(route, Vec::new(), Vec::new());
        let first: Vec<Step> = journey.route.first_steps().cloned().collect();
        for step in first {
            journey.offer(&step, sender, at, around)?;
        }
        Ok(journey)
    }

    /// Forgets the person.
    pub fn forget(&mut self) {
        self.route.key = None;
        for transfer in &mut self.transfers {
            transfer.key = None;
            transfer.reason.clear();
            transfer.paper = Paper::default();
        }
    }

    /// The transfer with this uid.
    ///
    /// # Errors
    /// `TRANSFER_NOT_FOUND`.
    pub fn transfer(&self, uid: &str) -> Result<&Transfer, Error> {
        let found = self.transfers.iter().find(|transfer| transfer.uid == uid);
        found.ok_or(Error::TransferNotFound)
    }

    /// All transfers.
    #[must_use]
    pub fn transfers(&self) -> &[Transfer] {
        &self.transfers
    }

    /// Who is responsible for the branch of a transfer; `None` once it is closed.
    #[must_use]
    pub fn custodian(&self, transfer: &str) -> Option<&Holding> {
        self.holdings
            .iter()
            .find(|holding| holding.transfer == transfer && holding.until.is_none())
    }

    /// Who is or was responsible, as far as it was loaded and since.
    #[cfg(feature = "model")]
    #[must_use]
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// The transfers and holdings that changed since it was loaded.
    #[must_use]
    pub fn touched(&self) -> (Vec<&Transfer>, Vec<&Holding>) {
        let touched = |transfer: &&Transfer| self.touched.contains(&transfer.uid);
        let handed = |holding: &&Holding| {
            let key = (holding.transfer.clone(), holding.ordinal);
            self.handed.contains(&key)
        };
        (
            self.transfers.iter().filter(touched).collect(),
            self.holdings.iter().filter(handed).collect(),
        )
    }

    /// The transfers that were offered since it was last asked what happened.
    pub fn offered_now(&self) -> impl Iterator<Item = &Transfer> {
        let offered = self.told.iter().filter(|told| told.what == What::Offered);
        offered.map(|told| &told.transfer)
    }

    /// Takes what happened since it was last asked.
    pub fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Custody moves to the unit that the transfer is offered to.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `OFFER_CHANGED`, `OFFER_ON_HOLD`.
    pub fn accept(&mut self, uid: &str, offer_epoch: i64, at: Moment) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        if transfer.state == State::Offered {
            transfer.must_be_offer(offer_epoch)?;
            transfer.must_not_be_on_hold()?;
        }
        let epoch = self.route.custody_epoch + 1;
        let accepted = transfer.accept(Acceptance { at, epoch })?;
        self.route.custody_epoch = epoch;
        self.hand_to(&accepted, at);
        self.note(What::Accepted, accepted);
        Ok(())
    }

    /// The offer is declined; the sender stays responsible.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `OFFER_CHANGED`.
    pub fn decline(&mut self, uid: &str, offer_epoch: i64, reason: &str) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        if transfer.state == State::Offered {
            transfer.must_be_offer(offer_epoch)?;
        }
        let declined = transfer.decline(reason)?;
        self.note(What::Declined, declined);
        Ok(())
    }

    /// The transfer is offered to another unit, or again to the same.
    ///
    /// # Errors
    /// `STATE_FORBIDS`, `OFFER_CHANGED`.
    pub fn forward(
        &mut self,
        uid: &str,
        offer_epoch: i64,
        to: &str,
        reason: &str,
        at: (Moment, &Calendars),
    ) -> Result<(), Error> {
        let (at, calendar) = at;
        let before = self.transfer(uid)?.clone();
        let due = self.due_of(&before.work.key, to, at, calendar)?;
        let forwarded = before.forward(to, reason, at, due)?;
        before.must_be_offer(offer_epoch)?;
        if before.state == State::Offered {
            self.note(What::Rehomed, before);
        }
        self.note(What::Offered, forwarded);
        Ok(())
    }

    /// A step is done by its holder. The steps after it whose predecessors are all done are offered.
    ///
    /// # Errors
    /// `STATE_FORBIDS`; `NOT_THE_HOLDER` when the epoch is not that of the acceptance; `DOSSIER_SUSPENDED`.
    pub fn complete(
        &mut self,
        uid: &str,
        custody_epoch: i64,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        let completed = transfer.complete(at)?;
        self.must_be_held(transfer, custody_epoch)?;
        let was_held = matches!(transfer.state, State::Accepted(_));
        self.note(What::Completed, completed.clone());
        if self.route.open && was_held {
            self.go_on_from(&completed, at, around)?;
        }
        Ok(())
    }

    /// Compares the custody that a caller has with the present one, of a step that does not wait for the applicant.
    fn must_be_held(&self, transfer: &Transfer, custody_epoch: i64) -> Result<(), Error> {
        let uid = &transfer.uid;
        if transfer.state.custody_epoch() != Some(custody_epoch) {
            return Err(Error::NotTheHolder {
                transfer: uid.clone(),
            });
        }
        if self.route.suspended_by.as_ref() == Some(uid) {
            return Err(Error::DossierSuspended {
                transfer: uid.clone(),
            });
        }
        Ok(())
    }

    fn go_on_from(
        &mut self,
        completed: &Transfer,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let ready: Vec<Step> = self
            .route
            .steps_after(&completed.work.key)
            .filter(|step| step.after.iter().all(|before| self.is_done(before)))
            .cloned()
            .collect();
        for step in &ready {
            let sender = self.sender_of(step, completed);
            self.offer(step, &sender, at, around)?;
        }
        for before in ready.iter().flat_map(|step| &step.after) {
            let Some(transfer) = self.transfer_of(before).cloned() else {
                continue;
            };
            if transfer.uid == completed.uid {
                self.close(&transfer.uid, at);
            } else {
                self.release(&transfer, at);
            }
        }
        Ok(())
    }

    /// Of several predecessors the lead hands over; of one, that one.
    fn sender_of(&self, step: &Step, completed: &Transfer) -> String {
        let is_lead = |key: &&String| {
            self.route
                .step(key)
                .is_some_and(|step| step.part == Part::Lead)
        };
        let lead = step.after.iter().find(is_lead);
        let lead = lead.and_then(|key| self.transfer_of(key));
        lead.unwrap_or(completed).to.clone()
    }

    fn is_done(&self, key: &str) -> bool {
        self.transfer_of(key)
            .is_some_and(|transfer| matches!(transfer.state, State::Completed(..)))
    }

    /// The transfer of a step that counts: not one before the dossier was sent back.
    fn transfer_of(&self, step: &str) -> Option<&Transfer> {
        let mut of_step = self.attempts(step);
        of_step.find(|transfer| !transfer.state.is_superseded())
    }

    /// All transfers of a step.
    fn attempts(&self, step: &str) -> impl Iterator<Item = &Transfer> {
        let transfers = self.transfers.iter();
        transfers.filter(move |transfer| transfer.work.key == step)
    }
}
