//! A system that subscribes to a unit's queue.

use std::collections::VecDeque;

use futures::channel::mpsc::{UnboundedSender, unbounded};
use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::{
    Acknowledgement, Delivery, DeliveryKey, FlowLimits, GivingBack, LeaseExtension, StreamOutcome,
    StreamTransfersRequest, StreamTransfersResponse, Subscription,
};
use tonic::{Status, Streaming};

use crate::actor::Actor;
use crate::desk;
use crate::suite::PATIENCE;

/// So many acts, each answered with so many keys, are more than all ways between the suite and a client have room for.
const TOO_MANY: (usize, usize) = (1_000, 200);

/// A stream of offers.
pub struct Subscriber {
    /// Closed when the client has nothing more to say.
    requests: Option<UnboundedSender<StreamTransfersRequest>>,
    responses: Streaming<StreamTransfersResponse>,
    number: i64,
    deliveries: VecDeque<Delivery>,
    outcomes: Vec<StreamOutcome>,
}

impl Actor {
    /// Subscribes to a unit with the usual limits.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn subscribe(&self, unit: &str) -> Result<Subscriber, Status> {
        self.subscribe_with(unit, FlowLimits::default(), 60).await
    }

    /// The same with these limits, and leases of so many seconds.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn subscribe_with(
        &self,
        unit: &str,
        limits: FlowLimits,
        lease: i64,
    ) -> Result<Subscriber, Status> {
        self.begin(StreamTransfersRequest {
            number: 0,
            act: Some(Act::Subscribe(Subscription {
                unit_uid: unit.to_owned(),
                limits: Some(limits),
                lease: Some(seconds(lease)),
            })),
        })
        .await
    }

    /// Begins a stream with this message.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn begin(&self, first: StreamTransfersRequest) -> Result<Subscriber, Status> {
        let (requests, sent) = unbounded();
        requests.unbounded_send(first).expect("nobody closed it");
        Ok(Subscriber {
            responses: self.converse(sent).await?,
            requests: Some(requests),
            number: 0,
            deliveries: VecDeque::new(),
            outcomes: Vec::new(),
        })
    }
}

impl Subscriber {
    /// Does this, and gives back under which number.
    pub fn act(&mut self, act: Act) -> i64 {
        self.number += 1;
        let message = StreamTransfersRequest {
            number: self.number,
            act: Some(act),
        };
        let requests = self.requests.as_ref().expect("it has more to say");
        // The suite may have ended the stream.
        let _ = requests.unbounded_send(message);
        self.number
    }

    /// Does this, and waits for what becomes of it.
    pub async fn done(&mut self, act: Act) -> StreamOutcome {
        let number = self.act(act);
        self.outcome(number).await
    }

    /// Says so much that the suite cannot answer all of it before something is read.
    pub fn flood(&mut self) {
        let (acts, keys) = TOO_MANY;
        let long = DeliveryKey {
            transfer_uid: "x".repeat(64),
            ..unknown()
        };
        let deliveries = vec![long; keys];
        for _ in 0..acts {
            self.act(acknowledge(&deliveries));
        }
    }

    /// Has nothing more to say.
    pub fn close(&mut self) {
        self.requests = None;
    }

    /// What became of the act with this number.
    pub async fn outcome(&mut self, number: i64) -> StreamOutcome {
        loop {
            let of_it = |outcome: &StreamOutcome| outcome.number == number;
            if let Some(at) = self.outcomes.iter().position(of_it) {
                return self.outcomes.remove(at);
            }
            self.hear().await;
        }
    }

    /// Whether it was told what became of the act with this number, and did not ask for it.
    pub fn has_heard_of(&self, number: i64) -> bool {
        let mut outcomes = self.outcomes.iter();
        outcomes.any(|outcome| outcome.number == number)
    }

    /// The next delivery.
    pub async fn next(&mut self) -> Delivery {
        loop {
            if let Some(delivery) = self.deliveries.pop_front() {
                return delivery;
            }
            self.hear().await;
        }
    }

    /// The next deliveries.
    pub async fn next_of(&mut self, number: usize) -> Vec<Delivery> {
        let mut deliveries = Vec::with_capacity(number);
        while deliveries.len() < number {
            deliveries.push(self.next().await);
        }
        deliveries
    }

    /// What has come and was not yet looked at, once the suite has heard all that was said.
    pub async fn come(&mut self) -> Vec<Delivery> {
        // What waited for room has come when the second of two acts is answered.
        for _ in 0..2 {
            self.done(acknowledge(&[unknown()])).await;
        }
        self.deliveries.drain(..).collect()
    }

    /// How the stream ends; what else came is kept.
    ///
    /// # Errors
    /// Why the suite ended it.
    pub async fn end(&mut self) -> Result<(), Status> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.responses.message()).await;
            match next.expect("it ends")? {
                Some(response) => self.keep(response),
                None => return Ok(()),
            }
        }
    }

    async fn hear(&mut self) {
        let next = tokio::time::timeout(PATIENCE, self.responses.message()).await;
        let next = next.expect("something comes").expect("the stream goes on");
        self.keep(next.expect("the stream goes on"));
    }

    fn keep(&mut self, response: StreamTransfersResponse) {
        self.deliveries.extend(response.deliveries);
        self.outcomes.extend(response.outcomes);
    }
}

/// So many seconds.
pub fn seconds(seconds: i64) -> prost_types::Duration {
    prost_types::Duration { seconds, nanos: 0 }
}

/// Subscribes to a unit.
pub fn subscribe(unit: &str) -> StreamTransfersRequest {
    StreamTransfersRequest {
        number: 0,
        act: Some(Act::Subscribe(Subscription {
            unit_uid: unit.to_owned(),
            ..Default::default()
        })),
    }
}

/// Which delivery it is.
pub fn key(delivery: &Delivery) -> DeliveryKey {
    let transfer = delivery.transfer.as_ref().expect("it has its transfer");
    DeliveryKey {
        transfer_uid: transfer.uid.clone(),
        offer_epoch: transfer.offer_epoch,
        attempt: delivery.attempt,
    }
}

/// A delivery that there is not.
pub fn unknown() -> DeliveryKey {
    DeliveryKey {
        transfer_uid: "none".to_owned(),
        offer_epoch: 1,
        attempt: 1,
    }
}

/// Acknowledges deliveries.
pub fn acknowledge(deliveries: &[DeliveryKey]) -> Act {
    Act::Acknowledge(Acknowledgement {
        deliveries: deliveries.to_vec(),
    })
}

/// Accepts what was delivered.
pub fn accept(delivery: &Delivery) -> Act {
    let transfer = delivery.transfer.as_ref().expect("it has its transfer");
    Act::AcknowledgeAndAccept(desk::accept(transfer))
}

/// Extends a lease by so many seconds.
pub fn extend(delivery: &Delivery, by: i64) -> Act {
    Act::Extend(LeaseExtension {
        deliveries: vec![key(delivery)],
        lease: Some(seconds(by)),
    })
}

/// Gives a delivery back, for so many seconds later.
pub fn give_back(delivery: &Delivery, delay: i64) -> Act {
    Act::GiveBack(GivingBack {
        deliveries: vec![key(delivery)],
        delay: Some(seconds(delay)),
    })
}
