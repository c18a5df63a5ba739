//! The gRPC services that a port offers, found by the name in the path of a call, with nothing in between.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _};
use tonic::server::NamedService;
use tower::Service;

use super::{Request, Response};

/// What answers the calls of one gRPC service.
pub(super) type Answers = Arc<dyn Answer>;

/// gRPC services by their full names.
#[derive(Clone, Default)]
pub struct Services(HashMap<&'static str, Answers>);

/// One gRPC service. It is always ready: whatever has to wait waits within its answer.
pub(super) trait Answer: Send + Sync {
    fn answer(&self, request: Request) -> BoxFuture<'static, Response>;
}

impl<S> Answer for S
where
    S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
        + Clone
        + Send
        + Sync,
{
    fn answer(&self, request: Request) -> BoxFuture<'static, Response> {
        self.clone()
            .call(request)
            .map(|answered| match answered {
                Ok(response) => response,
                Err(never) => match never {},
            })
            .boxed()
    }
}

impl Services {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These and one more, as tonic makes it.
    #[must_use]
    pub fn with<S>(self, service: S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
    {
        self.with_named(S::NAME, service)
    }

    /// These and one more, under this full name: `motcua.intake.v1.DossierService`.
    #[must_use]
    pub fn with_named<S>(mut self, name: &'static str, service: S) -> Self
    where
        S: Service<Request, Response = Response, Error = Infallible, Future: Send + 'static>
            + Clone
            + Send
            + Sync
            + 'static,
    {
        self.0.insert(name, Arc::new(service));
        self
    }

    /// What answers an rpc: `motcua.intake.v1.DossierService/GetDossier`.
    pub(super) fn of(&self, rpc: &str) -> Option<&Answers> {
        let (service, _) = rpc.split_once('/')?;
        self.0.get(service)
    }
}
