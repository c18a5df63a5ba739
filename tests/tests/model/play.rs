//! How one thing leads to another: the real decisions of both services, over the state of the model.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use intake::model as intake;
use kit::log::NewEvent;
use routing::model as routing;
use stateright::{Model, Property};

use super::act::{Action, REOPENING, SEEKING, Step, Which, of_intake, of_routing, tried};
use super::call::{ToIntake, ToRouting};
use super::properties;
use super::state::{Held, News, State, Wrong};
use super::world::{DOSSIER, People, Way, Who, handed, now, too_late};

/// The model.
pub struct Play {
    bounds: Bounds,
    people: People,
    first: State,
    played: Arc<Mutex<BTreeSet<&'static str>>>,
}

/// How far it goes.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The route.
    pub way: Way,
    /// How often something leaves the straight way: an offer is declined, called back, forwarded or given up, a step given
    /// back, the dossier sent back, the applicant guided or asked, the appointment postponed, a mistake corrected, a unit
    /// succeeded. Withdrawals, stops, refusals and everything stale are always tried.
    pub deviations: u8,
    /// Only by these, where it is said.
    pub by: Option<&'static [&'static str]>,
    /// How many events at most wait for a consumer.
    pub behind: usize,
    /// A consumer keeps its place in the transaction of the effect, as it has to.
    pub keeps_places: bool,
}

impl Play {
    pub fn new(bounds: Bounds) -> Self {
        let copies = bounds.way.copies();
        let intake = intake::Intake::new(&copies);
        let handed = intake::Act::Hand(Box::new(handed()));
        let (intake, events) = intake.call(handed, now()).unwrap();
        let mut first = State::new(intake, routing::Routing::new(&copies));
        for event in &events {
            first.told_by_intake(event);
        }
        Self {
            bounds,
            people: People::default(),
            first,
            played: Arc::default(),
        }
    }

    /// What has been done so far, by what it is an act of.
    pub fn played(&self) -> Arc<Mutex<BTreeSet<&'static str>>> {
        Arc::clone(&self.played)
    }

    /// What an action leads to; nothing where it is refused.
    fn after(&self, before: &State, action: Action) -> Option<State> {
        match action {
            Action::Intake(who, call) => self.calls_intake(before, who, call),
            Action::Routing(who, which, call) => self.calls_routing(before, who, which, call),
            Action::IntakeHears => self.intake_hears(before.clone()),
            Action::RoutingHears => self.routing_hears(before.clone()),
            Action::IntakeHearsAgain | Action::RoutingHearsAgain => {
                self.hears_again(before, action)
            }
            Action::TimePasses => {
                // Other alarms only tell somebody something.
                if before.dossier().answer_by.is_none() || !before.dossier().state.stands_still() {
                    return None;
                }
                let ring = intake::Act::Ring(vec![DOSSIER.to_owned()]);
                self.intake(before, ring, |act| before.intake.take_in(act, too_late()))
                    .ok()
            }
            Action::GivesUp(which, offer_epoch) => self.gives_up(before, which, offer_epoch),
            Action::UnitEnds => self.unit_ends(before),
            Action::PassesOn => self.passes_on(before),
        }
    }

    /// Intake decides an act that a caller asks for, or an event.
    fn intake(
        &self,
        before: &State,
        act: intake::Act,
        decided: impl FnOnce(intake::Act) -> Decided<intake::Intake, ::intake::Error>,
    ) -> Result<State, ::intake::Error> {
        let played = of_intake(&act);
        let (intake, events) = decided(act)?;
        let mut after = State {
            intake: Arc::new(intake),
            ..before.clone()
        };
        for event in &events {
            after.told_by_intake(event);
        }
        self.note(played);
        Ok(after)
    }

    /// Routing likewise.
    fn routing(
        &self,
        before: &State,
        act: routing::Act,
        decided: impl FnOnce(routing::Act) -> Decided<routing::Routing, ::routing::Error>,
    ) -> Result<State, ::routing::Error> {
        let played = of_routing(&act);
        let (routing, events) = decided(act)?;
        let mut after = State {
            routing: Arc::new(routing),
            ..before.clone()
        };
        for event in &events {
            after.told_by_routing(event);
        }
        let may_reopen = played.is_some_and(|played| REOPENING.contains(&played));
        if !may_reopen && !reopened(before, &after).is_empty() {
            after.past.wrong.insert(Wrong::Reopened);
        }
        let seeking = played.is_some_and(|played| SEEKING.contains(&played));
        if !(seeking && events.is_empty()) {
            self.note(played);
        }
        Ok(after)
    }

    fn note(&self, played: Option<&'static str>) {
        self.played.lock().unwrap().extend(played);
    }

    fn calls_intake(&self, before: &State, who: Who, call: ToIntake) -> Option<State> {
        let on = intake::OnDossier {
            rights: self.people.rights(who, call.rpc()),
            dossier: DOSSIER.to_owned(),
            expected_revision: 0,
            verb: call.verb(before)?,
        };
        let act = intake::Act::On(on);
        let mut after = self
            .intake(before, act, |act| before.intake.call(act, now()))
            .ok()?;
        if let Some(seen) = call.claims() {
            let known = before.transfer(seen.transfer);
            let known = known.and_then(|transfer| before.known.get(&transfer.uid));
            let holds =
                |held: &Held| held.lasts && held.epoch == seen.epoch && held.unit == who.name();
            if !known.is_some_and(holds) {
                after.past.wrong.insert(Wrong::NotTheHolder);
            }
        }
        Some(after)
    }

    fn calls_routing(
        &self,
        before: &State,
        who: Who,
        which: Which,
        call: ToRouting,
    ) -> Option<State> {
        let transfer = before.transfer(which)?;
        let act = call.act(self.people.rights(who, call.rpc()), transfer);
        let mut after = self
            .routing(before, act, |act| before.routing.call(act, now()))
            .ok()?;
        if let ToRouting::SendBack(_, to) = call
            && !is_undone_from(to, before, &after)
        {
            after.past.wrong.insert(Wrong::Reopened);
        }
        let was_cancelled = matches!(transfer.state, routing::State::Cancelled(..));
        after.past.done_late |= was_cancelled && matches!(call, ToRouting::Complete(_));
        let wrong = &mut after.past.wrong;
        match call {
            _ if !call.is_for(who, transfer) => {
                wrong.insert(Wrong::AnotherUnit);
            }
            _ if call.is_of(transfer) => {}
            ToRouting::Complete(_) | ToRouting::Return(_) | ToRouting::SendBack(..) => {
                wrong.insert(Wrong::StaleCustody);
            }
            _ => {
                wrong.insert(Wrong::StaleOffer);
            }
        }
        Some(after)
    }

    /// The queue tells routing of an offer that was delivered too often; that may be another by now.
    fn gives_up(&self, before: &State, which: Which, offer_epoch: i64) -> Option<State> {
        let transfer = before.transfer(which)?;
        let given_up = routing::Act::GivenUp(vec![routing::GivenUp {
            transfer: transfer.uid.clone(),
            offer_epoch,
            deliveries: 20,
        }]);
        let mut after = self
            .routing(before, given_up, |act| before.routing.take_in(act, now()))
            .ok()?;
        let is_dead = |state: &State| {
            let transfer = state.transfer(which);
            transfer.is_some_and(|transfer| transfer.dead_letter.is_some())
        };
        if is_dead(&after) && !is_dead(before) && transfer.offer_epoch != offer_epoch {
            after.past.wrong.insert(Wrong::StaleOffer);
        }
        Some(after)
    }

    /// Both services hear that a unit is no more.
    fn unit_ends(&self, before: &State) -> Option<State> {
        let copies = self.bounds.way.without_a_unit();
        let at_intake = intake::Act::Copies(copies.clone());
        let after = self
            .intake(before, at_intake, |act| before.intake.take_in(act, now()))
            .ok()?;
        let at_routing = routing::Act::Copies(copies);
        let mut after = self
            .routing(&after, at_routing, |act| before.routing.take_in(act, now()))
            .ok()?;
        after.past.unit_ended = true;
        Some(after)
    }

    /// Routing looks for what is left with the unit that is no more.
    fn passes_on(&self, before: &State) -> Option<State> {
        let inherit = routing::Act::Inherit(vec![DOSSIER.to_owned()]);
        let mut after = self
            .routing(before, inherit, |act| before.routing.take_in(act, now()))
            .ok()?;
        let (gone, _) = self.bounds.way.succession();
        if after.has_work_of(gone.name()) {
            after.past.wrong.insert(Wrong::LeftBehind);
        }
        Some(after)
    }

    /// The place of a consumer is kept in the transaction of the effect: an event is taken in when it is the next, and what
    /// cannot be applied is parked.
    fn intake_hears(&self, mut before: State) -> Option<State> {
        let news = before.to_intake.take(!self.bounds.keeps_places)?;
        Some(self.intake_takes_in(&before, &news))
    }

    fn routing_hears(&self, mut before: State) -> Option<State> {
        let news = before.to_routing.take(!self.bounds.keeps_places)?;
        Some(self.routing_takes_in(&before, &news))
    }

    fn intake_takes_in(&self, before: &State, news: &News<intake::Act>) -> State {
        let taken = self.intake(before, news.act.clone(), |act| {
            before.intake.take_in(act, now())
        });
        let mut after = taken.unwrap_or_else(|error| parked(before, &error));
        after.heard(news);
        after
    }

    fn routing_takes_in(&self, before: &State, news: &News<routing::Act>) -> State {
        let taken = self.routing(before, news.act.clone(), |act| {
            before.routing.take_in(act, now())
        });
        taken.unwrap_or_else(|error| parked(before, &error))
    }

    /// An event that is brought again is not the next, and its consumer passes it by.
    fn hears_again(&self, before: &State, action: Action) -> Option<State> {
        if self.bounds.keeps_places {
            return None;
        }
        Some(match action {
            Action::IntakeHearsAgain => self.intake_takes_in(before, before.to_intake.last()?),
            _ => self.routing_takes_in(before, before.to_routing.last()?),
        })
    }
}

/// A service after an act, and what it told.
type Decided<S, E> = Result<(S, Vec<NewEvent>), E>;

fn parked(before: &State, error: &dyn std::fmt::Display) -> State {
    let mut after = before.clone();
    after.past.parked = Some(error.to_string());
    after
}

/// The steps that were done and are not any more.
fn reopened(before: &State, after: &State) -> BTreeSet<Step> {
    let done = before.done().filter(|done| {
        let now = after.journey().map(|now| now.transfer(&done.uid));
        !matches!(now, Some(Ok(now)) if now.state == done.state)
    });
    done.map(|done| Step::of(&done.work.key)).collect()
}

/// Whether a step and what comes after it are to be done again, and nothing else.
fn is_undone_from(step: Step, before: &State, after: &State) -> bool {
    let done = before.done().map(|done| Step::of(&done.work.key));
    let again: BTreeSet<Step> = done
        .filter(|done| *done == step || before.comes_after(*done, step))
        .collect();
    reopened(before, after) == again
}

impl Model for Play {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.past.parked.is_none() {
            let left = state.past.deviations < self.bounds.deviations;
            let by = self.bounds.by;
            let may = |action: Action| by.is_none_or(|names| names.contains(&action.name()));
            tried(state, |action| left && may(action), actions);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut after = self.after(before, action)?;
        after.past.deviations += u8::from(action.deviates(before));
        Some(after)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(&self.bounds)
    }

    fn within_boundary(&self, state: &State) -> bool {
        let behind = self.bounds.behind;
        state.to_intake.len() <= behind && state.to_routing.len() <= behind
    }
}
