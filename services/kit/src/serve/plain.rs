//! Plain HTTP beside the rpcs, for what speaks no gRPC: small requests, answered soon, refused in JSON.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use tracing::{Instrument as _, Span};

use super::gate::Gate;
use super::{Mounted, TRACE_ID, metadata};
use crate::access;
use crate::authority::{Context, Rights};
use crate::caller::Caller;
use crate::failure::Failure;
use crate::{clock, deadline, telemetry};

/// The longest body.
const MAX_BODY: usize = 64 * 1024;
/// When to ask again that which is not there for a moment.
const SOON: Duration = Duration::from_secs(1);

/// A refusal as OAuth 2.0 (RFC 6749, 5.2) has it, which every client of such an endpoint can read.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct HttpRefusal {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    error_description: String,
    #[serde(skip)]
    retry_after: Option<Duration>,
}

impl HttpRefusal {
    /// A refusal with its code for programs and a description in English for their authors.
    pub fn new(status: StatusCode, error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status,
            error,
            error_description: description.into(),
            retry_after: None,
        }
    }

    /// The same with the time after which to ask again, where that is known.
    #[must_use]
    pub fn retry_after(self, delay: Option<Duration>) -> Self {
        Self {
            retry_after: delay,
            ..self
        }
    }

    fn unavailable(description: &str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        let refusal = Self::new(status, "temporarily_unavailable", description);
        refusal.retry_after(Some(SOON))
    }
}

impl IntoResponse for HttpRefusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, axum::Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(delay) = self.retry_after {
            // In whole seconds, of which the last has passed.
            let seconds = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The pages of these services, each answered within `time`.
pub(super) fn pages(gate: &Gate, services: &[Mounted], time: Duration) -> Router {
    let mut pages = nothing();
    for service in services {
        let before = Before {
            gate: gate.clone(),
            access: service.access.clone(),
            service: service.name,
            time,
        };
        let before = axum::middleware::from_fn_with_state(before, pass);
        let own = service.http.clone();
        let own = own.method_not_allowed_fallback(wrong_method).layer(before);
        pages = pages.merge(own.reset_fallback());
    }
    pages
}

/// No page at all.
pub(super) fn nothing() -> Router {
    Router::new().fallback(unknown)
}

/// What stands before the pages of one service.
#[derive(Clone)]
struct Before {
    gate: Gate,
    access: access::Log,
    service: &'static str,
    time: Duration,
}

async fn pass(State(before): State<Before>, request: Request, next: Next) -> Response {
    let span = span(&request);
    async {
        let deadline = clock::monotonic() + before.time;
        let answered = deadline::within(deadline, before.answer(request, next)).await;
        let late = || HttpRefusal::unavailable("the time for this request ran out");
        let mut response = answered.unwrap_or_else(|| late().into_response());
        Span::current().record("http.response.status_code", response.status().as_u16());
        if let Ok(value) = HeaderValue::from_str(telemetry::trace_id(&telemetry::traceparent())) {
            response.headers_mut().insert(TRACE_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

impl Before {
    async fn answer(&self, request: Request, next: Next) -> Response {
        match self.admit(request).await {
            Ok(request) => {
                let page = request.extensions().get::<MatchedPath>().cloned();
                let response = next.run(request).await;
                self.tell_denial(page.as_ref(), response.status());
                response
            }
            Err(refusal) => refusal.into_response(),
        }
    }

    /// Who was denied is for the page to know.
    fn tell_denial(&self, page: Option<&MatchedPath>, status: StatusCode) {
        let reason = match status {
            StatusCode::UNAUTHORIZED => "UNAUTHENTICATED",
            StatusCode::FORBIDDEN => "PERMISSION_DENIED",
            _ => return,
        };
        let page = page.map_or("", MatchedPath::as_str);
        let at = self.gate.now();
        self.access.denied(&Caller::anonymous(), at, page, reason);
    }

    /// The request with its body read and the time of the call, for nobody in particular: who asks is for the page to say.
    async fn admit(&self, request: Request) -> Result<Request, HttpRefusal> {
        metadata::must_fit(request.headers()).map_err(|failure| too_large(&failure))?;
        if !self.gate.is_open(self.service) {
            return Err(HttpRefusal::unavailable("the service is starting"));
        }
        let at = self.gate.civil_time(request.headers());
        let at = at.map_err(|failure| invalid(&failure))?;
        let purpose = metadata::purpose(request.headers());
        let purpose = purpose.map_err(|failure| invalid(&failure))?;
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(Context {
            rights: Rights::new(Arc::new(Caller::anonymous()), None),
            at,
            purpose,
            traceparent: telemetry::traceparent(),
        });
        Ok(Request::from_parts(parts, whole(body).await?))
    }
}

async fn whole(body: Body) -> Result<Body, HttpRefusal> {
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(Body::from(collected.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Err(HttpRefusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "request_too_large",
            format!("a body may have {MAX_BODY} bytes"),
        )),
        Err(_) => Err(HttpRefusal::new(
            StatusCode::BAD_REQUEST,
            "invalid_request",
            "the body broke off",
        )),
    }
}

fn too_large(failure: &Failure) -> HttpRefusal {
    let status = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    HttpRefusal::new(status, "request_too_large", failure.to_string())
}

fn invalid(failure: &Failure) -> HttpRefusal {
    HttpRefusal::new(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        failure.to_string(),
    )
}

async fn unknown() -> HttpRefusal {
    HttpRefusal::new(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is no such page; rpcs are called with content-type application/grpc or application/grpc-web",
    )
}

async fn wrong_method() -> HttpRefusal {
    let status = StatusCode::METHOD_NOT_ALLOWED;
    HttpRefusal::new(status, "invalid_request", "this page has another method")
}

fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("", MatchedPath::as_str);
    let method = request.method().as_str();
    let span = tracing::info_span!(
        "http",
        otel.name = format!("{method} {route}"),
        otel.kind = "server",
        http.request.method = method,
        http.route = route,
        http.response.status_code = tracing::field::Empty,
    );
    let parent = request.headers().get(telemetry::TRACEPARENT);
    let parent = parent.and_then(|value| value.to_str().ok());
    telemetry::adopt(&span, parent.unwrap_or_default());
    span
}
