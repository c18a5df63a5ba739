//! What can happen: every act of both services, by everybody who might try it, with everything that somebody may have seen.
//!
//! An act that a service learns must be played here too: [`of_intake`] and [`of_routing`] do not compile without it, and the
//! model fails while something in [`PLAYED`] is never done. So: give it a name there, a variant in `ToIntake` or `ToRouting`,
//! and let [`tried`] try it.

use std::fmt;

use intake::model as intake;
use routing::model as routing;

use super::call::{ToIntake, ToRouting};
use super::state::State;
use super::world::Who;

/// Everything that is done, by what it is an act of.
pub const PLAYED: [&str; 34] = [
    "ReceiveDossier",
    "RefuseDossier",
    "GuideDossier",
    "ForwardDossier",
    "RequestSupplement",
    "SupplementDossier",
    "RequestPayment",
    "ConfirmPayment",
    "PostponeAppointment",
    "CorrectDossier",
    "StopDossier",
    "WithdrawDossier",
    "RecordDecision",
    "ReturnResult",
    "an alarm rings",
    "a custody is heard of",
    "AcceptTransfer",
    "DeclineTransfer",
    "ForwardTransfer",
    "CompleteTransfer",
    "RecallTransfer",
    "ReturnTransfer",
    "SendBackTransfer",
    "RedriveDeadLetters",
    "an offer is given up",
    "what a unit had is passed on",
    "a reception is heard of",
    "an end is heard of",
    "a decision is heard of",
    "a return is heard of",
    "a new deadline is heard of",
    "a stopped clock is heard of",
    "a running clock is heard of",
    "a correction is heard of",
];

/// Those of them that may open again what was done.
pub const REOPENING: [&str; 1] = ["SendBackTransfer"];

/// Those of them that look for what there is to do, and find nothing most times.
pub const SEEKING: [&str; 3] = [
    "RedriveDeadLetters",
    "an offer is given up",
    "what a unit had is passed on",
];

/// What an act of intake is played as; nothing where it is beside the life of one dossier.
pub fn of_intake(act: &intake::Act) -> Option<&'static str> {
    Some(match act {
        intake::Act::On(on) => match on.verb {
            intake::Verb::Receive => "ReceiveDossier",
            intake::Verb::Refuse(_) => "RefuseDossier",
            intake::Verb::Guide(_) => "GuideDossier",
            intake::Verb::Forward(_) => "ForwardDossier",
            intake::Verb::AskSupplement(..) => "RequestSupplement",
            intake::Verb::Supplement(_) => "SupplementDossier",
            intake::Verb::AskPayment(..) => "RequestPayment",
            intake::Verb::Pay(_) => "ConfirmPayment",
            intake::Verb::Postpone(_) => "PostponeAppointment",
            intake::Verb::Correct(..) => "CorrectDossier",
            intake::Verb::Stop(_) => "StopDossier",
            intake::Verb::Withdraw(_) => "WithdrawDossier",
            intake::Verb::Decide(..) => "RecordDecision",
            intake::Verb::Return(..) => "ReturnResult",
        },
        intake::Act::Ring(_) => "an alarm rings",
        intake::Act::Custody(_) => "a custody is heard of",
        // The first state is what was handed in; codes, persons, calendars and copies move no custody.
        intake::Act::Hand(_)
        | intake::Act::Reserve(_)
        | intake::Act::GiveBack(_)
        | intake::Act::Erase(_)
        | intake::Act::Reckon(_)
        | intake::Act::Copies(_) => return None,
    })
}

/// The same for routing.
pub fn of_routing(act: &routing::Act) -> Option<&'static str> {
    Some(match act {
        routing::Act::On(on) => match on.verb {
            routing::Verb::Accept(_) => "AcceptTransfer",
            routing::Verb::Decline(..) => "DeclineTransfer",
            routing::Verb::Forward { .. } => "ForwardTransfer",
            routing::Verb::Complete(_) => "CompleteTransfer",
            routing::Verb::Recall(..) => "RecallTransfer",
            routing::Verb::Return(..) => "ReturnTransfer",
            routing::Verb::SendBack { .. } => "SendBackTransfer",
            // Paper and the officers of a unit move no custody.
            routing::Verb::ReceivePaper(_) | routing::Verb::AtDesk(..) => return None,
        },
        routing::Act::Inherit(_) => "what a unit had is passed on",
        routing::Act::GivenUp(_) => "an offer is given up",
        routing::Act::Redrive(_) => "RedriveDeadLetters",
        routing::Act::Opened(_) => "a reception is heard of",
        routing::Act::Withdrawn(_) => "an end is heard of",
        routing::Act::Decided(_) => "a decision is heard of",
        routing::Act::Returned { .. } => "a return is heard of",
        routing::Act::DeadlineMoved { .. } => "a new deadline is heard of",
        routing::Act::ClockStopped { .. } => "a stopped clock is heard of",
        routing::Act::ClockResumed(_) => "a running clock is heard of",
        routing::Act::Corrected { .. } => "a correction is heard of",
        // A batch is the acceptance of whatever is offered then, as if each was accepted by itself. Persons, calendars,
        // escalations, links, officers and copies move no custody.
        routing::Act::BatchAccept(_)
        | routing::Act::Erased(_)
        | routing::Act::Reckon(_)
        | routing::Act::Ring(_)
        | routing::Act::Delivered(_)
        | routing::Act::Staff(_)
        | routing::Act::System(..)
        | routing::Act::Copies(_) => return None,
    })
}

/// One thing that happens. Every state is what both stores have committed, so that a process may be killed in any of them:
/// nothing else is lost with it than what it had not committed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Somebody calls intake.
    Intake(Who, ToIntake),
    /// Somebody calls routing about a transfer.
    Routing(Who, Which, ToRouting),
    /// The next event of routing reaches intake.
    IntakeHears,
    /// The next event of intake reaches routing.
    RoutingHears,
    /// An event that intake has taken in is brought again: by the queue, or after a crash.
    IntakeHearsAgain,
    /// The same at routing.
    RoutingHearsAgain,
    /// Nobody answers for 31 days.
    TimePasses,
    /// The queue gives up an offer that it has.
    GivesUp(Which, i64),
    /// A unit is no more from today on, as both services hear.
    UnitEnds,
    /// What it had is passed on.
    PassesOn,
}

impl Action {
    /// Whether it leaves the straight way, in a state. How often that happens bounds the model.
    pub fn deviates(self, state: &State) -> bool {
        match self {
            Self::Intake(_, call) => call.deviates(),
            Self::Routing(_, which, call) => call.deviates(state.transfer(which)),
            Self::UnitEnds => true,
            Self::GivesUp(which, epoch) => {
                let offered = state.transfer(which);
                offered.is_some_and(|offered| offered.offer_epoch == epoch)
            }
            Self::IntakeHears
            | Self::RoutingHears
            | Self::IntakeHearsAgain
            | Self::RoutingHearsAgain
            | Self::TimePasses
            | Self::PassesOn => false,
        }
    }

    /// What it is called in the bounds.
    pub fn name(self) -> &'static str {
        let rpc = match self {
            Self::Intake(_, call) => call.rpc(),
            Self::Routing(_, _, call) => call.rpc(),
            Self::GivesUp(..) => "an offer is given up",
            Self::UnitEnds => "a unit ends",
            Self::PassesOn => "what a unit had is passed on",
            Self::TimePasses => "an alarm rings",
            Self::IntakeHears
            | Self::RoutingHears
            | Self::IntakeHearsAgain
            | Self::RoutingHearsAgain => "an event is heard",
        };
        rpc.rsplit('/').next().unwrap_or(rpc)
    }
}

/// A transfer: that of a step, and of one that is done anew the second, third …
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Which {
    pub step: Step,
    pub time: usize,
}

impl fmt::Debug for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.time {
            1 => self.step.fmt(f),
            time => write!(f, "{:?} {time}", self.step),
        }
    }
}

/// A step of the way, or the way of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Prepare,
    Lead,
    Asked,
    Sign,
    Result,
}

impl Step {
    const ALL: [Self; 5] = [
        Self::Prepare,
        Self::Lead,
        Self::Asked,
        Self::Sign,
        Self::Result,
    ];

    /// Its key in the route.
    pub fn key(self) -> &'static str {
        match self {
            Self::Prepare => "prepare",
            Self::Lead => "lead",
            Self::Asked => "asked",
            Self::Sign => "sign",
            Self::Result => routing::RESULT,
        }
    }

    pub fn of(key: &str) -> Self {
        let step = Self::ALL.into_iter().find(|step| step.key() == key);
        step.unwrap_or_else(|| panic!("no step {key}"))
    }
}

/// What the reply to an acceptance or a return said: the transfer, and its custody epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    pub transfer: Which,
    pub epoch: i64,
}

/// Everything that can be tried in a state; what leaves the straight way, where it may.
pub fn tried(state: &State, may_deviate: impl Fn(Action) -> bool, actions: &mut Vec<Action>) {
    if !state.to_intake.is_empty() {
        actions.push(Action::IntakeHears);
    }
    if !state.to_routing.is_empty() {
        actions.push(Action::RoutingHears);
    }
    actions.extend([
        Action::IntakeHearsAgain,
        Action::RoutingHearsAgain,
        Action::TimePasses,
        if state.past.unit_ended {
            Action::PassesOn
        } else {
            Action::UnitEnds
        },
    ]);
    // Who else may do the same changes nothing of what becomes of it.
    actions.extend(
        [
            (Who::Desk, ToIntake::Receive),
            (Who::Desk, ToIntake::Refuse),
            (Who::Desk, ToIntake::Guide),
            (Who::Desk, ToIntake::Forward),
            (Who::Applicant, ToIntake::Supplement),
            (Who::Desk, ToIntake::Pay),
            (Who::Desk, ToIntake::Postpone),
            (Who::Desk, ToIntake::Correct(Who::Desk)),
            (Who::Desk, ToIntake::Correct(Who::District)),
            (Who::Desk, ToIntake::Stop),
            (Who::Applicant, ToIntake::Withdraw),
        ]
        .map(|(who, call)| Action::Intake(who, call)),
    );
    for seen in &state.past.accepted {
        for who in Who::UNITS {
            actions.extend(
                [
                    ToIntake::AskSupplement(*seen),
                    ToIntake::AskPayment(*seen),
                    ToIntake::Decide(*seen),
                    ToIntake::Return(*seen),
                ]
                .map(|call| Action::Intake(who, call)),
            );
            let ends = [
                ToRouting::Complete(seen.epoch),
                ToRouting::Return(seen.epoch),
            ];
            let back = steps_beside(seen.transfer.step, state);
            let back = back.map(|step| ToRouting::SendBack(seen.epoch, step));
            let calls = ends.into_iter().chain(back);
            actions.extend(calls.map(|call| Action::Routing(who, seen.transfer, call)));
        }
    }
    for which in state.past.offered.keys() {
        of_offer(*which, state, actions);
    }
    actions.retain(|action| !action.deviates(state) || may_deviate(*action));
}

/// The other steps that were ever offered.
fn steps_beside(step: Step, state: &State) -> impl Iterator<Item = Step> {
    let offered = state.past.offered.keys().filter(|which| which.time == 1);
    let steps = offered.map(|which| which.step);
    steps.filter(move |beside| *beside != step)
}

/// What the units try with every offer of a transfer that there ever was.
fn of_offer(which: Which, state: &State, actions: &mut Vec<Action>) {
    let last = state.transfer(which).map_or(0, |now| now.offer_epoch);
    for offer_epoch in 1..=last {
        actions.push(Action::GivesUp(which, offer_epoch));
        for who in Who::UNITS {
            let answers = [
                ToRouting::Accept(offer_epoch),
                ToRouting::Decline(offer_epoch),
                ToRouting::Recall(offer_epoch),
            ];
            let forwards = Who::UNITS.map(|to| ToRouting::Forward(offer_epoch, to));
            // Where it leads nowhere, one is as good as three.
            let now = state.transfer(which);
            let may_lead_on =
                |to: &ToRouting| now.is_some_and(|now| to.is_of(now) && to.is_for(who, now));
            let forwards = forwards.into_iter().enumerate();
            let forwards = forwards.filter(|(nth, to)| *nth == 0 || may_lead_on(to));
            let calls = answers.into_iter().chain(forwards.map(|(_, to)| to));
            actions.extend(calls.map(|call| Action::Routing(who, which, call)));
        }
    }
    let redrive = |who| Action::Routing(who, which, ToRouting::Redrive);
    actions.extend(Who::UNITS.map(redrive));
}
