//! The steps of a dossier's life: each from the states that it names, each another revision.

use kit::clock::{self, Moment};

use super::course::{Adjustment, Asked, Cause, Paid, Payment, Stop};
use super::state::{Closing, Decision, Due, InvalidTransition, Receipt, Return, State};
use super::{Applicant, Dossier, HandedIn};
use crate::law;

/// What an applicant adds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addition {
    /// In the stead of what was handed in with the same keys.
    pub components: Vec<HandedIn>,
    /// In the stead of what was filled in; empty leaves that.
    pub form: String,
}

/// What a clerk wrote down wrongly; what is not named stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correction {
    /// Who applies.
    pub applicant: Option<Applicant>,
    /// All components.
    pub components: Vec<HandedIn>,
    /// The unit whose desk returns the result.
    pub returning: Option<String>,
}

/// The states in which no decision exists and the clock has begun.
const UNDECIDED: &[&str] = &[
    "RECEIVED",
    "PROCESSING",
    "SUPPLEMENT_REQUESTED",
    "PAYMENT_REQUESTED",
];

impl Dossier {
    /// The desk receives it: submitted → received.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn receive(self, receipt: Receipt) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => Ok(self.becomes(State::Received(receipt), None)),
            state => Err(state.out_of_turn("ReceiveDossier", &["SUBMITTED"])),
        }
    }

    /// The desk refuses it: submitted → refused.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn refuse(self, closing: Closing) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => Ok(self.becomes(State::Refused(closing), None)),
            state => Err(state.out_of_turn("RefuseDossier", &["SUBMITTED"])),
        }
    }

    /// The desk tells the applicant what is missing, without a clock (R2): it stays submitted, and the applicant's turn is next.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn guide(mut self, guidance: Asked) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => {
                self.course.guidance = Some(guidance);
                Ok(self.becomes(State::Submitted, None))
            }
            state => Err(state.out_of_turn("GuideDossier", &["SUBMITTED"])),
        }
    }

    /// The desk sends it on to the unit that is competent (R1): it stays submitted, and so does whose turn it is.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn forward(mut self, competent: String, at: Moment) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => {
                let answer_by = self.answer_by;
                self.units.competent = competent;
                self.course.forwarded_at = Some(at);
                Ok(self.becomes(State::Submitted, answer_by))
            }
            state => Err(state.out_of_turn("ForwardDossier", &["SUBMITTED"])),
        }
    }

    /// The first unit accepts it: received → processing. In any other state nothing changes.
    #[must_use]
    pub fn begin_processing(self) -> Self {
        match self.state {
            State::Received(receipt) => self.becomes(State::Processing(receipt), None),
            _ => self,
        }
    }

    /// A holder asks for the supplement (R2): processing → supplement requested. The clock stands still.
    ///
    /// # Errors
    /// When it is not being processed.
    pub fn ask_supplement(
        mut self,
        asked: Asked,
        stop: Stop,
        answer_by: Moment,
    ) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Processing(receipt) => {
                self.course.supplement = Some(asked);
                self.course.stops.push(stop);
                Ok(self.becomes(State::SupplementRequested(receipt), Some(answer_by)))
            }
            state => Err(state.out_of_turn("RequestSupplement", &["PROCESSING"])),
        }
    }

    /// A holder asks for payment (R8): processing → payment requested. The clock stands still, however long it takes.
    ///
    /// # Errors
    /// When it is not being processed.
    pub fn ask_payment(
        mut self,
        payments: Vec<Payment>,
        stop: Stop,
    ) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Processing(receipt) => {
                self.course.payments.extend(payments);
                self.course.stops.push(stop);
                Ok(self.becomes(State::PaymentRequested(receipt), None))
            }
            state => Err(state.out_of_turn("RequestPayment", &["PROCESSING"])),
        }
    }

    /// The applicant answers a guidance: it stays submitted, and the desk must answer by then.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn complete_submission(
        mut self,
        addition: Addition,
        at: Moment,
        answer_by: Option<Moment>,
    ) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => {
                if let Some(guidance) = &mut self.course.guidance {
                    guidance.answered_at = Some(at);
                }
                self.add(addition);
                Ok(self.becomes(State::Submitted, answer_by))
            }
            state => Err(state.out_of_turn(SUPPLEMENT, SUPPLEMENTED)),
        }
    }

    /// The applicant hands the supplement in (R2): supplement requested → processing. The clock goes on.
    ///
    /// # Errors
    /// When no supplement is asked for.
    pub fn supplement(mut self, addition: Addition, at: Moment) -> Result<Self, InvalidTransition> {
        match self.state {
            State::SupplementRequested(receipt) => {
                if let Some(asked) = &mut self.course.supplement {
                    asked.answered_at = Some(at);
                }
                self.add(addition);
                Ok(self.goes_on(receipt, at))
            }
            state => Err(state.out_of_turn(SUPPLEMENT, SUPPLEMENTED)),
        }
    }

    /// An order is paid (R8). When it was the last: payment requested → processing, and the clock goes on.
    ///
    /// # Errors
    /// When no payment is asked for.
    pub fn pay(mut self, order: &str, paid: Paid) -> Result<Self, InvalidTransition> {
        match self.state {
            State::PaymentRequested(receipt) => {
                let at = paid.at;
                let mut orders = self.course.payments.iter_mut();
                if let Some(payment) = orders.find(|payment| payment.order == order) {
                    payment.paid = Some(paid);
                }
                if self.course.is_paid() {
                    return Ok(self.goes_on(receipt, at));
                }
                Ok(self.becomes(State::PaymentRequested(receipt), None))
            }
            state => Err(state.out_of_turn("ConfirmPayment", &["PAYMENT_REQUESTED"])),
        }
    }

    /// The desk apologises and makes one new appointment (R6): the state stays, the deadline moves.
    ///
    /// # Errors
    /// When the clock does not run.
    pub fn postpone(self, due: Due, moved: Adjustment) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Received(_) | State::Processing(_) => {
                let state = self.state.clone();
                Ok(self.becomes(state, None).due(due, Some(moved)))
            }
            state => Err(state.out_of_turn("PostponeAppointment", &["RECEIVED", "PROCESSING"])),
        }
    }

    /// A clerk's error is mended; the state stays.
    ///
    /// # Errors
    /// When it has ended.
    pub fn correct(mut self, correction: Correction) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Refused(_) | State::Withdrawn(..) | State::Stopped(..) | State::Returned(..) => {
                Err(self.state.out_of_turn(
                    "CorrectDossier",
                    &[
                        "SUBMITTED",
                        "RECEIVED",
                        "PROCESSING",
                        "SUPPLEMENT_REQUESTED",
                        "PAYMENT_REQUESTED",
                        "RESULT_READY",
                    ],
                ))
            }
            _ => {
                if let Some(applicant) = correction.applicant {
                    self.filing.applicant = Some(applicant);
                }
                if !correction.components.is_empty() {
                    self.filing.components = correction.components;
                }
                if let Some(returning) = correction.returning {
                    self.units.returning = returning;
                }
                Ok(self.stays())
            }
        }
    }

    /// The applicant withdraws it while no decision exists (TT 03/2025 art 7; R11).
    ///
    /// # Errors
    /// When it is decided or closed.
    pub fn withdraw(self, closing: Closing) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => Ok(self.becomes(State::Withdrawn(None, closing), None)),
            State::Received(receipt)
            | State::Processing(receipt)
            | State::SupplementRequested(receipt)
            | State::PaymentRequested(receipt) => {
                Ok(self.becomes(State::Withdrawn(Some(receipt), closing), None))
            }
            state => Err(state.out_of_turn(
                "WithdrawDossier",
                &[
                    "SUBMITTED",
                    "RECEIVED",
                    "PROCESSING",
                    "SUPPLEMENT_REQUESTED",
                    "PAYMENT_REQUESTED",
                ],
            )),
        }
    }

    /// It is stopped while no decision exists (TT 03/2025 art 7; R2, R11).
    ///
    /// # Errors
    /// When it was not received, is decided or closed.
    pub fn stop(self, closing: Closing) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Received(receipt)
            | State::Processing(receipt)
            | State::SupplementRequested(receipt)
            | State::PaymentRequested(receipt) => {
                Ok(self.becomes(State::Stopped(receipt, closing), None))
            }
            state => Err(state.out_of_turn("StopDossier", UNDECIDED)),
        }
    }

    /// The holder of the deciding step decides: processing → result ready.
    ///
    /// # Errors
    /// When it is not being processed.
    pub fn decide(self, decision: Decision) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Processing(receipt) => {
                Ok(self.becomes(State::ResultReady(receipt, decision), None))
            }
            state => Err(state.out_of_turn("RecordDecision", &["PROCESSING"])),
        }
    }

    /// The desk hands the result over: result ready → returned. Lateness never blocks it (R9).
    ///
    /// # Errors
    /// When no result is ready.
    pub fn return_result(self, how: Return) -> Result<Self, InvalidTransition> {
        match self.state.clone() {
            State::ResultReady(receipt, decision) => {
                Ok(self.becomes(State::Returned(receipt, decision, how), None))
            }
            state => Err(state.out_of_turn("ReturnResult", &["RESULT_READY"])),
        }
    }

    /// Nothing but steps outside the limit is under way: the clock stands still, and the state stays.
    #[must_use]
    pub fn go_outside(mut self, stop: Stop) -> Self {
        self.course.stops.push(stop);
        self.stays()
    }

    /// That is over: the clock goes on, unless the applicant is waited for, and the state stays.
    #[must_use]
    pub fn come_inside(mut self, at: Moment) -> Self {
        let mut stops = self.course.stops.iter_mut();
        if let Some(stop) = stops.find(|stop| stop.stands() && stop.is_outside()) {
            *stop = stop.ended(at);
        }
        self.stays()
    }

    /// Its deadline is reckoned anew with the calendar, while the clock runs. It is another revision only if that moves it. While
    /// it does not run nothing changes.
    #[must_use]
    pub fn reckoned(self, due: Due, at: Moment) -> Self {
        let Some(receipt) = self.running() else {
            return self;
        };
        let from = receipt.due.at;
        if from == due.at {
            return self.due(due, None);
        }
        let received = clock::local(receipt.received_at).date();
        let moved = Adjustment {
            from,
            to: due.at,
            legal_basis: law::basis(&Cause::Calendar, received).to_owned(),
            cause: Cause::Calendar,
            by: String::new(),
            at,
        };
        let revision = self.revision + 1;
        Self {
            revision,
            ..self.due(due, Some(moved))
        }
    }

    /// The result is due then, since something moved it or for the first time.
    #[must_use]
    pub fn due(mut self, due: Due, moved: Option<Adjustment>) -> Self {
        self.course.adjustments.extend(moved);
        self.state = match self.state {
            State::Received(receipt) => State::Received(Receipt { due, ..receipt }),
            State::Processing(receipt) => State::Processing(Receipt { due, ..receipt }),
            state => state,
        };
        self
    }

    /// The applicant has done what was asked: the clock goes on, unless nothing but steps outside the limit is under way.
    fn goes_on(mut self, receipt: Receipt, at: Moment) -> Self {
        let mut stops = self.course.stops.iter_mut();
        if let Some(stop) = stops.find(|stop| stop.stands() && !stop.is_outside()) {
            *stop = stop.ended(at);
        }
        self.becomes(State::Processing(receipt), None)
    }

    fn stays(self) -> Self {
        let (state, answer_by) = (self.state.clone(), self.answer_by);
        self.becomes(state, answer_by)
    }

    fn add(&mut self, addition: Addition) {
        let components = &mut self.filing.components;
        for added in addition.components {
            components.retain(|known| known.key != added.key);
            components.push(added);
        }
        components.sort();
        if !addition.form.is_empty() {
            self.filing.form = addition.form;
        }
    }

    pub(super) fn becomes(self, state: State, answer_by: Option<Moment>) -> Self {
        Self {
            state,
            answer_by,
            revision: self.revision + 1,
            ..self
        }
    }
}

const SUPPLEMENT: &str = "SupplementDossier";
const SUPPLEMENTED: &[&str] = &["SUBMITTED", "SUPPLEMENT_REQUESTED"];
