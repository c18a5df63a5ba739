//! What a call is answered that is not let in, or that the library beneath us refuses.

use std::time::Duration;

use http::HeaderMap;
use http_body_util::BodyExt as _;
use tonic::{Code, Status};

use super::{Request, Response};
use crate::authority::{Rights, Scope};
use crate::failure::{Failure, reason_of};

/// How long a refused call may still say what it would have asked for.
const LISTENS: Duration = Duration::from_millis(100);

/// Refuses a call whose request nobody has read, once all of it is here: HTTP/2 counts what comes after an answer as a fault of
/// the caller, and ends a connection that has many.
pub(super) async fn refuse(request: Request, failure: Failure) -> Response {
    let mut body = request.into_body();
    let rest = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = tokio::time::timeout(LISTENS, rest).await;
    refusal(failure)
}

/// The answer to a call that failed.
pub(super) fn refusal(failure: Failure) -> Response {
    Status::from(failure).into_http()
}

/// The time that a call had has run out.
pub(super) fn too_late(time: Duration) -> Failure {
    Failure::new(
        Code::DeadlineExceeded,
        "DEADLINE_EXCEEDED",
        "the time for this call ran out; whether a mutation was done is unknown, its repetition tells",
        "Đã hết thời gian chờ xử lý; hãy thử lại",
    )
    .with("milliseconds", time.as_millis())
}

/// Nothing of this name is served here.
pub(super) fn unknown(rpc: &str) -> Failure {
    Failure::new(
        Code::Unimplemented,
        "RPC_UNKNOWN",
        format!("there is no rpc {rpc} at this address"),
        "Địa chỉ này không có dịch vụ được gọi",
    )
}

/// Before its copies are loaded a service would deny what exists.
pub(super) fn starting() -> Failure {
    Failure::unavailable(
        "STARTING",
        "the service is taking in what the others own; it answers in a moment",
        Duration::from_millis(500),
    )
}

/// Gives refusals of the library beneath us our own codes and reasons.
pub(super) fn explain(response: Response) -> Response {
    let headers = response.headers();
    if headers.contains_key("grpc-status-details-bin") {
        return response;
    }
    let status = Status::from_header_map(headers);
    let explained = status.as_ref().and_then(explained);
    explained.map_or(response, refusal)
}

/// What the library beneath us means by refusing a message; `None` where it is nothing about one.
#[must_use]
pub fn explained(status: &Status) -> Option<Failure> {
    match status.code() {
        Code::OutOfRange => Some(Failure::new(
            Code::ResourceExhausted,
            "MESSAGE_TOO_LARGE",
            format!("{}; split it", status.message()),
            "Dữ liệu gửi lên quá lớn; hãy chia nhỏ",
        )),
        Code::Internal if status.message().contains("decod") => Some(Failure::new(
            Code::InvalidArgument,
            "MESSAGE_MALFORMED",
            "the message is not the protobuf message of this rpc",
            "Dữ liệu gửi lên không đúng định dạng",
        )),
        _ => None,
    }
}

/// What is said not to be there also where it is and the caller may not know of it.
const HIDDEN: [&str; 5] = [
    "DOSSIER_NOT_FOUND",
    "OFFICER_NOT_FOUND",
    "PARTY_NOT_FOUND",
    "ROUTE_NOT_FOUND",
    "TRANSFER_NOT_FOUND",
];

/// The reason of a denial. Whoever may not know of everything and asks for what is not there counts as denied, whether it is there
/// or not: nobody tries out what exists without a trace, nor learns of it by the answer.
pub(super) fn denial(headers: &HeaderMap, rights: &Rights) -> Option<String> {
    let status = Status::from_header_map(headers)?;
    let hides = || status.code() == Code::NotFound && rights.scope() != Scope::Everything;
    if !is_denial(status.code()) && !hides() {
        return None;
    }
    let reason = reason_of(&status);
    (is_denial(status.code()) || HIDDEN.contains(&reason.as_str())).then_some(reason)
}

/// Whether it says that the caller may not; keys that are away deny nothing.
pub(super) fn is_denial(code: Code) -> bool {
    matches!(code, Code::PermissionDenied | Code::Unauthenticated)
}
