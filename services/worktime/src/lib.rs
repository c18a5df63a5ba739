//! Working-time arithmetic: when is a dossier due, and why.
//!
//! Pure: no I/O, no async, no "now". All times are civil local time (`Asia/Ho_Chi_Minh`, which has no daylight
//! saving), so a [`chrono::NaiveDateTime`] names one instant.
//!
//! * [`OfficeHours`] are the opening hours of an office in an ordinary week; a [`Schedule`] says which week holds in which
//!   season and from which day on; [`Calendar`] adds the days that differ: public holidays, days off in lieu, swapped days,
//!   make-up Saturdays and half days.
//! * [`RuleSet`] holds what the law of a date says about cut-offs and about where counting starts.
//! * [`appointment`] gives the time promised on the receipt. [`LegalClock`] reckons it again with all that stopped the clock
//!   since, and tells why in an [`Explanation`], day by day. [`handover_start`] and [`step_due`] do the same for one step of a
//!   route.
//!
//! Every search ends after twenty years with [`NoWorkingTime`]; nothing here loops for ever.

mod appointment;
mod calendar;
mod explanation;
mod hours;
mod legal_clock;
mod reason;
mod rules;
mod schedule;
mod working_time;

pub use appointment::{Limit, handover_start, step_due};
pub use calendar::{Calendar, DayKind, NoWorkingTime, SpecialDay};
pub use explanation::{ExplainedDay, ExplainedPart, Explanation, Totals};
pub use hours::{DayHours, InvalidHours, OfficeHours, Opening, Shift};
pub use legal_clock::{Deadline, Interruption, LegalClock, PauseReason, appointment};
pub use reason::DayReason;
pub use rules::{CountFrom, Cutoffs, RuleSet};
pub use schedule::{InvalidSchedule, MonthDay, Period, Schedule, Season};
pub use working_time::WorkingTime;
