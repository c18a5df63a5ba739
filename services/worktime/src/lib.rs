//! Working-time arithmetic: when is a dossier due, and why.
//!
//! Pure: no I/O, no async, no "now". All times are civil local time (`Asia/Ho_Chi_Minh`, which has no daylight
//! saving), so a [`chrono::NaiveDateTime`] names one instant.
//!
//! * [`OfficeHours`] are the opening hours of a unit in an ordinary week; [`Calendar`] adds the days that differ:
//!   public holidays, days off in lieu, swapped days and make-up Saturdays.
//! * [`RuleSet`] holds what the law of a date says about cut-offs and about where counting starts.
//! * [`appointment`] gives the time promised on the receipt together with an [`Explanation`], day by day;
//!   [`handover_start`] and [`step_due`] do the same for one step of a route.
//!
//! Every search ends after twenty years with [`NoWorkingTime`]; nothing here loops for ever.

mod appointment;
mod calendar;
mod explanation;
mod hours;
mod rules;
mod working_time;

pub use appointment::{Appointment, Limit, appointment, handover_start, step_due};
pub use calendar::{Calendar, DayKind, NoWorkingTime, SpecialDay};
pub use explanation::{DayReason, ExplainedDay, Explanation};
pub use hours::{InvalidHours, OfficeHours, Opening};
pub use rules::{CountFrom, Cutoffs, RuleSet};
pub use working_time::WorkingTime;
