//! One transfer: an offer of one step's custody to one unit, and what becomes of it. Pure.

mod clock;
mod desk;

use kit::caller::Role;
use kit::clock::Moment;
use kit::seal::DataKey;

use crate::error::Error;
use crate::link::Link;
use crate::route::Due;

pub use clock::{Cause, Escalation, Level, Marks, Urgency};
pub use desk::Assignee;

/// An offer of one step's custody to one unit, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Ours, lasting.
    pub uid: String,
    /// The dossier.
    pub dossier: String,
    /// Its code.
    pub dossier_code: String,
    /// The procedure.
    pub procedure: String,
    /// What is handed over.
    pub work: Work,
    /// Who offers it and is responsible until acceptance.
    pub from: String,
    /// Whom it is offered to, or who accepted it.
    pub to: String,
    /// The units that it was offered to before it went on to another.
    pub offered_before: Vec<String>,
    /// Where it stands.
    pub state: State,
    /// Raised by every new offer.
    pub offer_epoch: i64,
    /// When the present offer was made.
    pub offered_at: Moment,
    /// By when it should be accepted, and done.
    pub due: Due,
    /// Why it was declined or forwarded, which may speak of a person; empty once it was erased.
    pub reason: String,
    /// The officer who took it or was given it; none while it is the whole unit's.
    pub assignee: Option<Assignee>,
    /// To whom it has escalated.
    pub escalation: Option<Escalation>,
    /// How its present offer goes, where it goes by a link that has limits.
    pub link: Option<Link>,
    /// Raised by every change.
    pub revision: i64,
    /// The key of what is personal about the dossier here; none once that was erased.
    pub key: Option<DataKey>,
}

/// The step that a transfer hands over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its key; [`crate::route::RESULT`] for the way of the result.
    pub key: String,
    /// What is done.
    pub name: String,
    /// Who in the unit does it.
    pub role: Role,
    /// It is asked for an opinion only.
    pub consulted: bool,
    /// Its holder decides.
    pub decides: bool,
}

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Offered: the sender is responsible.
    Offered,
    /// Accepted: the accepting unit is responsible.
    Accepted(Acceptance),
    /// Declined: the sender is responsible and forwards it.
    Declined,
    /// Done.
    Completed(Acceptance, Moment),
    /// Called back before acceptance.
    Recalled(Moment),
    /// Ended after acceptance without being done.
    Cancelled(Acceptance, Moment),
}

/// When custody moved, and under which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// When.
    pub at: Moment,
    /// The custody epoch of the dossier at that acceptance.
    pub epoch: i64,
}

/// The key of an offer in the queue.
#[must_use]
pub fn offer_key(uid: &str, epoch: i64) -> String {
    format!("{uid}:{epoch}")
}

impl State {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Accepted(_) => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::Completed(..) => "COMPLETED",
            Self::Recalled(_) => "RECALLED",
            Self::Cancelled(..) => "CANCELLED",
        }
    }

    /// The acceptance, where there was one.
    #[must_use]
    pub fn acceptance(&self) -> Option<Acceptance> {
        match self {
            Self::Accepted(acceptance)
            | Self::Completed(acceptance, _)
            | Self::Cancelled(acceptance, _) => Some(*acceptance),
            Self::Offered | Self::Declined | Self::Recalled(_) => None,
        }
    }

    fn forbids(&self, act: &'static str, allowed: &'static [&'static str]) -> Error {
        Error::StateForbids {
            act,
            current: self.name(),
            allowed,
        }
    }
}

impl Transfer {
    /// The key of its present offer in the queue.
    #[must_use]
    pub fn offer_key(&self) -> String {
        offer_key(&self.uid, self.offer_epoch)
    }

    /// Compares the offer that a caller has seen with the present one.
    ///
    /// # Errors
    /// `OFFER_CHANGED`.
    pub fn must_be_offer(&self, epoch: i64) -> Result<(), Error> {
        if self.offer_epoch == epoch {
            return Ok(());
        }
        Err(Error::OfferChanged {
            seen: epoch,
            current: self.offer_epoch,
        })
    }

    /// Compares the revision that a caller has seen, unless that is 0, with the present one.
    ///
    /// # Errors
    /// `REVISION_CHANGED`.
    pub fn must_be_revision(&self, expected: i64) -> Result<(), Error> {
        if [0, self.revision].contains(&expected) {
            return Ok(());
        }
        Err(Error::RevisionChanged {
            expected,
            current: self.revision,
        })
    }

    /// offered → accepted.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn accept(&self, acceptance: Acceptance) -> Result<Self, Error> {
        match self.state {
            State::Offered => Ok(self.becomes(State::Accepted(acceptance))),
            state => Err(state.forbids("AcceptTransfer", &["OFFERED"])),
        }
    }

    /// offered → declined.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn decline(&self, reason: &str) -> Result<Self, Error> {
        match self.state {
            State::Offered => Ok(self.becomes(State::Declined).because(reason)),
            state => Err(state.forbids("DeclineTransfer", &["OFFERED"])),
        }
    }

    /// offered or declined → offered to another unit under a higher epoch.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn forward(&self, to: &str, reason: &str, at: Moment, due: Due) -> Result<Self, Error> {
        match self.state {
            State::Offered | State::Declined => Ok(Self {
                offered_before: [self.offered_before.clone(), vec![self.to.clone()]].concat(),
                to: to.to_owned(),
                offer_epoch: self.offer_epoch + 1,
                offered_at: at,
                due,
                link: None,
                ..self.becomes(State::Offered).because(reason)
            }),
            state => Err(state.forbids("ForwardTransfer", &["OFFERED", "DECLINED"])),
        }
    }

    /// accepted → completed. What was cancelled by a withdrawal or stop meanwhile is recorded as done all the same.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn complete(&self, at: Moment) -> Result<Self, Error> {
        match self.state {
            State::Accepted(acceptance) | State::Cancelled(acceptance, _) => {
                Ok(self.becomes(State::Completed(acceptance, at)))
            }
            state => Err(state.forbids("CompleteTransfer", &["ACCEPTED"])),
        }
    }

    /// Ends because the dossier was withdrawn, stopped or decided: an offer is recalled, an accepted step cancelled; what has ended stays.
    #[must_use]
    pub fn end(&self, at: Moment) -> Option<Self> {
        match self.state {
            State::Offered | State::Declined => Some(self.becomes(State::Recalled(at))),
            State::Accepted(acceptance) => Some(self.becomes(State::Cancelled(acceptance, at))),
            State::Completed(..) | State::Recalled(_) | State::Cancelled(..) => None,
        }
    }

    /// An officer keeps what its unit accepts, and nothing else.
    fn becomes(&self, state: State) -> Self {
        let keeps = matches!(state, State::Accepted(_));
        Self {
            state,
            assignee: self.assignee.clone().filter(|_| keeps),
            escalation: self.escalation_in(&state),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    fn because(self, reason: &str) -> Self {
        Self {
            reason: reason.to_owned(),
            ..self
        }
    }
}
