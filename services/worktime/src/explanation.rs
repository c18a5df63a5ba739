//! Why a dossier is due when it is: every day counted or skipped (design.md, guarantee 7).

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::calendar::{Calendar, DayKind};
use crate::rules::{RuleSet, is_after};
use crate::working_time::WorkingTime;

/// The reasoning behind one appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Name of the rule set that was applied.
    pub rule_set: &'static str,
    /// When the dossier was received.
    pub received: NaiveDateTime,
    /// When counting began: the start of the first counted day for a limit in days.
    pub counted_from: NaiveDateTime,
    /// When the result is due.
    pub due: NaiveDateTime,
    /// Every date from receipt to due, both included, in order.
    pub days: Vec<ExplainedDay>,
}

/// One date of an [`Explanation`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedDay {
    /// The date.
    pub date: NaiveDate,
    /// The part of the limit used up on it. These add up to a limit in working hours or days (a day of the latter is
    /// 8 hours, a half day too); a limit in calendar days or months uses no working time.
    pub counted: WorkingTime,
    /// Why it counts or does not.
    pub why: DayReason,
}

/// Why a day counts towards a limit or does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DayReason {
    /// A working day, counted.
    Counted,
    /// A make-up day, counted.
    MakeUpWorkingDay {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A calendar day of a limit that runs through days off, counted.
    CalendarDayCounted,
    /// The day of the event, not counted (Civil Code 2015 art 147).
    DayOfReceipt,
    /// Received after the cut-off: counting starts the next working day (domain.md R3).
    AfterCutoff,
    /// Received after the office had closed, but not after a cut-off.
    AfterClosing,
    /// An ordinary weekly day off.
    Weekend,
    /// A public holiday.
    Holiday {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A day off in lieu of a holiday that fell on a weekly day off.
    CompensatoryDayOff {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// A day off that is made up for on another day.
    SwappedDayOff {
        /// What the day is called, in Vietnamese.
        name: String,
    },
    /// The limit ended on a day off and moved to this working day (Civil Code 2015 art 148.5).
    MovedPastDayOff,
}

impl DayReason {
    /// The reason for people, in Vietnamese.
    #[must_use]
    pub fn vietnamese(&self) -> String {
        let (vietnamese, _, name) = self.texts();
        with_name(vietnamese, name)
    }

    /// The reason for people, in English; the names of days stay Vietnamese.
    #[must_use]
    pub fn english(&self) -> String {
        let (_, english, name) = self.texts();
        with_name(english, name)
    }

    /// Vietnamese, English, name of the day.
    #[rustfmt::skip]
    fn texts(&self) -> (&'static str, &'static str, Option<&str>) {
        match self {
            Self::Counted => ("Ngày làm việc, được tính", "Working day, counted", None),
            Self::MakeUpWorkingDay { name } => ("Ngày làm bù, được tính", "Make-up working day, counted", Some(name)),
            Self::CalendarDayCounted => ("Được tính, kể cả ngày nghỉ", "Counted, days off included", None),
            Self::DayOfReceipt => ("Ngày tiếp nhận, không tính", "Day of receipt, not counted", None),
            Self::AfterCutoff => (
                "Tiếp nhận sau giờ quy định, tính từ ngày làm việc tiếp theo",
                "Received after the cut-off, counted from the next working day", None),
            Self::AfterClosing => (
                "Tiếp nhận sau giờ làm việc, tính từ ngày làm việc tiếp theo",
                "Received after closing time, counted from the next working day", None),
            Self::Weekend => ("Ngày nghỉ hằng tuần, không tính", "Weekly day off, not counted", None),
            Self::Holiday { name } => ("Nghỉ lễ, tết, không tính", "Public holiday, not counted", Some(name)),
            Self::CompensatoryDayOff { name } => ("Nghỉ bù, không tính", "Day off in lieu, not counted", Some(name)),
            Self::SwappedDayOff { name } => ("Nghỉ hoán đổi, không tính", "Swapped day off, not counted", Some(name)),
            Self::MovedPastDayOff => (
                "Hạn rơi vào ngày nghỉ, chuyển sang ngày làm việc này",
                "The limit ended on a day off and moved to this working day", None),
        }
    }
}

fn with_name(text: &str, name: Option<&str>) -> String {
    name.map_or_else(|| text.to_owned(), |name| format!("{text}: {name}"))
}

/// How a limit was counted, so far as the reasons of its days depend on it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counting {
    /// Working time between `counted_from` and `due`; `cutoff` is the one that applied to receipt, if any.
    Hours { cutoff: Option<NaiveTime> },
    /// Whole working days after the day of receipt.
    WorkingDays,
    /// All days after `event`, up to `last`, then on to a working day.
    CalendarDays { event: NaiveDate, last: NaiveDate },
}

/// A limit that was counted, before it is explained.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub received: NaiveDateTime,
    pub counted_from: NaiveDateTime,
    pub due: NaiveDateTime,
    pub counting: Counting,
}

impl Explanation {
    pub(crate) fn of(calendar: &Calendar, rules: &RuleSet, span: &Span) -> Self {
        let dates = span
            .received
            .date()
            .iter_days()
            .take_while(|date| *date <= span.due.date());
        let days = match span.counting {
            Counting::Hours { cutoff } => by_hours(calendar, span, cutoff, dates),
            Counting::WorkingDays => dates
                .map(|date| by_working_days(calendar, span, date))
                .collect(),
            Counting::CalendarDays { event, last } => dates
                .map(|date| by_calendar_days(calendar, event, last, date))
                .collect(),
        };
        Self {
            rule_set: rules.name,
            received: span.received,
            counted_from: span.counted_from,
            due: span.due,
            days,
        }
    }
}

/// Rounds the running total and not each day, so that the days add up to the limit to the minute.
fn by_hours(
    calendar: &Calendar,
    span: &Span,
    cutoff: Option<NaiveTime>,
    dates: impl Iterator<Item = NaiveDate>,
) -> Vec<ExplainedDay> {
    let mut elapsed = TimeDelta::zero();
    let mut days = Vec::new();
    for date in dates {
        let before = WorkingTime::elapsed(elapsed);
        elapsed += calendar.open_on(date, span.counted_from, span.due);
        let counted = WorkingTime::elapsed(elapsed).saturating_sub(before);
        let why = why_by_hours(calendar, span, cutoff, date);
        days.push(ExplainedDay { date, counted, why });
    }
    days
}

fn why_by_hours(
    calendar: &Calendar,
    span: &Span,
    cutoff: Option<NaiveTime>,
    date: NaiveDate,
) -> DayReason {
    let day_was_over = calendar
        .closing(date)
        .is_some_and(|closing| closing <= span.counted_from);
    if !day_was_over {
        return ordinary(calendar, date);
    }
    match cutoff {
        Some(cutoff) if is_after(span.received.time(), cutoff) => DayReason::AfterCutoff,
        _ => DayReason::AfterClosing,
    }
}

fn by_working_days(calendar: &Calendar, span: &Span, date: NaiveDate) -> ExplainedDay {
    if date == span.received.date() {
        return not_counted(date, DayReason::DayOfReceipt);
    }
    let why = ordinary(calendar, date);
    if !calendar.is_working_day(date) {
        return not_counted(date, why);
    }
    ExplainedDay {
        date,
        counted: WorkingTime::from_days(1),
        why,
    }
}

fn by_calendar_days(
    calendar: &Calendar,
    event: NaiveDate,
    last: NaiveDate,
    date: NaiveDate,
) -> ExplainedDay {
    let why = if date == event {
        DayReason::DayOfReceipt
    } else if event < date && date <= last {
        DayReason::CalendarDayCounted
    } else if !calendar.is_working_day(date) {
        ordinary(calendar, date)
    } else if date < event {
        DayReason::AfterClosing
    } else {
        DayReason::MovedPastDayOff
    };
    not_counted(date, why)
}

fn not_counted(date: NaiveDate, why: DayReason) -> ExplainedDay {
    ExplainedDay {
        date,
        counted: WorkingTime::ZERO,
        why,
    }
}

/// What the calendar alone says about `date`.
fn ordinary(calendar: &Calendar, date: NaiveDate) -> DayReason {
    let Some(day) = calendar.special_day(date) else {
        let working = calendar.is_working_day(date);
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
    }
}
