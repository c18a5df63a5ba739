//! What somebody has to be told when time passes: each once.

use kit::clock::Moment;

use super::{Dossier, State};
use crate::law;

/// What time brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alarm {
    /// The result is due in a working day (T−1; R3).
    DueSoon,
    /// It is overdue (R6).
    Overdue,
    /// A submission was not answered in time (R17).
    Unanswered,
    /// The applicant is reminded of a supplement (R2).
    Reminder,
    /// Nobody answered: the dossier is stopped (R2).
    Stop,
}

impl Dossier {
    /// When the next alarm rings, for finding it by an index.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Moment> {
        let alarms = self.alarms().into_iter();
        let ahead = alarms.filter(|(at, _)| self.course.rung_until.is_none_or(|rung| rung < *at));
        ahead.map(|(at, _)| at).min()
    }

    /// The alarms that ring up to a time and have not rung, in order.
    #[must_use]
    pub fn ringing(&self, now: Moment) -> Vec<(Moment, Alarm)> {
        let mut alarms = self.alarms();
        alarms.retain(|(at, _)| *at <= now && self.course.rung_until.is_none_or(|rung| rung < *at));
        alarms.sort_by_key(|(at, _)| *at);
        alarms
    }

    /// Its alarms up to a time have rung.
    #[must_use]
    pub fn rung(mut self, until: Moment) -> Self {
        self.course.rung_until = Some(until);
        self
    }

    fn alarms(&self) -> Vec<(Moment, Alarm)> {
        match &self.state {
            State::Submitted => {
                let unanswered = self.answer_by.map(|at| (at, Alarm::Unanswered));
                unanswered.into_iter().collect()
            }
            State::Received(receipt) | State::Processing(receipt) => {
                let warning = receipt.due.warn_at.map(|at| (at, Alarm::DueSoon));
                let overdue = (receipt.due.at, Alarm::Overdue);
                warning.into_iter().chain([overdue]).collect()
            }
            State::SupplementRequested(_) => {
                let asked = self.course.supplement.as_ref().map(|asked| asked.at);
                let (remind, _) = asked.map(law::unanswered).unzip();
                let reminder = remind.map(|at| (at, Alarm::Reminder));
                let stop = self.answer_by.map(|at| (at, Alarm::Stop));
                reminder.into_iter().chain(stop).collect()
            }
            // No clock runs: a payment may take as long as it takes (R8).
            State::PaymentRequested(_)
            | State::Refused(_)
            | State::Withdrawn(..)
            | State::Stopped(..)
            | State::ResultReady(..)
            | State::Returned(..) => Vec::new(),
        }
    }
}
