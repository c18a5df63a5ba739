//! One call under way: its span and its duration.

use http::HeaderMap;
use tokio::time::Instant;
use tonic::Code;
use tracing::Span;
use tracing::field::Empty;

use super::{TRACEPARENT, adopt, metrics};
use crate::clock;

/// What a call is told under that names no rpc of the suite: its real path is the caller's and could be anything.
pub const OTHER: &str = "_OTHER";
/// Asked for twice a second by every service that keeps a copy.
const POLLED: &str = ".EventService/ReadEvents";

/// One call under way. Dropped before its end, it was cancelled by the caller.
#[derive(Debug)]
pub struct Served {
    method: &'static str,
    began: Instant,
    code: Code,
    span: Span,
}

impl Served {
    /// A call of the rpc `method` (`motcua.intake.v1.DossierService/SubmitDossier`) begins; its span is the child of the
    /// caller's, where the caller sent its trace context.
    #[must_use]
    pub fn begin(method: &'static str, headers: &HeaderMap) -> Self {
        let parent = headers.get(TRACEPARENT);
        let parent = parent.and_then(|value| value.to_str().ok());
        Self {
            method,
            began: clock::monotonic(),
            code: Code::Cancelled,
            span: span(method, parent.unwrap_or_default()),
        }
    }

    /// Its span.
    #[must_use]
    pub fn span(&self) -> Span {
        self.span.clone()
    }

    /// It is answered with the status in these headers; a reply that is still to come has none yet and is a good one.
    pub fn end(mut self, headers: &HeaderMap) {
        let status = headers.get("grpc-status");
        self.code = status.map_or(Code::Ok, |code| Code::from_bytes(code.as_bytes()));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let took = clock::monotonic().duration_since(self.began);
        metrics::served(self.method, self.code, took);
        let name = name_of(self.code);
        tracing::debug!(rpc = self.method, code = name, "answered");
        self.span.record("rpc.response.status_code", name);
        if is_our_fault(self.code) {
            self.span.record("error.type", name);
            self.span.record("otel.status_code", "ERROR");
        }
    }
}

fn span(method: &'static str, parent: &str) -> Span {
    if parent.is_empty() && method.ends_with(POLLED) {
        return Span::none();
    }
    let span = tracing::info_span!(
        "rpc",
        otel.name = method,
        otel.kind = "server",
        otel.status_code = Empty,
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.response.status_code = Empty,
        error.type = Empty,
    );
    adopt(&span, parent);
    span
}

/// The codes that the semantic conventions call errors of the server; the others are the caller's.
fn is_our_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The name of a code on the wire.
pub(super) fn name_of(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
