//! What every call passes through before a service sees it: trace, deadline, size, token, rule, time, read-your-writes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::DateTime;
use http::{HeaderMap, HeaderValue};
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};
use tracing::Instrument as _;

use super::ending::until;
use super::metadata::{malformed, must_fit, purpose, time_of};
use super::rates::Rates;
use super::{AFTER, Mounted, SIMULATED_TIME, TRACE_ID};
use crate::access;
use crate::authority::{Context, Rights, Rule, Rules};
use crate::caller::{Caller, Verifier, unauthenticated};
use crate::clock::{self, Clock, Moment};
use crate::consumer::Progress;
use crate::deadline;
use crate::failure::{Failure, reason_of};
use crate::log::Positions;
use crate::telemetry::{self, Served};
use crate::tls::PeerCertificate;

const READ_EVENTS: &str = ".EventService/ReadEvents";
/// Rpcs of libraries that stream until their caller goes.
const ENDLESS: [&str; 2] = ["grpc.health.v1.Health/Watch", "grpc.reflection."];
const OPEN_PREFIXES: [&str; 2] = ["grpc.health.v1.Health/", "grpc.reflection."];

/// The gate of one port.
#[derive(Clone)]
pub(super) struct Gate(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    clock: Clock,
    rules: &'static Rules,
    services: HashMap<String, Standing>,
    drain: CancellationToken,
    anonymous: Arc<Caller>,
    rates: Rates,
}

/// How far a service is, and where its denials are recorded.
struct Standing {
    access: access::Log,
    progress: Progress,
    ready: AtomicBool,
}

impl Gate {
    /// A gate before these services. Streams that know of no end are ended when `drain` is cancelled.
    pub fn new(
        verifier: Verifier,
        clock: Clock,
        rules: &'static Rules,
        services: &[Mounted],
        drain: CancellationToken,
    ) -> Self {
        let standing = |service: &Mounted| {
            let standing = Standing {
                access: service.access.clone(),
                progress: service.progress.clone(),
                ready: AtomicBool::new(false),
            };
            (package_of(service.name), standing)
        };
        Self(Arc::new(Inner {
            verifier,
            clock,
            rules,
            services: services.iter().map(standing).collect(),
            drain,
            anonymous: Arc::new(Caller::anonymous()),
            rates: Rates::new(),
        }))
    }

    /// A service is ready: its rpcs are answered from now on.
    pub fn open(&self, service: &str) {
        if let Some(standing) = self.0.services.get(&package_of(service)) {
            standing.ready.store(true, Ordering::Release);
        }
    }

    /// Whether a service is ready.
    pub fn is_open(&self, service: &str) -> bool {
        let standing = self.0.services.get(&package_of(service));
        standing.is_some_and(|standing| standing.ready.load(Ordering::Acquire))
    }

    /// Answers a call within the time that it has.
    async fn answer_in_time(&self, rpc: &str, request: Request, next: Next) -> Response {
        let time = match time_of(request.headers()) {
            Ok(time) => time,
            Err(failure) => return refusal(failure),
        };
        let answer = self.answer(rpc, request, next);
        let answered = deadline::within(clock::monotonic() + time, answer).await;
        answered.unwrap_or_else(|| refusal(too_late(time)))
    }

    async fn answer(&self, rpc: &str, mut request: Request, next: Next) -> Response {
        let shown = request.extensions().get();
        let shown = shown.map(|shown: &PeerCertificate| shown.thumbprint);
        match self.admit(rpc, request.headers(), shown).await {
            Ok(context) => {
                let caller = Arc::clone(context.caller());
                request.extensions_mut().insert(context);
                let response = explain(next.run(request).await);
                if let Some(reason) = denial(response.headers()) {
                    self.record_denial(rpc, &caller, &reason);
                }
                if ENDLESS.iter().any(|prefix| rpc.starts_with(prefix)) {
                    return until(self.0.drain.clone(), response);
                }
                response
            }
            Err(failure) => refusal(failure),
        }
    }

    /// Lets a call in, over whose connection this certificate was shown.
    async fn admit(
        &self,
        rpc: &str,
        headers: &HeaderMap,
        shown: Option<[u8; 32]>,
    ) -> Result<Context, Failure> {
        must_fit(headers)?;
        let rule = self.rule(rpc)?;
        let caller = self.caller(headers).await;
        let caller = caller.inspect_err(|failure| {
            self.denied(rpc, &self.0.anonymous, failure);
        })?;
        must_hold_certificate(&caller, shown)
            .and_then(|()| rule.map_or(Ok(()), |rule| rule.admit(&caller)))
            .inspect_err(|failure| self.denied(rpc, &caller, failure))?;
        self.0.rates.count(&caller)?;
        self.must_be_ready(rpc)?;
        self.catch_up(rpc, headers).await?;
        Ok(Context {
            rights: Rights::new(caller, rule),
            at: self.civil_time(headers)?,
            purpose: purpose(headers)?,
            traceparent: telemetry::traceparent(),
        })
    }

    /// What a call is told under; `None` for health checks and reflection, which are not told.
    fn method(&self, rpc: &str) -> Option<&'static str> {
        let open = OPEN_PREFIXES.iter().any(|prefix| rpc.starts_with(prefix));
        let known = self.served(rpc).map(Rule::rpc);
        (!open).then_some(known.unwrap_or(telemetry::OTHER))
    }

    /// The rule of an rpc; `None` for health checks and reflection, which grant nothing.
    fn rule(&self, rpc: &str) -> Result<Option<&'static Rule>, Failure> {
        if is_open(rpc) {
            return Ok(None);
        }
        let rule = self.served(rpc).ok_or_else(|| {
            Failure::new(
                Code::Unimplemented,
                "RPC_UNKNOWN",
                format!("there is no rpc {rpc} at this address"),
                "Địa chỉ này không có dịch vụ được gọi",
            )
        });
        rule.map(Some)
    }

    /// The rule of an rpc of a service that stands here.
    fn served(&self, rpc: &str) -> Option<&'static Rule> {
        self.standing(rpc).and_then(|_| self.0.rules.of(rpc))
    }

    async fn caller(&self, headers: &HeaderMap) -> Result<Arc<Caller>, Failure> {
        let Some(value) = headers.get(http::header::AUTHORIZATION) else {
            return Ok(Arc::clone(&self.0.anonymous));
        };
        let token = value
            .to_str()
            .ok()
            .and_then(|value| value.strip_prefix("Bearer "));
        let malformed =
            || unauthenticated("TOKEN_INVALID", "`authorization` must be `Bearer <token>`");
        self.0.verifier.verify(token.ok_or_else(malformed)?).await
    }

    /// Records what the gate denied; keys that are away deny nothing.
    fn denied(&self, rpc: &str, caller: &Caller, failure: &Failure) {
        if is_denial(failure.code()) {
            self.record_denial(rpc, caller, failure.reason());
        }
    }

    fn record_denial(&self, rpc: &str, caller: &Caller, reason: &str) {
        if let Some(standing) = self.standing(rpc) {
            let at = self.now();
            standing.access.denied(caller, at, rpc, reason);
        }
    }

    /// Read your writes: waits until the service has taken in what the caller has seen elsewhere.
    async fn catch_up(&self, rpc: &str, headers: &HeaderMap) -> Result<(), Failure> {
        let Some(after) = headers.get(AFTER) else {
            return Ok(());
        };
        let positions: Option<Positions> = after.to_str().ok().and_then(|text| text.parse().ok());
        let positions = positions.ok_or_else(|| malformed(AFTER, "what `motcua-position` gave"))?;
        match self.standing(rpc) {
            Some(standing) => standing.progress.reach(&positions).await,
            None => Ok(()),
        }
    }

    /// Before its copies are loaded a service would deny what exists. Its log is open all the same: others wait for it.
    fn must_be_ready(&self, rpc: &str) -> Result<(), Failure> {
        match self.standing(rpc) {
            Some(standing)
                if !standing.ready.load(Ordering::Acquire) && !rpc.ends_with(READ_EVENTS) =>
            {
                Err(Failure::unavailable(
                    "STARTING",
                    "the service is taking in what the others own; it answers in a moment",
                    Duration::from_millis(500),
                ))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn standing(&self, rpc: &str) -> Option<&Standing> {
        let (service, _) = rpc.rsplit_once('/')?;
        let (package, _) = service.rsplit_once('.')?;
        self.0.services.get(package)
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

fn package_of(service: &str) -> String {
    format!("motcua.{service}.v1")
}

/// Lets a call pass, or answers it here.
pub(super) async fn pass(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    let rpc = request.uri().path().trim_start_matches('/').to_owned();
    let method = gate.method(&rpc);
    let served = method.map(|method| Served::begin(method, request.headers()));
    let span = served
        .as_ref()
        .map_or_else(tracing::Span::none, Served::span);
    async move {
        let mut response = gate.answer_in_time(&rpc, request, next).await;
        let traceparent = telemetry::traceparent();
        if let Some(served) = served {
            served.end(response.headers());
        }
        if let Ok(value) = HeaderValue::from_str(telemetry::trace_id(&traceparent)) {
            response.headers_mut().insert(TRACE_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

/// A token that is bound to a certificate is taken only with it (RFC 8705, 3).
fn must_hold_certificate(caller: &Caller, shown: Option<[u8; 32]>) -> Result<(), Failure> {
    let bound = caller.client.as_ref().and_then(|terms| terms.certificate);
    if bound.is_none() || bound == shown {
        return Ok(());
    }
    Err(unauthenticated(
        "CERTIFICATE_REQUIRED",
        "the token is bound to the client certificate that it was asked for with: show it on this connection too",
    ))
}

fn is_open(rpc: &str) -> bool {
    OPEN_PREFIXES.iter().any(|prefix| rpc.starts_with(prefix))
}

fn refusal(failure: Failure) -> Response {
    Status::from(failure).into_http::<Body>()
}

fn too_late(time: Duration) -> Failure {
    Failure::new(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the time for this call ran out; whether a mutation was done is unknown, its repetition tells",
        "Đã hết thời gian chờ xử lý; hãy thử lại",
    )
    .with("milliseconds", time.as_millis())
}

/// Gives refusals of the library beneath us our own codes and reasons.
fn explain(response: Response) -> Response {
    let headers = response.headers();
    let Some(status) = Status::from_header_map(headers) else {
        return response;
    };
    let ours = headers.contains_key("grpc-status-details-bin");
    match status.code() {
        Code::OutOfRange if !ours => Status::from(Failure::new(
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            format!("{}; split it", status.message()),
            "Dữ liệu gửi lên quá lớn; hãy chia nhỏ",
        ))
        .into_http::<Body>(),
        Code::Internal if !ours && status.message().contains("decod") => {
            Status::from(Failure::new(
                Code::InvalidArgument,
                "MESSAGE_MALFORMED",
                "the message is not the protobuf message of this rpc",
                "Dữ liệu gửi lên không đúng định dạng",
            ))
            .into_http::<Body>()
        }
        _ => response,
    }
}

/// The reason of a denial.
fn denial(headers: &HeaderMap) -> Option<String> {
    let status = Status::from_header_map(headers)?;
    is_denial(status.code()).then(|| reason_of(&status))
}

fn is_denial(code: Code) -> bool {
    matches!(code, Code::PermissionDenied | Code::Unauthenticated)
}
