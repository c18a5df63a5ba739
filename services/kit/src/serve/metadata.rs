//! What the metadata of a call says about the call itself, and how much of it there may be.

use std::time::Duration;

use http::HeaderMap;
use tonic::Code;

use crate::access::{PURPOSE, Purpose};
use crate::deadline::{self, Malformed};
use crate::failure::Failure;

/// The limit for all metadata of a call, counted as HTTP/2 counts it.
const MAX_METADATA: usize = 16 * 1024;
/// What HTTP/2 adds for each header.
const PER_HEADER: usize = 32;

/// How long a call may take: what its caller gives it, and no longer than any may.
pub(super) fn time_of(headers: &HeaderMap) -> Result<Duration, Failure> {
    match deadline::asked_for(headers) {
        Ok(time) => Ok(time.map_or(deadline::MOST, |time| time.min(deadline::MOST))),
        Err(Malformed) => Err(malformed("grpc-timeout", "as the gRPC protocol has it")),
    }
}

/// Refuses more metadata than any call needs.
pub(super) fn must_fit(headers: &HeaderMap) -> Result<(), Failure> {
    let sizes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + PER_HEADER);
    let size: usize = sizes.sum();
    if size <= MAX_METADATA {
        return Ok(());
    }
    Err(Failure::new(
        Code::ResourceExhausted,
        "METADATA_TOO_LARGE",
        format!("the metadata has {size} bytes; {MAX_METADATA} are taken"),
        "Siêu dữ liệu gửi kèm quá lớn",
    )
    .with("limit", MAX_METADATA))
}

/// What a call says that it reads personal data for.
pub(super) fn purpose(headers: &HeaderMap) -> Result<Option<Purpose>, Failure> {
    Purpose::stated(headers).map_err(|_| {
        let form = "handling, verification, complaint or audit";
        malformed(PURPOSE, form)
    })
}

/// Metadata that is not of this form.
pub(super) fn malformed(header: &'static str, form: &str) -> Failure {
    Failure::new(
        Code::InvalidArgument,
        "METADATA_MALFORMED",
        format!("`{header}` must be {form}"),
        format!("Siêu dữ liệu `{header}` không đúng định dạng"),
    )
    .with("key", header)
}
