//! What a subscriber does with what was brought to it.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kit::authority::Context;
use kit::clock;
use kit::failure::Failure;
use kit::queue::{Change, Modify};
use kit::writer::{Replied, Writer};
use prost::Message as _;
use proto::routing::v1 as pb;

use super::Running;
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

impl Running {
    /// Does what these messages ask, up to the first that is not well formed; acceptances go on meanwhile.
    pub(super) async fn act_on(
        &mut self,
        messages: Vec<pb::StreamTransfersRequest>,
    ) -> (Vec<pb::StreamOutcome>, Option<Failure>) {
        let (mut changes, mut outcomes, mut malformed) = (Vec::new(), Vec::new(), None);
        for message in messages {
            let number = message.number;
            match wire::queue::stream_act(message, self.subscription.lease) {
                Ok(StreamAct::Change(named, change)) => changes.push(Changes {
                    number,
                    named,
                    change,
                }),
                Ok(StreamAct::Limits(limits)) => {
                    self.outstanding.limit(limits);
                    outcomes.push(wire::reply::outcome(number));
                }
                Ok(StreamAct::Accept(request)) => match self.accept(number, request) {
                    Ok(accepting) => self.accepting.push(accepting),
                    Err(failure) => malformed = Some(failure),
                },
                Err(failure) => malformed = Some(failure),
            }
            if malformed.is_some() {
                break;
            }
        }
        outcomes.extend(self.change(changes).await);
        (outcomes, malformed)
    }

    async fn change(&mut self, changes: Vec<Changes>) -> Vec<pb::StreamOutcome> {
        let asked = |of: &Changes| {
            let change = of.change;
            let named = of.named.iter().map(move |named| named.modify(change));
            named.collect::<Vec<Modify>>()
        };
        let modify: Vec<Modify> = changes.iter().flat_map(asked).collect();
        if modify.is_empty() {
            return Vec::new();
        }
        let (now, real) = (clock::monotonic(), clock::real());
        let lanes = self.offers.queue.lanes();
        let done = lanes.modify(&self.subscription.unit, &modify).await;
        for (modify, done) in modify.iter().zip(&done) {
            if *done {
                self.outstanding.changed(modify, now);
            }
        }
        let mut done = done.into_iter();
        let outcomes = changes.into_iter().map(|of| pb::StreamOutcome {
            without_effect: wire::reply::without_effect(of.named, &mut done),
            lease_ends: wire::reply::lease_ends(of.change, real),
            ..wire::reply::outcome(of.number)
        });
        outcomes.collect()
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
