//! A call, as the bytes that it is.

use chrono::NaiveDateTime;
use prost::bytes::Bytes;

use crate::cast::CallerId;
use crate::rpc::Rpc;

/// One call, to the bit, so that it can be made again.
#[derive(Clone, Debug)]
pub struct Call {
    /// The rpc.
    pub path: &'static str,
    /// The request.
    pub body: Bytes,
    /// Who calls; nobody for anonymous calls.
    pub caller: Option<CallerId>,
    /// Its civil time, local; the suite's own when empty.
    pub at: Option<NaiveDateTime>,
    /// What the suite must have taken in before.
    pub after: Option<String>,
}

impl Call {
    /// A call of an rpc.
    #[must_use]
    pub fn new<R: Rpc>(request: &R) -> Self {
        Self {
            path: R::PATH,
            body: request.encode_to_vec().into(),
            caller: None,
            at: None,
            after: None,
        }
    }

    /// By this caller.
    #[must_use]
    pub fn by(mut self, caller: CallerId) -> Self {
        self.caller = Some(caller);
        self
    }

    /// At this civil time.
    #[must_use]
    pub fn at(mut self, at: NaiveDateTime) -> Self {
        self.at = Some(at);
        self
    }

    /// After this position has been taken in.
    #[must_use]
    pub fn after(mut self, position: Option<&String>) -> Self {
        self.after = position.cloned();
        self
    }
}
