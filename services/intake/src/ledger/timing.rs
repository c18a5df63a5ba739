//! When results are due: the legal clock of a dossier, by the rule set of the day of receipt and the calendar of now.

use chrono::{NaiveDateTime, TimeDelta};
use kit::clock::{self, Moment};
use worktime::{Calendar, Deadline, Interruption, LegalClock, Limit, RuleSet};

use super::World;
use crate::dossier::{Dossier, Due, Receipt, Units};
use crate::error::Error;
use crate::law;

/// The promise on the receipt.
pub(super) fn receipt(
    world: &World,
    limit: Limit,
    units: &Units,
    at: Moment,
) -> Result<Receipt, Error> {
    let clock = Clock::new(world, units, at, limit)?;
    let due = clock.due(clock.promised()?);
    Ok(Receipt {
        received_at: at,
        appointment: due.at,
        due,
    })
}

/// When the result of a dossier with this receipt is due as things stand; while its clock stands still, when it was due before.
pub(super) fn due(world: &World, dossier: &Dossier, receipt: Receipt) -> Result<Due, Error> {
    let limit = limit_of(world, dossier)?;
    let clock = Clock::new(world, &dossier.units, receipt.received_at, limit)?;
    let interruptions = dossier.course.interruptions();
    let by_law = match clock
        .legal(&interruptions)
        .deadline()
        .map_err(|_| Error::CalendarMissing)?
    {
        Deadline::Due(at) => at,
        Deadline::Paused { .. } => clock::local(receipt.due.at),
    };
    // An apology promises a time of its own, which what stops the clock later moves too.
    let promised = clock.postponed(dossier)?;
    Ok(clock.due(promised.map_or(by_law, |promised| promised.max(by_law))))
}

/// When the result will be there as the desk promises anew.
pub(super) fn postponed(
    world: &World,
    dossier: &Dossier,
    receipt: Receipt,
    to: Moment,
) -> Result<Due, Error> {
    let limit = limit_of(world, dossier)?;
    let clock = Clock::new(world, &dossier.units, receipt.received_at, limit)?;
    let (calendar, local) = (clock.calendar, clock::local(to));
    if !is_working_time(calendar, local) {
        let next = calendar.next_opening(local);
        let next = next.map_err(|_| Error::CalendarMissing)?;
        return Err(Error::NotWorkingTime {
            next: clock::from_local(next),
        });
    }
    Ok(clock.due(local))
}

/// When a submission, or what completes one, must have been answered; nothing where no calendar says when desks work.
pub(super) fn answer_by(world: &World, receiving: &str, at: Moment) -> Option<Moment> {
    let calendars = world.calendar().ok()?;
    law::answer_by(calendars.of(receiving), at).ok()
}

/// The limit of its case in the version that it stays on, longer by what its desk has.
pub(super) fn limit_of(world: &World, dossier: &Dossier) -> Result<Limit, Error> {
    let filing = &dossier.filing;
    let case = world.procedure_of(filing)?.case(&filing.case_key)?;
    Ok(case.limit_with(filing.limit_extra))
}

/// The legal clock of one dossier, and the version of the calendar that it goes by.
struct Clock<'a> {
    calendar: &'a Calendar,
    revision: i64,
    rules: RuleSet,
    received: NaiveDateTime,
    limit: Limit,
}

impl<'a> Clock<'a> {
    fn new(
        world: &'a World,
        units: &Units,
        received_at: Moment,
        limit: Limit,
    ) -> Result<Self, Error> {
        let calendars = world.calendar()?;
        let received = clock::local(received_at);
        Ok(Self {
            calendar: calendars.of(&units.receiving),
            revision: calendars.revision(),
            rules: RuleSet::in_force_on(received.date()),
            received,
            limit,
        })
    }

    fn promised(&self) -> Result<NaiveDateTime, Error> {
        worktime::appointment(self.calendar, &self.rules, self.received, self.limit)
            .map_err(|_| Error::CalendarMissing)
    }

    fn legal<'b>(&'b self, interruptions: &'b [Interruption]) -> LegalClock<'b> {
        LegalClock {
            calendar: self.calendar,
            rules: &self.rules,
            received: self.received,
            limit: self.limit,
            interruptions,
        }
    }

    /// The time of an apology, and for how long the clock has stood still since.
    fn postponed(&self, dossier: &Dossier) -> Result<Option<NaiveDateTime>, Error> {
        let Some(apology) = dossier.course.postponed() else {
            return Ok(None);
        };
        let calendar = self.calendar;
        let mut promised = clock::local(apology.to);
        let since = dossier.course.stops.iter();
        for stop in since.filter(|stop| stop.from >= apology.at) {
            let Some(to) = stop.to else { continue };
            let stood = calendar.between(clock::local(stop.from), clock::local(to));
            promised = calendar
                .add(promised, stood)
                .map_err(|_| Error::CalendarMissing)?;
        }
        Ok(Some(promised))
    }

    fn due(&self, at: NaiveDateTime) -> Due {
        let is_same_day = self.limit == Limit::SameDay;
        let warn_at = (!is_same_day)
            .then(|| working_day_before(self.calendar, at))
            .flatten()
            .filter(|warn_at| *warn_at > self.received);
        Due {
            at: clock::from_local(at),
            warn_at: warn_at.map(clock::from_local),
            calendar: self.revision,
        }
    }
}

/// The opening of the working day before (T−1; R3).
fn working_day_before(calendar: &Calendar, due: NaiveDateTime) -> Option<NaiveDateTime> {
    let mut day = due.date().pred_opt()?;
    for _ in 0..LONGEST_CLOSED_DAYS {
        if calendar.is_working_day(day) {
            return calendar
                .next_opening(day.and_time(chrono::NaiveTime::MIN))
                .ok();
        }
        day = day.pred_opt()?;
    }
    None
}

/// Tết closes offices for nine days or so.
const LONGEST_CLOSED_DAYS: u32 = 30;

/// Whether the office is open, or just closes.
fn is_working_time(calendar: &Calendar, at: NaiveDateTime) -> bool {
    let just_before = at - TimeDelta::minutes(1);
    calendar.between(just_before, at).minutes() == 1 || calendar.next_opening(at) == Ok(at)
}
