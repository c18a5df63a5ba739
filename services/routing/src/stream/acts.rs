//! What a subscriber does with what was brought to it.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kit::authority::Context;
use kit::clock::{self, Moment};
use kit::failure::Failure;
use kit::queue::{Change, Modify};
use kit::writer::{Replied, Writer};
use prost::Message as _;
use proto::routing::v1 as pb;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{End, Running};
use crate::ledger::Routing;
use crate::transfer::offer_key;
use crate::wire;
use crate::wire::queue::{Named, StreamAct};

/// By what right an offer is accepted within a stream.
const ACCEPT: &str = "routing.TransferService/AcceptTransfer";

/// How an acceptance ended.
pub(super) struct Accepted {
    number: i64,
    key: String,
    replied: Result<Replied, Failure>,
}

/// Changes of deliveries that one message asked for.
struct Changes {
    number: i64,
    named: Vec<Named>,
    change: Change,
}

/// What messages asked for that came together.
struct Asked {
    changes: Vec<Changes>,
    /// What is told of the rest.
    outcomes: Vec<pb::StreamOutcome>,
}

/// Changes that were made.
pub(super) struct Changed {
    asked: Asked,
    modify: Vec<Modify>,
    /// Of each whether it had an effect.
    done: Vec<bool>,
    /// When they were asked for.
    at: (Instant, Moment),
}

impl Running {
    /// Does what these messages ask, up to the first that is not well formed; changes and acceptances go on meanwhile.
    pub(super) async fn act_on(
        &mut self,
        messages: Vec<pb::StreamTransfersRequest>,
    ) -> Result<(), End> {
        let mut asked = Asked {
            changes: Vec::new(),
            outcomes: Vec::new(),
        };
        let begun = messages
            .into_iter()
            .try_for_each(|message| self.begin(message, &mut asked));
        if asked.changes.is_empty() {
            self.tell(asked.outcomes).await?;
        } else {
            self.changing = Some(self.change(asked));
        }
        begun.map_err(End::Failed)
    }

    fn begin(
        &mut self,
        message: pb::StreamTransfersRequest,
        asked: &mut Asked,
    ) -> Result<(), Failure> {
        let number = message.number;
        match wire::queue::stream_act(message, self.subscription.lease)? {
            StreamAct::Change(named, change) => asked.changes.push(Changes {
                number,
                named,
                change,
            }),
            StreamAct::Limits(limits) => {
                self.outstanding.limit(limits);
                asked.outcomes.push(wire::reply::outcome(number));
            }
            StreamAct::Accept(request) => {
                let accepting = self.accept(number, request)?;
                self.accepting.push(accepting);
            }
        }
        Ok(())
    }

    fn change(&self, asked: Asked) -> JoinHandle<Changed> {
        let modify = asked.changes.iter().flat_map(|of| {
            let change = of.change;
            of.named.iter().map(move |named| named.modify(change))
        });
        let modify: Vec<Modify> = modify.collect();
        let (queue, unit) = (self.offers.queue.clone(), self.subscription.unit.clone());
        let at = (clock::monotonic(), clock::real());
        let change = async move {
            let done = queue.lanes().modify(&unit, &modify).await;
            Changed {
                asked,
                modify,
                done,
                at,
            }
        };
        tokio::spawn(change.in_current_span())
    }

    /// What is told of changes that were made.
    pub(super) fn changed(&mut self, changed: Changed) -> Vec<pb::StreamOutcome> {
        let (now, real) = changed.at;
        for (modify, done) in changed.modify.iter().zip(&changed.done) {
            if *done {
                self.outstanding.changed(modify, now);
            }
        }
        let Asked {
            changes,
            mut outcomes,
        } = changed.asked;
        let mut done = changed.done.into_iter();
        outcomes.extend(changes.into_iter().map(|of| pb::StreamOutcome {
            without_effect: wire::reply::without_effect(of.named, &mut done),
            lease_ends: wire::reply::lease_ends(of.change, real),
            ..wire::reply::outcome(of.number)
        }));
        outcomes
    }

    /// `AcceptTransfer`, under the trace of the offer.
    fn accept(
        &self,
        number: i64,
        request: pb::AcceptTransferRequest,
    ) -> Result<BoxFuture<'static, Accepted>, Failure> {
        let key = offer_key(&request.transfer_uid, request.offer_epoch);
        let held = self.outstanding.get(&key);
        let traceparent = held.map(|held| held.traceparent.clone());
        let traceparent = traceparent.filter(|trace| !trace.is_empty());
        let mut context = Context {
            at: self.offers.clock.civil(),
            traceparent: traceparent.unwrap_or_else(|| self.context.traceparent.clone()),
            ..self.context.clone()
        };
        let rights = context.rights.within_stream(ACCEPT);
        let (request_id, act) = match rights {
            Ok(rights) => {
                context.rights = rights;
                wire::request::accept(&context, &request)?
            }
            Err(failure) => {
                let refused = Accepted {
                    number,
                    key,
                    replied: Err(failure),
                };
                return Ok(futures::future::ready(refused).boxed());
            }
        };
        let writer: Writer<Routing> = self.offers.writer.clone();
        let accepting = async move {
            let replied = writer.call(&context, request_id, &request, act).await;
            Accepted {
                number,
                key,
                replied,
            }
        };
        Ok(accepting.boxed())
    }

    /// What is told of an acceptance.
    pub(super) fn accepted(&mut self, accepted: Accepted) -> Vec<pb::StreamOutcome> {
        let outcome = wire::reply::outcome(accepted.number);
        let replied = accepted.replied.and_then(|replied| {
            let reply = pb::AcceptTransferResponse::decode(replied.body.as_slice());
            reply
                .map(|reply| (reply, replied.positions.to_string()))
                .map_err(|error| unreadable(&error))
        });
        let outcome = match replied {
            Ok((reply, position)) => {
                self.outstanding.remove(&accepted.key);
                pb::StreamOutcome {
                    accepted: reply.transfer,
                    position,
                    ..outcome
                }
            }
            Err(failure) => pb::StreamOutcome {
                refusal: Some(wire::reply::refusal(&failure)),
                ..outcome
            },
        };
        vec![outcome]
    }
}

/// Only an incompatible change of the contract could cause it.
fn unreadable(error: &prost::DecodeError) -> Failure {
    tracing::error!(%error, "a saved reply cannot be read");
    Failure::unavailable(
        "STORE_UNAVAILABLE",
        "a saved reply cannot be read",
        std::time::Duration::from_secs(1),
    )
}
