//! Streams of libraries that know of no end, health watches and reflection, are ended when the port drains.

use futures::{StreamExt as _, future};
use http::{HeaderMap, HeaderValue};
use http_body_util::{BodyStream, StreamBody};
use hyper::body::Frame;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::body::Body;

use super::Response;

/// The response, whose stream ends as `UNAVAILABLE` when `drain` is cancelled: the caller is to ask somewhere else.
pub(super) fn until(drain: CancellationToken, response: Response) -> Response {
    response.map(|body| {
        let frames = BodyStream::new(body).take_until(drain.clone().cancelled_owned());
        let last = futures::stream::once(future::ready(Ok(unavailable())));
        let last = last.take_while(move |_| future::ready(drain.is_cancelled()));
        Body::new(StreamBody::new(frames.chain(last)))
    })
}

fn unavailable<D>() -> Frame<D> {
    let mut trailers = HeaderMap::new();
    let code = Code::Unavailable as i32;
    trailers.insert("grpc-status", HeaderValue::from(code));
    Frame::trailers(trailers)
}
