//! When a dossier, or one step of its route, is due.

use chrono::{Days, Months, NaiveDate, NaiveDateTime, TimeDelta};

use crate::calendar::{Calendar, NoWorkingTime, SEARCH_DAYS, midnight};
use crate::explanation::{Counting, Explanation, Span};
use crate::rules::{CountFrom, RuleSet, is_after};
use crate::working_time::WorkingTime;

/// The limit of processing as the procedure states it (domain.md R14). A limit of zero days or months is a same-day
/// limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    /// By closing time of the day of receipt; received after the same-day cut-off, of the next working day.
    SameDay,
    /// So many working hours, from receipt or the start of work after it.
    WorkingHours(u32),
    /// By closing time of the n-th working day after the day of receipt.
    WorkingDays(u32),
    /// By closing time of the n-th day after the day of receipt, days off included, but never on one.
    CalendarDays(u32),
    /// By closing time of the day of the n-th month after that has the number of the day of receipt, or of that
    /// month's last day if it has none (Civil Code 2015 art 148.3), but never on a day off.
    Months(u32),
}

/// The time promised on the receipt, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    /// When the result is due: always on a working day, not after closing time.
    pub due: NaiveDateTime,
    /// How it was counted, day by day.
    pub explanation: Explanation,
}

/// When the result of a dossier received at `received` is due under `limit`.
///
/// # Errors
/// [`NoWorkingTime`] if that is more than twenty years away.
pub fn appointment(
    calendar: &Calendar,
    rules: &RuleSet,
    received: NaiveDateTime,
    limit: Limit,
) -> Result<Appointment, NoWorkingTime> {
    let receipt = Receipt {
        calendar,
        rules,
        received,
    };
    let span = receipt.span(limit)?;
    let explanation = Explanation::of(calendar, rules, &span);
    Ok(Appointment {
        due: span.due,
        explanation,
    })
}

/// When the clock of the next unit starts for what reaches it at `at`: at once or at the next opening; if that is
/// after the hand-over cut-off, when the next working day opens (NĐ 61/2018 art 18).
///
/// # Errors
/// [`NoWorkingTime`] if the office does not open within twenty years.
pub fn handover_start(
    calendar: &Calendar,
    rules: &RuleSet,
    at: NaiveDateTime,
) -> Result<NaiveDateTime, NoWorkingTime> {
    if !is_after(at.time(), rules.cutoffs.handover) {
        return calendar.next_opening(at);
    }
    let date = calendar.next_working_day(at.date())?;
    calendar.next_opening(midnight(date))
}

/// When a step of `time` offered at `offered_at` is due, its clock starting at [`handover_start`].
///
/// # Errors
/// [`NoWorkingTime`] if that is more than twenty years away.
pub fn step_due(
    calendar: &Calendar,
    rules: &RuleSet,
    offered_at: NaiveDateTime,
    time: WorkingTime,
) -> Result<NaiveDateTime, NoWorkingTime> {
    calendar.add(handover_start(calendar, rules, offered_at)?, time)
}

/// What every limit is counted with.
struct Receipt<'a> {
    calendar: &'a Calendar,
    rules: &'a RuleSet,
    received: NaiveDateTime,
}

impl Receipt<'_> {
    fn span(&self, limit: Limit) -> Result<Span, NoWorkingTime> {
        match limit {
            Limit::SameDay | Limit::WorkingDays(0) | Limit::CalendarDays(0) | Limit::Months(0) => {
                self.same_day()
            }
            Limit::WorkingHours(hours) => self.working_hours(hours),
            Limit::WorkingDays(days) => self.working_days(days),
            Limit::CalendarDays(days) => {
                let event = self.day_of_event()?;
                self.calendar_limit(event, event.checked_add_days(Days::new(u64::from(days))))
            }
            Limit::Months(months) => {
                let event = self.day_of_event()?;
                self.calendar_limit(event, event.checked_add_months(Months::new(months)))
            }
        }
    }

    fn same_day(&self) -> Result<Span, NoWorkingTime> {
        let cutoff = self.rules.cutoffs.same_day;
        let today = self.received.date();
        let still_open = self
            .calendar
            .closing(today)
            .is_some_and(|closing| self.received < closing);
        let date = if still_open && !is_after(self.received.time(), cutoff) {
            today
        } else {
            self.calendar.next_working_day(today)?
        };
        let start = self
            .calendar
            .next_opening(self.received.max(midnight(date)))?;
        let counting = Counting::Hours {
            cutoff: Some(cutoff),
        };
        Ok(self.counted(start, self.closing(date)?, counting))
    }

    fn working_hours(&self, hours: u32) -> Result<Span, NoWorkingTime> {
        let start = handover_start(self.calendar, self.rules, self.received)?;
        let due = self.calendar.add(start, WorkingTime::from_hours(hours))?;
        let cutoff = Some(self.rules.cutoffs.handover);
        Ok(self.counted(start, due, Counting::Hours { cutoff }))
    }

    fn working_days(&self, days: u32) -> Result<Span, NoWorkingTime> {
        let start = match self.rules.cutoffs.count_from {
            CountFrom::Instant => self.received,
            CountFrom::NextOpening => self.calendar.next_opening(self.received)?,
            CountFrom::NextWorkingDay => return self.whole_working_days(days),
        };
        let due = self.calendar.add(start, WorkingTime::from_days(days))?;
        Ok(self.counted(start, due, Counting::Hours { cutoff: None }))
    }

    fn whole_working_days(&self, days: u32) -> Result<Span, NoWorkingTime> {
        let today = self.received.date();
        let first = self.calendar.next_working_day(today)?;
        let last = self.calendar.nth_working_day(today, days)?;
        let start = self.calendar.next_opening(midnight(first))?;
        Ok(self.counted(start, self.closing(last)?, Counting::WorkingDays))
    }

    /// The day from which calendar days and months are reckoned; it is not counted itself.
    fn day_of_event(&self) -> Result<NaiveDate, NoWorkingTime> {
        match self.rules.cutoffs.count_from {
            CountFrom::Instant | CountFrom::NextWorkingDay => Ok(self.received.date()),
            CountFrom::NextOpening => Ok(self.calendar.next_opening(self.received)?.date()),
        }
    }

    /// A limit that runs through days off. If its `last` day is one, it ends on the next working day
    /// (Civil Code 2015 art 148.5). `last` is none beyond the end of all dates.
    fn calendar_limit(
        &self,
        event: NaiveDate,
        last: Option<NaiveDate>,
    ) -> Result<Span, NoWorkingTime> {
        let longest = TimeDelta::days(i64::from(SEARCH_DAYS));
        let last = last
            .filter(|last| *last - event <= longest)
            .ok_or(self.no_working_time())?;
        let first = event.succ_opt().ok_or(self.no_working_time())?;
        let due_on = if self.calendar.is_working_day(last) {
            last
        } else {
            self.calendar.next_working_day(last)?
        };
        let counting = Counting::CalendarDays { event, last };
        Ok(self.counted(midnight(first), self.closing(due_on)?, counting))
    }

    fn counted(&self, counted_from: NaiveDateTime, due: NaiveDateTime, counting: Counting) -> Span {
        Span {
            received: self.received,
            counted_from,
            due,
            counting,
        }
    }

    fn closing(&self, date: NaiveDate) -> Result<NaiveDateTime, NoWorkingTime> {
        self.calendar.closing(date).ok_or(self.no_working_time())
    }

    fn no_working_time(&self) -> NoWorkingTime {
        NoWorkingTime {
            after: self.received,
        }
    }
}
