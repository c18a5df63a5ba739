//! Connections: taken in, limited, ended when they are old, drained and cut.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::calls::Calls;
use super::seats::{Seat, Seats};
use super::stream::{Carrier, Stream};
use super::{Limits, Peer};
use crate::clock;
use crate::inside::Arrivals;
use crate::tls::{PeerCertificate, Session, Tls};

/// What one connection may have under way: more than any client of ours needs, and little enough to bound its memory.
const MAX_STREAMS: u32 = 128;
/// Where the connection layer itself refuses a call for its headers, which foreign clients cannot tell from other faults.
/// The gate refuses them in our own words from 16 KiB on.
const HARD_HEADER_LIST: u32 = 64 * 1024;
/// How long an HTTP/1.1 connection may be idle, or take for the headers of a request.
const HTTP1_HEADERS: Duration = Duration::from_secs(15);
/// Out of file descriptors: trying again at once would only burn a core.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
/// Why a connection ended otherwise than in order.
type Fault = Box<dyn std::error::Error + Send + Sync>;

/// What takes connections in, for one port.
#[derive(Clone)]
pub(super) struct Connections {
    calls: Calls,
    tls: Tls,
    limits: Limits,
    seats: Seats,
    drain: CancellationToken,
    cut: CancellationToken,
}

impl Connections {
    /// Connections on which these calls can be made until `drain` is cancelled.
    pub fn new(calls: Calls, tls: Tls, limits: Limits, drain: CancellationToken) -> Self {
        Self {
            calls,
            tls,
            seats: Seats::new(limits.per_peer, limits.total),
            limits,
            drain,
            cut: CancellationToken::new(),
        }
    }

    /// Serves until drained: no new connections, those that are open end with the calls under way, and what does not end
    /// in time is cut.
    pub async fn serve(self, listener: TcpListener, mut inside: Arrivals) {
        let open = TaskTracker::new();
        // Whoever drops this future wants the connections gone too.
        let _cut = self.cut.clone().drop_guard();
        loop {
            tokio::select! {
                () = self.drain.cancelled() => break,
                accepted = listener.accept() => self.take_in(accepted, &open).await,
                Some(stream) = inside.next() => {
                    let carrier = Carrier::Right(Either::Right(stream));
                    open.spawn(self.clone().hold(async { Ok((carrier, None)) }, None));
                }
            }
        }
        drop((listener, inside));
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

    async fn take_in(&self, accepted: io::Result<(TcpStream, SocketAddr)>, open: &TaskTracker) {
        match accepted {
            Ok((stream, peer)) => {
                if let Some(seat) = self.seats.take(peer.ip()) {
                    let carrier = carry(stream, self.tls.server());
                    open.spawn(self.clone().hold(carrier, Some(seat)));
                }
            }
            Err(error) if is_of_the_peer(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken in");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }

    /// One connection, from its first byte to its end.
    async fn hold(
        self,
        carrier: impl Future<Output = Result<(Carrier, Option<Session>), Fault>>,
        seat: Option<Seat>,
    ) {
        let peer = seat.as_ref().map(Seat::peer);
        let begun = tokio::time::timeout(self.limits.handshake, async {
            let (carrier, session) = carrier.await?;
            Ok::<_, Fault>((Stream::begin(carrier).await?, session))
        });
        let ended = match self.drain.run_until_cancelled(begun).await {
            Some(Ok(Ok((stream, session)))) => {
                let talk = self.talk(stream, peer, session);
                self.cut.run_until_cancelled(talk).await
            }
            Some(Ok(Err(error))) => Some(Err(error)),
            Some(Err(_)) | None => None,
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(error, "a connection ended badly");
        }
    }

    async fn talk(
        &self,
        stream: Stream,
        peer: Option<Peer>,
        session: Option<Session>,
    ) -> Result<(), Fault> {
        let builder = self.protocols();
        let (io, calls) = (TokioIo::new(stream), self.calls.of(peer, session));
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

    fn protocols(&self) -> auto::Builder<TokioExecutor> {
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
            .keep_alive_interval(self.limits.keep_alive)
            .keep_alive_timeout(self.limits.keep_alive_answer);
        builder
    }
}

/// The bytes of a connection from outside, and what was agreed under TLS.
async fn carry(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
) -> Result<(Carrier, Option<Session>), Fault> {
    // Replies are small and must not wait for more.
    stream.set_nodelay(true)?;
    let Some(tls) = tls else {
        return Ok((Carrier::Left(stream), None));
    };
    let stream = TlsAcceptor::from(tls).accept(stream).await?;
    let (_, agreed) = stream.get_ref();
    let certificate = PeerCertificate::of_chain(agreed.peer_certificates())?;
    let carrier = Carrier::Right(Either::Left(Box::new(stream)));
    Ok((carrier, Some(Session { certificate })))
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

/// Connections that began together do not end together.
fn jittered(age: Duration) -> Duration {
    let [byte] = clock::random_bytes();
    age.mul_f64(0.9 + 0.2 * f64::from(byte) / 255.0)
}
