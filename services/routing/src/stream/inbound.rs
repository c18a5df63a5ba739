//! What a client says on its stream, as fast as its rate class allows.

use kit::serve::Meter;
use proto::routing::v1 as pb;
use tonic::{Status, Streaming};

/// The messages of a client after its first, each of which counts as a call. While there is no room for the next, no more are read:
/// the client is held up by the flow control of HTTP/2, and nothing else on its stream is.
pub struct Inbound {
    messages: Streaming<pb::StreamTransfersRequest>,
    meter: Meter,
    /// Read, and not counted yet.
    next: Option<pb::StreamTransfersRequest>,
}

impl Inbound {
    /// What comes on this stream, counted by this meter.
    pub fn new(messages: Streaming<pb::StreamTransfersRequest>, meter: Meter) -> Self {
        Self {
            messages,
            meter,
            next: None,
        }
    }

    /// The next message; `None` after the last. When the wait for it is given up, it is still the next.
    ///
    /// # Errors
    /// What came instead of it.
    pub async fn message(&mut self) -> Result<Option<pb::StreamTransfersRequest>, Status> {
        if self.next.is_none() {
            self.next = self.messages.message().await?;
        }
        if self.next.is_some() {
            self.meter.count().await;
        }
        Ok(self.next.take())
    }
}
