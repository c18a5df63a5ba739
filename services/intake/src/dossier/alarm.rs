//! What somebody has to be told when time passes: of each deadline once.

use kit::clock::{self, Moment};
use serde::{Deserialize, Serialize};

use super::{Dossier, Receipt, State};
use crate::law;

/// What time brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// An alarm of one deadline. A deadline that moves has alarms of its own, whichever way it moves; one that comes back has rung.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ring {
    /// What time brings.
    pub alarm: Alarm,
    /// The deadline, to the microsecond, as stores keep it.
    pub of: Moment,
}

impl Alarm {
    /// It, of a deadline.
    #[must_use]
    pub fn of(self, deadline: Moment) -> Ring {
        Ring {
            alarm: self,
            of: clock::from_micros(clock::micros(deadline)),
        }
    }
}

impl Dossier {
    /// From when on it is late: a submission by its answer (R17), and otherwise by its result. Nothing while the clock stands still,
    /// and once it is decided or closed.
    #[must_use]
    pub fn late_at(&self) -> Option<Moment> {
        match &self.state {
            State::Submitted => self.answer_by,
            _ => self.running().map(|receipt| receipt.due.at),
        }
    }

    /// When the next alarm rings, for finding it by an index.
    #[must_use]
    pub fn next_alarm(&self) -> Option<Moment> {
        self.ahead().map(|(at, _)| at).min()
    }

    /// The alarms that ring up to a time and have not rung, in order.
    #[must_use]
    pub fn ringing(&self, now: Moment) -> Vec<(Moment, Ring)> {
        let mut ringing: Vec<_> = self.ahead().filter(|(at, _)| *at <= now).collect();
        ringing.sort_by_key(|(at, _)| *at);
        ringing
    }

    /// These have rung.
    #[must_use]
    pub fn rung(mut self, rung: impl IntoIterator<Item = Ring>) -> Self {
        self.course.rung.extend(rung);
        self
    }

    fn ahead(&self) -> impl Iterator<Item = (Moment, Ring)> {
        let rung = &self.course.rung;
        let alarms = self.alarms().into_iter();
        alarms.filter(move |(_, ring)| !rung.contains(ring))
    }

    fn alarms(&self) -> Vec<(Moment, Ring)> {
        match &self.state {
            State::Submitted => {
                let unanswered = self.answer_by.map(|at| (at, Alarm::Unanswered.of(at)));
                unanswered.into_iter().collect()
            }
            State::Received(_) | State::Processing(_) => {
                self.running().map_or_else(Vec::new, of_result)
            }
            State::SupplementRequested(_) => {
                let asked = self.course.supplement.as_ref().map(|asked| asked.at);
                let (remind, _) = asked.map(law::unanswered).unzip();
                let reminder = remind.map(|at| (at, Alarm::Reminder.of(at)));
                let stop = self.answer_by.map(|at| (at, Alarm::Stop.of(at)));
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

/// The alarms of a clock that runs.
fn of_result(receipt: Receipt) -> Vec<(Moment, Ring)> {
    let due = receipt.due.at;
    let warning = receipt.due.warn_at;
    let warning = warning.map(|at| (at, Alarm::DueSoon.of(due)));
    let overdue = (due, Alarm::Overdue.of(due));
    warning.into_iter().chain([overdue]).collect()
}
