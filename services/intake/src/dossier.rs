//! A dossier and its life: pure, without store or wire.

mod content;
mod erasure;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use kit::clock::Moment;
use kit::identity_number::IdentityNumber;
use kit::seal::DataKey;

use crate::code::DossierCode;

pub use content::content_digest;

const DECIDE: &str = "RecordDecision";
const RETURN: &str = "ReturnResult";

/// One application under one version of a procedure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dossier {
    /// Ours, lasting.
    pub uid: String,
    /// On the receipt; never changes.
    pub code: DossierCode,
    /// What was handed in.
    pub filing: Filing,
    /// Who receives, decides and returns (R10).
    pub units: Units,
    /// When it was handed in.
    pub submitted_at: Moment,
    /// Where in its life it is.
    pub state: State,
    /// Raised by every change.
    pub revision: i64,
    /// The key of all that is personal about it; none once that was erased.
    pub key: Option<DataKey>,
}

/// What was handed in; never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filing {
    /// National code of the procedure.
    pub procedure_code: String,
    /// The version that the dossier stays on.
    pub procedure_version: i32,
    /// The case of the version.
    pub case_key: String,
    /// How it came.
    pub channel: Channel,
    /// Who applies; nothing once it was erased.
    pub applicant: Option<Applicant>,
    /// The party that applies, where it is known.
    pub party: Option<String>,
    /// The documents.
    pub components: Vec<HandedIn>,
    /// What was filled in, in JSON; empty where there is no form, or once it was erased. Personal.
    pub form: String,
    /// What is to be paid.
    pub fees: Vec<FeeDue>,
    /// What the limit of the case is longer by where it was handed in, in the unit of the limit.
    pub limit_extra: u32,
}

/// What is to be paid for a dossier.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FeeDue {
    /// Unique in the dossier.
    pub key: String,
    /// What it is called.
    pub name: String,
    /// In đồng.
    pub amount_vnd: i64,
    /// Before the dossier is received; otherwise while it is processed.
    pub before_reception: bool,
}

impl Filing {
    /// Names the version that the dossier stays on among the copies of the catalogue.
    #[must_use]
    pub fn version_key(&self) -> String {
        kit::copies::version_key(&self.procedure_code, self.procedure_version)
    }
}

/// How a dossier came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Online.
    Online,
    /// At a counter.
    Counter,
    /// By public post.
    Post,
}

/// Who applies, as stated when it was handed in. Personal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applicant {
    /// Full name.
    pub name: String,
    /// The number by which the applicant is known.
    pub number: IdentityNumber,
    /// Phone number; empty when none was given.
    pub phone: String,
}

/// One component as it was handed in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct HandedIn {
    /// Its key in the procedure version.
    pub key: String,
    /// How many originals.
    pub originals: i32,
    /// How many copies.
    pub copies: i32,
}

/// The three units of a dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Units {
    /// Whose desk has it; never changes.
    pub receiving: String,
    /// Who decides.
    pub competent: String,
    /// Whose desk returns the result.
    pub returning: String,
}

impl Units {
    /// Whether one of these is among them.
    #[must_use]
    pub fn include_any(&self, units: &BTreeSet<&str>) -> bool {
        [&self.receiving, &self.competent, &self.returning]
            .iter()
            .any(|own| units.contains(own.as_str()))
    }
}

/// Where in its life a dossier is, with what is true there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Handed in online; nobody has answered.
    Submitted,
    /// The clock runs.
    Received(Receipt),
    /// Refused before reception.
    Refused(Closing),
    /// A unit has accepted it.
    Processing(Receipt),
    /// Withdrawn by the applicant; without receipt when it was never received.
    Withdrawn(Option<Receipt>, Closing),
    /// Decided; the result is on its way or at the desk.
    ResultReady(Receipt, Decision),
    /// Handed over.
    Returned(Receipt, Decision, Moment),
}

/// What reception fixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When the clock began; never changes.
    pub received_at: Moment,
    /// The time promised; never changes.
    pub appointment: Moment,
    /// When the result is due by the calendar as it was last reckoned with.
    pub due: Moment,
    /// The version of that calendar.
    pub calendar: i64,
}

/// Why and when it ended without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// As the applicant reads it; empty once it was erased.
    pub reason: String,
    /// When.
    pub at: Moment,
}

/// What was decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// Granted or refused on the merits.
    pub outcome: Outcome,
    /// Number of the written decision; empty once it was erased.
    pub number: String,
    /// Its date.
    pub date: NaiveDate,
    /// The office of its signer; empty once it was erased.
    pub signer: String,
    /// The unit that decided.
    pub unit: String,
    /// When it was recorded.
    pub recorded_at: Moment,
}

/// Granted or refused on the merits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Granted.
    Granted,
    /// Refused on the merits.
    Refused,
}

/// A step out of turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidTransition {
    /// The step.
    pub act: &'static str,
    /// The state that it was tried in.
    pub current: &'static str,
    /// The states that it is possible in.
    pub allowed: &'static [&'static str],
}

impl State {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submitted => "SUBMITTED",
            Self::Received(_) => "RECEIVED",
            Self::Refused(_) => "REFUSED",
            Self::Processing(_) => "PROCESSING",
            Self::Withdrawn(..) => "WITHDRAWN",
            Self::ResultReady(..) => "RESULT_READY",
            Self::Returned(..) => "RETURNED",
        }
    }

    /// The receipt, where there is one.
    #[must_use]
    pub fn receipt(&self) -> Option<Receipt> {
        match self {
            Self::Submitted | Self::Refused(_) => None,
            Self::Withdrawn(receipt, _) => *receipt,
            Self::Received(receipt)
            | Self::Processing(receipt)
            | Self::ResultReady(receipt, _)
            | Self::Returned(receipt, ..) => Some(*receipt),
        }
    }

    /// The receipt while the clock runs: received, and not decided or closed.
    #[must_use]
    pub fn running(&self) -> Option<Receipt> {
        match self {
            Self::Received(receipt) | Self::Processing(receipt) => Some(*receipt),
            Self::Submitted
            | Self::Refused(_)
            | Self::Withdrawn(..)
            | Self::ResultReady(..)
            | Self::Returned(..) => None,
        }
    }

    fn out_of_turn(
        &self,
        act: &'static str,
        allowed: &'static [&'static str],
    ) -> InvalidTransition {
        InvalidTransition {
            act,
            current: self.name(),
            allowed,
        }
    }
}

impl Dossier {
    /// The desk receives it: submitted → received.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn receive(self, receipt: Receipt) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => Ok(self.becomes(State::Received(receipt))),
            state => Err(state.out_of_turn("ReceiveDossier", &["SUBMITTED"])),
        }
    }

    /// The desk refuses it: submitted → refused.
    ///
    /// # Errors
    /// When it is not submitted.
    pub fn refuse(self, closing: Closing) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => Ok(self.becomes(State::Refused(closing))),
            state => Err(state.out_of_turn("RefuseDossier", &["SUBMITTED"])),
        }
    }

    /// The first unit accepts it: received → processing. In any other state nothing changes.
    #[must_use]
    pub fn begin_processing(self) -> Self {
        match self.state {
            State::Received(receipt) => self.becomes(State::Processing(receipt)),
            State::Submitted
            | State::Refused(_)
            | State::Processing(_)
            | State::Withdrawn(..)
            | State::ResultReady(..)
            | State::Returned(..) => self,
        }
    }

    /// Its deadline is reckoned anew, while nobody has decided. It is another revision only if that moves it. In any other
    /// state nothing changes.
    #[must_use]
    pub fn reckoned(self, due: Moment, calendar: i64) -> Self {
        let anew = |receipt: Receipt| Receipt {
            due,
            calendar,
            ..receipt
        };
        let differs = |receipt: Receipt| i64::from(receipt.due != due);
        let (state, raised) = match self.state {
            State::Received(receipt) => (State::Received(anew(receipt)), differs(receipt)),
            State::Processing(receipt) => (State::Processing(anew(receipt)), differs(receipt)),
            state => (state, 0),
        };
        Self {
            state,
            revision: self.revision + raised,
            ..self
        }
    }

    /// The applicant withdraws it while no decision exists (TT 03/2025 art 7; R11).
    ///
    /// # Errors
    /// When it is decided or closed.
    pub fn withdraw(self, closing: Closing) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Submitted => Ok(self.becomes(State::Withdrawn(None, closing))),
            State::Received(receipt) | State::Processing(receipt) => {
                Ok(self.becomes(State::Withdrawn(Some(receipt), closing)))
            }
            state => {
                Err(state.out_of_turn("WithdrawDossier", &["SUBMITTED", "RECEIVED", "PROCESSING"]))
            }
        }
    }

    /// The holder of the deciding step decides: processing → result ready.
    ///
    /// # Errors
    /// When it is not being processed.
    pub fn decide(self, decision: Decision) -> Result<Self, InvalidTransition> {
        match self.state {
            State::Processing(receipt) => Ok(self.becomes(State::ResultReady(receipt, decision))),
            state => Err(state.out_of_turn(DECIDE, &["PROCESSING"])),
        }
    }

    /// The desk hands the result over: result ready → returned. Lateness never blocks it (R9).
    ///
    /// # Errors
    /// When no result is ready.
    pub fn return_result(self, at: Moment) -> Result<Self, InvalidTransition> {
        match self.state.clone() {
            State::ResultReady(receipt, decision) => {
                Ok(self.becomes(State::Returned(receipt, decision, at)))
            }
            state => Err(state.out_of_turn(RETURN, &["RESULT_READY"])),
        }
    }

    fn becomes(self, state: State) -> Self {
        Self {
            state,
            revision: self.revision + 1,
            ..self
        }
    }
}
