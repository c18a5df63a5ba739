//! What happens to a dossier on its way, beside the state that it is in: what the applicant was asked for, what stopped the
//! clock, and how the promise moved.

use kit::clock::{self, Moment};
use serde::{Deserialize, Serialize};
use worktime::{Interruption, PauseReason};

use super::alarm::Ring;

/// All of it, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Course {
    /// What the desk last told the applicant before reception.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Asked>,
    /// When it was last sent on to the unit that is competent (R1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forwarded_at: Option<Moment>,
    /// The one supplement after reception (R2).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supplement: Option<Asked>,
    /// What stopped the clock.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stops: Vec<Stop>,
    /// What had to be paid meanwhile (R8).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Payment>,
    /// How the promise moved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// The alarms that have rung.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rung: Vec<Ring>,
}

/// What an applicant is asked for: one complete list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// What to do, and why.
    pub items: Vec<Item>,
    /// When it was asked.
    pub at: Moment,
    /// When it was answered.
    pub answered_at: Option<Moment>,
}

/// One thing that an applicant is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// The key of a component, or `form_data.<field>`; empty means the dossier as a whole.
    pub place: String,
    /// As the applicant reads it; empty once it was erased. Personal.
    pub reason: String,
}

/// One time for which the clock stood still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// What stopped it.
    pub why: Why,
    /// How it goes on.
    pub then: Restart,
    /// Since when.
    pub from: Moment,
    /// Until when; nothing while it stands.
    pub to: Option<Moment>,
    /// The transfer whose holder asked, or whose step it is.
    pub transfer: String,
}

/// What stops a clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The applicant is asked for a supplement (R2).
    Supplement,
    /// The applicant has a financial duty (R8).
    Payment,
    /// A step that the limit does not count is under way: what the route calls it.
    OutsideLimit(String),
}

/// How a clock goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Restart {
    /// With what was left.
    Resumes,
    /// With the full limit (NĐ 61/2018 art 11).
    Restarts,
}

/// One order that has to be paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Ours; what a payment provider gets and confirms.
    pub order: String,
    /// What it is for; empty once it was erased. Personal.
    pub name: String,
    /// In đồng.
    pub amount_vnd: i64,
    /// When it was asked for.
    pub asked_at: Moment,
    /// When and under which number it was paid.
    pub paid: Option<Paid>,
}

/// How an order was paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paid {
    /// When.
    pub at: Moment,
    /// The number of the receipt, or the provider's own.
    pub reference: String,
}

/// One move of the time when the result is due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// When it was due.
    pub from: Moment,
    /// When it was due then.
    pub to: Moment,
    /// What moved it.
    pub cause: Cause,
    /// The norm by which it moved.
    pub legal_basis: String,
    /// Who moved it, by the name of the token; empty where nobody acted.
    pub by: String,
    /// When it was moved.
    pub at: Moment,
}

/// What moves a deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The calendar changed.
    Calendar,
    /// The clock went on after this had stopped it.
    Resumed(Why),
    /// The full limit began anew.
    Restarted,
    /// An apology with a new appointment (R6).
    Postponed(Apology),
}

/// An apology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Apology {
    /// As the applicant reads it; empty once it was erased. Personal.
    pub reason: String,
    /// It came less than a day before the old time passed, or after it.
    pub late: bool,
}

impl Course {
    /// What stopped the clock, as the legal clock counts it.
    #[must_use]
    pub fn interruptions(&self) -> Vec<Interruption> {
        self.in_order()
            .into_iter()
            .map(Stop::interruption)
            .collect()
    }

    /// What stopped the clock, the first before the others: a step outside the limit may be told of late.
    #[must_use]
    pub fn in_order(&self) -> Vec<&Stop> {
        let mut stops: Vec<&Stop> = self.stops.iter().collect();
        stops.sort_by_key(|stop| stop.from);
        stops
    }

    /// The same where whatever has not ended ends then.
    #[must_use]
    pub fn ended(&self, at: Moment) -> Self {
        let mut ended = self.clone();
        for stop in &mut ended.stops {
            stop.to = stop.to.or(Some(at));
        }
        ended
    }

    /// The first stop that has not ended.
    #[must_use]
    pub fn standing(&self) -> Option<&Stop> {
        self.in_order().into_iter().find(|stop| stop.stands())
    }

    /// What the applicant was asked for and has not done.
    #[must_use]
    pub fn asked(&self) -> Option<&Stop> {
        let mut stops = self.stops.iter();
        stops.find(|stop| stop.stands() && !stop.is_outside())
    }

    /// The step outside the limit for which the clock stands still, whatever else the applicant is asked for.
    #[must_use]
    pub fn outside(&self) -> Option<&Stop> {
        let mut stops = self.stops.iter();
        stops.find(|stop| stop.stands() && stop.is_outside())
    }

    /// When the apology moved the deadline, and to when (R6).
    #[must_use]
    pub fn postponed(&self) -> Option<&Adjustment> {
        let mut moves = self.adjustments.iter();
        moves.find(|moved| matches!(moved.cause, Cause::Postponed(_)))
    }

    /// The same without what is personal.
    #[must_use]
    pub fn forgotten(mut self) -> Self {
        let asked = self.guidance.iter_mut().chain(&mut self.supplement);
        for item in asked.flat_map(|asked| &mut asked.items) {
            item.reason.clear();
        }
        for payment in &mut self.payments {
            payment.name.clear();
        }
        for moved in &mut self.adjustments {
            if let Cause::Postponed(apology) = &mut moved.cause {
                apology.reason.clear();
            }
        }
        self
    }

    /// Whether the last payment that was asked for has been made.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.payments.iter().all(|payment| payment.paid.is_some())
    }
}

impl Stop {
    /// The same, which ended then.
    #[must_use]
    pub fn ended(&self, at: Moment) -> Self {
        Self {
            to: Some(at),
            ..self.clone()
        }
    }

    /// What the step is called that was outside the limit; nothing where the applicant was asked.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match &self.why {
            Why::OutsideLimit(step) => Some(step),
            Why::Supplement | Why::Payment => None,
        }
    }

    pub(super) fn stands(&self) -> bool {
        self.to.is_none()
    }

    pub(super) fn is_outside(&self) -> bool {
        self.step().is_some()
    }

    fn interruption(&self) -> Interruption {
        let (from, to) = (clock::local(self.from), self.to.map(clock::local));
        let why = match &self.why {
            Why::Supplement => PauseReason::Supplement,
            Why::Payment => PauseReason::FinancialDuty,
            Why::OutsideLimit(step) => PauseReason::OutsideLimit(step.clone()),
        };
        match self.then {
            Restart::Resumes => Interruption::Pause { from, to, why },
            Restart::Restarts => Interruption::Restart {
                from,
                completed: to,
                why,
            },
        }
    }
}
