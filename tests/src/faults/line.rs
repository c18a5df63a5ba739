//! The way to the suite: any replica that answers, the same request again until one does.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kit::clock::{self, Moment};
use kit::failure::reason_of;
use kit::serve::{AFTER, SIMULATED_TIME};
use proto::identity::v1::IssueTokenRequest;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use super::act::Acting;
use super::record::{Act, Answer, Book};
use crate::Reply;
use crate::actor::MONDAY_MORNING;
use crate::cast::Cast;
use crate::rpc::Rpc;

/// How long one replica has for an answer before another is asked.
const PATIENCE: Duration = Duration::from_secs(4);
/// A replica that did not answer is left alone for so long.
const AVOIDED: Duration = Duration::from_secs(2);
const CONNECTING: Duration = Duration::from_secs(1);
const ISSUED_AT_ONCE: usize = 8;
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Civil time goes so much faster than real time: ten minutes see three days.
const SPEED: u32 = 400;

/// The way to all replicas, and everybody's tokens.
pub struct Line {
    services: HashMap<&'static str, Vec<Way>>,
    cast: Cast,
    tokens: Mutex<HashMap<String, String>>,
    issuing: Semaphore,
    turn: AtomicUsize,
    began: Instant,
    /// What was asked for and answered.
    pub book: Book,
}

struct Way {
    channel: Channel,
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
        })
    }

    /// Real time since the run began.
    pub fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Civil time of the run.
    pub fn civil(&self) -> Moment {
        let began: Moment = MONDAY_MORNING
            .parse()
            .expect("a time as RFC 3339 writes it");
        began + self.now() * SPEED
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
        let place = self.book.open(Act {
            kind: R::KIND,
            journey,
            caller: caller.to_owned(),
            request_id: request.request_id().to_owned(),
            sent: self.now(),
            tries: 0,
            answer: None,
        });
        let mut pause = PAUSE;
        loop {
            self.book.sent(place);
            match self.ask(caller, after, request.clone(), PATIENCE).await {
                Ok(reply) => {
                    let told = request.told(&reply.message);
                    self.book
                        .close(place, self.now(), Answer::Acknowledged(told));
                    return Ok(reply);
                }
                Err(status) if asks_for_another_try(&status) => {}
                Err(status) => {
                    let reason = format!("{} ({:?})", reason_of(&status), status.code());
                    self.book.close(place, self.now(), Answer::Refused(reason));
                    return Err(reason_of(&status));
                }
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
        let mut request = Request::new(request);
        insert(
            request.metadata_mut(),
            "authorization",
            &format!("Bearer {token}"),
        );
        if let Some(after) = after {
            insert(request.metadata_mut(), AFTER, after);
        }
        let answered = self.send(request, patience).await;
        if let Err(status) = &answered
            && status.code() == Code::Unauthenticated
        {
            let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.remove(caller);
        }
        answered
    }

    async fn token(&self, caller: &str) -> Result<String, Status> {
        let known = {
            let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
            tokens.get(caller).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        // A herd of new callers is let in a few at a time: a token costs identity two signatures, and a citizen its registration.
        let _turn = self.issuing.acquire().await;
        let request = Request::new(IssueTokenRequest {
            proof: Some(self.cast.proof(caller)),
        });
        let token = self.send(request, PATIENCE).await?.message.token;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(caller.to_owned(), token.clone());
        Ok(token)
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
        let answered = tokio::time::timeout(patience, once(&way.channel, request)).await;
        let answered = answered.unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer")));
        if let Err(status) = &answered
            && reason_of(status).is_empty()
        {
            let until = self.now() + AVOIDED;
            way.avoided_until.store(millis(until), Ordering::Relaxed);
        }
        answered
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

impl Way {
    fn to(port: u16) -> Self {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}"));
        let endpoint = endpoint.expect("an address is a URI").tcp_nodelay(true);
        Self {
            channel: endpoint.connect_timeout(CONNECTING).connect_lazy(),
            avoided_until: AtomicU64::new(0),
        }
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

async fn once<R: Rpc>(channel: &Channel, request: Request<R>) -> Result<Reply<R::Reply>, Status> {
    let mut grpc = Grpc::new(channel.clone());
    let away = |error: tonic::transport::Error| Status::unavailable(error.to_string());
    grpc.ready().await.map_err(away)?;
    let path = R::PATH.parse().expect("the name of an rpc is a path");
    let codec: ProstCodec<R, R::Reply> = ProstCodec::default();
    let response = grpc.unary(request, path, codec).await?;
    let position = response.metadata().get("motcua-position");
    Ok(Reply {
        position: position.and_then(|value| Some(value.to_str().ok()?.to_owned())),
        trace: String::new(),
        message: response.into_inner(),
    })
}

fn insert(metadata: &mut MetadataMap, key: &'static str, value: &str) {
    metadata.insert(key, value.parse().expect("a header value"));
}

fn millis(since: Duration) -> u64 {
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
