//! The plan of a dossier's way: which steps, at which units, after which others.

use chrono::NaiveDate;
use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::copies::UnitTable;
use kit::seal::DataKey;
use worktime::{Calendar, NoWorkingTime, RuleSet, WorkingTime};

use crate::error::Error;

/// The key of the way of the result to the desk.
pub const RESULT: &str = "result";

/// The planned way of one dossier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The dossier.
    pub dossier: String,
    /// Its code.
    pub code: String,
    /// The procedure.
    pub procedure: String,
    /// The unit whose desk returns the result.
    pub returning: String,
    /// When the legal clock began.
    pub received_at: Moment,
    /// The time promised, or when the result is due since the calendar changed.
    pub appointment: Moment,
    /// The version of the calendar that its steps under way were last reckoned with.
    pub calendar: i64,
    /// The steps.
    pub steps: Vec<Step>,
    /// Raised by every acceptance.
    pub custody_epoch: i64,
    /// Whether anything may still be offered.
    pub open: bool,
    /// The key of what is personal about the dossier here; none once that was erased.
    pub key: Option<DataKey>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Step {
    /// Unique in the route.
    pub key: String,
    /// What is done.
    pub name: String,
    /// The steps that must be done before.
    pub after: Vec<String>,
    /// The unit that does it.
    pub unit: String,
    /// Who in the unit.
    pub role: Role,
    /// How long it may take.
    pub slice: Slice,
    /// Its part among parallel steps.
    pub part: Part,
    /// Its holder records the decision.
    pub decides: bool,
}

/// The time that a step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Slice {
    /// A share of the limit.
    Percent(u32),
    /// So many working days of its own, outside the limit (tax, public posting).
    OutsideDays(u32),
}

/// The part of a step among parallel ones (NĐ 61/2018 art 19(5,6); R4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// No step runs beside it.
    Sole,
    /// It leads.
    Lead,
    /// It is asked for an opinion; its lateness does not stop the lead's clock.
    Consulted,
}

/// How the unit of a step is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitRule {
    /// The unit whose desk received the dossier.
    Receiving,
    /// The unit above that.
    ParentOfReceiving,
    /// The unit that decides.
    Competent,
    /// This unit.
    Fixed(String),
}

/// By when an offer should be accepted, and its step done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Accepted by.
    pub hand_over: Moment,
    /// Done by.
    pub step: Moment,
}

impl UnitRule {
    /// The uid that the rule names for a dossier on a day.
    ///
    /// # Errors
    /// When the unit, or the one above it, is not known.
    pub fn unit(
        &self,
        receiving: &str,
        competent: &str,
        (units, on): (&UnitTable, NaiveDate),
    ) -> Result<String, Error> {
        let known = |uid: &str| {
            units
                .resolve(uid, on)
                .ok_or_else(|| Error::UnitNotFound(uid.to_owned()))
        };
        let unit = match self {
            Self::Receiving => known(receiving)?.uid,
            Self::ParentOfReceiving => known(known(receiving)?.parent)?.uid,
            Self::Competent => known(competent)?.uid,
            Self::Fixed(uid) => known(uid)?.uid,
        };
        Ok(unit.to_owned())
    }
}

impl Route {
    /// The step with this key.
    #[must_use]
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// The steps that have no predecessor.
    pub fn first_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| step.after.is_empty())
    }

    /// The steps that come right after this one.
    pub fn steps_after<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Step> {
        self.steps
            .iter()
            .filter(move |step| step.after.iter().any(|before| before == key))
    }

    /// When a step that is offered at `at` is due, by the rule set of the day of receipt. A share is taken of the working
    /// time between receipt and appointment.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn due(&self, slice: Slice, at: Moment, calendar: &Calendar) -> Result<Due, NoWorkingTime> {
        let (received, appointment) = (
            clock::local(self.received_at),
            clock::local(self.appointment),
        );
        let rules = RuleSet::in_force_on(received.date());
        let own = match slice {
            Slice::Percent(percent) => {
                let whole = calendar.between(received, appointment).minutes();
                WorkingTime::from_minutes(whole * percent / 100)
            }
            Slice::OutsideDays(days) => WorkingTime::from_days(days),
        };
        let at = clock::local(at);
        let start = worktime::handover_start(calendar, &rules, at)?;
        let same_day = calendar
            .closing(at.date())
            .filter(|_| start.date() == at.date());
        Ok(Due {
            hand_over: clock::from_local(same_day.unwrap_or(start)),
            step: clock::from_local(worktime::step_due(calendar, &rules, at, own)?),
        })
    }
}
