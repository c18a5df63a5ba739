//! The clock of the dossier: the step that waits while it stands still, and by when the others are due.

use kit::clock::Moment;
use kit::copies::Calendars;

use super::{Journey, Surroundings, What};
use crate::act::Resumed;
use crate::error::Error;
use crate::link::Link;
use crate::route::{Due, RESULT, Slice, Why};
use crate::transfer::{State, Transfer};

impl Journey {
    /// Intake stopped the clock: the step whose holder asked the applicant is not completed before it goes on. A holder may
    /// have completed it here before intake heard of that. Then custody has gone on and stays where it is: no step is
    /// suspended, nothing is decided all the same, since intake decides nothing while its clock stands still, and the pause
    /// counts for whatever is under way.
    pub fn clock_stopped(&mut self, asked_by: &str, at: Moment) {
        self.route.stopped_at = Some(at);
        self.touch_clocks();
        let held = self.transfers.iter().any(|transfer| {
            transfer.uid == asked_by && matches!(transfer.state, State::Accepted(_))
        });
        self.route.suspended_by = held.then(|| asked_by.to_owned());
    }

    /// Intake let the clock go on: nothing is suspended, what is under way is due later, and what was opened meanwhile is offered.
    /// Where it stood still for steps outside the limit, nothing was suspended or kept back, unless the applicant was waited for
    /// too and still is.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn clock_resumed(
        &mut self,
        resumed: &Resumed,
        around: Surroundings<'_>,
    ) -> Result<(), Error> {
        if resumed.pause.why == Why::OutsideLimit {
            self.route.resume(resumed.pause, resumed.due);
            return self.reckon(around);
        }
        self.clock_goes_on();
        if resumed.restarts {
            self.route.restart(resumed.pause.to, resumed.due);
        } else {
            self.route.resume(resumed.pause, resumed.due);
        }
        self.end_holds(resumed.pause.to, around)?;
        self.reckon(around)
    }

    /// What was opened while the clock stood still is offered from then on, and its times are reckoned from then.
    fn end_holds(&mut self, at: Moment, around: Surroundings<'_>) -> Result<(), Error> {
        let on_hold = self.transfers.iter().filter(|transfer| transfer.on_hold);
        let on_hold: Vec<Transfer> = on_hold.cloned().collect();
        for transfer in on_hold {
            if transfer.state != State::Offered {
                // Its sender has it back, and it waits no more once it is offered again.
                self.keep(&Transfer {
                    on_hold: false,
                    ..transfer
                });
                continue;
            }
            let at = at.max(transfer.offered_at);
            let (key, to) = (&transfer.work.key, &transfer.to);
            let due = self.due_of(key, to, at, around.calendar)?;
            self.note(What::HoldEnded, transfer.offered_since(at, due));
        }
        Ok(())
    }

    /// Intake reckoned the deadline anew.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn deadline_moved(&mut self, due: Moment, around: Surroundings<'_>) -> Result<(), Error> {
        self.route.promise(due, around.calendar.of_the_province())?;
        self.reckon(around)
    }

    /// The result is due when the applicant was told to come for it; a step by its share of the limit, or by time of its own.
    pub(super) fn due_of(
        &self,
        key: &str,
        to: &str,
        at: Moment,
        calendars: &Calendars,
    ) -> Result<Due, Error> {
        let step = self.route.step(key);
        let slice = step.map_or(Slice::Percent(0), |step| step.slice);
        let calendar = calendars.of(to);
        let (hand_over, mut step) = self.route.due(slice, at, calendar)?;
        if key == RESULT {
            step = self.route.appointment;
        }
        Ok(Due::of_offer(at, (hand_over, step), calendar)?)
    }

    /// The due times of a transfer, whose step counts from the receipt of its paper where it waited for that.
    pub(super) fn begun(
        &self,
        transfer: &Transfer,
        due: Due,
        calendars: &Calendars,
    ) -> Result<Due, Error> {
        let Some(at) = transfer.begun_by_paper() else {
            return Ok(due);
        };
        let begun = self.due_of(&transfer.work.key, &transfer.to, at, calendars)?;
        Ok(due.with_step_of(begun))
    }

    /// Nothing stands still any more, and nothing waits for the applicant.
    pub(super) fn clock_goes_on(&mut self) {
        self.route.suspended_by = None;
        if self.route.stopped_at.take().is_some() {
            self.touch_clocks();
        }
    }

    /// What is found by time is found otherwise while the clock of the dossier stands still.
    fn touch_clocks(&mut self) {
        let runs =
            |transfer: &&Transfer| matches!(transfer.state, State::Offered | State::Accepted(_));
        let running = self.transfers.iter().filter(runs);
        self.touched
            .extend(running.map(|transfer| transfer.uid.clone()));
    }

    /// Reckons what is offered or under way anew, after the calendar or the deadline has changed.
    ///
    /// # Errors
    /// When the calendar has no working time ahead.
    pub fn reckon(&mut self, around: Surroundings<'_>) -> Result<(), Error> {
        self.route.calendar = around.calendar.revision();
        let under_way =
            |transfer: &&Transfer| matches!(transfer.state, State::Offered | State::Accepted(_));
        let under_way: Vec<Transfer> = self.transfers.iter().filter(under_way).cloned().collect();
        for transfer in under_way {
            let (key, to) = (&transfer.work.key, &transfer.to);
            let due = self.due_of(key, to, transfer.offered_at, around.calendar)?;
            let due = self.begun(&transfer, due, around.calendar)?;
            let link = transfer.link_by(around.calendar.of(to))?;
            if due != transfer.due || link != transfer.link {
                self.moved(&transfer, due, link);
            }
        }
        Ok(())
    }

    /// The latest time that its clocks know: a calendar that says the same until then moves nothing of it.
    pub fn reaches(&self) -> Moment {
        let under_way = self
            .transfers
            .iter()
            .filter(|transfer| matches!(transfer.state, State::Offered | State::Accepted(_)));
        let times = under_way.flat_map(|transfer| {
            let answer = transfer.open_link().map(|link| link.acknowledge_by);
            transfer.due.times().into_iter().chain(answer)
        });
        let route = [self.route.limit.to, self.route.appointment];
        times.chain(route).fold(self.route.limit.from, Moment::max)
    }

    /// Nobody is told of what stands in no message: its marks, and when a step would be due that waits for paper.
    fn moved(&mut self, transfer: &Transfer, due: Due, link: Option<Link>) {
        let begins = !transfer.waits_for_paper();
        let times = |due: &Due| (due.hand_over, begins.then_some(due.step));
        let is_told = times(&due) != times(&transfer.due) || link != transfer.link;
        let moved = Transfer {
            due,
            link,
            revision: transfer.revision + i64::from(is_told),
            ..transfer.clone()
        };
        if is_told {
            self.note(What::DueMoved, moved.with_escalation_reckoned());
        } else {
            self.keep(&moved);
        }
    }
}
