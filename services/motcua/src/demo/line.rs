//! The way from the cast to the suite: connections, tokens, simulated time, and calls that outlive a killed suite.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use kit::clock;
use kit::failure::reason_of;
use kit::serve::{AFTER, SIMULATED_TIME};
use prost::Message as _;
use tokio::sync::watch;
use tokio::time::Instant;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt as _;

use super::call::Call;
use super::error::Error;
use super::link::Link;
use crate::cast::{CallerId, Cast};
use crate::rpc::{Answer, Rpc, unary};

/// How long a call goes on before the demo fails.
pub const PATIENCE: Duration = Duration::from_secs(20);
const RETRY: Duration = Duration::from_millis(20);

/// The way to the suite, through all its runs.
pub struct Line {
    cast: Cast,
    link: watch::Sender<Option<Arc<Link>>>,
    runs: AtomicUsize,
    in_flight: AtomicUsize,
    turn: AtomicUsize,
    resent: AtomicU64,
    retried: AtomicU64,
}

impl Line {
    /// A way that leads nowhere yet.
    #[must_use]
    pub fn new(cast: Cast) -> Arc<Self> {
        Arc::new(Self {
            cast,
            link: watch::Sender::new(None),
            runs: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            turn: AtomicUsize::new(0),
            resent: AtomicU64::new(0),
            retried: AtomicU64::new(0),
        })
    }

    /// Who calls.
    #[must_use]
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// Leads to a run of the suite from now on.
    ///
    /// # Errors
    /// When the address is none.
    pub fn open(&self, address: SocketAddr) -> Result<(), Error> {
        let run = self.runs.fetch_add(1, Ordering::Relaxed);
        self.link
            .send_replace(Some(Arc::new(Link::new(run, address)?)));
        Ok(())
    }

    /// Leads nowhere from now on: new calls wait, and those under way are made again once it is open.
    pub fn close(&self) {
        self.link.send_replace(None);
    }

    /// Where it leads; `None` while it leads nowhere.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        self.link.borrow().as_ref().map(|link| link.address)
    }

    /// How many calls have been sent and not been answered.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// How many calls were made again because the suite was killed under them.
    #[must_use]
    pub fn resent(&self) -> u64 {
        self.resent.load(Ordering::Relaxed)
    }

    /// How many calls were made again because the suite asked for it (`UNAVAILABLE` with a retry delay).
    #[must_use]
    pub fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    /// Calls an rpc that changes nothing.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn read<R: Rpc>(
        &self,
        caller: Option<CallerId>,
        request: &R,
    ) -> Result<R::Reply, Error> {
        let mut call = Call::new(request);
        call.caller = caller;
        self.send(&call).await?.read().map_err(Into::into)
    }

    /// Makes a call until it is answered; the same call again when the suite was killed under it or asks for patience.
    ///
    /// # Errors
    /// What the suite refuses, and when nothing comes back for 20 s.
    pub async fn send(&self, call: &Call) -> Result<Answer, Error> {
        let deadline = clock::monotonic() + PATIENCE;
        loop {
            let link = self
                .wait_for_link(deadline)
                .await
                .map_err(refused(call.path))?;
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let channel = link.for_acts(turn);
            let answered = {
                let _counted = InFlight::enter(&self.in_flight);
                tokio::time::timeout_at(deadline, self.once(channel, call)).await
            };
            match answered
                .unwrap_or_else(|_| Err(Status::deadline_exceeded("no answer within 20 s")))
            {
                Ok(answer) => return Ok(answer),
                Err(status) => self.again(call, status, link.run, deadline).await?,
            }
        }
    }

    /// Takes offers for a unit; `None` when the suite was killed under the call.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn pull(&self, call: &Call, lane: usize) -> Result<Option<Answer>, Error> {
        let link = self
            .wait_for_link(clock::monotonic() + PATIENCE)
            .await
            .map_err(refused(call.path))?;
        match self.once(link.for_pulls(lane), call).await {
            Ok(answer) => Ok(Some(answer)),
            Err(_) if self.run() != Some(link.run) => Ok(None),
            Err(status) => {
                self.again(call, status, link.run, clock::monotonic() + PATIENCE)
                    .await?;
                Ok(None)
            }
        }
    }

    /// Decides whether a call that failed is made again, and waits until it may be.
    async fn again(
        &self,
        call: &Call,
        status: Status,
        run: usize,
        deadline: Instant,
    ) -> Result<(), Error> {
        let reason = reason_of(&status);
        if reason.is_empty() && self.run() != Some(run) {
            self.resent.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        }
        let ours = !reason.is_empty() && clock::monotonic() < deadline;
        match (status.code(), call.caller) {
            (Code::Unavailable | Code::ResourceExhausted, _) if ours => {
                let asked = status
                    .get_details_retry_info()
                    .and_then(|info| info.retry_delay);
                self.retried.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(asked.unwrap_or(RETRY).min(RETRY)).await;
                Ok(())
            }
            (Code::Unauthenticated, Some(caller)) if ours && self.cast.token(caller).is_some() => {
                self.cast.keep_token(caller, None);
                Ok(())
            }
            _ => Err(refused(call.path)(status)),
        }
    }

    async fn once(&self, channel: &Channel, call: &Call) -> Result<Answer, Status> {
        let mut request = Request::new(call.body.clone());
        if let Some(caller) = call.caller {
            let token = self.token(channel, caller).await?;
            request.metadata_mut().insert("authorization", token);
        }
        if let Some(at) = call.at {
            let at = format!("{}+07:00", at.format("%Y-%m-%dT%H:%M:%S"));
            request.metadata_mut().insert(SIMULATED_TIME, ascii(&at)?);
        }
        if let Some(after) = &call.after {
            request.metadata_mut().insert(AFTER, ascii(after)?);
        }
        unary(channel, call.path, request).await
    }

    async fn token(
        &self,
        channel: &Channel,
        caller: CallerId,
    ) -> Result<tonic::metadata::AsciiMetadataValue, Status> {
        if let Some(token) = self.cast.token(caller) {
            return Ok(token);
        }
        let token = ascii(&format!("Bearer {}", self.issue(channel, caller).await?))?;
        self.cast.keep_token(caller, Some(token.clone()));
        Ok(token)
    }

    async fn issue(&self, channel: &Channel, caller: CallerId) -> Result<String, Status> {
        let request = self
            .cast
            .ask_for_token(caller)
            .map_err(|error| Status::internal(error.to_string()))?;
        let call = Call::new(&request);
        let answer = unary(channel, call.path, Request::new(call.body)).await?;
        let reply = proto::identity::v1::IssueTokenResponse::decode(answer.body);
        Ok(reply
            .map_err(|error| Status::internal(error.to_string()))?
            .token)
    }

    /// A fresh token of a caller.
    ///
    /// # Errors
    /// What the suite refuses.
    pub async fn fresh_token(&self, caller: CallerId) -> Result<String, Error> {
        let request = self.cast.ask_for_token(caller)?;
        Ok(self.read(None, &request).await?.token)
    }

    fn run(&self) -> Option<usize> {
        self.link.borrow().as_ref().map(|link| link.run)
    }

    async fn wait_for_link(&self, deadline: Instant) -> Result<Arc<Link>, Status> {
        let mut link = self.link.subscribe();
        let open = tokio::time::timeout_at(deadline, link.wait_for(Option::is_some)).await;
        let open = open.ok().and_then(Result::ok).and_then(|link| link.clone());
        open.ok_or_else(|| Status::unavailable("the suite did not come back within 20 s"))
    }
}

/// A call under way, counted while it lives.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn enter(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn ascii(text: &str) -> Result<tonic::metadata::AsciiMetadataValue, Status> {
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
