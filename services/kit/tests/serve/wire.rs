//! Calls as they are on the wire, without a client that would hide anything.

use std::net::SocketAddr;

use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kit::failure::reason_of;
use prost::Message as _;
use prost::bytes::{BufMut as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tonic::{Code, Status};

use crate::probe::{ECHO, PATIENCE, Probe};

/// What carries a connection.
pub trait Carrier: AsyncRead + AsyncWrite + Unpin + Send + 'static {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + 'static> Carrier for T {}

/// One HTTP/2 connection.
pub struct Connection {
    sender: http2::SendRequest<Full<Bytes>>,
    /// Ends with the connection.
    pub driver: JoinHandle<()>,
}

impl Connection {
    pub async fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        Self::over(stream).await.unwrap()
    }

    pub async fn over(stream: impl Carrier) -> Result<Self, hyper::Error> {
        let io = TokioIo::new(stream);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
        let driver = tokio::spawn(async move {
            // However it ends, it has ended.
            let _ = connection.await;
        });
        Ok(Self { sender, driver })
    }

    /// Waits until the server has said that this connection takes no new calls.
    pub async fn told_to_end(&self) {
        let told = async || self.send(ECHO, "", &[]).await.err();
        kit::testing::until("the connection is told to end", PATIENCE, told).await;
    }

    /// Makes a call with these headers beside the usual ones.
    pub async fn call(&self, rpc: &str, text: &str, headers: &[(&str, &str)]) -> Answer {
        let response = self.send(rpc, text, headers).await;
        Answer::read(response.unwrap()).await
    }

    /// Asks for a page of plain HTTP.
    pub async fn get(&self, page: &str) -> Response<Incoming> {
        let request = Request::get(format!("http://probe{page}"));
        let request = request.body(Full::default()).unwrap();
        let sent = self.sender.clone().send_request(request);
        let sent = tokio::time::timeout(PATIENCE, sent).await;
        sent.expect("it is answered in time").unwrap()
    }

    /// The same as far as the headers of the answer.
    pub async fn send(
        &self,
        rpc: &str,
        text: &str,
        headers: &[(&str, &str)],
    ) -> Result<Response<Incoming>, hyper::Error> {
        let mut request = Request::post(format!("http://probe{rpc}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(framed(text))).unwrap();
        let sent = self.sender.clone().send_request(request);
        let sent = tokio::time::timeout(PATIENCE, sent).await;
        sent.expect("it is answered in time")
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub body: Bytes,
    pub headers: HeaderMap,
    status: Option<Status>,
}

impl Answer {
    pub async fn read(response: Response<Incoming>) -> Self {
        let (parts, body) = response.into_parts();
        let collected = body.collect().await.unwrap();
        let status = Status::from_header_map(&parts.headers);
        let from_trailers = collected.trailers().and_then(Status::from_header_map);
        Self {
            status: status.or(from_trailers),
            body: collected.to_bytes(),
            headers: parts.headers,
        }
    }

    /// The text of a good answer.
    pub fn text(&self) -> String {
        assert_eq!(self.code(), Code::Ok, "{self:?}");
        String::decode(&self.body[5..]).unwrap()
    }

    pub fn code(&self) -> Code {
        self.status.as_ref().expect("an answer has a status").code()
    }

    /// The code and documented reason of a refusal.
    pub fn refusal(&self) -> (Code, String) {
        (self.code(), reason_of(self.status.as_ref().unwrap()))
    }
}

/// A message as gRPC frames it.
pub fn framed(text: &str) -> Bytes {
    let message = text.to_owned().encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(&message);
    frame.freeze()
}

#[tokio::test]
async fn a_call_over_grpc_web_and_http_1_1_is_answered() {
    let probe = Probe::serve().await;
    let stream = TcpStream::connect(probe.address).await.unwrap();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
    let driver = tokio::spawn(connection);
    let request = Request::post(ECHO)
        .header("host", "probe")
        .header("content-type", "application/grpc-web+proto")
        .body(Full::new(framed("xin chào")))
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(
        response.headers()["content-type"],
        "application/grpc-web+proto"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let message = framed("xin chào");
    assert_eq!(&body[..message.len()], &message);
    // The trailers come as a last frame of their own kind.
    assert_eq!(body[message.len()], 0x80);
    let trailers = String::from_utf8_lossy(&body[message.len() + 5..]);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    driver.abort();
}
