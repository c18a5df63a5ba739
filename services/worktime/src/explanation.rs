//! Why a dossier is due when it is: every day counted or skipped (design.md, guarantee 7).

use chrono::{NaiveDate, NaiveDateTime};

use crate::appointment::Counting;
use crate::calendar::{Calendar, DayKind};
use crate::legal_clock::{Deadline, LegalClock, Run};
use crate::reason::DayReason;
use crate::rules::is_after;
use crate::working_time::WorkingTime;

/// The reasoning behind one deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the rule set that was applied.
    pub rule_set: &'static str,
    /// When the dossier was received.
    pub received: NaiveDateTime,
    /// When counting began: the start of the first counted day for a limit in days.
    pub counted_from: NaiveDateTime,
    /// When the result is due.
    pub deadline: Deadline,
    /// Every date from receipt to due, or until the clock stopped, both included, in order.
    pub days: Vec<ExplainedDay>,
}

/// One date of an [`Explanation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedDay {
    /// The date.
    pub date: NaiveDate,
    /// The part of the limit used up on it. These add up to a limit in working hours or days (a whole day of the latter
    /// is 8 hours, a half day too); a limit in calendar days or months uses no working time.
    pub counted: WorkingTime,
    /// Why it counts or does not; of a day in parts, the reason of what counts.
    pub why: DayReason,
    /// Its office time, where not all of it has one reason; otherwise none.
    pub parts: Vec<ExplainedPart>,
}

/// A part of a day's office time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedPart {
    /// Its beginning.
    pub from: NaiveDateTime,
    /// Its end, the same day.
    pub to: NaiveDateTime,
    /// Why it counts or does not.
    pub why: DayReason,
}

/// What the days of an [`Explanation`] add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Working time that was counted.
    pub counted: WorkingTime,
    /// Days of which something was counted.
    pub days_counted: usize,
    /// Days of which nothing was counted.
    pub days_skipped: usize,
}

impl Explanation {
    pub(crate) fn of(clock: &LegalClock<'_>, run: &Run) -> Self {
        let days = Days {
            calendar: clock.calendar,
            run,
            until: match run.deadline {
                Deadline::Due(at) | Deadline::Paused { since: at, .. } => at,
            },
        };
        let dates = clock.received.date().iter_days();
        let dates = dates.take_while(|date| *date <= days.until.date());
        Self {
            rule_set: clock.rules.name,
            received: clock.received,
            counted_from: run.span.counted_from,
            deadline: run.deadline.clone(),
            days: dates.map(|date| days.explain(date)).collect(),
        }
    }

    /// What its days add up to.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for day in &self.days {
            totals.counted = totals.counted.saturating_add(day.counted);
            if day.why.counts() {
                totals.days_counted += 1;
            } else {
                totals.days_skipped += 1;
            }
        }
        totals
    }
}

/// What its days are explained with.
struct Days<'a> {
    calendar: &'a Calendar,
    run: &'a Run,
    until: NaiveDateTime,
}

impl Days<'_> {
    fn explain(&self, date: NaiveDate) -> ExplainedDay {
        if date < self.run.start.at.date() {
            return not_counted(
                date,
                self.before_start(date.and_time(chrono::NaiveTime::MIN)),
            );
        }
        match self.run.span.counting {
            Counting::CalendarDays { event, last } => {
                not_counted(date, self.by_calendar_days(event, last, date))
            }
            Counting::WorkingDays if self.is_whole(date) => self.by_working_days(date),
            Counting::WorkingDays | Counting::Hours { .. } => self.by_parts(date),
        }
    }

    /// Whether nothing divides a working day of a limit in whole days.
    fn is_whole(&self, date: NaiveDate) -> bool {
        let is_paused = self
            .run
            .pauses
            .iter()
            .any(|pause| pause.from.date() <= date && date <= pause.to.date());
        let stops = matches!(self.run.deadline, Deadline::Paused { .. });
        let is_cut = stops && date == self.until.date();
        date <= self.run.unpaused.date() && !is_paused && !is_cut
    }

    fn by_working_days(&self, date: NaiveDate) -> ExplainedDay {
        if date == self.run.start.at.date() {
            return not_counted(date, self.day_of_event());
        }
        let why = self.ordinary(date);
        if !why.counts() {
            return not_counted(date, why);
        }
        ExplainedDay {
            counted: WorkingTime::from_days(1),
            ..not_counted(date, why)
        }
    }

    fn by_calendar_days(&self, event: NaiveDate, last: NaiveDate, date: NaiveDate) -> DayReason {
        let mut pauses = self.run.pauses.iter();
        if date == event {
            self.day_of_event()
        } else if let Some(pause) = pauses.find(|pause| pause.days(event).any(|day| day == date)) {
            DayReason::Paused(pause.why.clone())
        } else if event < date && date <= last {
            DayReason::CalendarDayCounted
        } else if !self.calendar.is_working_day(date) {
            self.ordinary(date)
        } else if date < event {
            DayReason::AfterClosing
        } else {
            DayReason::MovedPastDayOff
        }
    }

    fn by_parts(&self, date: NaiveDate) -> ExplainedDay {
        let parts = self.parts_of(date);
        let counted = parts.iter().filter(|part| part.why.counts());
        let time = counted.clone().map(|part| part.to - part.from);
        let why = match (counted.clone().next(), parts.last()) {
            (Some(counted), _) => counted.why.clone(),
            (None, Some(_)) if self.is_over(date) => self.after_office_time(),
            (None, Some(last)) => last.why.clone(),
            (None, None) => self.ordinary(date),
        };
        let is_divided = parts.iter().any(|part| part.why != why);
        ExplainedDay {
            date,
            counted: time.map(WorkingTime::elapsed).sum(),
            why,
            parts: if is_divided { parts } else { Vec::new() },
        }
    }

    /// Whether a working day had closed when counting began.
    fn is_over(&self, date: NaiveDate) -> bool {
        let closing = self.calendar.closing(date);
        closing.is_some_and(|closing| closing <= self.run.span.counted_from)
    }

    /// The office time of a day, cut wherever its reason may change, until the deadline.
    fn parts_of(&self, date: NaiveDate) -> Vec<ExplainedPart> {
        let (run, mut parts) = (self.run, Vec::<ExplainedPart>::new());
        let pauses = run.pauses.iter().flat_map(|pause| [pause.from, pause.to]);
        let mut cuts: Vec<NaiveDateTime> = pauses.collect();
        cuts.extend([run.start.at, run.span.counted_from, self.until]);
        cuts.sort();
        for shift in self.calendar.hours_on(date).shifts() {
            let (open, close) = (date.and_time(shift.open), date.and_time(shift.close));
            let close = close.min(self.until);
            let mut from = open;
            let inner = cuts.iter().filter(|cut| open < **cut && **cut < close);
            for to in inner.chain([&close]) {
                if from < *to {
                    let why = self.why_at(from);
                    parts.push(ExplainedPart { from, to: *to, why });
                }
                from = *to;
            }
        }
        parts
    }

    fn why_at(&self, at: NaiveDateTime) -> DayReason {
        if at < self.run.start.at {
            return self.before_start(at);
        }
        if at < self.run.span.counted_from {
            return match self.run.span.counting {
                Counting::WorkingDays => self.day_of_event(),
                Counting::Hours { .. } | Counting::CalendarDays { .. } => self.after_office_time(),
            };
        }
        let mut pauses = self.run.pauses.iter();
        match pauses.find(|pause| pause.from <= at && at < pause.to) {
            Some(pause) => DayReason::Paused(pause.why.clone()),
            None => self.ordinary(at.date()),
        }
    }

    fn before_start(&self, at: NaiveDateTime) -> DayReason {
        match &self.run.start.after {
            None => DayReason::BeforeReceipt,
            Some((stopped, why)) if at.date() > stopped.date() || at >= *stopped => {
                DayReason::Paused(why.clone())
            }
            Some(_) => DayReason::BeforeCompletion,
        }
    }

    fn day_of_event(&self) -> DayReason {
        match self.run.start.after {
            None => DayReason::DayOfReceipt,
            Some(_) => DayReason::DayOfCompletion,
        }
    }

    fn after_office_time(&self) -> DayReason {
        match self.run.span.counting {
            Counting::Hours {
                cutoff: Some(cutoff),
            } if is_after(self.run.start.at.time(), cutoff) => DayReason::AfterCutoff,
            _ => DayReason::AfterClosing,
        }
    }

    /// What the calendar alone says about `date`.
    fn ordinary(&self, date: NaiveDate) -> DayReason {
        let Some(day) = self.calendar.special_day(date) else {
            let working = self.calendar.is_working_day(date);
            return if working {
                DayReason::Counted
            } else {
                DayReason::Weekend
            };
        };
        let name = day.name.clone();
        match day.kind {
            DayKind::PublicHoliday => DayReason::Holiday { name },
            DayKind::CompensatoryDayOff => DayReason::CompensatoryDayOff { name },
            DayKind::SwappedDayOff => DayReason::SwappedDayOff { name },
            DayKind::WorkingDay => DayReason::MakeUpWorkingDay { name },
            DayKind::ShortDay(_) => DayReason::ShortWorkingDay { name },
        }
    }
}

fn not_counted(date: NaiveDate, why: DayReason) -> ExplainedDay {
    ExplainedDay {
        date,
        counted: WorkingTime::ZERO,
        why,
        parts: Vec::new(),
    }
}
