//! The way from the callers to the suite: connections, tokens that are renewed, and repeats where the suite asks for them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use kit::clock;
use kit::serve::AFTER;
use prost::Message as _;
use prost::bytes::Bytes;
use proto::identity::v1::IssueTokenRequest;
use tokio::time::Instant;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::address::{Address, connect};
use super::error::Error;
use crate::cast::{CallerId, Cast};
use crate::rpc::{Answer, Rpc, unary};

/// How long a call is repeated while the suite asks for it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait when the suite does not say.
const RETRY: Duration = Duration::from_millis(20);
/// Long polls have connections of their own, so that no call waits behind them.
const PULL_CONNECTIONS: usize = 4;
const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];
const SIGN_IN_AT_ONCE: usize = 8;

/// The way to the suite.
pub struct Line {
    cast: Cast,
    calls: HashMap<&'static str, Vec<Channel>>,
    pulls: Vec<Channel>,
    turn: AtomicUsize,
    /// What went over it.
    pub traffic: Traffic,
}

/// What went over a line: messages without headers.
#[derive(Default)]
pub struct Traffic {
    calls: AtomicU64,
    request_bytes: AtomicU64,
    reply_bytes: AtomicU64,
    repeated: AtomicU64,
}

impl Line {
    /// Connections that are made when they are first used.
    ///
    /// # Errors
    /// When a service has no address.
    pub fn new(cast: Cast, addresses: &[Address], connections: usize) -> Result<Self, Error> {
        let mut calls = HashMap::new();
        for service in SERVICES {
            calls.insert(service, connect(addresses, service, connections)?);
        }
        Ok(Self {
            cast,
            calls,
            pulls: connect(addresses, "routing", PULL_CONNECTIONS)?,
            turn: AtomicUsize::new(0),
            traffic: Traffic::default(),
        })
    }

    /// Who calls.
    #[must_use]
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Gets everybody a token, so that this is not measured.
    ///
    /// # Errors
    /// When the suite does not know them.
    pub async fn sign_everybody_in(&self) -> Result<(), Error> {
        let mut signing = stream::iter(self.cast.everybody())
            .map(|caller| async move {
                let token = self.token(caller).await;
                token.map_err(refused(IssueTokenRequest::PATH))
            })
            .buffer_unordered(SIGN_IN_AT_ONCE);
        while let Some(signed_in) = signing.next().await {
            signed_in?;
        }
        Ok(())
    }

    /// Calls an rpc; again when the suite asks for it.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn call<R: Rpc>(
        &self,
        by: Option<CallerId>,
        request: &R,
        after: Option<&str>,
    ) -> Result<Answer, Error> {
        let body = Bytes::from(request.encode_to_vec());
        let deadline = clock::monotonic() + PATIENCE;
        loop {
            let channel = self.channel(R::PATH)?;
            let prepared = self.prepare(by, body.clone(), after).await;
            let answered = match prepared {
                Ok(prepared) => unary(channel, R::PATH, prepared).await,
                Err(status) => Err(status),
            };
            match answered {
                Ok(answer) => {
                    self.traffic.count(&body, &answer);
                    return Ok(answer);
                }
                Err(status) => self.wait_to_repeat(R::PATH, by, status, deadline).await?,
            }
        }
    }

    /// Takes offers on a connection for long polls; `None` when nothing came.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn pull<R: Rpc>(
        &self,
        by: CallerId,
        request: &R,
        turn: usize,
    ) -> Result<Answer, Error> {
        let prepared = self.prepare(Some(by), request.encode_to_vec().into(), None);
        let prepared = prepared.await.map_err(refused(R::PATH))?;
        let channel = &self.pulls[turn % self.pulls.len()];
        unary(channel, R::PATH, prepared)
            .await
            .map_err(refused(R::PATH))
    }

    /// A connection for a stream, and the token of whoever opens it.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn stream(&self, by: CallerId) -> Result<(Channel, AsciiMetadataValue), Error> {
        let token = self.token(by).await;
        let token = token.map_err(refused(IssueTokenRequest::PATH))?;
        Ok((self.pulls[0].clone(), token))
    }

    async fn prepare(
        &self,
        by: Option<CallerId>,
        body: Bytes,
        after: Option<&str>,
    ) -> Result<Request<Bytes>, Status> {
        let mut request = Request::new(body);
        if let Some(caller) = by {
            let token = self.token(caller).await?;
            request.metadata_mut().insert("authorization", token);
        }
        if let Some(after) = after {
            request.metadata_mut().insert(AFTER, ascii(after)?);
        }
        Ok(request)
    }

    async fn token(&self, caller: CallerId) -> Result<AsciiMetadataValue, Status> {
        if let Some(token) = self.cast.token(caller) {
            return Ok(token);
        }
        let internal = |error: Error| Status::internal(error.to_string());
        let asked = self.cast.ask_for_token(caller);
        let asked = asked.map_err(|error| Status::internal(error.to_string()))?;
        let channel = self.channel(IssueTokenRequest::PATH).map_err(internal)?;
        let request = Request::new(asked.encode_to_vec().into());
        let answer = unary(channel, IssueTokenRequest::PATH, request).await?;
        let reply: proto::identity::v1::IssueTokenResponse = answer
            .read()
            .map_err(|error| Status::internal(error.to_string()))?;
        let token = ascii(&format!("Bearer {}", reply.token))?;
        self.cast.keep_token(caller, Some(token.clone()));
        Ok(token)
    }

    async fn wait_to_repeat(
        &self,
        rpc: &'static str,
        by: Option<CallerId>,
        status: Status,
        deadline: Instant,
    ) -> Result<(), Error> {
        if clock::monotonic() >= deadline {
            return Err(refused(rpc)(status));
        }
        match (status.code(), by) {
            (Code::Unavailable | Code::ResourceExhausted, _) => {
                let asked = status
                    .get_details_retry_info()
                    .and_then(|info| info.retry_delay);
                tokio::time::sleep(asked.unwrap_or(RETRY)).await;
            }
            (Code::Unauthenticated, Some(caller)) if self.cast.token(caller).is_some() => {
                self.cast.keep_token(caller, None);
            }
            _ => return Err(refused(rpc)(status)),
        }
        self.traffic.repeated.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// The connections of the service that a path names, in turn.
    fn channel(&self, path: &'static str) -> Result<&Channel, Error> {
        let service = path.trim_start_matches("/motcua.").split('.').next();
        let channels = service.and_then(|service| self.calls.get(service));
        let channels = channels.ok_or_else(|| Error::NoAddress(path.to_owned()))?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        Ok(&channels[turn % channels.len()])
    }
}

impl Traffic {
    fn count(&self, request: &Bytes, answer: &Answer) {
        let bytes = |bytes: &Bytes| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.request_bytes
            .fetch_add(bytes(request), Ordering::Relaxed);
        self.reply_bytes
            .fetch_add(bytes(&answer.body), Ordering::Relaxed);
    }

    /// Forgets what went over it until now.
    pub fn forget(&self) {
        for count in [
            &self.calls,
            &self.request_bytes,
            &self.reply_bytes,
            &self.repeated,
        ] {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// Bytes of a request and of a reply in the mean.
    #[must_use]
    pub fn mean_bytes(&self) -> (u64, u64) {
        let calls = self.calls.load(Ordering::Relaxed).max(1);
        (
            self.request_bytes.load(Ordering::Relaxed) / calls,
            self.reply_bytes.load(Ordering::Relaxed) / calls,
        )
    }

    /// How many calls were made again because the suite asked for it.
    #[must_use]
    pub fn repeated(&self) -> u64 {
        self.repeated.load(Ordering::Relaxed)
    }
}

fn ascii(text: &str) -> Result<AsciiMetadataValue, Status> {
    text.parse()
        .map_err(|_| Status::internal("a header value has other characters than ASCII"))
}

fn refused(rpc: &'static str) -> impl FnOnce(Status) -> Error {
    let rpc = rpc.trim_start_matches("/motcua.");
    move |status| Error::Refused {
        rpc,
        status: Box::new(status),
    }
}
