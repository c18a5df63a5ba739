//! The calls of both services, and what each of them asks.

use intake::model as intake;
use kit::authority::Rights;
use routing::model as routing;

use super::act::{Seen, Step};
use super::state::State;
use super::world::{COMPONENT, Who, component, new_appointment, now, today};

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
    Recall(i64),
    Return(i64),
    /// Back to this step.
    SendBack(i64, Step),
    /// The transfer alone.
    Redrive,
}

impl ToIntake {
    /// The rpc.
    pub fn rpc(self) -> &'static str {
        match self {
            Self::Receive => "intake.DossierService/ReceiveDossier",
            Self::Refuse => "intake.DossierService/RefuseDossier",
            Self::Guide => "intake.DossierService/GuideDossier",
            Self::Forward => "intake.DossierService/ForwardDossier",
            Self::AskSupplement(_) => "intake.DossierService/RequestSupplement",
            Self::Supplement => "intake.DossierService/SupplementDossier",
            Self::AskPayment(_) => "intake.DossierService/RequestPayment",
            Self::Pay => "intake.PaymentService/ConfirmPayment",
            Self::Postpone => "intake.DossierService/PostponeAppointment",
            Self::Correct(_) => "intake.DossierService/CorrectDossier",
            Self::Stop => "intake.DossierService/StopDossier",
            Self::Withdraw => "intake.DossierService/WithdrawDossier",
            Self::Decide(_) => "intake.DossierService/RecordDecision",
            Self::Return(_) => "intake.DossierService/ReturnResult",
        }
    }

    /// The custody that it names.
    pub fn claims(self) -> Option<Seen> {
        match self {
            Self::AskSupplement(seen)
            | Self::AskPayment(seen)
            | Self::Decide(seen)
            | Self::Return(seen) => Some(seen),
            _ => None,
        }
    }

    /// Whether it leaves the straight way.
    pub fn deviates(self) -> bool {
        match self {
            Self::Guide
            | Self::Forward
            | Self::AskSupplement(_)
            | Self::AskPayment(_)
            | Self::Postpone
            | Self::Correct(_) => true,
            Self::Receive
            | Self::Refuse
            | Self::Supplement
            | Self::Pay
            | Self::Stop
            | Self::Withdraw
            | Self::Decide(_)
            | Self::Return(_) => false,
        }
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
            Self::Decide(seen) => {
                intake::Verb::Decide(claim(state, seen)?, Box::new(decision()), Vec::new())
            }
            Self::Return(seen) => intake::Verb::Return(claim(state, seen)?, intake::Method::Desk),
        })
    }
}

impl ToRouting {
    /// The rpc.
    pub fn rpc(self) -> &'static str {
        match self {
            Self::Accept(_) => "routing.TransferService/AcceptTransfer",
            Self::Decline(_) => "routing.TransferService/DeclineTransfer",
            Self::Forward(..) => "routing.TransferService/ForwardTransfer",
            Self::Complete(_) => "routing.TransferService/CompleteTransfer",
            Self::Recall(_) => "routing.TransferService/RecallTransfer",
            Self::Return(_) => "routing.TransferService/ReturnTransfer",
            Self::SendBack(..) => "routing.TransferService/SendBackTransfer",
            Self::Redrive => "routing.QueueService/RedriveDeadLetters",
        }
    }

    /// Whether it leaves the straight way. To forward what came back to its sender is the way on, and what is stale leads
    /// nowhere.
    pub fn deviates(self, transfer: Option<&routing::Transfer>) -> bool {
        let Some(transfer) = transfer.filter(|transfer| self.is_of(transfer)) else {
            return false;
        };
        match self {
            Self::Forward(..) => !transfer.state.waits_for_sender(),
            Self::Decline(_) | Self::Recall(_) | Self::Return(_) | Self::SendBack(..) => true,
            Self::Accept(_) | Self::Complete(_) | Self::Redrive => false,
        }
    }

    /// What the call asks of routing, about a transfer.
    pub fn act(self, rights: Rights, transfer: &routing::Transfer) -> routing::Act {
        let Some(verb) = self.verb() else {
            return routing::Act::Redrive(routing::Redrive {
                rights,
                unit: transfer.to.clone(),
                transfers: Some(vec![transfer.uid.clone()]),
            });
        };
        routing::Act::On(routing::OnTransfer {
            rights,
            transfer: transfer.uid.clone(),
            verb,
            paper: Vec::new(),
        })
    }

    /// The act on the transfer; nothing where it is on the queue of its unit.
    fn verb(self) -> Option<routing::Verb> {
        let why = || "lý do".to_owned();
        Some(match self {
            Self::Accept(offer_epoch) => routing::Verb::Accept(offer_epoch),
            Self::Decline(offer_epoch) => routing::Verb::Decline(offer_epoch, why()),
            Self::Forward(offer_epoch, to) => routing::Verb::Forward {
                offer_epoch,
                to: to.name().to_owned(),
                reason: why(),
            },
            Self::Complete(custody_epoch) => routing::Verb::Complete(custody_epoch),
            Self::Recall(offer_epoch) => routing::Verb::Recall(offer_epoch, why()),
            Self::Return(custody_epoch) => routing::Verb::Return(custody_epoch, why()),
            Self::SendBack(custody_epoch, to) => routing::Verb::SendBack {
                custody_epoch,
                to: to.key().to_owned(),
                reason: why(),
            },
            Self::Redrive => return None,
        })
    }

    /// Whether it is this unit that makes the call about a transfer.
    pub fn is_for(self, who: Who, transfer: &routing::Transfer) -> bool {
        let is_sender = transfer.from == who.name();
        let is_receiver = transfer.to == who.name();
        match self {
            Self::Recall(_) => is_sender,
            Self::Forward(..) => is_sender || is_receiver && !transfer.state.waits_for_sender(),
            Self::Accept(_)
            | Self::Decline(_)
            | Self::Complete(_)
            | Self::Return(_)
            | Self::SendBack(..)
            | Self::Redrive => is_receiver,
        }
    }

    /// Whether the caller has seen what the transfer is now.
    pub fn is_of(self, transfer: &routing::Transfer) -> bool {
        match self {
            Self::Redrive => true,
            Self::Accept(epoch)
            | Self::Decline(epoch)
            | Self::Recall(epoch)
            | Self::Forward(epoch, _) => epoch == transfer.offer_epoch,
            Self::Complete(epoch) | Self::Return(epoch) | Self::SendBack(epoch, _) => {
                let acceptance = transfer.state.acceptance();
                acceptance.is_some_and(|acceptance| acceptance.epoch == epoch)
            }
        }
    }
}

fn claim(state: &State, seen: Seen) -> Option<intake::Claim> {
    Some(intake::Claim {
        transfer: state.transfer(seen.transfer)?.uid.clone(),
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
