//! How one thing leads to another: the real decisions of both services, over the state of the model.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use intake::model as intake;
use kit::log::NewEvent;
use routing::model as routing;
use stateright::{Model, Property};

use super::act::{Action, REOPENING, Which, of_intake, of_routing, tried};
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
    /// How often somebody leaves the straight way: declines, forwards an offer, guides or asks the applicant, postpones,
    /// corrects. Withdrawals, stops, refusals and everything stale are always tried.
    pub deviations: u8,
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
        if !may_reopen && has_reopened(before, &after) {
            after.past.wrong.insert(Wrong::Reopened);
        }
        self.note(played);
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
        if let ToIntake::Decide(seen) | ToIntake::Return(seen) = call {
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
        let on = routing::OnTransfer {
            rights: self.people.rights(who, call.rpc()),
            transfer: transfer.uid.clone(),
            verb: call.verb(),
        };
        let mut after = self
            .routing(before, routing::Act::On(on), |act| {
                before.routing.call(act, now())
            })
            .ok()?;
        let was_cancelled = matches!(transfer.state, routing::State::Cancelled(..));
        after.past.done_late |= was_cancelled && matches!(call, ToRouting::Complete(_));
        let wrong = &mut after.past.wrong;
        let is_by_receiver = transfer.to == who.name();
        match call {
            ToRouting::Accept(_) | ToRouting::Decline(_) | ToRouting::Complete(_)
                if !is_by_receiver =>
            {
                wrong.insert(Wrong::AnotherUnit);
            }
            ToRouting::Forward(..) if !is_by_receiver && transfer.from != who.name() => {
                wrong.insert(Wrong::AnotherUnit);
            }
            ToRouting::Complete(_) if !call.is_of(transfer) => {
                wrong.insert(Wrong::StaleCustody);
            }
            _ if !call.is_of(transfer) => {
                wrong.insert(Wrong::StaleOffer);
            }
            _ => {}
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

fn has_reopened(before: &State, after: &State) -> bool {
    let is_done =
        |transfer: &&routing::Transfer| matches!(transfer.state, routing::State::Completed(..));
    let transfers = before.journey().into_iter().flat_map(|of| of.transfers());
    transfers.filter(is_done).any(|done| {
        let now = after.journey().map(|now| now.transfer(&done.uid));
        !matches!(now, Some(Ok(now)) if now.state == done.state)
    })
}

impl Model for Play {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.first.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.past.parked.is_none() {
            let may_deviate = state.past.deviations < self.bounds.deviations;
            tried(state, may_deviate, actions);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut after = self.after(before, action)?;
        after.past.deviations += u8::from(action.deviates(before));
        Some(after)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::of(self.bounds.way)
    }

    fn within_boundary(&self, state: &State) -> bool {
        let behind = self.bounds.behind;
        state.to_intake.len() <= behind && state.to_routing.len() <= behind
    }
}
