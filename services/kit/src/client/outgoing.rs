//! One call on its way to a service: what it takes to make it more than once.

use std::time::Duration;

use http::request::Parts;
use http::{Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use prost::bytes::Bytes;
use tokio::time::Instant;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service as _;

use super::replica::Replica;
use crate::{clock, deadline};

/// How long a call may take that nobody gave a deadline.
const USUAL: Duration = Duration::from_secs(10);
/// How long a replica may take while there is another to ask. Who takes longer is not to be called for a while.
const ATTEMPT: Duration = Duration::from_secs(3);
/// Rpcs with these verbs change nothing and can be made twice. An assertion for a token is taken once.
const READS: [&str; 6] = ["Find", "Get", "List", "Read", "Search", "Watch"];

/// One call.
pub(super) struct Outgoing {
    parts: Parts,
    body: Bytes,
    until: Instant,
}

/// What came of an attempt.
pub(super) enum Attempt {
    /// The replica answered, be it with a refusal.
    Answered(Response<Body>),
    /// It cannot be used just now, which it may have said itself.
    Failed(Result<Response<Body>, Status>),
    /// There was too little time to blame the replica for it.
    TooLate,
}

impl Outgoing {
    /// Takes a request over, which must be a single message. Its deadline is that of the rpc on whose behalf it is made,
    /// or its own if that is sooner.
    pub async fn of(request: http::Request<Body>) -> Result<Self, Status> {
        let (parts, body) = request.into_parts();
        let own = deadline::asked_for(&parts.headers).ok().flatten();
        let own = clock::monotonic() + own.unwrap_or(USUAL);
        let until = deadline::current().map_or(own, |deadline| deadline.min(own));
        let body = body.collect().await?.to_bytes();
        Ok(Self { parts, body, until })
    }

    /// Whether it can be made twice.
    pub fn is_repeatable(&self) -> bool {
        let rpc = self.parts.uri.path().rsplit('/').next().unwrap_or_default();
        READS.iter().any(|verb| rpc.starts_with(verb))
    }

    /// The service that it is for: `intake` of `/motcua.intake.v1.DossierService/GetDossier`.
    pub fn service(&self) -> &str {
        self.parts.uri.path().split('.').nth(1).unwrap_or_default()
    }

    /// Whether its time has run out.
    pub fn is_late(&self) -> bool {
        clock::monotonic() >= self.until
    }

    /// Makes it at a replica, which gets all the time that is left, or less when there is another.
    pub async fn attempt(&self, replica: &Replica, is_last: bool) -> Attempt {
        let left = self.until.saturating_duration_since(clock::monotonic());
        let time = if is_last { left } else { left.min(ATTEMPT) };
        let end = clock::monotonic() + time;
        let answered = tokio::time::timeout_at(end, self.send(replica, time)).await;
        match answered {
            Ok(Ok(response)) if !says_unavailable(&response) => Attempt::Answered(response),
            // The channel reads the timeout too, and calls its end a cancellation.
            Err(_) | Ok(Err(_)) if clock::monotonic() >= end => {
                if time < ATTEMPT {
                    return Attempt::TooLate;
                }
                let silent = format!("{} did not answer in time", replica.at());
                Attempt::Failed(Err(Status::deadline_exceeded(silent)))
            }
            Ok(failed) => Attempt::Failed(failed),
            Err(_) => Attempt::TooLate,
        }
    }

    async fn send(&self, replica: &Replica, time: Duration) -> Result<Response<Body>, Status> {
        let mut parts = self.parts.clone();
        deadline::pass_on(&mut parts.headers, time);
        let body = Body::new(Full::new(self.body.clone()));
        let mut channel = replica.channel();
        std::future::poll_fn(|context| channel.poll_ready(context))
            .await
            .map_err(|error| broken(error.into()))?;
        let request = http::Request::from_parts(parts, body);
        let response = channel.call(request).await;
        response.map_err(|error| broken(error.into()))
    }
}

/// A connection that broke off, which the library does not always know for what it is.
fn broken(error: Box<dyn std::error::Error + Send + Sync>) -> Status {
    let status = Status::from_error(error);
    match status.code() {
        Code::Unknown => Status::unavailable(status.message()),
        _ => status,
    }
}

/// A replica that drains, starts or has lost its store says so; a proxy says so for one that is gone.
fn says_unavailable(response: &Response<Body>) -> bool {
    let by_a_proxy = [
        StatusCode::BAD_GATEWAY,
        StatusCode::SERVICE_UNAVAILABLE,
        StatusCode::GATEWAY_TIMEOUT,
    ];
    let status = Status::from_header_map(response.headers());
    by_a_proxy.contains(&response.status())
        || status.is_some_and(|status| status.code() == Code::Unavailable)
}
