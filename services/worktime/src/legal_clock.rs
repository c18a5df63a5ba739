//! The legal clock of a dossier: its limit from receipt on, with all that stopped the clock since (domain.md R2, R8).

use chrono::{NaiveDate, NaiveDateTime};

use crate::appointment::{Counting, Limit, Receipt, Span};
use crate::calendar::{Calendar, NoWorkingTime};
use crate::explanation::Explanation;
use crate::rules::RuleSet;

/// Why a clock does not run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PauseReason {
    /// The applicant was asked for a supplement.
    Supplement,
    /// The applicant has a financial duty to meet.
    FinancialDuty,
    /// A step that the limit does not count: the tax office, posting in public. Its name, in Vietnamese.
    OutsideLimit(String),
}

/// What came between receipt and result. One that has not ended yet has no second instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Interruption {
    /// The clock stood still and went on with what was left (*resume*).
    Pause {
        /// When it stopped.
        from: NaiveDateTime,
        /// When it went on.
        to: Option<NaiveDateTime>,
        /// Why.
        why: PauseReason,
    },
    /// The clock stopped, and the full limit began when the dossier was complete (*restart*; NĐ 61/2018 art 11).
    Restart {
        /// When it stopped.
        from: NaiveDateTime,
        /// When the dossier was complete.
        completed: Option<NaiveDateTime>,
        /// Why.
        why: PauseReason,
    },
}

/// When a result is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deadline {
    /// Then: always on a working day, not after closing time.
    Due(NaiveDateTime),
    /// The clock stands still.
    Paused {
        /// Since when.
        since: NaiveDateTime,
        /// Why.
        why: PauseReason,
    },
}

/// Everything that a deadline is reckoned from.
#[derive(Debug, Clone, Copy)]
pub struct LegalClock<'a> {
    /// When the office works.
    pub calendar: &'a Calendar,
    /// The rules of the day of receipt.
    pub rules: &'a RuleSet,
    /// When the dossier was received.
    pub received: NaiveDateTime,
    /// How long the units have.
    pub limit: Limit,
    /// What stopped the clock, in order. What begins before the one before it has ended counts from that end; a pause that outlasts
    /// the completion of the dossier stops the new limit from there on.
    pub interruptions: &'a [Interruption],
}

/// When the result of a dossier received at `received` is due under `limit`, if nothing stops its clock: the time
/// promised on the receipt.
///
/// # Errors
/// [`NoWorkingTime`] if that is more than twenty years away.
pub fn appointment(
    calendar: &Calendar,
    rules: &RuleSet,
    received: NaiveDateTime,
    limit: Limit,
) -> Result<NaiveDateTime, NoWorkingTime> {
    let receipt = Receipt {
        calendar,
        rules,
        received,
    };
    Ok(receipt.span(limit)?.due)
}

impl LegalClock<'_> {
    /// When the result is due.
    ///
    /// # Errors
    /// [`NoWorkingTime`] if that is more than twenty years away.
    pub fn deadline(&self) -> Result<Deadline, NoWorkingTime> {
        Ok(self.run()?.deadline)
    }

    /// Why it is due then, day by day.
    ///
    /// # Errors
    /// [`NoWorkingTime`] if that is more than twenty years away.
    pub fn explain(&self) -> Result<Explanation, NoWorkingTime> {
        Ok(Explanation::of(self, &self.run()?))
    }

    fn run(&self) -> Result<Run, NoWorkingTime> {
        let (start, stops) = self.last_start();
        let receipt = Receipt {
            calendar: self.calendar,
            rules: self.rules,
            received: start.at,
        };
        let mut span = receipt.span(self.limit)?;
        let (unpaused, mut pauses) = (span.due, Vec::new());
        let mut deadline = Deadline::Due(span.due);
        for stop in stops {
            let from = pauses
                .last()
                .map_or(stop.from, |last: &Pause| stop.from.max(last.to));
            // What is late already is not made less late by stopping the clock.
            if from >= span.due {
                break;
            }
            let Some(to) = stop.to else {
                let (since, why) = (from, stop.why.clone());
                deadline = Deadline::Paused { since, why };
                break;
            };
            let pause = Pause {
                from,
                to: to.max(from),
                why: stop.why.clone(),
            };
            span = pause.prolong(&receipt, span)?;
            deadline = Deadline::Due(span.due);
            pauses.push(pause);
        }
        Ok(Run {
            start,
            span,
            unpaused,
            pauses,
            deadline,
        })
    }

    /// From where the limit counts, and what stopped the clock since.
    fn last_start(&self) -> (Start, Vec<Stop<'_>>) {
        let mut start = Start {
            at: self.received,
            after: None,
        };
        let mut stops: Vec<Stop<'_>> = Vec::new();
        for interruption in self.interruptions {
            let (from, to, why, restarts) = match interruption {
                Interruption::Pause { from, to, why } => (*from, *to, why, false),
                Interruption::Restart {
                    from,
                    completed,
                    why,
                } => (*from, *completed, why, true),
            };
            let from = from.max(start.at);
            match to {
                Some(completed) if restarts => {
                    start = Start {
                        at: completed.max(from),
                        after: Some((from, why.clone())),
                    };
                    stops.retain(|stop| stop.to.is_none_or(|to| to > start.at));
                    for stop in &mut stops {
                        stop.from = stop.from.max(start.at);
                    }
                }
                to => stops.push(Stop { from, to, why }),
            }
        }
        (start, stops)
    }
}

/// From where a limit counts.
#[derive(Debug)]
pub(crate) struct Start {
    /// Receipt, or the completion of the dossier.
    pub at: NaiveDateTime,
    /// Since when and why the clock stood still before completion.
    pub after: Option<(NaiveDateTime, PauseReason)>,
}

struct Stop<'a> {
    from: NaiveDateTime,
    to: Option<NaiveDateTime>,
    why: &'a PauseReason,
}

/// A pause that has ended.
#[derive(Debug)]
pub(crate) struct Pause {
    pub from: NaiveDateTime,
    pub to: NaiveDateTime,
    pub why: PauseReason,
}

/// A clock that was run.
#[derive(Debug)]
pub(crate) struct Run {
    pub start: Start,
    /// With all pauses.
    pub span: Span,
    /// When it would have been due without them.
    pub unpaused: NaiveDateTime,
    pub pauses: Vec<Pause>,
    pub deadline: Deadline,
}

impl Pause {
    /// A limit in working time is due by so much working time later as the pause had. One that runs through days off goes on
    /// by so many days as lie between pause and resumption, the day of the event itself not counted (Civil Code art 147).
    fn prolong(&self, receipt: &Receipt<'_>, span: Span) -> Result<Span, NoWorkingTime> {
        let Counting::CalendarDays { event, last } = span.counting else {
            let from = self.from.max(span.counted_from);
            let paused = receipt.calendar.between(from, self.to);
            let due = receipt.calendar.add(span.due, paused)?;
            return Ok(Span { due, ..span });
        };
        let paused = self.days(event).count() as u64;
        let last = last.checked_add_days(chrono::Days::new(paused));
        let last = last.ok_or(NoWorkingTime { after: self.to })?;
        Ok(Span {
            due: receipt.closing_on_or_after(last)?,
            counting: Counting::CalendarDays { event, last },
            ..span
        })
    }

    /// The days that a limit which runs through days off does not count.
    pub fn days(&self, event: NaiveDate) -> impl Iterator<Item = NaiveDate> {
        let (first, last) = (self.from.date().max(event), self.to.date());
        let days = first.iter_days().skip(1);
        days.take_while(move |day| *day <= last)
    }
}
