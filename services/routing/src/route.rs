//! The plan of a dossier's way: which steps, at which units, after which others.

#[cfg(test)]
mod tests;
mod unit_rule;

use chrono::NaiveDateTime;
use kit::caller::Role;
use kit::clock::{self, Moment};
use kit::seal::DataKey;
use worktime::{Calendar, NoWorkingTime, RuleSet, WorkingTime};

pub use unit_rule::{Filed, Planned, UnitRule};

use crate::transfer::Marks;

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
    /// The time promised, or when the result is due since the calendar changed or the clock stood still.
    pub appointment: Moment,
    /// The time that its steps share.
    pub limit: Limit,
    /// When the clock stood still since that began, in order.
    pub pauses: Vec<Pause>,
    /// Since when the clock stands still for the applicant; what steps outside the limit stop is told when they are over.
    pub stopped_at: Option<Moment>,
    /// The transfer that is not completed before the applicant has answered its holder.
    pub suspended_by: Option<String>,
    /// The version of the calendar that its steps under way were last reckoned with.
    pub calendar: i64,
    /// The steps.
    pub steps: Vec<Step>,
    /// What unit rules are applied to; none of a route from before that was kept, whose units stay as they were planned.
    pub filed: Option<Filed>,
    /// Raised by every acceptance and every return.
    pub custody_epoch: i64,
    /// Whether anything may still be offered.
    pub open: bool,
    /// The key of what is personal about the dossier here; none once that was erased.
    pub key: Option<DataKey>,
}

/// The time that the steps of a route share, as if the clock had never stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Receipt, or the completion of the dossier where the full limit began anew with that.
    pub from: Moment,
    /// When the result would be due.
    pub to: Moment,
}

/// A time in which the clock stood still.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Pause {
    /// Since when.
    pub from: Moment,
    /// Until when.
    pub to: Moment,
    /// What for.
    #[serde(default)]
    pub why: Why,
}

/// What a clock stood still for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// The applicant was asked for something: no step had that time.
    #[default]
    Asked,
    /// Nothing that the limit counts was to be done: steps outside the limit had that time, and no others.
    OutsideLimit,
}

impl Pause {
    /// Whether it is time that a step did not have.
    fn is_lost_to(&self, slice: Slice) -> bool {
        match (self.why, slice) {
            (Why::Asked, _) | (Why::OutsideLimit, Slice::Percent(_)) => true,
            (Why::OutsideLimit, Slice::OutsideDays(_)) => false,
        }
    }
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
    /// The rule by which that was found; none from before that was kept.
    pub unit_rule: Option<UnitRule>,
    /// Who in the unit.
    pub role: Role,
    /// How long it may take.
    pub slice: Slice,
    /// Its part among parallel steps.
    pub part: Part,
    /// Its holder records the decision.
    pub decides: bool,
    /// Its time begins with the receipt of the paper that travels with it.
    #[serde(default)]
    pub waits_for_paper: bool,
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

/// By when an offer should be accepted, and its step done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Accepted by.
    pub hand_over: Moment,
    /// When the offer is at risk, and goes up.
    pub hand_over_marks: Marks,
    /// Done by.
    pub step: Moment,
    /// When the step is at risk, and goes up.
    pub step_marks: Marks,
}

impl Due {
    /// The due times of what is offered then.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn of_offer(
        offered: Moment,
        (hand_over, step): (Moment, Moment),
        calendar: &Calendar,
    ) -> Result<Self, NoWorkingTime> {
        Ok(Self {
            hand_over,
            hand_over_marks: marks(offered, hand_over, calendar)?,
            step,
            step_marks: marks(offered, step, calendar)?,
        })
    }
}

impl Due {
    /// The same offer, whose step is done by when another is.
    #[must_use]
    pub fn with_step_of(self, other: Self) -> Self {
        Self {
            step: other.step,
            step_marks: other.step_marks,
            ..self
        }
    }

    /// All times of it.
    pub fn times(&self) -> [Moment; 4] {
        let above = [self.hand_over_marks.above, self.step_marks.above];
        [self.hand_over, self.step, above[0], above[1]]
    }
}

/// At risk when a fifth of the time is left, and at most a working day; up a working day after the due time.
fn marks(from: Moment, due: Moment, calendar: &Calendar) -> Result<Marks, NoWorkingTime> {
    let whole = worked(calendar, from, due);
    let fifth = WorkingTime::from_minutes(whole.minutes() / 5);
    let left = fifth.min(WorkingTime::from_days(1));
    let warn = calendar.add(clock::local(from), whole.saturating_sub(left))?;
    let above = calendar.add(clock::local(due), WorkingTime::from_days(1))?;
    Ok(Marks {
        warn: clock::from_local(warn).min(due),
        above: clock::from_local(above),
    })
}

impl Route {
    /// The step with this key.
    #[must_use]
    pub fn step(&self, key: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.key == key)
    }

    /// Whether the limit does not count the step with this key.
    #[must_use]
    pub fn is_outside(&self, key: &str) -> bool {
        let step = self.step(key);
        step.is_some_and(|step| matches!(step.slice, Slice::OutsideDays(_)))
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

    /// By when a step that is offered at `at` should be accepted and done, by the rule set of the day of receipt. A share is taken of the working
    /// time of the limit, and counts anew with it. Whoever asked the applicant, a pause is time that every step under way did
    /// not have; one for steps outside the limit is time that those had.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn due(
        &self,
        slice: Slice,
        at: Moment,
        calendar: &Calendar,
    ) -> Result<(Moment, Moment), NoWorkingTime> {
        let rules = RuleSet::in_force_on(clock::local(self.received_at).date());
        let begun = |at| worktime::handover_start(calendar, &rules, at);
        let offered = clock::local(at);
        let hand_over = begun(offered)?;
        let same_day = calendar
            .closing(offered.date())
            .filter(|_| hand_over.date() == offered.date());
        let begun = begun(clock::local(at.max(self.limit.from)))?;
        let own = self.own_time(slice, calendar);
        let step = self.paused(slice, calendar, (begun, calendar.add(begun, own)?))?;
        let hand_over = same_day.unwrap_or(hand_over);
        Ok((clock::from_local(hand_over), clock::from_local(step)))
    }

    fn own_time(&self, slice: Slice, calendar: &Calendar) -> WorkingTime {
        match slice {
            Slice::Percent(percent) => {
                let whole = worked(calendar, self.limit.from, self.limit.to).minutes();
                WorkingTime::from_minutes(whole * percent / 100)
            }
            Slice::OutsideDays(days) => WorkingTime::from_days(days),
        }
    }

    /// When a step is due that begins and would be due then, with the pauses that came meanwhile: what two of them share counts
    /// once. What was late already is not made less late by one.
    fn paused(
        &self,
        slice: Slice,
        calendar: &Calendar,
        (begun, mut due): (NaiveDateTime, NaiveDateTime),
    ) -> Result<NaiveDateTime, NoWorkingTime> {
        let lost = self.pauses.iter().filter(|pause| pause.is_lost_to(slice));
        let mut lost: Vec<&Pause> = lost.collect();
        lost.sort_by_key(|pause| pause.from);
        let mut counted = begun;
        for pause in lost {
            let (from, to) = (clock::local(pause.from), clock::local(pause.to));
            if from >= due {
                break;
            }
            due = calendar.add(due, calendar.between(from.max(counted), to))?;
            counted = counted.max(to);
        }
        Ok(due)
    }

    /// The clock goes on after a pause, with what was left.
    pub fn resume(&mut self, pause: Pause, due: Moment) {
        self.pauses.push(pause);
        self.appointment = due;
    }

    /// The full limit begins anew.
    pub fn restart(&mut self, from: Moment, due: Moment) {
        self.limit = Limit { from, to: due };
        self.pauses.clear();
        self.appointment = due;
    }

    /// The result is due at another time: its steps share as much more, or less, working time. After pauses the limit ends
    /// earlier than the appointment, and is moved by as much.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn promise(&mut self, due: Moment, calendar: &Calendar) -> Result<(), NoWorkingTime> {
        let Limit { from, to } = self.limit;
        self.limit.to = if self.pauses.is_empty() {
            due
        } else {
            let whole = worked(calendar, from, to)
                .saturating_add(worked(calendar, self.appointment, due))
                .saturating_sub(worked(calendar, due, self.appointment));
            clock::from_local(calendar.add(clock::local(from), whole)?)
        };
        self.appointment = due;
        Ok(())
    }
}

fn worked(calendar: &Calendar, from: Moment, to: Moment) -> WorkingTime {
    calendar.between(clock::local(from), clock::local(to))
}
