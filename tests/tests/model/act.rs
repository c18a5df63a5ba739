//! What can happen: every act of both services, by everybody who might try it, with everything that somebody may have seen.
//!
//! An act that a service learns must be played here too: [`of_intake`] and [`of_routing`] do not compile without it, and the
//! model fails while something that they name is never done. So: give it a variant in [`ToIntake`] or [`ToRouting`], let
//! [`tried`] try it, and say in [`ToIntake::verb`] or [`ToRouting::verb`] what it is.

use intake::model as intake;
use routing::model as routing;

use super::state::State;
use super::world::{COMPONENT, Who, component, new_appointment, now, today};

/// Everything that is done, by what it is an act of.
pub const PLAYED: [&str; 28] = [
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
    "a reception is heard of",
    "an end is heard of",
    "a decision is heard of",
    "a return is heard of",
    "a new deadline is heard of",
    "a stopped clock is heard of",
    "a running clock is heard of",
    "a correction is heard of",
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
        },
        routing::Act::Opened(_) => "a reception is heard of",
        routing::Act::Withdrawn(_) => "an end is heard of",
        routing::Act::Decided { .. } => "a decision is heard of",
        routing::Act::Returned { .. } => "a return is heard of",
        routing::Act::DeadlineMoved { .. } => "a new deadline is heard of",
        routing::Act::ClockStopped { .. } => "a stopped clock is heard of",
        routing::Act::ClockResumed(_) => "a running clock is heard of",
        routing::Act::Corrected { .. } => "a correction is heard of",
        routing::Act::Erased(_) | routing::Act::Reckon(_) | routing::Act::Copies(_) => return None,
    })
}

/// Whether an act opens again what was done. Nothing else may.
pub fn reopens(act: &routing::Act) -> bool {
    match act {
        routing::Act::On(on) => match on.verb {
            routing::Verb::Accept(_)
            | routing::Verb::Decline(..)
            | routing::Verb::Forward { .. }
            | routing::Verb::Complete(_) => false,
        },
        routing::Act::Opened(_)
        | routing::Act::Withdrawn(_)
        | routing::Act::Decided { .. }
        | routing::Act::Returned { .. }
        | routing::Act::DeadlineMoved { .. }
        | routing::Act::ClockStopped { .. }
        | routing::Act::ClockResumed(_)
        | routing::Act::Corrected { .. }
        | routing::Act::Erased(_)
        | routing::Act::Reckon(_)
        | routing::Act::Copies(_) => false,
    }
}

/// One thing that happens. Every state is what both stores have committed, so that a process may be killed in any of them:
/// nothing else is lost with it than what it had not committed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Action {
    /// Somebody calls intake.
    Intake(Who, ToIntake),
    /// Somebody calls routing about the transfer of a step.
    Routing(Who, Step, ToRouting),
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
}

impl Action {
    /// Whether it leaves the straight way. How often that happens bounds the model.
    pub fn deviates(self) -> bool {
        match self {
            Self::Intake(_, call) => match call {
                ToIntake::Guide
                | ToIntake::Forward
                | ToIntake::AskSupplement(_)
                | ToIntake::AskPayment(_)
                | ToIntake::Postpone
                | ToIntake::Correct(_) => true,
                ToIntake::Receive
                | ToIntake::Refuse
                | ToIntake::Supplement
                | ToIntake::Pay
                | ToIntake::Stop
                | ToIntake::Withdraw
                | ToIntake::Decide(_)
                | ToIntake::Return(_) => false,
            },
            Self::Routing(_, _, call) => match call {
                ToRouting::Decline(_) | ToRouting::Forward(..) => true,
                ToRouting::Accept(_) | ToRouting::Complete(_) => false,
            },
            Self::IntakeHears
            | Self::RoutingHears
            | Self::IntakeHearsAgain
            | Self::RoutingHearsAgain
            | Self::TimePasses => false,
        }
    }
}

/// A step of the way, or the way of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    Lead,
    Asked,
    Sign,
    Result,
}

impl Step {
    const ALL: [Self; 4] = [Self::Lead, Self::Asked, Self::Sign, Self::Result];

    /// Its key in the route.
    pub fn key(self) -> &'static str {
        match self {
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

/// What the reply to an acceptance said: the transfer, and its custody epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seen {
    pub step: Step,
    pub epoch: i64,
}

/// A call of intake.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ToIntake {
    Receive,
    Refuse,
    Guide,
    Forward,
    AskSupplement(Seen),
    Supplement,
    AskPayment(Seen),
    Pay,
    Postpone,
    /// The result returns to the desk of this unit.
    Correct(Who),
    Stop,
    Withdraw,
    Decide(Seen),
    Return(Seen),
}

/// A call of routing, with the epoch that the caller has seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ToRouting {
    Accept(i64),
    Decline(i64),
    Forward(i64, Who),
    Complete(i64),
}

/// Everything that can be tried in a state.
pub fn tried(state: &State, may_deviate: bool, actions: &mut Vec<Action>) {
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
            let done = ToRouting::Complete(seen.epoch);
            actions.push(Action::Routing(who, seen.step, done));
        }
    }
    for transfer in state.journey().into_iter().flat_map(|of| of.transfers()) {
        of_offer(transfer, actions);
    }
    actions.retain(|action| may_deviate || !action.deviates());
}

/// What those between whom a transfer is, or was, try with every offer of it that there ever was.
fn of_offer(transfer: &routing::Transfer, actions: &mut Vec<Action>) {
    let step = Step::of(&transfer.work.key);
    for offer_epoch in 1..=transfer.offer_epoch {
        for who in Who::UNITS {
            let mut calls = vec![
                ToRouting::Accept(offer_epoch),
                ToRouting::Decline(offer_epoch),
            ];
            calls.extend(Who::UNITS.map(|to| ToRouting::Forward(offer_epoch, to)));
            let calls = calls.into_iter();
            actions.extend(calls.map(|call| Action::Routing(who, step, call)));
        }
    }
}

impl ToIntake {
    /// The rpcs.
    pub const RPCS: [&str; 14] = [
        "intake.DossierService/ReceiveDossier",
        "intake.DossierService/RefuseDossier",
        "intake.DossierService/GuideDossier",
        "intake.DossierService/ForwardDossier",
        "intake.DossierService/RequestSupplement",
        "intake.DossierService/SupplementDossier",
        "intake.DossierService/RequestPayment",
        "intake.PaymentService/ConfirmPayment",
        "intake.DossierService/PostponeAppointment",
        "intake.DossierService/CorrectDossier",
        "intake.DossierService/StopDossier",
        "intake.DossierService/WithdrawDossier",
        "intake.DossierService/RecordDecision",
        "intake.DossierService/ReturnResult",
    ];

    pub fn rpc(self) -> &'static str {
        let index = match self {
            Self::Receive => 0,
            Self::Refuse => 1,
            Self::Guide => 2,
            Self::Forward => 3,
            Self::AskSupplement(_) => 4,
            Self::Supplement => 5,
            Self::AskPayment(_) => 6,
            Self::Pay => 7,
            Self::Postpone => 8,
            Self::Correct(_) => 9,
            Self::Stop => 10,
            Self::Withdraw => 11,
            Self::Decide(_) => 12,
            Self::Return(_) => 13,
        };
        Self::RPCS[index]
    }

    /// What the call asks of intake; nothing where nobody could name what it is about.
    pub fn verb(self, state: &State) -> Option<intake::Verb> {
        let why = || "lý do".to_owned();
        Some(match self {
            Self::Receive => intake::Verb::Receive,
            Self::Refuse => intake::Verb::Refuse(why()),
            Self::Guide => intake::Verb::Guide(vec![item()]),
            Self::Forward => intake::Verb::Forward(Who::District.name().to_owned()),
            Self::AskSupplement(seen) => {
                intake::Verb::AskSupplement(claim(state, seen)?, vec![item()])
            }
            Self::Supplement => intake::Verb::Supplement(intake::Addition {
                components: vec![component()],
                form: String::new(),
            }),
            Self::AskPayment(seen) => intake::Verb::AskPayment(
                claim(state, seen)?,
                vec![intake::Order {
                    uid: format!("order-{}", state.dossier().course.payments.len()),
                    name: "Lệ phí".to_owned(),
                    amount_vnd: 1_000,
                }],
            ),
            Self::Pay => {
                let mut orders = state.dossier().course.payments.iter();
                let order = orders.find(|order| order.paid.is_none())?;
                intake::Verb::Pay(intake::Confirmed {
                    order: order.order.clone(),
                    amount_vnd: order.amount_vnd,
                    reference: "BL-1".to_owned(),
                })
            }
            Self::Postpone => intake::Verb::Postpone(intake::Postponed {
                to: new_appointment(),
                reason: why(),
                legal_basis: String::new(),
            }),
            Self::Correct(to) => intake::Verb::Correct(
                Box::new(intake::Correction {
                    returning: Some(to.name().to_owned()),
                    ..intake::Correction::default()
                }),
                why(),
            ),
            Self::Stop => intake::Verb::Stop(why()),
            Self::Withdraw => intake::Verb::Withdraw(why()),
            Self::Decide(seen) => intake::Verb::Decide(claim(state, seen)?, Box::new(decision())),
            Self::Return(seen) => intake::Verb::Return(claim(state, seen)?, intake::Method::Desk),
        })
    }
}

impl ToRouting {
    /// The rpcs.
    pub const RPCS: [&str; 4] = [
        "routing.TransferService/AcceptTransfer",
        "routing.TransferService/DeclineTransfer",
        "routing.TransferService/ForwardTransfer",
        "routing.TransferService/CompleteTransfer",
    ];

    pub fn rpc(self) -> &'static str {
        let index = match self {
            Self::Accept(_) => 0,
            Self::Decline(_) => 1,
            Self::Forward(..) => 2,
            Self::Complete(_) => 3,
        };
        Self::RPCS[index]
    }

    /// What the call asks of routing.
    pub fn verb(self) -> routing::Verb {
        let why = || "lý do".to_owned();
        match self {
            Self::Accept(offer_epoch) => routing::Verb::Accept(offer_epoch),
            Self::Decline(offer_epoch) => routing::Verb::Decline(offer_epoch, why()),
            Self::Forward(offer_epoch, to) => routing::Verb::Forward {
                offer_epoch,
                to: to.name().to_owned(),
                reason: why(),
            },
            Self::Complete(custody_epoch) => routing::Verb::Complete(custody_epoch),
        }
    }

    /// Whether the caller has seen what the transfer is now.
    pub fn is_of(self, transfer: &routing::Transfer) -> bool {
        match self {
            Self::Accept(epoch) | Self::Decline(epoch) | Self::Forward(epoch, _) => {
                epoch == transfer.offer_epoch
            }
            Self::Complete(epoch) => {
                let acceptance = transfer.state.acceptance();
                acceptance.is_some_and(|acceptance| acceptance.epoch == epoch)
            }
        }
    }
}

fn claim(state: &State, seen: Seen) -> Option<intake::Claim> {
    Some(intake::Claim {
        transfer: state.transfer(seen.step)?.uid.clone(),
        epoch: seen.epoch,
    })
}

fn item() -> intake::Item {
    intake::Item {
        place: COMPONENT.to_owned(),
        reason: "thiếu chữ ký".to_owned(),
    }
}

fn decision() -> intake::Decision {
    intake::Decision {
        outcome: intake::Outcome::Granted,
        number: "12/QĐ-UBND".to_owned(),
        date: today(),
        signer: "Chủ tịch".to_owned(),
        evidence: String::new(),
        unit: String::new(),
        recorded_at: now(),
    }
}
