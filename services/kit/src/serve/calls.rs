//! What is asked of one connection: rpcs, or pages of plain HTTP.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use futures::future::{BoxFuture, Either, FutureExt as _};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::Layer as _;

use super::Peer;
use super::gate::Gated;
use crate::tls::{OverTls, Session};

/// How every kind of gRPC says what it is.
const GRPC: &[u8] = b"application/grpc";
const GRPC_WEB: &[u8] = b"application/grpc-web";

type Rpcs = TowerToHyperService<Gated>;
type Web = TowerToHyperService<GrpcWebService<Gated>>;

/// What can be asked.
#[derive(Clone)]
pub(super) struct Calls {
    ways: Arc<Ways>,
    peer: Option<Peer>,
    session: Option<Session>,
}

/// Who answers what.
struct Ways {
    rpcs: Rpcs,
    web: Web,
    pages: TowerToHyperService<Router>,
}

impl Calls {
    /// These rpcs, over gRPC and gRPC-Web, and these pages.
    pub fn new(rpcs: Gated, pages: Router) -> Self {
        let ways = Ways {
            web: TowerToHyperService::new(GrpcWebLayer::new().layer(rpcs.clone())),
            rpcs: TowerToHyperService::new(rpcs),
            pages: TowerToHyperService::new(pages),
        };
        Self {
            ways: Arc::new(ways),
            peer: None,
            session: None,
        }
    }

    /// The same over one connection, from where it comes, and under TLS where this was agreed.
    pub fn of(&self, peer: Option<Peer>, session: Option<Session>) -> Self {
        Self {
            peer,
            session,
            ways: Arc::clone(&self.ways),
        }
    }
}

impl Service<Request<Incoming>> for Calls {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<
        <Rpcs as Service<Request<Incoming>>>::Future,
        Either<
            <Web as Service<Request<Incoming>>>::Future,
            BoxFuture<'static, Result<Response<Body>, Infallible>>,
        >,
    >;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let extensions = request.extensions_mut();
        if let Some(peer) = self.peer {
            extensions.insert(peer);
        }
        if let Some(session) = &self.session {
            extensions.insert(OverTls);
            if let Some(certificate) = &session.certificate {
                extensions.insert(certificate.clone());
            }
        }
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.map_or(&[][..], HeaderValue::as_bytes);
        if !kind.starts_with(GRPC) {
            let page = self.ways.pages.call(request);
            let page = async move { Ok(page.await?.map(Body::new)) };
            return Either::Right(Either::Right(page.boxed()));
        }
        // What is no gRPC-Web and does not come over HTTP/2 is refused there too.
        if kind.starts_with(GRPC_WEB) || request.version() != Version::HTTP_2 {
            return Either::Right(Either::Left(self.ways.web.call(request)));
        }
        Either::Left(self.ways.rpcs.call(request))
    }
}
