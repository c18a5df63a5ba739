//! What every call passes through before a service sees it: trace, deadline, size, token, rule, time, read-your-writes.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context as Waker, Poll};

use chrono::DateTime;
use futures::future::{BoxFuture, FutureExt as _};
use http::{HeaderMap, HeaderValue};
use hyper::body::Bytes;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::Service;
use tracing::Instrument as _;

use super::ending::until;
use super::metadata::{malformed, must_fit, purpose, time_of};
use super::meter::Meter;
use super::rates::Rates;
use super::refusing::{denial, explain, is_denial, refusal, refuse, starting, too_late, unknown};
use super::rpcs::{Rpc, Rpcs, Served, Standing};
use super::services::{Answers, Services};
use super::{AFTER, Mounted, Request, Response, SIMULATED_TIME, TRACE_ID};
use crate::authority::{Context, Rights, Rules};
use crate::caller::{Caller, Verifier, unauthenticated};
use crate::clock::{self, Clock, Moment};
use crate::deadline;
use crate::failure::Failure;
use crate::log::Positions;
use crate::telemetry;
use crate::tls::PeerCertificate;

const READ_EVENTS: &str = ".EventService/ReadEvents";

/// The gate of one port.
#[derive(Clone)]
pub(super) struct Gate(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    clock: Clock,
    rpcs: Rpcs,
    drain: CancellationToken,
    anonymous: Arc<Caller>,
    rates: Arc<Rates>,
}

/// Rpcs behind the gate of their port, or behind none: those of health checks on a port of their own.
#[derive(Clone)]
pub(super) enum Gated {
    Behind(Gate),
    Open(Arc<Services>),
}

/// One call, as it arrived.
struct Arrived {
    rpc: Rpc,
    request: Request,
    /// W3C trace context of its span.
    traceparent: String,
}

impl Gate {
    /// A gate before these services. Streams that know of no end are ended when `drain` is cancelled.
    pub fn new(
        verifier: Verifier,
        clock: Clock,
        rules: &'static Rules,
        (services, libraries): (&[Mounted], Services),
        drain: CancellationToken,
    ) -> Self {
        Self(Arc::new(Inner {
            verifier,
            clock,
            rpcs: Rpcs::new(services, libraries, rules),
            drain,
            anonymous: Arc::new(Caller::anonymous()),
            rates: Arc::new(Rates::new()),
        }))
    }

    /// A service is ready: its rpcs are answered from now on.
    pub fn open(&self, service: &str) {
        if let Some(standing) = self.0.rpcs.service(service) {
            standing.open();
        }
    }

    /// Whether a service is ready.
    pub fn is_open(&self, service: &str) -> bool {
        let standing = self.0.rpcs.service(service);
        standing.is_some_and(Standing::is_open)
    }

    /// Answers a call within the time that it has.
    async fn answer_in_time(&self, arrived: Arrived) -> Response {
        let time = match time_of(arrived.request.headers()) {
            Ok(time) => time,
            Err(failure) => return refuse(arrived.request, failure).await,
        };
        let answer = self.answer(arrived);
        let answered = deadline::within(clock::monotonic() + time, answer).await;
        answered.unwrap_or_else(|| refusal(too_late(time)))
    }

    async fn answer(&self, arrived: Arrived) -> Response {
        let Arrived {
            rpc,
            mut request,
            traceparent,
        } = arrived;
        let shown = request.extensions().get();
        let shown = shown.map(|shown: &PeerCertificate| shown.thumbprint);
        let admitted = self.admit(&rpc, request.headers(), shown).await;
        let (rights, answers) = match admitted {
            Ok(admitted) => admitted,
            Err(failure) => return refuse(request, failure).await,
        };
        let asked = rights.clone();
        match self.context(rights, request.headers(), traceparent) {
            Ok(context) => {
                let extensions = request.extensions_mut();
                extensions.insert(self.0.verifier.clone());
                extensions.insert(self.meter(asked.caller()));
                extensions.insert(context)
            }
            Err(failure) => return refuse(request, failure).await,
        };
        let response = explain(answers.answer(request).await);
        match &rpc {
            Rpc::Served(served) => {
                if let Some(reason) = denial(response.headers(), &asked) {
                    self.record_denial(served, asked.caller(), &reason);
                }
                response
            }
            Rpc::Open { endless: true, .. } => until(self.0.drain.clone(), response),
            Rpc::Open { endless: false, .. } | Rpc::Unknown(_) => response,
        }
    }

    /// Lets a call in, over whose connection this certificate was shown.
    async fn admit<'rpc>(
        &self,
        rpc: &'rpc Rpc,
        headers: &HeaderMap,
        shown: Option<[u8; 32]>,
    ) -> Result<(Rights, &'rpc Answers), Failure> {
        must_fit(headers)?;
        let served = match rpc {
            Rpc::Served(served) => served,
            Rpc::Open { answers, .. } => {
                let caller = self.caller(headers).await?;
                must_hold_certificate(&caller, shown)?;
                return Ok((Rights::new(caller, None), answers));
            }
            Rpc::Unknown(rpc) => return Err(unknown(rpc)),
        };
        let caller = self.caller(headers).await;
        let caller = caller.inspect_err(|failure| {
            self.denied(served, &self.0.anonymous, failure);
        })?;
        must_hold_certificate(&caller, shown)
            .and_then(|()| served.rule.admit(&caller))
            .inspect_err(|failure| self.denied(served, &caller, failure))?;
        self.0.rates.count(&caller)?;
        must_be_ready(served)?;
        catch_up(served, headers).await?;
        Ok((Rights::new(caller, Some(served.rule)), &served.answers))
    }

    /// Counts what the caller says on a stream.
    fn meter(&self, caller: &Arc<Caller>) -> Meter {
        Meter::new(Arc::clone(&self.0.rates), Arc::clone(caller))
    }

    /// What a service is told of a call.
    fn context(
        &self,
        rights: Rights,
        headers: &HeaderMap,
        traceparent: String,
    ) -> Result<Context, Failure> {
        Ok(Context {
            rights,
            at: self.civil_time(headers)?,
            purpose: purpose(headers)?,
            traceparent,
        })
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Failure> {
        let Some(value) = headers.get(http::header::AUTHORIZATION) else {
            return Ok(Arc::clone(&self.0.anonymous));
        };
        let token = value.as_bytes().strip_prefix(b"Bearer ");
        let malformed =
            || unauthenticated("TOKEN_INVALID", "`authorization` must be `Bearer <token>`");
        self.0.verifier.verify(token.ok_or_else(malformed)?).await
    }

    /// Records what the gate denied.
    fn denied(&self, served: &Served, caller: &Caller, failure: &Failure) {
        if is_denial(failure.code()) {
            self.record_denial(served, caller, failure.reason());
        }
    }

    fn record_denial(&self, served: &Served, caller: &Caller, reason: &str) {
        let (rpc, at) = (served.rule.rpc(), self.now());
        served.service.access.denied(caller, at, rpc, reason);
    }

    /// Civil time.
    pub fn now(&self) -> Moment {
        self.0.clock.civil()
    }

    /// The time of a call, which moves a simulated clock on where it says so.
    pub fn civil_time(&self, headers: &HeaderMap) -> Result<Moment, Failure> {
        let clock = &self.0.clock;
        let Some(value) = headers.get(SIMULATED_TIME) else {
            return Ok(clock.civil());
        };
        if !clock.is_simulated() {
            return Ok(clock.civil());
        }
        let time = value
            .to_str()
            .ok()
            .and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let time = time.ok_or_else(|| malformed(SIMULATED_TIME, "a time as RFC 3339 writes it"))?;
        clock.advance_to(time.to_utc());
        Ok(time.to_utc())
    }
}

impl<B> Service<http::Request<B>> for Gated
where
    B: hyper::body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<tower::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Waker<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let request = request.map(Body::new);
        match self {
            Self::Behind(gate) => pass(gate.clone(), request).map(Ok).boxed(),
            Self::Open(services) => open(Arc::clone(services), request).map(Ok).boxed(),
        }
    }
}

/// Answers a call that needs no gate.
async fn open(services: Arc<Services>, request: Request) -> Response {
    let rpc = request.uri().path().trim_start_matches('/');
    match services.of(rpc) {
        Some(answers) => answers.answer(request).await,
        None => refusal(unknown(rpc)),
    }
}

/// Lets a call pass, or answers it here.
async fn pass(gate: Gate, request: Request) -> Response {
    let rpc = gate.0.rpcs.at(request.uri().path());
    let told_as = rpc.told_as();
    let told = told_as.map(|method| telemetry::Served::begin(method, request.headers()));
    let span = told
        .as_ref()
        .map_or_else(tracing::Span::none, telemetry::Served::span);
    async move {
        let traceparent = telemetry::traceparent();
        let trace_id = HeaderValue::from_str(telemetry::trace_id(&traceparent));
        let arrived = Arrived {
            rpc,
            request,
            traceparent,
        };
        let mut response = gate.answer_in_time(arrived).await;
        if let Some(told) = told {
            told.end(response.headers());
        }
        if let Ok(mut trace_id) = trace_id {
            // Each has its own: in the table of HTTP/2 it would push out what comes again.
            trace_id.set_sensitive(true);
            response.headers_mut().insert(TRACE_ID, trace_id);
        }
        response
    }
    .instrument(span)
    .await
}

/// A token that is bound to a certificate is taken only with it (RFC 8705, 3).
fn must_hold_certificate(caller: &Caller, shown: Option<[u8; 32]>) -> Result<(), Failure> {
    if caller.certificate.is_none() || caller.certificate == shown {
        return Ok(());
    }
    Err(unauthenticated(
        "CERTIFICATE_REQUIRED",
        "the token is bound to the client certificate that it was asked for with: show it on this connection too",
    ))
}

/// Before its copies are loaded a service would deny what exists. Its log is open all the same: others wait for it.
fn must_be_ready(served: &Served) -> Result<(), Failure> {
    if served.service.is_open() || served.rule.rpc().ends_with(READ_EVENTS) {
        return Ok(());
    }
    Err(starting())
}

/// Read your writes: waits until the service has taken in what the caller has seen elsewhere.
async fn catch_up(served: &Served, headers: &HeaderMap) -> Result<(), Failure> {
    let Some(after) = headers.get(AFTER) else {
        return Ok(());
    };
    let positions: Option<Positions> = after.to_str().ok().and_then(|text| text.parse().ok());
    let positions = positions.ok_or_else(|| malformed(AFTER, "what `motcua-position` gave"))?;
    served.service.progress.reach(&positions).await
}
