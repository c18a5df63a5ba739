//! Where in its life a dossier is, with what is true there.

use chrono::NaiveDate;
use kit::clock::Moment;

/// Where in its life a dossier is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Handed in online; nobody has received it.
    Submitted,
    /// The clock runs.
    Received(Receipt),
    /// Refused before reception.
    Refused(Closing),
    /// A unit has accepted it.
    Processing(Receipt),
    /// The applicant was asked for a supplement; the clock stands still (R2).
    SupplementRequested(Receipt),
    /// The applicant has to pay; the clock stands still (R8).
    PaymentRequested(Receipt),
    /// Withdrawn by the applicant; without receipt when it was never received.
    Withdrawn(Option<Receipt>, Closing),
    /// Stopped before a decision.
    Stopped(Receipt, Closing),
    /// Decided; the result is on its way or at the desk.
    ResultReady(Receipt, Decision),
    /// Handed over.
    Returned(Receipt, Decision, Return),
}

/// What reception fixed, and when the result is due since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When the clock began; never changes.
    pub received_at: Moment,
    /// The time promised; never changes.
    pub appointment: Moment,
    /// When the result is due, as it was last reckoned.
    pub due: Due,
}

/// When a result is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Then. While the clock stands still it is when it was due before.
    pub at: Moment,
    /// When those who work on it are warned (T−1); nothing for what is due on the same day.
    pub warn_at: Option<Moment>,
    /// The version of the calendar that it was reckoned with.
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
    /// Evidence of the signature; may be empty.
    pub evidence: String,
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

/// How the result was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Return {
    /// When.
    pub at: Moment,
    /// How.
    pub method: Method,
}

/// How a result is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// At the desk.
    Desk,
    /// Online.
    Online,
    /// By public post.
    Post,
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
            Self::SupplementRequested(_) => "SUPPLEMENT_REQUESTED",
            Self::PaymentRequested(_) => "PAYMENT_REQUESTED",
            Self::Withdrawn(..) => "WITHDRAWN",
            Self::Stopped(..) => "STOPPED",
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
            | Self::SupplementRequested(receipt)
            | Self::PaymentRequested(receipt)
            | Self::Stopped(receipt, _)
            | Self::ResultReady(receipt, _)
            | Self::Returned(receipt, ..) => Some(*receipt),
        }
    }

    /// The receipt while units work on it: received, not decided or closed, and nobody waits for the applicant.
    #[must_use]
    pub fn worked_on(&self) -> Option<Receipt> {
        match self {
            Self::Received(receipt) | Self::Processing(receipt) => Some(*receipt),
            _ => None,
        }
    }

    /// The receipt while nothing has ended the clock: worked on, or the applicant is waited for.
    #[must_use]
    pub fn undecided(&self) -> Option<Receipt> {
        match self {
            Self::SupplementRequested(receipt) | Self::PaymentRequested(receipt) => Some(*receipt),
            state => state.worked_on(),
        }
    }

    /// Whether the applicant is waited for, and the clock stands still.
    #[must_use]
    pub fn stands_still(&self) -> bool {
        matches!(
            self,
            Self::SupplementRequested(_) | Self::PaymentRequested(_)
        )
    }

    /// Whether its life is over.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.closing().is_some() || matches!(self, Self::Returned(..))
    }

    /// Why and when it ended without a result.
    #[must_use]
    pub fn closing(&self) -> Option<&Closing> {
        match self {
            Self::Refused(closing) | Self::Withdrawn(_, closing) | Self::Stopped(_, closing) => {
                Some(closing)
            }
            _ => None,
        }
    }

    /// What was decided.
    #[must_use]
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::ResultReady(_, decision) | Self::Returned(_, decision, _) => Some(decision),
            _ => None,
        }
    }

    pub(super) fn out_of_turn(
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
