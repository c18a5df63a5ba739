//! The journey of one dossier: its route, its transfers, and who is responsible for each branch. Pure.
//!
//! A branch opens when its step is first offered. From then until it closes exactly one unit is responsible for it: the sender
//! until acceptance, then the accepting unit, also after its work is done, until the steps after it have opened.

use std::collections::BTreeSet;

use kit::clock::Moment;
use kit::copies::UnitTable;
use sha2::{Digest as _, Sha256};
use worktime::Calendar;

use crate::error::Error;
use crate::route::{Part, RESULT, Route, Step};
use crate::transfer::{Acceptance, State, Transfer, Work};

/// The journey of one dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The plan.
    pub route: Route,
    transfers: Vec<Transfer>,
    holdings: Vec<Holding>,
    touched: BTreeSet<String>,
    told: Vec<Told>,
}

/// One unit's responsibility for one branch, from when until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The transfer of the branch's step.
    pub transfer: String,
    /// 0 for the sender's, then 1, 2 …
    pub ordinal: i32,
    /// The dossier.
    pub dossier: String,
    /// The step.
    pub step: String,
    /// The responsible unit.
    pub custodian: String,
    /// From when.
    pub since: Moment,
    /// Until when; `None` while it lasts.
    pub until: Option<Moment>,
}

/// What happened to a transfer, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// What.
    pub what: What,
    /// The transfer after it; before it, where it went on to another unit.
    pub transfer: Transfer,
    /// Who is responsible for the branch since when; `None` once it is closed.
    pub custodian: Option<(String, Moment)>,
}

/// What can happen to a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Offered.
    Offered,
    /// Accepted.
    Accepted,
    /// Declined.
    Declined,
    /// Called back.
    Recalled,
    /// Gone on to another unit before acceptance.
    Rehomed,
    /// Done.
    Completed,
    /// Ended without being done.
    Cancelled,
    /// Its custody went on to the steps after it.
    Released,
}

/// What deadlines and units are computed with.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The units, for successors.
    pub units: &'a UnitTable,
    /// The working calendar.
    pub calendar: &'a Calendar,
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

    /// The transfers and holdings that changed since it was loaded.
    pub fn touched(&self) -> (Vec<&Transfer>, Vec<&Holding>) {
        let touched = |uid: &str| self.touched.contains(uid);
        (
            self.transfers
                .iter()
                .filter(|transfer| touched(&transfer.uid))
                .collect(),
            self.holdings
                .iter()
                .filter(|holding| touched(&holding.transfer))
                .collect(),
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
    /// `STATE_FORBIDS`, `OFFER_CHANGED`.
    pub fn accept(&mut self, uid: &str, offer_epoch: i64, at: Moment) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        if transfer.state == State::Offered {
            transfer.must_be_offer(offer_epoch)?;
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
        at: (Moment, &Calendar),
    ) -> Result<(), Error> {
        let (at, calendar) = at;
        let before = self.transfer(uid)?.clone();
        let due = self
            .route
            .due(self.share_of(&before.work.key), at, calendar)?;
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
    /// `STATE_FORBIDS`; `NOT_THE_HOLDER` when the epoch is not that of the acceptance.
    pub fn complete(
        &mut self,
        uid: &str,
        custody_epoch: i64,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let transfer = self.transfer(uid)?;
        let completed = transfer.complete(at)?;
        if transfer
            .state
            .acceptance()
            .map(|acceptance| acceptance.epoch)
            != Some(custody_epoch)
        {
            return Err(Error::NotTheHolder {
                transfer: uid.to_owned(),
            });
        }
        self.note(What::Completed, completed.clone());
        if self.route.open {
            self.go_on_from(&completed, at, around)?;
        }
        Ok(())
    }

    /// Intake recorded the decision: the deciding step ends, and the result is offered to the returning desk.
    ///
    /// # Errors
    /// When that transfer is not held.
    pub fn decided(
        &mut self,
        uid: &str,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let completed = self.transfer(uid)?.complete(at)?;
        self.note(What::Completed, completed.clone());
        let result = Step {
            key: RESULT.to_owned(),
            name: "Trả kết quả tại bộ phận một cửa".to_owned(),
            after: vec![completed.work.key.clone()],
            unit: self.route.returning.clone(),
            role: kit::caller::Role::Receptionist,
            share_percent: 0,
            part: Part::Sole,
            decides: false,
        };
        self.offer(&result, &completed.to, at, around)?;
        self.close(uid, at);
        Ok(())
    }

    /// Intake recorded that the result was handed over: the journey ends.
    ///
    /// # Errors
    /// When that transfer is not held.
    pub fn returned(&mut self, uid: &str, at: Moment) -> Result<(), Error> {
        let completed = self.transfer(uid)?.complete(at)?;
        self.note(What::Completed, completed);
        self.close(uid, at);
        self.route.open = false;
        Ok(())
    }

    /// The dossier was withdrawn: offers are recalled, accepted steps cancelled, every branch closes.
    pub fn withdrawn(&mut self, at: Moment) {
        self.route.open = false;
        for transfer in self.transfers.clone() {
            match transfer.end(at) {
                Some(ended) => {
                    let cancelled = matches!(ended.state, State::Cancelled(..));
                    let what = if cancelled {
                        What::Cancelled
                    } else {
                        What::Recalled
                    };
                    self.note(what, ended);
                    self.close(&transfer.uid, at);
                }
                None => self.release(&transfer, at),
            }
        }
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

    fn transfer_of(&self, step: &str) -> Option<&Transfer> {
        self.transfers
            .iter()
            .find(|transfer| transfer.work.key == step)
    }

    fn share_of(&self, step: &str) -> u32 {
        self.route.step(step).map_or(0, |step| step.share_percent)
    }

    fn offer(
        &mut self,
        step: &Step,
        sender: &str,
        at: Moment,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        let to = around
            .units
            .resolve(&step.unit)
            .map_or(&step.unit, |unit| &unit.uid);
        let transfer = Transfer {
            uid: transfer_uid(&self.route.dossier, &step.key),
            dossier: self.route.dossier.clone(),
            dossier_code: self.route.code.clone(),
            procedure: self.route.procedure.clone(),
            work: Work {
                key: step.key.clone(),
                name: step.name.clone(),
                role: step.role,
                consulted: step.part == Part::Consulted,
                decides: step.decides,
            },
            from: sender.to_owned(),
            to: to.clone(),
            state: State::Offered,
            offer_epoch: 1,
            offered_at: at,
            due: self.route.due(step.share_percent, at, around.calendar)?,
            reason: String::new(),
            revision: 1,
        };
        self.hold(&transfer, 0, sender, at);
        self.note(What::Offered, transfer);
        Ok(())
    }

    fn hand_to(&mut self, accepted: &Transfer, at: Moment) {
        let before = self.end_holding(&accepted.uid, at);
        let ordinal = before.map_or(0, |ordinal| ordinal + 1);
        self.hold(accepted, ordinal, &accepted.to, at);
    }

    fn hold(&mut self, transfer: &Transfer, ordinal: i32, custodian: &str, since: Moment) {
        self.holdings.push(Holding {
            transfer: transfer.uid.clone(),
            ordinal,
            dossier: transfer.dossier.clone(),
            step: transfer.work.key.clone(),
            custodian: custodian.to_owned(),
            since,
            until: None,
        });
    }

    fn end_holding(&mut self, transfer: &str, at: Moment) -> Option<i32> {
        let open = self
            .holdings
            .iter_mut()
            .find(|holding| holding.transfer == transfer && holding.until.is_none())?;
        open.until = Some(at);
        Some(open.ordinal)
    }

    /// Closes the branch of a transfer whose last change was just noted.
    fn close(&mut self, transfer: &str, at: Moment) {
        self.end_holding(transfer, at);
        let last = self
            .told
            .iter_mut()
            .rev()
            .find(|told| told.transfer.uid == transfer);
        if let Some(last) = last {
            last.custodian = None;
        }
    }

    /// Closes the branch of a step that was done earlier and waited for others.
    fn release(&mut self, transfer: &Transfer, at: Moment) {
        if self.end_holding(&transfer.uid, at).is_some() {
            self.note(What::Released, transfer.clone());
        }
    }

    fn note(&mut self, what: What, transfer: Transfer) {
        let custodian = self.custodian(&transfer.uid);
        let custodian = custodian.map(|holding| (holding.custodian.clone(), holding.since));
        self.touched.insert(transfer.uid.clone());
        match self
            .transfers
            .iter_mut()
            .find(|known| known.uid == transfer.uid)
        {
            Some(known) => known.clone_from(&transfer),
            None => self.transfers.push(transfer.clone()),
        }
        self.told.push(Told {
            what,
            transfer,
            custodian,
        });
    }
}

/// A dossier has one transfer for each step, and its uid follows from both.
fn transfer_uid(dossier: &str, step: &str) -> String {
    let digest = Sha256::digest(format!("{dossier}/{step}"));
    let half: [u8; 16] = std::array::from_fn(|index| digest[index]);
    format!("{:032x}", u128::from_be_bytes(half))
}
