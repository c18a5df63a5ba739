//! Connections that begin and end in this process.
//!
//! Services that one process serves call each other over them, as over any other connection: whatever the port wants of
//! those who come from outside, a certificate above all, they need not show themselves, and no door in plain text has to
//! stay open for them.

use std::io;

use tokio::io::DuplexStream;
use tokio::sync::mpsc;

/// What one side may have sent that the other has not read yet.
const BUFFER: usize = 64 * 1024;
/// Connections that nobody has taken in yet: a few for each service, before the port serves.
const WAITING: usize = 64;

/// Where connections are made.
#[derive(Clone, Debug)]
pub struct Inside(mpsc::Sender<DuplexStream>);

/// Where they arrive.
#[derive(Debug)]
pub struct Arrivals(mpsc::Receiver<DuplexStream>);

/// The two ends of a way within this process.
#[must_use]
pub fn inside() -> (Inside, Arrivals) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Inside(sender), Arrivals(receiver))
}

impl Inside {
    /// A new connection.
    ///
    /// # Errors
    /// When the port takes none in any more.
    pub(crate) async fn connect(&self) -> io::Result<DuplexStream> {
        let (ours, theirs) = tokio::io::duplex(BUFFER);
        let sent = self.0.send(theirs).await;
        sent.map_err(|_| io::Error::from(io::ErrorKind::ConnectionRefused))?;
        Ok(ours)
    }
}

impl Arrivals {
    /// Arrivals of nobody.
    #[must_use]
    pub fn none() -> Self {
        let (_, arrivals) = inside();
        arrivals
    }

    /// The next connection; `None` when nobody can make one any more.
    pub(crate) async fn next(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}
