//! One transfer: an offer of one step's custody to one unit, and what becomes of it. Pure.

mod clock;
mod desk;
mod state;

use kit::caller::Role;
use kit::clock::Moment;
use kit::sabotage::{self, Sabotage};
use kit::seal::DataKey;

use crate::error::Error;
use crate::link::Link;
use crate::paper::Paper;
use crate::route::Due;

pub use clock::{Cause, Escalation, Level, Marks, Urgency};
pub use desk::Assignee;
pub use state::{Acceptance, State};

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
    /// Who gave it back last, and under which acceptance; `None` where nobody did.
    pub given_back: Option<GivenBack>,
    /// Raised by every new offer.
    pub offer_epoch: i64,
    /// When the present offer was made.
    pub offered_at: Moment,
    /// By when it should be accepted, and done.
    pub due: Due,
    /// Why it was declined, forwarded, recalled or returned, which may speak of a person; empty once it was erased.
    pub reason: String,
    /// The paper that travels with it; nothing once that was erased.
    pub paper: Paper,
    /// What the queue says of the present offer where it gave that up; it is open all the same.
    pub dead_letter: Option<DeadLetter>,
    /// It was opened while the clock of its dossier stood still, and that has not gone on since: it is open, and waits.
    pub on_hold: bool,
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
    /// Its time begins with the receipt of the paper that travels with it.
    pub waits_for_paper: bool,
}

/// An open offer that the queue gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Since when.
    pub since: Moment,
    /// How often it had been delivered.
    pub deliveries: u32,
}

/// Who gave a transfer back, and under which acceptance it had held that: what intake tells of it may still be under way.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GivenBack {
    /// The unit.
    pub by: String,
    /// Under which it held it.
    pub held: Acceptance,
}

/// The key of an offer in the queue.
#[must_use]
pub fn offer_key(uid: &str, epoch: i64) -> String {
    format!("{uid}:{epoch}")
}

/// The uid and the offer epoch that a key of the queue names.
#[must_use]
pub fn offer_of_key(key: &str) -> Option<(String, i64)> {
    let (uid, epoch) = key.rsplit_once(':')?;
    Some((uid.to_owned(), epoch.parse().ok()?))
}

impl Transfer {
    /// The unit that it was offered to before it went on to another, and the key of that offer in the queue.
    #[must_use]
    pub fn offer_before(&self) -> Option<(&str, String)> {
        let unit = self.offered_before.last()?;
        Some((unit, offer_key(&self.uid, self.offer_epoch - 1)))
    }

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
        if self.offer_epoch == epoch || sabotage::is(Sabotage::OfferEpochIgnored) {
            return Ok(());
        }
        Err(Error::OfferChanged {
            seen: epoch,
            current: self.offer_epoch,
        })
    }

    /// Whether it is an offer that its unit is brought.
    #[must_use]
    pub fn is_to_be_delivered(&self) -> bool {
        self.state == State::Offered && self.dead_letter.is_none() && !self.on_hold
    }

    /// Whether its offer may be accepted.
    ///
    /// # Errors
    /// `OFFER_ON_HOLD`.
    pub fn must_not_be_on_hold(&self) -> Result<(), Error> {
        if !self.on_hold {
            return Ok(());
        }
        Err(Error::OfferOnHold {
            transfer: self.uid.clone(),
        })
    }

    /// The same offer, which is on hold no longer and counts as made then.
    #[must_use]
    pub fn offered_since(&self, at: Moment, due: Due) -> Self {
        Self {
            on_hold: false,
            offered_at: at,
            due,
            revision: self.revision + 1,
            ..self.clone()
        }
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

    /// offered → recalled: the sender has it back.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn recall(&self, reason: &str) -> Result<Self, Error> {
        match self.state {
            State::Offered => Ok(self.becomes(State::CalledBack).because(reason)),
            state => Err(state.forbids("RecallTransfer", &["OFFERED"])),
        }
    }

    /// accepted → returned: the sender has it back, under this custody epoch.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn give_back(&self, reason: &str, epoch: i64) -> Result<Self, Error> {
        match self.state {
            State::Accepted(held) => Ok(Self {
                given_back: Some(GivenBack {
                    by: self.to.clone(),
                    held,
                }),
                ..self.becomes(State::GivenBack(epoch)).because(reason)
            }),
            state => Err(state.forbids("ReturnTransfer", &["ACCEPTED"])),
        }
    }

    /// accepted → returned for good: the dossier goes back to a step before.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn send_back(&self, reason: &str, at: Moment) -> Result<Self, Error> {
        match self.state {
            State::Accepted(held) => Ok(self.becomes(State::SentBack(held, at)).because(reason)),
            state => Err(state.forbids("SendBackTransfer", &["ACCEPTED"])),
        }
    }

    /// completed → undone; nothing else is.
    #[must_use]
    pub fn undo(&self) -> Option<Self> {
        match self.state {
            State::Completed(held, at) => Some(self.becomes(State::Undone(held, at))),
            State::Offered
            | State::Accepted(_)
            | State::Declined
            | State::CalledBack
            | State::GivenBack(_)
            | State::Recalled(_)
            | State::Cancelled(..)
            | State::SentBack(..)
            | State::Undone(..) => None,
        }
    }

    /// offered, declined, recalled or returned → offered to another unit under a higher epoch.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn forward(&self, to: &str, reason: &str, at: Moment, due: Due) -> Result<Self, Error> {
        if self.state != State::Offered && !self.state.waits_for_sender() {
            let allowed = &["OFFERED", "DECLINED", "RECALLED", "RETURNED"];
            return Err(self.state.forbids("ForwardTransfer", allowed));
        }
        Ok(Self {
            offered_at: at,
            due,
            ..self.offered_to(to).because(reason)
        })
    }

    /// The same offer to the unit that does the work of the one that had it, under a higher epoch; its clock runs on.
    #[must_use]
    pub fn offered_to(&self, to: &str) -> Self {
        Self {
            offered_before: [self.offered_before.clone(), vec![self.to.clone()]].concat(),
            to: to.to_owned(),
            offer_epoch: self.offer_epoch + 1,
            paper: Paper::of(self.paper.pieces.clone()),
            link: None,
            assignee: None,
            escalation: None,
            ..self.becomes(State::Offered)
        }
    }

    /// The same between the units that do the work of those that it was between; `None` where they are the same.
    #[must_use]
    pub fn inherited(&self, from: &str, to: &str) -> Option<Self> {
        if (from, to) == (self.from.as_str(), self.to.as_str()) {
            return None;
        }
        Some(Self {
            from: from.to_owned(),
            to: to.to_owned(),
            // It is the same offer.
            dead_letter: self.dead_letter.filter(|_| to == self.to),
            ..self.becomes(self.state)
        })
    }

    /// What intake recorded is done, whatever became of the transfer while that was on its way: whoever gave it back or sent
    /// it back since then did it.
    ///
    /// # Errors
    /// `STATE_FORBIDS`.
    pub fn finish(&self, at: Moment) -> Result<Self, Error> {
        match (self.state, &self.given_back) {
            (State::SentBack(held, _), _) => Ok(self.becomes(State::Completed(held, at))),
            (
                State::Offered | State::Declined | State::CalledBack | State::GivenBack(_),
                Some(before),
            ) => Ok(Self {
                to: before.by.clone(),
                ..self.becomes(State::Completed(before.held, at))
            }),
            _ => self.complete(at),
        }
    }

    /// An open offer is given up: nothing else about it changes. `None` where it is not that offer, or was given up before.
    #[must_use]
    pub fn give_up(&self, epoch: i64, letter: DeadLetter) -> Option<Self> {
        let is_that = self.is_to_be_delivered() && self.offer_epoch == epoch;
        is_that.then(|| Self {
            dead_letter: Some(letter),
            ..self.becomes(State::Offered)
        })
    }

    /// A dead letter is delivered anew; `None` where it is none.
    #[must_use]
    pub fn redrive(&self) -> Option<Self> {
        self.dead_letter.map(|_| self.becomes(State::Offered))
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
            State::Offered | State::Declined | State::CalledBack | State::GivenBack(_) => {
                Some(self.becomes(State::Recalled(at)))
            }
            State::Accepted(acceptance) => Some(self.becomes(State::Cancelled(acceptance, at))),
            State::Completed(..)
            | State::Recalled(_)
            | State::Cancelled(..)
            | State::SentBack(..)
            | State::Undone(..) => None,
        }
    }

    /// An officer keeps what its unit accepts, and what stays the same offer, and nothing else. What waits for the clock of the
    /// dossier does so whomever it is offered to.
    fn becomes(&self, state: State) -> Self {
        let keeps = matches!(state, State::Accepted(_) | State::Offered);
        Self {
            state,
            dead_letter: None,
            on_hold: self.on_hold && (state == State::Offered || state.waits_for_sender()),
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
