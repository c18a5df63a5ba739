//! The way to the suite: any replica that answers, the same request again until one does.

mod sign_in;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::Stream;
use kit::clock::{self, Moment};
use kit::failure::reason_of;
use kit::serve::{AFTER, SIMULATED_TIME};
use proto::identity::v1::RegisterClientRequest;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use self::sign_in::{Token, signed};
use super::act::Acting;
use super::record::{Act, Answer, Book};
use super::succession::Ends;
use crate::Reply;
use crate::actor::MONDAY_MORNING;
use crate::cast::Cast;
use crate::rpc::Rpc;

/// How long one replica has for an answer before another is asked.
const PATIENCE: Duration = Duration::from_secs(4);
/// A replica that did not answer is left alone for so long.
const AVOIDED: Duration = Duration::from_secs(2);
/// How many connections lead to each replica: one carries 128 calls at once, and so many may wait for offers alone.
const CONNECTIONS: usize = 8;
const CONNECTING: Duration = Duration::from_secs(1);
const ISSUED_AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Civil time goes so much faster than real time: ten minutes see three days.
pub const SPEED: u32 = 400;

/// Civil time at which the run began.
pub fn monday_morning() -> Moment {
    MONDAY_MORNING
        .parse()
        .expect("a time as RFC 3339 writes it")
}

/// The way to all replicas, and everybody's tokens.
pub struct Line {
    services: HashMap<&'static str, Vec<Way>>,
    cast: Cast,
    tokens: Mutex<HashMap<String, Token>>,
    issuing: Semaphore,
    turn: AtomicUsize,
    began: Instant,
    /// What was asked for and answered.
    pub book: Book,
    /// Which units have ended.
    pub ends: Ends,
}

/// To one replica, over several connections: what waits for offers leaves room for those who ask.
struct Way {
    connections: Vec<Channel>,
    turn: AtomicUsize,
    avoided_until: AtomicU64,
}

impl Line {
    /// A way to these ports of each service.
    pub fn new(ports: impl Iterator<Item = (&'static str, Vec<u16>)>, cast: Cast) -> Arc<Self> {
        let ways = |ports: Vec<u16>| ports.into_iter().map(Way::to).collect();
        Arc::new(Self {
            services: ports
                .map(|(service, ports)| (service, ways(ports)))
                .collect(),
            cast,
            tokens: Mutex::default(),
            issuing: Semaphore::new(ISSUED_AT_ONCE),
            turn: AtomicUsize::new(0),
            began: clock::monotonic(),
            book: Book::default(),
            ends: Ends::default(),
        })
    }

    /// Real time since the run began.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Civil time of the run.
    pub fn civil(&self) -> Moment {
        monday_morning() + self.now() * SPEED
    }

    /// Asks for an act until it is answered, and notes both.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub async fn act<R: Acting>(
        &self,
        journey: usize,
        caller: &str,
        after: Option<&str>,
        request: R,
    ) -> Result<Reply<R::Reply>, String> {
        let asking = self.begin(journey, caller, &request);
        self.insist(asking, caller, after, request).await
    }

    /// Notes an act that is asked for from now on.
    pub fn begin<R: Acting>(&self, journey: usize, caller: &str, request: &R) -> Asking<'_> {
        let place = self.book.open(Act {
            kind: R::KIND,
            journey,
            caller: caller.to_owned(),
            request_id: request.request_id().to_owned(),
            sent: self.now(),
            tries: 0,
            on_a_stream: false,
            answer: None,
        });
        Asking { line: self, place }
    }

    /// Asks for an act, under the same request id each time, until it is answered.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub async fn insist<R: Acting>(
        &self,
        asking: Asking<'_>,
        caller: &str,
        after: Option<&str>,
        request: R,
    ) -> Result<Reply<R::Reply>, String> {
        let mut pause = PAUSE;
        loop {
            asking.sent();
            match self.ask(caller, after, request.clone(), PATIENCE).await {
                Ok(reply) => {
                    asking.acknowledged(&request, &reply.message);
                    return Ok(reply);
                }
                Err(status) if asks_for_another_try(&status) => {}
                Err(status) => return Err(asking.refused(reason_of(&status), status.code())),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Reads: asks until it is answered, and notes nothing.
    ///
    /// # Errors
    /// The reason of the refusal.
    pub async fn read<R: Rpc>(&self, caller: &str, request: R) -> Result<R::Reply, String> {
        let mut pause = PAUSE;
        loop {
            match self.ask(caller, None, request.clone(), PATIENCE).await {
                Ok(reply) => return Ok(reply.message),
                Err(status) if asks_for_another_try(&status) => {}
                Err(status) => return Err(reason_of(&status)),
            }
            tokio::time::sleep(pause).await;
            pause = LONGEST_PAUSE.min(pause * 2);
        }
    }

    /// Asks one replica once.
    ///
    /// # Errors
    /// What it, or the connection, answers.
    pub async fn ask<R: Rpc>(
        &self,
        caller: &str,
        after: Option<&str>,
        request: R,
        patience: Duration,
    ) -> Result<Reply<R::Reply>, Status> {
        let token = self.token(caller).await?;
        let mut request = signed(&token, request);
        if let Some(after) = after {
            insert(request.metadata_mut(), AFTER, after);
        }
        let answered = self.send(request, patience).await;
        answered.map_err(|status| self.heard(caller, &token, status))
    }

    /// Opens a stream in both directions to one replica.
    ///
    /// # Errors
    /// What it, or the connection, answers.
    pub async fn converse<R: Rpc>(
        &self,
        caller: &str,
        requests: impl Stream<Item = R> + Send + 'static,
    ) -> Result<Streaming<R::Reply>, Status> {
        let mut request = signed(&self.token(caller).await?, requests);
        let now = self.civil().to_rfc3339();
        insert(request.metadata_mut(), SIMULATED_TIME, &now);
        let way = self.way(R::PATH);
        let mut grpc = Grpc::new(way.connection());
        let opened = async {
            grpc.ready().await.map_err(|error| away(&error))?;
            let codec: ProstCodec<R, R::Reply> = ProstCodec::default();
            grpc.streaming(request, path_of::<R>(), codec).await
        };
        let opened = tokio::time::timeout(PATIENCE, opened).await;
        let opened = opened.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
        self.avoid_failing(way, opened.as_ref().err());
        Ok(opened?.into_inner())
    }

    /// What registers a client system that acts for a unit.
    pub fn registration(&self, client: &str, unit: &str, rpcs: &[&str]) -> RegisterClientRequest {
        self.cast.registration_of(client, unit, rpcs)
    }

    async fn send<R: Rpc>(
        &self,
        mut request: Request<R>,
        patience: Duration,
    ) -> Result<Reply<R::Reply>, Status> {
        let now = self.civil().to_rfc3339();
        insert(request.metadata_mut(), SIMULATED_TIME, &now);
        request.set_timeout(patience);
        let way = self.way(R::PATH);
        let answered = tokio::time::timeout(patience, once(way.connection(), request)).await;
        let answered = answered.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
        self.avoid_failing(way, answered.as_ref().err());
        answered
    }

    fn avoid_failing(&self, way: &Way, failed: Option<&Status>) {
        if failed.is_some_and(|status| reason_of(status).is_empty()) {
            let until = self.now() + AVOIDED;
            way.avoided_until.store(millis(until), Ordering::Relaxed);
        }
    }

    /// The replicas of the service in turn, without those that just failed unless all did.
    fn way(&self, path: &'static str) -> &Way {
        let service = path.trim_start_matches("/motcua.").split('.').next();
        let ways = &self.services[service.unwrap_or_default()];
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let now = millis(self.now());
        let in_turn = (0..ways.len()).map(|offset| &ways[(turn + offset) % ways.len()]);
        let answers = |way: &&Way| way.avoided_until.load(Ordering::Relaxed) <= now;
        in_turn
            .clone()
            .find(answers)
            .unwrap_or(&ways[turn % ways.len()])
    }
}

/// An act that is asked for, in the book.
pub struct Asking<'a> {
    line: &'a Line,
    place: usize,
}

impl Asking<'_> {
    /// It is asked for on a stream, at first.
    pub fn on_a_stream(&self) {
        self.line.book.on_a_stream(self.place);
    }

    /// It is sent, once more where it was before.
    pub fn sent(&self) {
        self.line.book.sent(self.place);
    }

    /// It is done.
    pub fn acknowledged<R: Acting>(&self, request: &R, reply: &R::Reply) {
        let told = Answer::Acknowledged(request.told(reply));
        self.line.book.close(self.place, self.line.now(), told);
    }

    /// It is not done; gives the reason back.
    pub fn refused(&self, reason: String, code: Code) -> String {
        let told = Answer::Refused(format!("{reason} ({code:?})"));
        self.line.book.close(self.place, self.line.now(), told);
        reason
    }
}

impl Way {
    fn to(port: u16) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"));
        let endpoint = endpoint.expect("an address is a URI").tcp_nodelay(true);
        let endpoint = endpoint.connect_timeout(CONNECTING);
        Self {
            connections: (0..CONNECTIONS).map(|_| endpoint.connect_lazy()).collect(),
            turn: AtomicUsize::new(0),
            avoided_until: AtomicU64::new(0),
        }
    }

    fn connection(&self) -> Channel {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        self.connections[turn % CONNECTIONS].clone()
    }
}

/// Whether nothing is known to be refused: the connection failed, or the suite asks for patience.
pub fn asks_for_another_try(status: &Status) -> bool {
    let reason = reason_of(status);
    let patience = [
        Code::Unavailable,
        Code::ResourceExhausted,
        Code::DeadlineExceeded,
    ];
    reason.is_empty() || reason == "TOKEN_EXPIRED" || patience.contains(&status.code())
}

async fn once<R: Rpc>(channel: Channel, request: Request<R>) -> Result<Reply<R::Reply>, Status> {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.map_err(|error| away(&error))?;
    let codec: ProstCodec<R, R::Reply> = ProstCodec::default();
    let response = grpc.unary(request, path_of::<R>(), codec).await?;
    let position = response.metadata().get("motcua-position");
    Ok(Reply {
        position: position.and_then(|value| Some(value.to_str().ok()?.to_owned())),
        trace: String::new(),
        message: response.into_inner(),
    })
}

fn away(error: &tonic::transport::Error) -> Status {
    Status::unavailable(error.to_string())
}

fn path_of<R: Rpc>() -> PathAndQuery {
    R::PATH.parse().expect("the name of an rpc is a path")
}

fn insert(metadata: &mut MetadataMap, key: &'static str, value: &str) {
    metadata.insert(key, value.parse().expect("a header value"));
}

fn millis(since: Duration) -> u64 {
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
