//! When a dossier whose clock is never interrupted, or one step of its route, is due.

use chrono::{Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::calendar::{Calendar, NoWorkingTime, SEARCH_DAYS, midnight};
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

/// How a limit was counted, so far as pauses and the reasons of its days depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counting {
    /// Working time between `counted_from` and `due`; `cutoff` is the one that applied to receipt, if any.
    Hours { cutoff: Option<NaiveTime> },
    /// Whole working days after the day of receipt.
    WorkingDays,
    /// All days after `event`, up to `last`, then on to a working day.
    CalendarDays { event: NaiveDate, last: NaiveDate },
}

/// A limit that was counted, before pauses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub counted_from: NaiveDateTime,
    pub due: NaiveDateTime,
    pub counting: Counting,
}

/// What every limit is counted with.
#[derive(Clone, Copy)]
pub(crate) struct Receipt<'a> {
    pub calendar: &'a Calendar,
    pub rules: &'a RuleSet,
    pub received: NaiveDateTime,
}

impl Receipt<'_> {
    /// The limit counted from receipt.
    pub fn span(&self, limit: Limit) -> Result<Span, NoWorkingTime> {
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
        Ok(counted(start, self.closing(date)?, counting))
    }

    fn working_hours(&self, hours: u32) -> Result<Span, NoWorkingTime> {
        let start = handover_start(self.calendar, self.rules, self.received)?;
        let due = self.calendar.add(start, WorkingTime::from_hours(hours))?;
        let cutoff = Some(self.rules.cutoffs.handover);
        Ok(counted(start, due, Counting::Hours { cutoff }))
    }

    fn working_days(&self, days: u32) -> Result<Span, NoWorkingTime> {
        let start = match self.rules.cutoffs.count_from {
            CountFrom::Instant => self.received,
            CountFrom::NextOpening => self.calendar.next_opening(self.received)?,
            CountFrom::NextWorkingDay => return self.whole_working_days(days),
        };
        let due = self.calendar.add(start, WorkingTime::from_days(days))?;
        Ok(counted(start, due, Counting::Hours { cutoff: None }))
    }

    fn whole_working_days(&self, days: u32) -> Result<Span, NoWorkingTime> {
        let today = self.received.date();
        let first = self.calendar.next_working_day(today)?;
        let last = self.calendar.nth_working_day(today, days)?;
        let start = self.calendar.next_opening(midnight(first))?;
        Ok(counted(start, self.closing(last)?, Counting::WorkingDays))
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
        let due = self.closing_on_or_after(last)?;
        let counting = Counting::CalendarDays { event, last };
        Ok(counted(midnight(first), due, counting))
    }

    /// Closing time of a date or, if that is a day off, of the next working day.
    pub fn closing_on_or_after(&self, date: NaiveDate) -> Result<NaiveDateTime, NoWorkingTime> {
        match self.calendar.closing(date) {
            Some(closing) => Ok(closing),
            None => self.closing(self.calendar.next_working_day(date)?),
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

fn counted(counted_from: NaiveDateTime, due: NaiveDateTime, counting: Counting) -> Span {
    Span {
        counted_from,
        due,
        counting,
    }
}
