//! One call, as a service sees it.

use std::sync::Arc;

use tonic::{Request, Status};

use super::Rights;
use crate::access::Purpose;
use crate::caller::{Caller, unauthenticated};
use crate::clock::Moment;
use crate::log::Cause;

/// One call: who, by what right, when, under which trace.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who is calling, and what the rules of this rpc grant.
    pub rights: Rights,
    /// The civil time of the call.
    pub at: Moment,
    /// What it says that personal data is read for.
    pub purpose: Option<Purpose>,
    /// W3C trace context of the rpc's span.
    pub traceparent: String,
}

impl Context {
    /// The context that the port put into a request.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` when the port put none there.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Status> {
        Self::within(request).cloned()
    }

    /// The same, where it is only looked at.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn within<T>(request: &Request<T>) -> Result<&Self, Status> {
        request
            .extensions()
            .get::<Self>()
            .ok_or_else(|| unauthenticated("TOKEN_MISSING", "no caller is known").into())
    }

    /// Who is calling.
    #[must_use]
    pub fn caller(&self) -> &Arc<Caller> {
        self.rights.caller()
    }

    /// The cause of what this call does; the writer adds the unit and the request id.
    #[must_use]
    pub fn cause(&self) -> Cause {
        Cause {
            actor: self.caller().subject.clone(),
            at: self.at,
            traceparent: self.traceparent.clone(),
            unit: String::new(),
            request_id: String::new(),
        }
    }
}
