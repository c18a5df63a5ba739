//! Plain HTTP on the port of the calls.

use std::convert::Infallible;
use std::time::Duration;

use axum::Extension;
use axum::body::Bytes;
use axum::routing::{get, post};
use futures::stream;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Either, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kit::authority::Context;
use kit::deadline;
use kit::serve::{Limits, Pages, PeerCertificate};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::probe::{ECHO, PATIENCE, Probe, Setting, who};
use crate::wire::{Carrier, Connection};

/// Says whose certificate the caller has shown.
pub const WHO: &str = "/pages/who";
const LENGTH: &str = "/pages/length";
const FOREVER: &str = "/pages/forever";
const CALL: &str = "/pages/call";

/// What the probe answers over plain HTTP.
pub fn pages() -> Pages {
    let who = |shown: Option<Extension<PeerCertificate>>| async move {
        who(shown.as_ref().map(|Extension(certificate)| certificate))
    };
    let call = |Extension(context): Extension<Context>| async move {
        assert!(deadline::current().is_some(), "a page has a deadline too");
        format!("{} {}", context.caller().subject, context.at)
    };
    Pages::new()
        .route(WHO, get(who))
        .route(
            LENGTH,
            post(|body: Bytes| async move { body.len().to_string() }),
        )
        .route(FOREVER, get(std::future::pending::<String>))
        .route(CALL, get(call))
}

type Body = Either<Full<Bytes>, StreamBody<stream::Iter<std::vec::IntoIter<Piece>>>>;
type Piece = Result<Frame<Bytes>, Infallible>;

/// One request over a new HTTP/1.1 connection.
pub async fn ask(carrier: impl Carrier, request: Request<Body>) -> Response<Incoming> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(carrier)).await.unwrap();
    tokio::spawn(connection);
    let sent = tokio::time::timeout(PATIENCE, sender.send_request(request)).await;
    sent.expect("it is answered in time").unwrap()
}

/// Asks for a page.
pub fn asking(page: &str) -> Request<Body> {
    let request = Request::get(page).header("host", "probe");
    request.body(Either::Left(Full::default())).unwrap()
}

fn posting(body: Body) -> Request<Body> {
    let request = Request::post(LENGTH).header("host", "probe");
    request.body(body).unwrap()
}

fn whole(length: usize) -> Body {
    Either::Left(Full::from(vec![b'x'; length]))
}

/// A body whose length nobody is told beforehand.
fn in_pieces(pieces: usize, length: usize) -> Body {
    let piece = Bytes::from(vec![b'x'; length]);
    let pieces: Vec<Piece> = (0..pieces)
        .map(|_| Ok(Frame::data(piece.clone())))
        .collect();
    Either::Right(StreamBody::new(stream::iter(pieces)))
}

pub async fn text(response: Response<Incoming>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

/// The status of a refusal, and the code in its JSON.
async fn refusal(response: Response<Incoming>) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let status = response.status().as_u16();
    let body = text(response).await;
    let code = body.strip_prefix(r#"{"error":""#).expect(&body);
    let (code, rest) = code.split_once('"').expect(&body);
    assert!(rest.starts_with(r#","error_description":""#), "{body}");
    (status, code.to_owned())
}

async fn connect(probe: &Probe) -> TcpStream {
    TcpStream::connect(probe.address).await.unwrap()
}

#[tokio::test]
async fn a_page_is_answered_over_both_versions_of_http_beside_calls() {
    let probe = Probe::serve().await;
    let response = ask(connect(&probe).await, asking(WHO)).await;
    assert_eq!(text(response).await, "nobody");
    let connection = Connection::to(probe.address).await;
    assert_eq!(text(connection.get(WHO).await).await, "nobody");
    assert_eq!(connection.call(ECHO, "beside", &[]).await.text(), "beside");
    let response = connection.get(CALL).await;
    assert!(response.headers().contains_key("motcua-trace-id"));
    assert!(text(response).await.starts_with("anonymous 2"));
}

#[tokio::test]
async fn what_is_no_page_is_refused_in_json() {
    let probe = Probe::serve().await;
    let response = ask(connect(&probe).await, asking("/elsewhere")).await;
    assert_eq!(refusal(response).await, (404, "not_found".to_owned()));
    let response = ask(connect(&probe).await, asking(ECHO)).await;
    assert_eq!(refusal(response).await, (404, "not_found".to_owned()));
    let response = ask(connect(&probe).await, asking(LENGTH)).await;
    assert_eq!(refusal(response).await, (405, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_body_has_64_kib_at_most_whether_its_length_is_told_or_not() {
    let probe = Probe::serve().await;
    let most = 64 * 1024;
    for (body, length) in [(whole(most), most), (in_pieces(64, 1024), most)] {
        let response = ask(connect(&probe).await, posting(body)).await;
        assert_eq!(text(response).await, length.to_string());
    }
    for body in [whole(most + 1), in_pieces(65, 1024)] {
        let response = ask(connect(&probe).await, posting(body)).await;
        let too_large = (413, "request_too_large".to_owned());
        assert_eq!(refusal(response).await, too_large);
    }
}

#[tokio::test]
async fn headers_over_16_kib_are_refused() {
    let probe = Probe::serve().await;
    let mut request = asking(WHO);
    let note = "x".repeat(17 * 1024).parse().unwrap();
    request.headers_mut().insert("x-note", note);
    let response = ask(connect(&probe).await, request).await;
    let too_large = (431, "request_too_large".to_owned());
    assert_eq!(refusal(response).await, too_large);
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_given_up() {
    let probe = Probe::serve_limited(Limits {
        page: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let response = ask(connect(&probe).await, asking(FOREVER)).await;
    assert_eq!(response.headers()["retry-after"], "1");
    let late = (503, "temporarily_unavailable".to_owned());
    assert_eq!(refusal(response).await, late);
}

#[tokio::test]
async fn pages_of_a_service_that_starts_are_not_answered_yet() {
    let ready = CancellationToken::new();
    let probe = Probe::serve_with(Setting {
        ready: ready.clone(),
        ..Setting::default()
    })
    .await;
    let response = ask(connect(&probe).await, asking(WHO)).await;
    let starting = (503, "temporarily_unavailable".to_owned());
    assert_eq!(refusal(response).await, starting);
    ready.cancel();
    let answered = tokio::time::timeout(PATIENCE, async {
        loop {
            let response = ask(connect(&probe).await, asking(WHO)).await;
            if response.status() == StatusCode::OK {
                return;
            }
        }
    });
    answered.await.expect("it is answered in the end");
}
