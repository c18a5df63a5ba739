//! Where a transfer stands.

use kit::clock::Moment;

use crate::error::Error;

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Offered: the sender is responsible.
    Offered,
    /// Accepted: the accepting unit is responsible.
    Accepted(Acceptance),
    /// Declined: the sender is responsible and forwards it.
    Declined,
    /// Called back by the sender, who is responsible and forwards it.
    CalledBack,
    /// Given back by its holder, which raised the custody epoch to this: the sender is responsible and forwards it.
    GivenBack(i64),
    /// Done.
    Completed(Acceptance, Moment),
    /// Ended before acceptance, with its dossier.
    Recalled(Moment),
    /// Ended after acceptance without being done.
    Cancelled(Acceptance, Moment),
    /// Ended after acceptance without being done: the dossier was sent back to a step before.
    SentBack(Acceptance, Moment),
    /// Done, and to be done again: the dossier was sent back to it or to a step before.
    Undone(Acceptance, Moment),
}

/// When custody moved, and under which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Acceptance {
    /// When.
    pub at: Moment,
    /// The custody epoch of the dossier at that acceptance.
    pub epoch: i64,
}

impl State {
    /// Its name on the wire.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Offered => "OFFERED",
            Self::Accepted(_) => "ACCEPTED",
            Self::Declined => "DECLINED",
            Self::CalledBack | Self::Recalled(_) => "RECALLED",
            Self::GivenBack(_) | Self::SentBack(..) => "RETURNED",
            Self::Completed(..) => "COMPLETED",
            Self::Cancelled(..) => "CANCELLED",
            Self::Undone(..) => "UNDONE",
        }
    }

    /// Whether the sender has it back and forwards it.
    #[must_use]
    pub fn waits_for_sender(&self) -> bool {
        match self {
            Self::Declined | Self::CalledBack | Self::GivenBack(_) => true,
            Self::Offered
            | Self::Accepted(_)
            | Self::Completed(..)
            | Self::Recalled(_)
            | Self::Cancelled(..)
            | Self::SentBack(..)
            | Self::Undone(..) => false,
        }
    }

    /// Whether its step is another transfer's, or will be, since the dossier was sent back.
    #[must_use]
    pub fn is_superseded(&self) -> bool {
        matches!(self, Self::SentBack(..) | Self::Undone(..))
    }

    /// The custody epoch: that of the acceptance, or that which its return raised.
    #[must_use]
    pub fn custody_epoch(&self) -> Option<i64> {
        match self {
            Self::GivenBack(epoch) => Some(*epoch),
            state => state.acceptance().map(|acceptance| acceptance.epoch),
        }
    }

    /// When it ended; `None` until then.
    #[must_use]
    pub fn ended_at(&self) -> Option<Moment> {
        match self {
            Self::Completed(_, at)
            | Self::Recalled(at)
            | Self::Cancelled(_, at)
            | Self::SentBack(_, at)
            | Self::Undone(_, at) => Some(*at),
            Self::Offered
            | Self::Accepted(_)
            | Self::Declined
            | Self::CalledBack
            | Self::GivenBack(_) => None,
        }
    }

    /// The acceptance, where there was one.
    #[must_use]
    pub fn acceptance(&self) -> Option<Acceptance> {
        match self {
            Self::Accepted(acceptance)
            | Self::Completed(acceptance, _)
            | Self::Cancelled(acceptance, _)
            | Self::SentBack(acceptance, _)
            | Self::Undone(acceptance, _) => Some(*acceptance),
            Self::Offered
            | Self::Declined
            | Self::CalledBack
            | Self::GivenBack(_)
            | Self::Recalled(_) => None,
        }
    }

    pub(super) fn forbids(&self, act: &'static str, allowed: &'static [&'static str]) -> Error {
        Error::StateForbids {
            act,
            current: self.name(),
            allowed,
        }
    }
}
