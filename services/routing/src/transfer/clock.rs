//! What time brings to a transfer: it is at risk, it is late, and somebody above is told. Pure.

use kit::clock::Moment;

use super::{State, Transfer};
use crate::paper::Receipt;

/// Somebody above was told that a transfer is late.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Escalation {
    /// How far up.
    pub level: Level,
    /// What was late.
    pub cause: Cause,
    /// When that was told.
    pub at: Moment,
    /// The unit whose leaders were told; empty where there is none above.
    pub to: String,
}

/// How far up an escalation goes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// To the leaders of the unit, at the due time.
    Unit,
    /// To those of the unit above, a working day later.
    Above,
}

impl Level {
    /// Both, in order.
    pub const ALL: [Self; 2] = [Self::Unit, Self::Above];
}

/// What is late.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The offer was not accepted in time (R3).
    HandOver,
    /// The step was not done in time.
    Step,
    /// The paper that the step waits for was not received by when the offer was to be accepted.
    Paper,
}

/// How a transfer stands with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A fifth of its time is left, and at most a working day.
    AtRisk,
    /// The due time has passed.
    Late,
}

/// The times of one clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Marks {
    /// From then on it is at risk.
    pub warn: Moment,
    /// Then the unit above is told.
    pub above: Moment,
}

/// One clock of a transfer that runs.
#[derive(Clone, Copy)]
struct Running {
    cause: Cause,
    due: Moment,
    marks: Marks,
}

impl Running {
    fn at(self, level: Level) -> Moment {
        match level {
            Level::Unit => self.due,
            Level::Above => self.marks.above,
        }
    }
}

/// Nothing of a step comes from the time on at which the clock of the dossier stopped.
fn comes(cause: Cause, at: Moment, stopped: Option<Moment>) -> bool {
    cause != Cause::Step || stopped.is_none_or(|stopped| at < stopped)
}

impl Transfer {
    /// Whether its step has no time yet, since the paper that it waits for is under way. What ended before that came never had one.
    #[must_use]
    pub fn waits_for_paper(&self) -> bool {
        let ended = self.state.ended_at();
        let in_time = |receipt: &Receipt| ended.is_none_or(|end| receipt.at <= end);
        let came = self.paper.receipt.as_ref().is_some_and(in_time);
        self.work.waits_for_paper && !self.paper.pieces.is_empty() && !came
    }

    /// When the paper came that its step had waited for, by which its time began.
    #[must_use]
    pub fn begun_by_paper(&self) -> Option<Moment> {
        let receipt = self.paper.receipt.as_ref();
        let receipt = receipt.filter(|_| self.work.waits_for_paper)?;
        Some(receipt.at.max(self.offered_at))
    }

    fn clocks(&self) -> Vec<Running> {
        let hand_over = Running {
            cause: Cause::HandOver,
            due: self.due.hand_over,
            marks: self.due.hand_over_marks,
        };
        let step = Running {
            cause: Cause::Step,
            due: self.due.step,
            marks: self.due.step_marks,
        };
        // What was sent is not handed over before its paper is there.
        let paper = Running {
            cause: Cause::Paper,
            ..hand_over
        };
        match self.state {
            // Its clocks begin with that of the dossier.
            State::Offered if self.on_hold => Vec::new(),
            State::Offered if self.waits_for_paper() => vec![hand_over],
            State::Offered => vec![hand_over, step],
            State::Accepted(_) if self.waits_for_paper() => vec![paper],
            State::Accepted(_) => vec![step],
            State::Declined
            | State::CalledBack
            | State::GivenBack(_)
            | State::Completed(..)
            | State::Recalled(_)
            | State::Cancelled(..)
            | State::SentBack(..)
            | State::Undone(..) => Vec::new(),
        }
    }

    /// The first of the times of its clocks, with what it is of.
    fn first(
        &self,
        stopped: Option<Moment>,
        time: impl Fn(Running) -> Moment,
    ) -> Option<(Moment, Cause)> {
        let times = self.clocks().into_iter();
        let times = times.map(|clock| (time(clock), clock.cause));
        times
            .filter(|(at, cause)| comes(*cause, *at, stopped))
            .min()
    }

    /// From when on it is at risk; `stopped` is since when the clock of its dossier stands still.
    #[must_use]
    pub fn warn_at(&self, stopped: Option<Moment>) -> Option<Moment> {
        self.first(stopped, |clock| clock.marks.warn)
            .map(|(at, _)| at)
    }

    /// When it is late.
    #[must_use]
    pub fn late_at(&self, stopped: Option<Moment>) -> Option<Moment> {
        self.first(stopped, |clock| clock.due).map(|(at, _)| at)
    }

    /// How it stands.
    #[must_use]
    pub fn urgency(&self, now: Moment, stopped: Option<Moment>) -> Option<Urgency> {
        let has_come = |at: Option<Moment>| at.is_some_and(|at| at < now);
        if has_come(self.late_at(stopped)) {
            return Some(Urgency::Late);
        }
        has_come(self.warn_at(stopped)).then_some(Urgency::AtRisk)
    }

    /// When it escalates next, or its link is late, for finding it by an index.
    #[must_use]
    pub fn next_alarm(&self, stopped: Option<Moment>) -> Option<Moment> {
        let ahead = self.levels_ahead();
        let times = ahead.filter_map(|level| self.first(stopped, |clock| clock.at(level)));
        let link = self.link_alarm().map(|(at, _)| at);
        times.map(|(at, _)| at).chain(link).min()
    }

    /// What escalates up to a time and has not yet, in order.
    #[must_use]
    pub fn ringing(&self, now: Moment, stopped: Option<Moment>) -> Vec<(Level, Cause)> {
        let ringing = self.levels_ahead().filter_map(|level| {
            let (at, cause) = self.first(stopped, |clock| clock.at(level))?;
            (at <= now).then_some((level, cause))
        });
        ringing.collect()
    }

    fn levels_ahead(&self) -> impl Iterator<Item = Level> {
        let reached = self.escalation.as_ref().map(|escalated| escalated.level);
        let levels = Level::ALL.into_iter();
        levels.filter(move |level| reached.is_none_or(|reached| *level > reached))
    }

    /// It has escalated.
    #[must_use]
    pub fn escalated(&self, escalation: Escalation) -> Self {
        Self {
            escalation: Some(escalation),
            revision: self.revision + 1,
            ..self.clone()
        }
    }

    /// The escalation that is left in another state: that of an offer while it stands, and none of it once it is accepted.
    pub(super) fn escalation_in(&self, state: &State) -> Option<Escalation> {
        let stands = (self.state, *state) == (State::Offered, State::Offered);
        let is_held = matches!(state, State::Accepted(_));
        let goes_on = |escalated: &Escalation| {
            let of_offer = escalated.cause == Cause::HandOver;
            stands || is_held && !of_offer
        };
        self.escalation.clone().filter(goes_on)
    }

    /// The same, where its clocks are others than before: it has not escalated if it was not late then as they are now.
    #[must_use]
    pub fn with_escalation_reckoned(self) -> Self {
        let was_late = |escalated: &Escalation| {
            let mut clocks = self.clocks().into_iter();
            clocks.any(|clock| clock.cause == escalated.cause && clock.due <= escalated.at)
        };
        Self {
            escalation: self.escalation.clone().filter(was_late),
            ..self
        }
    }
}
