//! The bytes of one connection, whatever carries them.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

/// How an HTTP/2 connection begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// In plain text, under TLS, or within this process.
pub(super) type Carrier = Either<TcpStream, Either<Box<TlsStream<TcpStream>>, DuplexStream>>;

/// A connection that has begun.
pub(super) struct Stream {
    /// What was read to see how it begins, until it is read again.
    first: Vec<u8>,
    carrier: Carrier,
}

impl Stream {
    /// Reads as far as it takes to tell HTTP/2, whose preface is complete then, from anything else.
    pub async fn begin(mut carrier: Carrier) -> io::Result<Self> {
        let mut first = Vec::with_capacity(PREFACE.len());
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            let left = u64::try_from(PREFACE.len() - first.len()).unwrap_or_default();
            if (&mut carrier).take(left).read_buf(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Self { first, carrier })
    }

    fn carrier(self: Pin<&mut Self>) -> Pin<&mut Carrier> {
        Pin::new(&mut self.get_mut().carrier)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return self.carrier().poll_read(context, buffer);
        }
        let again = self.first.len().min(buffer.remaining());
        buffer.put_slice(&self.first[..again]);
        self.first.drain(..again);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.carrier().poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.carrier().poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.carrier().poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.carrier().poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.carrier.is_write_vectored()
    }
}
