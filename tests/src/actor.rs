//! One person or system that calls the suite.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use futures::Stream;
use kit::serve::{AFTER, SIMULATED_TIME, TRACE_ID};
use proto::identity::v1::{GetCallerRequest, IssueTokenRequest};
use tonic::client::Grpc;
use tonic::metadata::MetadataMap;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use crate::cast::Cast;
use crate::refusal::Refusal;
use crate::rpc::{Bytes, Method, Rpc};

/// What time it is at first, when nobody says otherwise: a Monday morning.
pub const MONDAY_MORNING: &str = "2017-08-28T08:00:00+07:00";
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The way to the suite through all its runs, and everybody's tokens.
pub struct Line {
    cast: Cast,
    channel: RwLock<Option<Channel>>,
    tokens: Mutex<HashMap<String, String>>,
    now: RwLock<String>,
}

impl Line {
    /// A way that leads nowhere yet.
    pub fn new(cast: Cast) -> Arc<Self> {
        Arc::new(Self {
            cast,
            channel: RwLock::default(),
            tokens: Mutex::default(),
            now: RwLock::new(MONDAY_MORNING.to_owned()),
        })
    }

    /// Who calls.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Leads to a run of the suite from now on.
    pub fn lead_to(&self, channel: Channel) {
        *self.channel.write().unwrap_or_else(PoisonError::into_inner) = Some(channel);
    }

    fn channel(&self) -> Channel {
        let channel = self.channel.read().unwrap_or_else(PoisonError::into_inner);
        channel.clone().expect("the suite was started")
    }

    /// It is another time, RFC 3339, when nobody says otherwise. Everybody signs in again: a token says what held when it was
    /// issued.
    pub fn begin_day(&self, now: String) {
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = now;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.clear();
    }

    fn known_token(&self, subject: &str) -> Option<String> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(subject).cloned()
    }

    async fn token(self: &Arc<Self>, subject: &str) -> Result<String, Status> {
        if let Some(token) = self.known_token(subject) {
            return Ok(token);
        }
        let asked = IssueTokenRequest {
            proof: Some(self.cast.proof(subject)),
        };
        let issued = Actor::anonymous(self).call(asked).await?;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(subject.to_owned(), issued.token.clone());
        Ok(issued.message.token)
    }
}

/// A reply with what its metadata says.
#[derive(Clone, Debug)]
pub struct Reply<M> {
    /// The message.
    pub message: M,
    /// Where the mutation stands in the log, `motcua-position`.
    pub position: Option<String>,
    /// The trace of the call.
    pub trace: String,
}

impl<M> Deref for Reply<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}

#[derive(Clone)]
enum Proof {
    None,
    Of(String),
    Token(String),
}

/// One person or system that calls the suite.
#[derive(Clone)]
pub struct Actor {
    line: Arc<Line>,
    /// A connection of its own; without one it calls over the line's.
    own: Option<Channel>,
    proof: Proof,
    metadata: Vec<(&'static str, String)>,
}

impl Actor {
    /// Somebody of the cast.
    pub fn new(line: &Arc<Line>, subject: &str) -> Self {
        Self {
            proof: Proof::Of(subject.to_owned()),
            ..Self::anonymous(line)
        }
    }

    /// Somebody without a token.
    pub fn anonymous(line: &Arc<Line>) -> Self {
        Self {
            line: Arc::clone(line),
            own: None,
            proof: Proof::None,
            metadata: Vec::new(),
        }
    }

    /// The same with this token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            proof: Proof::Token(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same with this metadata.
    #[must_use]
    pub fn with(&self, key: &'static str, value: &str) -> Self {
        let mut actor = self.clone();
        actor.metadata.retain(|(known, _)| *known != key);
        actor.metadata.push((key, value.to_owned()));
        actor
    }

    /// The same over this connection.
    #[must_use]
    pub fn over(&self, own: Channel) -> Self {
        Self {
            own: Some(own),
            ..self.clone()
        }
    }

    /// The same at another time, `2017-08-31T09:00`, local.
    #[must_use]
    pub fn at(&self, local: &str) -> Self {
        self.with(SIMULATED_TIME, &format!("{local}:00+07:00"))
    }

    /// The same, having seen what a mutation did.
    #[must_use]
    pub fn after(&self, position: Option<&String>) -> Self {
        position.map_or_else(|| self.clone(), |position| self.with(AFTER, position))
    }

    /// The token that this actor sends.
    pub async fn token(&self) -> String {
        let token = match &self.proof {
            Proof::None => return String::new(),
            Proof::Of(subject) => self.line.token(subject).await,
            Proof::Token(token) => Ok(token.clone()),
        };
        token.expect("a token is issued")
    }

    /// The subject that the suite knows it by.
    pub async fn subject(&self) -> String {
        let told = self.ok(GetCallerRequest {}).await.message.caller;
        told.expect("somebody calls").subject
    }

    /// Calls.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn call<R: Rpc>(&self, request: R) -> Result<Reply<R::Reply>, Status> {
        let mut request = Request::new(request);
        self.sign(request.metadata_mut()).await?;
        let mut grpc = Grpc::new(self.channel())
            .max_decoding_message_size(MOST_BYTES)
            .max_encoding_message_size(MOST_BYTES);
        let away = |error: tonic::transport::Error| Status::unavailable(error.to_string());
        grpc.ready().await.map_err(away)?;
        let path = R::PATH.parse().expect("the name of an rpc is a path");
        let codec: ProstCodec<R, R::Reply> = ProstCodec::default();
        let response = grpc.unary(request, path, codec).await?;
        let text = |key| {
            response
                .metadata()
                .get(key)
                .and_then(|value| value.to_str().ok())
        };
        Ok(Reply {
            position: text("motcua-position").map(str::to_owned),
            trace: text(TRACE_ID).unwrap_or_default().to_owned(),
            message: response.into_inner(),
        })
    }

    /// Calls an rpc that answers with a stream.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn follow<R: Rpc>(&self, request: R) -> Result<Streaming<R::Reply>, Status> {
        let mut request = Request::new(request);
        self.sign(request.metadata_mut()).await?;
        let mut grpc = Grpc::new(self.channel());
        let away = |error: tonic::transport::Error| Status::unavailable(error.to_string());
        grpc.ready().await.map_err(away)?;
        let path = R::PATH.parse().expect("the name of an rpc is a path");
        let codec: ProstCodec<R, R::Reply> = ProstCodec::default();
        let answered = grpc.server_streaming(request, path, codec).await?;
        Ok(answered.into_inner())
    }

    /// Calls an rpc to which messages stream, and that answers with a stream.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn converse<R: Rpc>(
        &self,
        requests: impl Stream<Item = R> + Send + 'static,
    ) -> Result<Streaming<R::Reply>, Status> {
        let mut request = Request::new(requests);
        self.sign(request.metadata_mut()).await?;
        let mut grpc = Grpc::new(self.channel());
        let away = |error: tonic::transport::Error| Status::unavailable(error.to_string());
        grpc.ready().await.map_err(away)?;
        let path = R::PATH.parse().expect("the name of an rpc is a path");
        let codec: ProstCodec<R, R::Reply> = ProstCodec::default();
        let answered = grpc.streaming(request, path, codec).await?;
        Ok(answered.into_inner())
    }

    /// Calls any rpc of the contract with a message in protobuf's bytes, and gives back the first that is answered; empty where a
    /// stream is answered.
    ///
    /// # Errors
    /// What the suite, or the connection, answers.
    pub async fn send(&self, method: &Method, body: Vec<u8>) -> Result<Vec<u8>, Status> {
        let mut request = Request::new(body);
        self.sign(request.metadata_mut()).await?;
        let mut grpc = Grpc::new(self.channel()).max_decoding_message_size(MOST_BYTES);
        let away = |error: tonic::transport::Error| Status::unavailable(error.to_string());
        grpc.ready().await.map_err(away)?;
        let path = method.path.parse().expect("the name of an rpc is a path");
        let answered = grpc.server_streaming(request, path, Bytes).await?;
        if method.streams {
            return Ok(Vec::new());
        }
        let first = answered.into_inner().message().await?;
        Ok(first.unwrap_or_default())
    }

    fn channel(&self) -> Channel {
        self.own.clone().unwrap_or_else(|| self.line.channel())
    }

    async fn sign(&self, metadata: &mut MetadataMap) -> Result<(), Status> {
        let token = match &self.proof {
            Proof::None => None,
            Proof::Of(subject) => Some(Box::pin(self.line.token(subject)).await?),
            Proof::Token(token) => Some(token.clone()),
        };
        if let Some(token) = token {
            let bearer = format!("Bearer {token}");
            metadata.insert(
                "authorization",
                bearer.parse().expect("a token is a header value"),
            );
        }
        let now = self.line.now.read().unwrap_or_else(PoisonError::into_inner);
        metadata.insert(
            SIMULATED_TIME,
            now.parse().expect("a time is a header value"),
        );
        for (key, value) in &self.metadata {
            metadata.insert(*key, value.parse().expect("a header value"));
        }
        Ok(())
    }

    /// Calls and must be answered.
    pub async fn ok<R: Rpc>(&self, request: R) -> Reply<R::Reply> {
        let called = self.call(request).await;
        called.unwrap_or_else(|status| panic!("{} was refused: {status:?}", R::PATH))
    }

    /// Calls and must be refused like this.
    pub async fn refused<R: Rpc>(&self, request: R, code: Code, reason: &str) -> Refusal {
        let Err(status) = self.call(request).await else {
            panic!("{} was not refused with {reason}", R::PATH);
        };
        let refusal = Refusal::of(&status);
        let wanted = (code, reason);
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            wanted,
            "{}: {status:?}",
            R::PATH
        );
        refusal
    }
}
