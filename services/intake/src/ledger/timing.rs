//! When results are due: the legal clock of a dossier, by the rule set of the day of receipt and the calendar of now.

use chrono::{NaiveDateTime, TimeDelta};
use kit::clock::{self, Moment};
use worktime::{Calendar, Deadline, Interruption, LegalClock, Limit, RuleSet};

use super::World;
use crate::dossier::{Course, Dossier, Due, Receipt, Units};
use crate::error::Error;
use crate::law;
use crate::reference::Terms;

/// The promise on the receipt.
pub(super) fn receipt(
    world: &World,
    terms: Terms,
    units: &Units,
    at: Moment,
) -> Result<Receipt, Error> {
    let clock = Clock::new(world, units, at, terms)?;
    let due = clock.due(clock.promised()?);
    Ok(Receipt {
        received_at: at,
        appointment: due.at,
        due,
    })
}

/// When the result of a dossier with this receipt is due as things stand, where whatever stops its clock ends then.
pub(super) fn due(
    world: &World,
    dossier: &Dossier,
    receipt: Receipt,
    at: Moment,
) -> Result<Due, Error> {
    let terms = terms_of(world, dossier)?;
    let clock = Clock::new(world, &dossier.units, receipt.received_at, terms)?;
    let course = dossier.course.ended(at);
    let interruptions = course.interruptions();
    let by_law = match clock
        .legal(&interruptions)
        .deadline()
        .map_err(|_| Error::CalendarMissing)?
    {
        Deadline::Due(at) => at,
        Deadline::Paused { .. } => clock::local(receipt.due.at),
    };
    // An apology promises a time of its own, which what stops the clock later moves too.
    let promised = clock.postponed(&course)?;
    Ok(clock.due(promised.map_or(by_law, |promised| promised.max(by_law))))
}

/// When the result is due; while the clock stands still, when it would be if that ended now.
pub(super) fn due_now(
    world: &World,
    dossier: &Dossier,
    receipt: Receipt,
    at: Moment,
) -> Result<Moment, Error> {
    match dossier.running() {
        Some(receipt) => Ok(receipt.due.at),
        None => Ok(due(world, dossier, receipt, at)?.at),
    }
}

/// When the result will be there as the desk promises anew.
pub(super) fn postponed(
    world: &World,
    dossier: &Dossier,
    receipt: Receipt,
    to: Moment,
) -> Result<Due, Error> {
    let terms = terms_of(world, dossier)?;
    let clock = Clock::new(world, &dossier.units, receipt.received_at, terms)?;
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

/// The terms of its case in the version that it stays on, for what came its way, longer by what its desk has.
pub(super) fn terms_of(world: &World, dossier: &Dossier) -> Result<Terms, Error> {
    let filing = &dossier.filing;
    let case = world.procedure_of(filing)?.case(&filing.case_key)?;
    Ok(case.terms(filing.limit_extra, filing.channel))
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
        terms: Terms,
    ) -> Result<Self, Error> {
        let calendars = world.calendar()?;
        let received = clock::local(received_at);
        Ok(Self {
            calendar: calendars.of(&units.receiving),
            revision: calendars.revision(),
            rules: terms.rules(received.date()),
            received,
            limit: terms.limit,
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
    fn postponed(&self, course: &Course) -> Result<Option<NaiveDateTime>, Error> {
        let Some(apology) = course.postponed() else {
            return Ok(None);
        };
        let mut promised = self.kept(clock::local(apology.to))?;
        let mut counted = apology.at;
        for stop in course.in_order() {
            let from = stop.from.max(counted);
            let Some(to) = stop.to.filter(|to| from < *to) else {
                continue;
            };
            counted = to;
            let (from, to) = (clock::local(from), clock::local(to));
            // What is late already is not made less late by stopping the clock.
            if from >= promised {
                break;
            }
            let later = self.calendar.add(promised, self.calendar.between(from, to));
            promised = later.map_err(|_| Error::CalendarMissing)?;
        }
        Ok(Some(promised))
    }

    /// When a promise is due for whose time the calendar of now has no work: like a limit that ends on a day off, by the close of
    /// the next day of work (R14; Civil Code 2015 art 148.5), and never before the time that was promised.
    fn kept(&self, promised: NaiveDateTime) -> Result<NaiveDateTime, Error> {
        if is_working_time(self.calendar, promised) {
            return Ok(promised);
        }
        let opening = self.calendar.next_opening(promised);
        let day = opening.map_err(|_| Error::CalendarMissing)?.date();
        self.calendar.closing(day).ok_or(Error::CalendarMissing)
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

#[cfg(test)]
mod tests {
    use worktime::{DayHours, DayKind, OfficeHours, Shift, SpecialDay};

    use super::*;
    use crate::dossier::tests::given::{apology, dossier, receipt, stop};
    use crate::dossier::{Adjustment, State, Stop, Why};

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    /// The standard week, but for this day.
    fn with(date: &str, kind: DayKind) -> Calendar {
        let special = SpecialDay {
            date: date.parse().unwrap(),
            name: "Ngày hội văn hóa".to_owned(),
            kind,
        };
        Calendar::weekly(OfficeHours::standard(), [special])
    }

    /// When the result is due that an apology of 31 August has promised, after these stops.
    fn promised(calendar: &Calendar, to: &str, stops: Vec<Stop>) -> NaiveDateTime {
        let received = at("2017-08-28T08:30:00");
        let legal = Clock {
            calendar,
            revision: 1,
            rules: RuleSet::in_force_on(received.date()),
            received,
            limit: Limit::WorkingDays(3),
        };
        let mut dossier = dossier(State::Processing(receipt()));
        dossier.course.stops = stops;
        dossier.course.adjustments = vec![Adjustment {
            to: clock::from_local(at(to)),
            ..apology()
        }];
        legal.postponed(&dossier.course).unwrap().unwrap()
    }

    fn paid(from: &str, to: &str) -> Stop {
        Stop {
            from: clock::from_local(at(from)),
            to: Some(clock::from_local(at(to))),
            ..stop(Why::Payment)
        }
    }

    #[test]
    fn r14_a_promise_for_a_day_that_is_off_by_now_is_due_by_the_close_of_the_next_working_day() {
        let tuesday = "2017-09-05T17:00:00";
        let as_it_was = with("2017-09-02", DayKind::PublicHoliday);
        assert_eq!(promised(&as_it_was, tuesday, Vec::new()), at(tuesday));
        let off = with("2017-09-05", DayKind::PublicHoliday);
        for to in ["2017-09-05T10:00:00", tuesday] {
            let due = promised(&off, to, Vec::new());
            assert_eq!(due, at("2017-09-06T17:00:00"), "{to}");
        }
        // Before a weekend.
        let off = with("2017-09-08", DayKind::SwappedDayOff);
        let due = promised(&off, "2017-09-08T17:00:00", Vec::new());
        assert_eq!(due, at("2017-09-11T17:00:00"));
    }

    #[test]
    fn r06_a_promise_is_never_due_before_its_time_where_its_day_has_become_a_half_day() {
        let morning = Shift {
            open: "07:00:00".parse().unwrap(),
            close: "11:30:00".parse().unwrap(),
        };
        let hours = DayHours::new(vec![morning]).unwrap();
        let half = with("2017-09-05", DayKind::ShortDay(hours));
        for (to, expected) in [
            ("2017-09-05T10:00:00", "2017-09-05T10:00:00"),
            ("2017-09-05T11:30:00", "2017-09-05T11:30:00"),
            ("2017-09-05T17:00:00", "2017-09-06T17:00:00"),
        ] {
            assert_eq!(promised(&half, to, Vec::new()), at(expected), "{to}");
        }
    }

    #[test]
    fn r08_what_stops_the_clock_after_an_apology_moves_its_promise_unless_that_is_past() {
        let tuesday = "2017-09-05T17:00:00";
        let two_hours = || vec![paid("2017-09-04T08:00:00", "2017-09-04T10:00:00")];
        let as_it_was = with("2017-09-02", DayKind::PublicHoliday);
        let due = promised(&as_it_was, tuesday, two_hours());
        assert_eq!(due, at("2017-09-06T09:00:00"));
        let off = with("2017-09-05", DayKind::PublicHoliday);
        let due = promised(&off, tuesday, two_hours());
        assert_eq!(due, at("2017-09-07T09:00:00"));
        let late = vec![paid(tuesday, "2017-09-06T10:00:00")];
        assert_eq!(promised(&as_it_was, tuesday, late), at(tuesday));
    }

    #[test]
    fn r08_what_stopped_the_clock_before_an_apology_moves_its_promise_by_what_was_left_of_it() {
        let tuesday = "2017-09-05T17:00:00";
        let as_it_was = with("2017-09-02", DayKind::PublicHoliday);
        // The apology is of 08:30; the second stop adds nothing to the first.
        let two_hours = vec![
            paid("2017-08-31T09:30:00", "2017-08-31T10:00:00"),
            paid("2017-08-30T08:00:00", "2017-08-31T10:30:00"),
        ];
        let due = promised(&as_it_was, tuesday, two_hours);
        assert_eq!(due, at("2017-09-06T09:00:00"));
        let over = vec![paid("2017-08-30T08:00:00", "2017-08-31T08:30:00")];
        assert_eq!(promised(&as_it_was, tuesday, over), at(tuesday));
    }
}
