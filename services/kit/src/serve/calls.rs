//! What is asked of one connection: rpcs, or pages of plain HTTP.

use std::convert::Infallible;

use axum::Router;
use futures::future::{BoxFuture, Either, FutureExt as _};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tonic::body::Body;
use tonic::service::Routes;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::Layer as _;

use crate::tls::{OverTls, Session};

/// How every kind of gRPC says what it is.
const GRPC: &[u8] = b"application/grpc";

type Rpcs = TowerToHyperService<GrpcWebService<Routes>>;

/// What can be asked.
#[derive(Clone)]
pub(super) struct Calls {
    rpcs: Rpcs,
    pages: TowerToHyperService<Router>,
    session: Option<Session>,
}

impl Calls {
    /// These rpcs, over gRPC and gRPC-Web, and these pages.
    pub fn new(rpcs: Routes, pages: Router) -> Self {
        Self {
            rpcs: TowerToHyperService::new(GrpcWebLayer::new().layer(rpcs.prepare())),
            pages: TowerToHyperService::new(pages),
            session: None,
        }
    }

    /// The same under TLS, where this was agreed.
    pub fn of(&self, session: Option<Session>) -> Self {
        Self {
            session,
            ..self.clone()
        }
    }
}

impl Service<Request<Incoming>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        <Rpcs as Service<Request<Incoming>>>::Future,
        BoxFuture<'static, Result<Response<Body>, Infallible>>,
    >;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(session) = &self.session {
            let extensions = request.extensions_mut();
            extensions.insert(OverTls);
            if let Some(certificate) = &session.certificate {
                extensions.insert(certificate.clone());
            }
        }
        if is_grpc(request.headers()) {
            return Either::Left(self.rpcs.call(request));
        }
        let page = self.pages.call(request);
        Either::Right(async move { Ok(page.await?.map(Body::new)) }.boxed())
    }
}

fn is_grpc(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(GRPC))
}
