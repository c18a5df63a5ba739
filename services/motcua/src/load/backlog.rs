//! What waits at units already, in a store that `load fill --open N --at-one N` filled: it is accepted, or brought over a stream and
//! acknowledged.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use futures::stream;
use kit::clock;
use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::transfer_service_client::TransferServiceClient;
use proto::routing::v1::{
    AcceptTransferRequest, Acknowledgement, Delivery, DeliveryKey, FlowLimits,
    ListTransfersRequest, ListTransfersResponse, StreamTransfersRequest, StreamTransfersResponse,
    Subscription, TransferState,
};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use tonic::{Request, Streaming};

use super::error::Error;
use super::journey::officer_of;
use super::line::Line;
use super::plans::Plans;
use super::scenario::officer;
use crate::cast::{self, CallerId, Role};

/// Offers on a page of a work list.
const PAGE: i32 = 500;
/// Pages of the unit where most wait.
const PAGES_OF_THE_CROWDED: usize = 20;
/// Deliveries that are outstanding on the stream, as many as `BullMQ` has in flight.
const OUTSTANDING: i32 = 32;
/// Longer than a run, so that nothing comes twice.
const LEASE_SECONDS: i64 = 600;
/// How long a stream may bring nothing: then all that waited was brought.
const PATIENCE: Duration = Duration::from_secs(3);

/// Offers that are accepted one after the other: every other one at the unit where most wait.
pub struct Accepting {
    line: Arc<Line>,
    crowded: Vec<Offered>,
    others: Vec<Offered>,
    next: AtomicUsize,
}

/// An offer, and who may accept it.
struct Offered {
    by: CallerId,
    transfer: String,
    epoch: i64,
}

impl Accepting {
    /// Looks what waits.
    ///
    /// # Errors
    /// What is refused, or when nothing waits.
    pub async fn prepare(line: Arc<Line>) -> Result<Self, Error> {
        let one = crowded(&line).await?;
        let crowded = waiting(&line, &one, PAGES_OF_THE_CROWDED).await?;
        let mut others = Vec::new();
        for unit in cast::units_with_desks()? {
            if unit != one {
                others.push(waiting(&line, &unit, 1).await?);
            }
        }
        // Of every unit the first, then of every unit the second …
        let most = others.iter().map(Vec::len).max().unwrap_or_default();
        let mut rows: Vec<_> = others.into_iter().map(Vec::into_iter).collect();
        let mut others = Vec::new();
        for _ in 0..most {
            others.extend(rows.iter_mut().filter_map(Iterator::next));
        }
        if crowded.is_empty() || others.is_empty() {
            return Err(Error::Empty("open offers"));
        }
        Ok(Self {
            line,
            crowded,
            others,
            next: AtomicUsize::new(0),
        })
    }

    /// The way to the suite.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Accepts the next.
    ///
    /// # Errors
    /// What is refused, or when nothing is left.
    pub async fn accept_one(&self) -> Result<(), Error> {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let among = [&self.crowded, &self.others][turn % 2];
        let offered = among.get(turn / 2).ok_or(Error::Empty("open offers"))?;
        let request = AcceptTransferRequest {
            request_id: clock::new_uid(),
            transfer_uid: offered.transfer.clone(),
            offer_epoch: offered.epoch,
        };
        self.line.call(Some(offered.by), &request, None).await?;
        Ok(())
    }
}

/// The unit at which `load fill --at-one` has most wait.
async fn crowded(line: &Line) -> Result<String, Error> {
    Ok(Plans::of_desks(line).await?.crowded().0.to_owned())
}

/// What is offered to a unit, the earliest due first.
async fn waiting(line: &Line, unit: &str, pages: usize) -> Result<Vec<Offered>, Error> {
    let receptionist = officer(line, unit, Role::Receptionist)?;
    let mut request = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        state: TransferState::Offered.into(),
        page_size: PAGE,
        ..Default::default()
    };
    let mut waiting = Vec::new();
    for _ in 0..pages {
        let answer = line.call(Some(receptionist), &request, None).await?;
        let page: ListTransfersResponse = answer.read()?;
        for transfer in page.transfers {
            waiting.push(Offered {
                by: officer_of(line, &transfer)?,
                transfer: transfer.uid,
                epoch: transfer.offer_epoch,
            });
        }
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    Ok(waiting)
}

/// A stream that brings what waits at one unit.
pub struct Brought {
    line: Arc<Line>,
    deliveries: Mutex<mpsc::UnboundedReceiver<Delivery>>,
    acts: mpsc::Sender<StreamTransfersRequest>,
    answers: Arc<Answers>,
    number: AtomicI64,
    _reading: JoinSet<()>,
}

/// Who waits for the outcome of which act.
type Answers = std::sync::Mutex<HashMap<i64, oneshot::Sender<()>>>;

impl Brought {
    /// Subscribes.
    ///
    /// # Errors
    /// When the suite refuses.
    pub async fn subscribe(line: Arc<Line>) -> Result<Self, Error> {
        let unit = crowded(&line).await?;
        let by = officer(&line, &unit, Role::Receptionist)?;
        let (acts, outgoing) = mpsc::channel(1_024);
        let subscription = Subscription {
            unit_uid: unit,
            limits: Some(FlowLimits {
                max_outstanding: OUTSTANDING,
                max_outstanding_bytes: 0,
            }),
            lease: Some(prost_types::Duration {
                seconds: LEASE_SECONDS,
                nanos: 0,
            }),
        };
        // The channel has room.
        let _ = acts.try_send(message(0, Act::Subscribe(subscription)));
        let (channel, token) = line.stream(by).await?;
        let outgoing = stream::unfold(outgoing, |mut outgoing| async move {
            let message = outgoing.recv().await?;
            Some((message, outgoing))
        });
        let mut request = Request::new(outgoing);
        request.metadata_mut().insert("authorization", token);
        let mut client = TransferServiceClient::new(channel);
        let streaming = client.stream_transfers(request).await;
        let streaming = streaming.map_err(|status| Error::Refused {
            rpc: "routing.v1.TransferService/StreamTransfers",
            status: Box::new(status),
        })?;
        let (into, deliveries) = mpsc::unbounded_channel();
        let answers = Arc::<Answers>::default();
        let mut reading = JoinSet::new();
        reading.spawn(read(streaming.into_inner(), into, Arc::clone(&answers)));
        Ok(Self {
            line,
            deliveries: Mutex::new(deliveries),
            acts,
            answers,
            number: AtomicI64::new(1),
            _reading: reading,
        })
    }

    /// The way to the suite.
    #[must_use]
    pub fn line(&self) -> &Line {
        &self.line
    }

    /// Waits for a delivery, and acknowledges it.
    ///
    /// # Errors
    /// When the stream has ended, or nothing waits any more.
    pub async fn take_one(&self) -> Result<(), Error> {
        let ended = || Error::Empty("stream any more");
        let delivery = async { self.deliveries.lock().await.recv().await };
        let delivery = tokio::time::timeout(PATIENCE, delivery).await;
        let delivery = delivery.map_err(|_| Error::Empty("open offers any more"))?;
        let delivery = delivery.ok_or_else(ended)?;
        let transfer = delivery.transfer.unwrap_or_default();
        let key = DeliveryKey {
            transfer_uid: transfer.uid,
            offer_epoch: transfer.offer_epoch,
            attempt: delivery.attempt,
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        if let Ok(mut answers) = self.answers.lock() {
            answers.insert(number, answer);
        }
        let deliveries = vec![key];
        let act = Act::Acknowledge(Acknowledgement { deliveries });
        let sent = self.acts.send(message(number, act)).await;
        sent.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())
    }
}

async fn read(
    mut streaming: Streaming<StreamTransfersResponse>,
    into: mpsc::UnboundedSender<Delivery>,
    answers: Arc<Answers>,
) {
    while let Ok(Some(message)) = streaming.message().await {
        for delivery in message.deliveries {
            let _ = into.send(delivery);
        }
        let Ok(mut answers) = answers.lock() else {
            return;
        };
        let outcomes = message.outcomes.iter();
        // One without effect is not counted: whoever waits for it is told that the stream has ended.
        for outcome in outcomes {
            let answer = answers.remove(&outcome.number);
            if let Some(answer) = answer
                && outcome.without_effect.is_empty()
            {
                let _ = answer.send(());
            }
        }
    }
    // Nobody answers any more.
    if let Ok(mut answers) = answers.lock() {
        answers.clear();
    }
}

fn message(number: i64, act: Act) -> StreamTransfersRequest {
    StreamTransfersRequest {
        number,
        act: Some(act),
    }
}
