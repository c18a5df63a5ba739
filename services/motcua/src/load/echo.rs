//! The yardstick of the protocol: a bare tonic server in a process of its own, which answers bytes with bytes.

use std::convert::Infallible;
use std::process::{ExitCode, Stdio};
use std::task::{Context, Poll};

use prost::Message as _;
use prost::bytes::Bytes;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::error::Error;
use super::usage::Processes;
use crate::rpc::{Answer, unary};

const PATH: &str = "/motcua.yardstick.Echo/Echo";
const LISTENING: &str = "listening on ";

/// The bare server, running, and the connections to it. It ends with this.
pub struct Echo {
    process: Child,
    channels: Vec<Channel>,
    request: Bytes,
    bytes: (u64, u64),
}

impl Echo {
    /// Starts it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub async fn start(
        request_bytes: usize,
        reply_bytes: usize,
        connections: usize,
    ) -> Result<Self, Error> {
        let failed = || Error::io("starting the bare server");
        let program = std::env::current_exe().map_err(failed())?;
        let mut process = Command::new(program)
            .args(["load", "echo-server", "--reply-bytes"])
            .arg(reply_bytes.to_string())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed())?;
        let output = process.stdout.take().ok_or(Error::Empty("output"))?;
        let line = BufReader::new(output).lines().next_line().await;
        let line = line.map_err(failed())?.unwrap_or_default();
        let address = line.strip_prefix(LISTENING).unwrap_or_default();
        let endpoint = Endpoint::from_shared(format!("http://{address}"))?.tcp_nodelay(true);
        Ok(Self {
            bytes: (count(request_bytes), count(reply_bytes)),
            process,
            channels: (0..connections).map(|_| endpoint.connect_lazy()).collect(),
            request: message(request_bytes).encode_to_vec().into(),
        })
    }

    /// The process whose use is measured.
    #[must_use]
    pub fn processes(&self) -> Processes {
        let id = self.process.id().and_then(|id| i32::try_from(id).ok());
        Processes {
            suite: id.into_iter().collect(),
            ..Processes::default()
        }
    }

    /// One call.
    ///
    /// # Errors
    /// What comes back instead of an answer.
    pub async fn call(&self, turn: u64) -> Result<Answer, Error> {
        let place = usize::try_from(turn).unwrap_or_default() % self.channels.len();
        let request = Request::new(self.request.clone());
        let answered = unary(&self.channels[place], PATH, request).await;
        answered.map_err(|status| Error::Refused {
            rpc: PATH,
            status: Box::new(status),
        })
    }

    /// Bytes of a request and of a reply.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        self.bytes
    }
}

/// Serves on a free port until it is killed.
///
/// # Errors
/// When there is no port.
pub async fn serve(reply_bytes: usize) -> Result<ExitCode, Error> {
    let failed = || Error::io("listening");
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(failed())?;
    println!("{LISTENING}{}", listener.local_addr().map_err(failed())?);
    Server::builder()
        .add_service(Bare(message(reply_bytes)))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(ExitCode::SUCCESS)
}

fn count(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// A message of so many bytes on the wire, as nearly as its frame allows.
fn message(bytes: usize) -> Bytes {
    let overhead = Bytes::from(vec![b'x'; bytes]).encoded_len() - bytes;
    Bytes::from(vec![b'x'; bytes.saturating_sub(overhead)])
}

/// Answers everything with the same bytes, decoding and encoding as generated code does.
#[derive(Clone)]
struct Bare(Bytes);

impl NamedService for Bare {
    const NAME: &'static str = "motcua.yardstick.Echo";
}

impl UnaryService<Bytes> for Bare {
    type Response = Bytes;
    type Future = std::future::Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        std::future::ready(Ok(Response::new(self.0.clone())))
    }
}

impl Service<http::Request<Body>> for Bare {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Bytes, Bytes>::default());
            Ok(grpc.unary(bare, request).await)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_as_long_on_the_wire_as_it_was_asked_for() {
        for bytes in [100, 1_000, 20_000] {
            assert_eq!(message(bytes).encoded_len(), bytes);
        }
    }
}
