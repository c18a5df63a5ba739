//! Connections: taken in, limited, ended when they are old, drained and cut.

use std::io::{self, Cursor};
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::Layer as _;

use super::Limits;
use super::seats::{Seat, Seats};
use crate::clock;

/// What one connection may have under way: more than any client of ours needs, and little enough to bound its memory.
const MAX_STREAMS: u32 = 128;
/// Where the connection layer itself refuses a call for its headers, which foreign clients cannot tell from other faults.
/// The gate refuses them in our own words from 16 KiB on.
const HARD_HEADER_LIST: u32 = 64 * 1024;
/// A peer that says nothing for so long is asked whether it is still there …
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// … and is given up when it does not answer within this.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(10);
/// How long an HTTP/1.1 connection may be idle, or take for the headers of a request.
const HTTP1_HEADERS: Duration = Duration::from_secs(15);
/// Out of file descriptors: trying again at once would only burn a core.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// How an HTTP/2 connection begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What takes connections in, for one port.
#[derive(Clone)]
pub(super) struct Connections {
    calls: GrpcWebService<Routes>,
    limits: Limits,
    seats: Seats,
    drain: CancellationToken,
    cut: CancellationToken,
}

impl Connections {
    /// Connections on which these calls can be made until `drain` is cancelled.
    pub fn new(routes: Routes, limits: Limits, drain: CancellationToken) -> Self {
        Self {
            calls: GrpcWebLayer::new().layer(routes.prepare()),
            seats: Seats::new(limits.per_peer, limits.total),
            limits,
            drain,
            cut: CancellationToken::new(),
        }
    }

    /// Serves until drained: no new connections, those that are open end with the calls under way, and what does not end
    /// in time is cut.
    pub async fn serve(self, listener: TcpListener) {
        let open = TaskTracker::new();
        // Whoever drops this future wants the connections gone too.
        let _cut = self.cut.clone().drop_guard();
        while let Some(accepted) = self.drain.run_until_cancelled(listener.accept()).await {
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(seat) = self.seats.take(peer.ip()) {
                        open.spawn(self.clone().hold(stream, seat));
                    }
                }
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken in");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
        drop(listener);
        open.close();
        let drained = tokio::time::timeout(self.limits.drain, open.wait()).await;
        if drained.is_err() {
            tracing::warn!(
                left = open.len(),
                "connections did not end in time and are cut"
            );
            self.cut.cancel();
            open.wait().await;
        }
    }

    /// One connection, from its first byte to its end.
    async fn hold(self, mut stream: TcpStream, _seat: Seat) {
        let begun = tokio::time::timeout(self.limits.handshake, begin(&mut stream));
        let Some(Ok(Ok(first))) = self.drain.run_until_cancelled(begun).await else {
            return;
        };
        let ended = self.cut.run_until_cancelled(self.talk(first, stream)).await;
        if let Some(Err(error)) = ended {
            tracing::debug!(error, "a connection ended badly");
        }
    }

    async fn talk(
        &self,
        first: Vec<u8>,
        stream: TcpStream,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let builder = protocols();
        let calls = TowerToHyperService::new(self.calls.clone());
        let io = TokioIo::new(replay(first, stream));
        let mut connection = std::pin::pin!(builder.serve_connection(io, calls));
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = self.drain.cancelled() => {}
            () = tokio::time::sleep(jittered(self.limits.age)) => {}
        }
        connection.as_mut().graceful_shutdown();
        // A drain cuts what is left sooner than this.
        match tokio::time::timeout(self.limits.grace, connection).await {
            Ok(ended) => ended,
            Err(_) => Err("it did not end within its grace".into()),
        }
    }
}

fn protocols() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HTTP1_HEADERS)
        .max_buf_size(HARD_HEADER_LIST as usize);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(HARD_HEADER_LIST)
        .keep_alive_interval(KEEP_ALIVE)
        .keep_alive_timeout(KEEP_ALIVE_ANSWER);
    builder
}

/// A peer that was gone before its connection was taken in.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

/// Reads as far as it takes to tell HTTP/2, whose preface is complete then, from anything else.
async fn begin(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    // Replies are small and must not wait for more.
    stream.set_nodelay(true)?;
    let mut first = Vec::with_capacity(PREFACE.len());
    while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
        let left = u64::try_from(PREFACE.len() - first.len()).unwrap_or_default();
        if (&mut *stream).take(left).read_buf(&mut first).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(first)
}

/// The stream as if nothing had been read from it yet.
fn replay(first: Vec<u8>, stream: TcpStream) -> impl AsyncRead + AsyncWrite + Unpin {
    let (reader, writer) = stream.into_split();
    tokio::io::join(Cursor::new(first).chain(reader), writer)
}

/// Connections that began together do not end together.
fn jittered(age: Duration) -> Duration {
    let [byte] = clock::random_bytes();
    age.mul_f64(0.9 + 0.2 * f64::from(byte) / 255.0)
}
