//! Systems of units that hand in at their desks and work their units' queues over `StreamTransfers`, beside the people of the other
//! units.
//!
//! Each has one stream, over any replica that answers, and opens another when that ends, or when what it said is not answered.
//! What was said on a stream that ended is not known to be done: whoever said it says it again under the same request id.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::channel::mpsc::{UnboundedSender as Requests, unbounded};
use kit::clock;
use proto::identity::v1::RegisterClientRequest;
use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::{
    AcceptTransferRequest, AcceptTransferResponse, FlowLimits, StreamOutcome, StreamRefusal,
    StreamTransfersRequest, StreamTransfersResponse, Subscription,
};
use rand::seq::SliceRandom as _;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Status, Streaming};

use super::dice::Dice;
use super::line::Line;
use super::mail::{LEASE_SECONDS, Mail};
use super::province::Province;
use super::succession::goes_by_the_token;
use crate::Reply;
use crate::cast::{ADMINISTRATOR, client_of};
use crate::subscriber::seconds;

/// One unit in so many has a system.
const ONE_IN: usize = 3;
const OUTSTANDING: i32 = 50;
/// How long an answer on a stream may take.
const ANSWERED_IN: Duration = Duration::from_secs(4);
/// A stream without news for longer than it promises is no stream any more.
const SILENCE: Duration = Duration::from_secs(35);
const PAUSE: Duration = Duration::from_millis(200);
/// So often an acceptance is tried on the stream before it is asked for by itself.
const ON_THE_STREAM: u32 = 2;
const RPCS: [&str; 4] = [
    "motcua.intake.v1.DossierService/SubmitDossier",
    "motcua.routing.v1.TransferService/AcceptTransfer",
    "motcua.routing.v1.TransferService/CompleteTransfer",
    "motcua.routing.v1.TransferService/StreamTransfers",
];

/// The systems by unit.
pub struct Systems(HashMap<String, System>);

/// The system of one unit.
pub struct System {
    /// Its name as a client.
    pub client: String,
    saying: UnboundedSender<Said>,
}

/// Something that is to be said on the stream of now.
struct Said {
    act: Act,
    answer: oneshot::Sender<StreamOutcome>,
}

impl Systems {
    /// Registers the systems of the units that the seed names, and lets them subscribe.
    pub async fn begin(
        line: &Arc<Line>,
        province: &Province,
        (mail, dice): (&Arc<Mail>, Dice),
        subscribers: &mut JoinSet<()>,
    ) -> Self {
        let mut units: Vec<&str> = province
            .units
            .iter()
            .map(|unit| unit.uid.as_str())
            .collect();
        units.shuffle(&mut dice.on("systems", 0));
        units.truncate(units.len() / ONE_IN);
        let mut systems = HashMap::new();
        for unit in units {
            let client = client_of(unit);
            register(line, line.registration(&client, unit, &RPCS)).await;
            let (saying, said) = unbounded_channel();
            let subscriber = Subscriber {
                line: Arc::clone(line),
                mail: Arc::clone(mail),
                unit: unit.to_owned(),
                client: client.clone(),
            };
            subscribers.spawn(subscriber.go_on(said));
            systems.insert(unit.to_owned(), System { client, saying });
        }
        Self(systems)
    }

    /// The system of a unit, where it has one.
    pub fn of(&self, unit: &str) -> Option<&System> {
        self.0.get(unit)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

async fn register(line: &Line, request: RegisterClientRequest) {
    while let Err(status) = line
        .ask(ADMINISTRATOR, None, request.clone(), ANSWERED_IN)
        .await
    {
        println!("{} is not registered yet: {status}", request.client_id);
        tokio::time::sleep(PAUSE).await;
    }
}

impl System {
    /// How much may be outstanding on its stream.
    pub fn limits() -> FlowLimits {
        FlowLimits {
            max_outstanding: OUTSTANDING,
            max_outstanding_bytes: 0,
        }
    }

    /// Says this on the stream of now; nothing where that ends before it is answered.
    pub async fn say(&self, act: Act) -> Option<StreamOutcome> {
        let (answer, outcome) = oneshot::channel();
        self.saying.send(Said { act, answer }).ok()?;
        tokio::time::timeout(ANSWERED_IN, outcome).await.ok()?.ok()
    }

    /// Accepts an offer on the stream. When that does not answer, the same is asked for by itself, and is done once.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub async fn accept(
        &self,
        line: &Line,
        journey: usize,
        request: AcceptTransferRequest,
    ) -> Result<Reply<AcceptTransferResponse>, String> {
        let asking = line.begin(journey, &self.client, &request);
        asking.on_a_stream();
        for _ in 0..ON_THE_STREAM {
            asking.sent();
            let said = self.say(Act::AcknowledgeAndAccept(request.clone()));
            match said.await.map(answer_of) {
                Some(Ok(reply)) => {
                    asking.acknowledged(&request, &reply.message);
                    return Ok(reply);
                }
                // The stream has the token that it was opened with; by itself it is asked for with one of now.
                Some(Err(refusal))
                    if goes_by_the_token(&refusal.reason) && !line.ends.units().is_empty() =>
                {
                    break;
                }
                Some(Err(refusal)) if refusal.retry_delay.is_none() => {
                    return Err(asking.refused(refusal.reason, refusal.code.into()));
                }
                Some(Err(_)) | None => tokio::time::sleep(PAUSE).await,
            }
        }
        line.insist(asking, &self.client, None, request).await
    }
}

fn answer_of(outcome: StreamOutcome) -> Result<Reply<AcceptTransferResponse>, StreamRefusal> {
    let position = outcome.position;
    match (outcome.accepted, outcome.refusal) {
        (Some(transfer), _) => Ok(Reply {
            position: Some(position).filter(|position| !position.is_empty()),
            trace: String::new(),
            message: AcceptTransferResponse {
                transfer: Some(transfer),
            },
        }),
        (None, refusal) => Err(refusal.unwrap_or_default()),
    }
}

/// What keeps a stream open.
struct Subscriber {
    line: Arc<Line>,
    mail: Arc<Mail>,
    unit: String,
    client: String,
}

impl Subscriber {
    async fn go_on(self, mut said: UnboundedReceiver<Said>) {
        loop {
            let (requests, sent) = unbounded();
            let _ = requests.unbounded_send(self.subscription());
            let ended = match self.line.converse(&self.client, sent).await {
                Ok(responses) => {
                    let stream = Stream {
                        requests,
                        responses,
                        number: 0,
                        waiting: BTreeMap::new(),
                    };
                    stream.talk(&self, &mut said).await
                }
                Err(status) => status,
            };
            self.line.heed(&self.client, &ended);
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn subscription(&self) -> StreamTransfersRequest {
        StreamTransfersRequest {
            number: 0,
            act: Some(Act::Subscribe(Subscription {
                unit_uid: self.unit.clone(),
                limits: Some(System::limits()),
                lease: Some(seconds(LEASE_SECONDS)),
            })),
        }
    }
}

/// A stream that is open.
struct Stream {
    requests: Requests<StreamTransfersRequest>,
    responses: Streaming<StreamTransfersResponse>,
    number: i64,
    /// What was said and not answered, by its number, and when.
    waiting: BTreeMap<i64, (Instant, oneshot::Sender<StreamOutcome>)>,
}

impl Stream {
    /// Says and hears until it ends; why it did.
    async fn talk(mut self, of: &Subscriber, said: &mut UnboundedReceiver<Said>) -> Status {
        loop {
            let heard = tokio::time::timeout(self.patience(), self.responses.message());
            tokio::select! {
                Some(said) = said.recv() => self.say(said),
                heard = heard => match heard {
                    Ok(Ok(Some(response))) => self.hear(response, of).await,
                    Ok(Ok(None)) => return Status::unavailable("the stream is over"),
                    Ok(Err(status)) => return status,
                    Err(_) => return Status::unavailable("the stream is silent"),
                },
            }
        }
    }

    fn patience(&self) -> Duration {
        let oldest = self.waiting.values().next();
        oldest.map_or(SILENCE, |(since, _)| {
            ANSWERED_IN.saturating_sub(since.elapsed())
        })
    }

    fn say(&mut self, said: Said) {
        // Whoever said it has given up while there was no stream, and says it again.
        if said.answer.is_closed() {
            return;
        }
        self.number += 1;
        let since = clock::monotonic();
        self.waiting.insert(self.number, (since, said.answer));
        // Where the stream has ended, that is heard next.
        let _ = self.requests.unbounded_send(StreamTransfersRequest {
            number: self.number,
            act: Some(said.act),
        });
    }

    async fn hear(&mut self, response: StreamTransfersResponse, of: &Subscriber) {
        for outcome in response.outcomes {
            let number = outcome.number;
            match self.waiting.remove(&number) {
                // Nobody may wait for it any more.
                Some((_, answer)) => drop(answer.send(outcome)),
                None => of.mail.note(format!(
                    "{} is told what became of its number {number}, which it did not say or was told before",
                    of.client
                )),
            }
        }
        of.mail.take_in(&of.unit, response.deliveries).await;
    }
}
