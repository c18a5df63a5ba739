//! The steps of a dossier's life, as callers ask for them.

use kit::clock::{self, Moment};
use kit::log::NewEvent;
use kit::writer::{About, Effect};
use proto::intake::v1::dossier_change::Change as Told;

use super::resume::{self, Ended};
use super::{World, decide, outside, timing};
use crate::act::{Confirmed, OnDossier, Order, Postponed, Verb};
use crate::change::Change;
use crate::custody::{Claim, Custody, Purpose};
use crate::dossier::{
    Addition, Apology, Asked, Cause, Closing, Correction, Decision, Dossier, HandedIn, Item,
    Method, Paid, Payment, Receipt, Restart, Return, State, Stop, Why,
};
use crate::error::Error;
use crate::{filing, law, wire};

/// Who may stop the clock.
const LEADS: &[Purpose] = &[Purpose::Work, Purpose::Decide];

/// One step, and what the others are told of it.
pub(super) fn on_dossier(
    world: &World,
    on: &OnDossier,
    at: Moment,
) -> Result<Effect<Change>, Error> {
    let before = world.dossier(&on.dossier)?;
    let taken = Taken {
        world,
        on,
        before,
        at,
    };
    taken.must_hold()?;
    taken.must_have_seen()?;
    taken.must_be_allowed()?;
    let (dossier, told) = taken.decide()?;
    let reply = wire::reply::stepped(&on.verb, &dossier);
    let role = world.acting_as(on)?;
    let mut events: Vec<NewEvent> = told
        .into_iter()
        .map(|told| decide::event_by(&dossier, told, role))
        .collect();
    let particulars = wire::event::particulars(before, &dossier, on.verb.reason());
    // The step itself comes last.
    if let (Some(step), Some(particulars)) = (events.last_mut(), particulars) {
        step.personal = Some(particulars);
    }
    Ok(Effect {
        about: About::new(&dossier.uid, dossier.key.as_ref()),
        events,
        changes: vec![Change::Dossier(Box::new(dossier))],
        reply,
    })
}

/// A step that is being taken.
struct Taken<'a> {
    world: &'a World,
    on: &'a OnDossier,
    before: &'a Dossier,
    at: Moment,
}

type Done = (Dossier, Vec<Told>);

impl Taken<'_> {
    /// Whoever names a custody has it, in a state in which that matters; whoever names none has another right.
    fn must_hold(&self) -> Result<(), Error> {
        let Some((claim, purposes)) = self.on.verb.claim() else {
            return self.world.must_stand(self.on);
        };
        claim.must_be_known(self.custodies())?;
        if self.must_be_allowed().is_ok() {
            claim.check(self.custodies(), purposes, &self.on.rights)?;
        }
        Ok(())
    }

    fn must_have_seen(&self) -> Result<(), Error> {
        let (expected, current) = (self.on.expected_revision, self.before.revision);
        if expected == 0 || expected == current {
            return Ok(());
        }
        Err(Error::RevisionChanged { expected, current })
    }

    fn must_be_allowed(&self) -> Result<(), Error> {
        Ok(self.on.rights.must_allow(self.before.state.name())?)
    }

    fn decide(&self) -> Result<Done, Error> {
        match &self.on.verb {
            Verb::Receive => self.receive(),
            Verb::Refuse(reason) => {
                let refused = self.dossier().refuse(self.closing(reason))?;
                Ok((refused, vec![wire::event::refused()]))
            }
            Verb::Guide(items) => {
                self.must_be_places(items)?;
                let guided = self.dossier().guide(self.asked(items))?;
                Ok((guided, vec![wire::event::guided(items)]))
            }
            Verb::Forward(to) => self.forward(to),
            Verb::AskSupplement(claim, items) => self.ask_supplement(claim, items),
            Verb::Supplement(addition) => self.supplement(addition),
            Verb::AskPayment(claim, orders) => self.ask_payment(claim, orders),
            Verb::Pay(confirmed) => self.pay(confirmed),
            Verb::Postpone(postponed) => self.postpone(postponed),
            Verb::Correct(correction, _) => self.correct(correction),
            Verb::Stop(reason) => {
                let stopped = self.dossier().stop(self.closing(reason))?;
                Ok((stopped, vec![wire::event::stopped(false)]))
            }
            Verb::Withdraw(reason) => {
                let withdrawn = self.dossier().withdraw(self.closing(reason))?;
                Ok((withdrawn, vec![wire::event::withdrawn()]))
            }
            Verb::Decide(claim, decision, paper) => self.record(claim, decision, paper),
            Verb::Return(claim, method) => self.give_back(claim, *method),
        }
    }

    fn dossier(&self) -> Dossier {
        self.before.clone()
    }

    fn custodies(&self) -> &[Custody] {
        self.world.custodies(&self.before.uid)
    }

    fn closing(&self, reason: &str) -> Closing {
        Closing {
            reason: reason.to_owned(),
            at: self.at,
        }
    }

    fn asked(&self, items: &[Item]) -> Asked {
        Asked {
            items: items.to_vec(),
            at: self.at,
            answered_at: None,
        }
    }

    fn stop(&self, claim: &Claim, why: Why, then: Restart) -> Stop {
        Stop {
            why,
            then,
            from: self.at,
            to: None,
            transfer: claim.transfer.clone(),
        }
    }

    /// The receipt of a dossier whose clock runs or stands still.
    fn receipt(
        &self,
        act: &'static str,
        allowed: &'static [&'static str],
    ) -> Result<Receipt, Error> {
        let state = &self.before.state;
        let receipt = state.receipt().filter(|_| state.closing().is_none());
        Ok(receipt.ok_or(crate::dossier::InvalidTransition {
            act,
            current: state.name(),
            allowed,
        })?)
    }

    fn receive(&self) -> Result<Done, Error> {
        let terms = timing::terms_of(self.world, self.before)?;
        let receipt = timing::receipt(self.world, terms, &self.before.units, self.at)?;
        let received = self.dossier().receive(receipt)?;
        let told = wire::event::opened(&received);
        Ok((received, vec![told]))
    }

    fn forward(&self, to: &str) -> Result<Done, Error> {
        let procedure = self.world.procedure_of(&self.before.filing)?;
        let on = kit::clock::local(self.at).date();
        let receiving = filing::resolve(&self.world.units, &self.before.units.receiving, on)?;
        let desk = filing::Desk {
            receiving,
            competent: None,
            returning: None,
            units: &self.world.units,
            on,
        };
        let competent = filing::competent(procedure, to, &desk)?.to_owned();
        let told = wire::event::forwarded(&self.before.units.competent, &competent);
        Ok((self.dossier().forward(competent, self.at)?, vec![told]))
    }

    fn must_be_places(&self, items: &[Item]) -> Result<(), Error> {
        let filing = &self.before.filing;
        let case = self.world.procedure_of(filing)?.case(&filing.case_key)?;
        filing::must_be_places(case, items)
    }

    fn ask_supplement(&self, claim: &Claim, items: &[Item]) -> Result<Done, Error> {
        let receipt = self.receipt("RequestSupplement", &["PROCESSING"])?;
        if self.before.course.supplement.is_some() {
            return Err(Error::SupplementAskedBefore);
        }
        let calendar = self.world.calendar()?.of(&self.before.units.receiving);
        let by = law::ask_by(calendar, receipt.received_at).map_err(|_| Error::CalendarMissing)?;
        if self.at > by {
            return Err(Error::SupplementTooLate { by });
        }
        self.must_be_places(items)?;
        let received = kit::clock::local(receipt.received_at).date();
        let stop = self.stop(claim, Why::Supplement, law::after_supplement(received));
        let (_, answer_by) = law::unanswered(self.at);
        let told = wire::event::clock_stopped(&stop, (items, &[]), Some(answer_by));
        let asked = self.asked(items);
        let dossier = self.dossier().ask_supplement(asked, stop, answer_by)?;
        Ok((dossier, vec![told]))
    }

    fn ask_payment(&self, claim: &Claim, orders: &[Order]) -> Result<Done, Error> {
        let stop = self.stop(claim, Why::Payment, Restart::Resumes);
        let payments = orders.iter().map(|order| Payment {
            order: order.uid.clone(),
            name: order.name.clone(),
            amount_vnd: order.amount_vnd,
            asked_at: self.at,
            paid: None,
        });
        let payments: Vec<Payment> = payments.collect();
        let told = wire::event::clock_stopped(&stop, (&[], &payments), None);
        Ok((self.dossier().ask_payment(payments, stop)?, vec![told]))
    }

    fn supplement(&self, addition: &Addition) -> Result<Done, Error> {
        let course = &self.before.course;
        let is_submitted = self.before.state == State::Submitted;
        let asked = match &self.before.state {
            State::Submitted => course.guidance.as_ref(),
            _ => course.supplement.as_ref(),
        };
        let asked = asked.filter(|asked| asked.answered_at.is_none());
        if is_submitted && asked.is_none() {
            return Err(Error::NothingAsked);
        }
        let items = asked.map_or(&[][..], |asked| asked.items.as_slice());
        let answered = |dossier: Dossier| -> Result<Dossier, Error> {
            let filing = &dossier.filing;
            let case = self.world.procedure_of(filing)?.case(&filing.case_key)?;
            filing::must_answer(case, items, addition)?;
            filing::must_be_complete(case, &filing.components)?;
            filing::must_fit_form(case, &filing.form)?;
            Ok(dossier)
        };
        if is_submitted {
            let receiving = &self.before.units.receiving;
            let answer_by = timing::answer_by(self.world, receiving, self.at);
            let dossier = self.dossier();
            let dossier = dossier.complete_submission(addition.clone(), self.at, answer_by)?;
            let told = wire::event::completed(self.before, &dossier);
            return Ok((answered(dossier)?, vec![told]));
        }
        let dossier = answered(self.dossier().supplement(addition.clone(), self.at)?)?;
        self.goes_on(dossier)
    }

    fn pay(&self, confirmed: &Confirmed) -> Result<Done, Error> {
        let mut payments = self.before.course.payments.iter();
        let payment = payments.find(|payment| payment.order == confirmed.order);
        let payment = payment.ok_or_else(|| Error::OrderNotFound(confirmed.order.clone()))?;
        if payment.paid.is_some() {
            return Err(Error::PaidBefore);
        }
        if payment.amount_vnd != confirmed.amount_vnd {
            return Err(Error::AmountWrong {
                asked: payment.amount_vnd,
            });
        }
        let paid = Paid {
            at: self.at,
            reference: confirmed.reference.clone(),
        };
        let dossier = self.dossier().pay(&confirmed.order, paid)?;
        if dossier.state.stands_still() {
            let told = wire::event::payment_made(&confirmed.order);
            return Ok((dossier, vec![told]));
        }
        self.goes_on(dossier)
    }

    /// The applicant has done what was asked, by which the dossier is this.
    fn goes_on(&self, dossier: Dossier) -> Result<Done, Error> {
        let before = self.before;
        let (Some(receipt), Some(stop)) = (before.state.undecided(), before.course.asked()) else {
            return Err(Error::CalendarMissing);
        };
        let (by, at) = self.by();
        let ended = Ended {
            before,
            receipt,
            stop,
            by,
            at,
        };
        let (dossier, told) = ended.go_on(self.world, dossier)?;
        Ok((dossier, vec![told]))
    }

    /// Who does it, and when.
    fn by(&self) -> (&str, Moment) {
        (&self.on.rights.caller().subject, self.at)
    }

    fn postpone(&self, postponed: &Postponed) -> Result<Done, Error> {
        let receipt = self.receipt("PostponeAppointment", &["RECEIVED", "PROCESSING"])?;
        if self.before.course.postponed().is_some() {
            return Err(Error::PostponedBefore);
        }
        let due_now = timing::due_now(self.world, self.before, receipt, self.at)?;
        let after = due_now.max(self.at);
        if postponed.to <= after {
            return Err(Error::AppointmentTooEarly { after });
        }
        let due = timing::postponed(self.world, self.before, receipt, postponed.to)?;
        let late = law::is_late_apology(self.at, due_now);
        let told = wire::event::postponed(receipt.due, due, late);
        let reason = postponed.reason.clone();
        let cause = Cause::Postponed(Apology { reason, late });
        let mut moved = resume::moved(receipt, due, cause, self.by());
        if !postponed.legal_basis.is_empty() {
            moved.legal_basis.clone_from(&postponed.legal_basis);
        }
        Ok((self.dossier().postpone(due, moved)?, vec![told]))
    }

    fn correct(&self, correction: &Correction) -> Result<Done, Error> {
        let mut correction = correction.clone();
        if let Some(returning) = &mut correction.returning {
            let on = kit::clock::local(self.at).date();
            let unit = filing::resolve(&self.world.units, returning, on)?;
            *returning = unit.uid.to_owned();
        }
        if !correction.components.is_empty() {
            let filing = &self.before.filing;
            let case = self.world.procedure_of(filing)?.case(&filing.case_key)?;
            filing::must_be_complete(case, &correction.components)?;
        }
        let corrected = self.dossier().correct(correction)?;
        let told = wire::event::corrected(self.before, &corrected);
        match told {
            Some(told) => Ok((corrected, vec![told])),
            None => Err(Error::NothingCorrected),
        }
    }

    fn record(
        &self,
        claim: &Claim,
        decision: &Decision,
        paper: &[HandedIn],
    ) -> Result<Done, Error> {
        if !paper.is_empty() {
            let filing = &self.before.filing;
            let case = self.world.procedure_of(filing)?.case(&filing.case_key)?;
            filing::must_go_with_result(case, paper)?;
        }
        let mut custodies = self.custodies().iter();
        let held = custodies.find(|custody| custody.transfer == claim.transfer);
        let decision = Decision {
            unit: held.map_or_else(String::new, |held| held.unit.clone()),
            recorded_at: self.at,
            ..decision.clone()
        };
        // Whoever decides in a step outside the limit ends it.
        let (dossier, resumed) = outside::over(self.world, self.dossier(), self.by())?;
        let decided = dossier.decide(decision)?;
        let told = wire::event::decided(&claim.transfer, &decided, paper);
        Ok((decided, resumed.into_iter().chain(told).collect()))
    }

    fn give_back(&self, claim: &Claim, method: Method) -> Result<Done, Error> {
        if method == Method::Online {
            let before = self.before;
            let procedure = self.world.procedure_of(&before.filing)?;
            let handed_in = clock::local(before.submitted_at).date();
            filing::must_return_online(procedure, &before.units.receiving, handed_in)?;
        }
        let how = Return {
            at: self.at,
            method,
        };
        let told = wire::event::returned(&claim.transfer, method);
        Ok((self.dossier().return_result(how)?, vec![told]))
    }
}

impl Verb {
    /// The custody that it needs, and for what.
    fn claim(&self) -> Option<(&Claim, &'static [Purpose])> {
        match self {
            Self::AskSupplement(claim, _) | Self::AskPayment(claim, _) => Some((claim, LEADS)),
            Self::Decide(claim, ..) => Some((claim, &[Purpose::Decide])),
            Self::Return(claim, _) => Some((claim, &[Purpose::Return])),
            _ => None,
        }
    }

    /// Why, where the step itself does not keep it.
    fn reason(&self) -> &str {
        match self {
            Self::Correct(_, reason) => reason,
            _ => "",
        }
    }
}
