//! Dossiers that do not go straight on: guided, supplemented, paid for, or promised anew.

use chrono::NaiveDateTime;
use proto::routing::v1::Transfer;

use super::{RESULT, Stage, what_ends};
use crate::demo::act::{Act, Held};
use crate::demo::error::Error;
use crate::demo::plan::Fate;
use crate::demo::time;
use crate::rpc::Answer;

/// What a desk adds to the time that it expects when it promises another.
const MARGIN_MINUTES: u32 = 240;

impl Stage {
    pub(super) fn guided(&mut self, dossier: usize, at: NaiveDateTime) {
        self.counts.guided += 1;
        let answered = self.pace.answered_by_applicant(dossier, at);
        self.agenda.note(answered, dossier, Act::Supplement(None));
    }

    pub(super) fn receive_soon(&mut self, dossier: usize, at: NaiveDateTime) {
        let answered = self.pace.answered(dossier, at);
        self.agenda.note(answered, dossier, Act::Receive);
    }

    pub(super) fn asked_supplement(&mut self, dossier: usize, held: Held, at: NaiveDateTime) {
        self.counts.supplements_asked += 1;
        let answered = self.pace.answered_by_applicant(dossier, at);
        self.agenda
            .note(answered, dossier, Act::Supplement(Some(held)));
    }

    pub(super) fn asked_payment(
        &mut self,
        dossier: usize,
        held: Held,
        answer: &Answer,
        at: NaiveDateTime,
    ) -> Result<(), Error> {
        self.counts.payments_asked += 1;
        let owed = self.courses[dossier].owed.clone();
        let owed = owed.ok_or_else(|| answer.lacks("nothing is owed after a payment was asked"))?;
        let answered = self.pace.answered_by_applicant(dossier, at);
        self.agenda.note(answered, dossier, Act::Pay(held, owed));
        Ok(())
    }

    /// The clock goes on: the step takes what it would have taken, from now.
    pub(super) fn goes_on(
        &mut self,
        dossier: usize,
        held: Held,
        answer: &Answer,
        at: NaiveDateTime,
    ) {
        let fate = self.filings[dossier].fate;
        let accepted = time::of(held.transfer.accepted_at.as_ref());
        let unit = self.province.place(&held.transfer.to_unit_uid);
        let done = self
            .pace
            .done(dossier, fate, &held.transfer, unit.unwrap_or_default());
        let work = self.pace.office.between(accepted, done);
        let act = what_ends(fate, &held.transfer);
        let held = Held {
            resumed: answer.position.clone(),
            ..held
        };
        self.agenda
            .note(self.pace.office.after(at, work), dossier, act(held));
    }

    /// What the unit that took on the first step asks for, where it is the only one at work.
    pub(super) fn asks(&self, dossier: usize, step: &Transfer) -> Option<fn(Held) -> Act> {
        let filing = &self.filings[dossier];
        let first = &self.province.procedures[filing.procedure].first_steps;
        let is_alone = first.len() == 1 && first.contains(&step.step_key);
        match filing.fate {
            Fate::Supplemented if is_alone => Some(Act::AskSupplement),
            Fate::Paying if is_alone => Some(Act::AskPayment),
            _ => None,
        }
    }

    /// The desk sees that a step will be done too late, and promises another time, once.
    pub(super) fn apologise_before(
        &mut self,
        dossier: usize,
        step: &Transfer,
        (at, done): (NaiveDateTime, NaiveDateTime),
    ) {
        // Where it is collected late, nobody has to apologise.
        let is_work = !step.consulted && step.step_key != RESULT;
        let apologises = self.filings[dossier].fate == Fate::Apologised && is_work;
        let appointment = self.courses[dossier].appointment;
        let missed = appointment.filter(|appointment| apologises && done > *appointment);
        let when = missed.map(|appointment| self.pace.apologised(dossier, at, appointment));
        // Where the step is done as soon as that, nothing is left to be promised.
        if let Some(when) = when.filter(|when| *when < done)
            && self.apologising.insert(dossier)
        {
            let promised = self.pace.office.after(done, MARGIN_MINUTES);
            self.agenda.note(when, dossier, Act::Apologise(promised));
        }
    }
}
