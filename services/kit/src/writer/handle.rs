//! How the rest of a service reaches its writer.

use prost::Message;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tonic::{Response, Status};

use super::job::{Answer, Call, Feed, Incoming, Job, Refused, Replied, Work};
use super::{Ledger, Step};
use crate::authority::Context;
use crate::failure::Failure;
use crate::log::{Reach, Shard};

/// The metadata key of the positions that a mutation reached.
pub const POSITION: &str = "motcua-position";

/// The way to the writer of a service.
pub struct Writer<L: Ledger> {
    sender: mpsc::Sender<Job<L>>,
    reach: watch::Sender<Reach>,
}

impl<L: Ledger> Clone for Writer<L> {
    fn clone(&self) -> Self {
        Self {
            sender: self.sender.clone(),
            reach: self.reach.clone(),
        }
    }
}

impl<L: Ledger> Writer<L> {
    pub(super) fn new(sender: mpsc::Sender<Job<L>>, reach: watch::Sender<Reach>) -> Self {
        Self { sender, reach }
    }

    /// How far the log reaches by what this process knows of it; whoever looks into the store may raise it.
    pub(crate) fn reach(&self) -> &watch::Sender<Reach> {
        &self.reach
    }

    /// Has a caller's mutation done, once for each `request_id`. `request` is what was asked, for telling whether a
    /// repeated id has the same content.
    ///
    /// # Errors
    /// The refusal of the service, a reused id, overload, or a store that does not answer.
    pub async fn call<M: Message + prost::Name>(
        &self,
        context: &Context,
        request_id: String,
        request: &M,
        act: L::Act,
    ) -> Result<Replied, Failure> {
        let mut digest = Sha256::new_with_prefix(M::full_name());
        digest.update(request.encode_to_vec());
        let call = Call {
            caller: context.caller().subject.clone(),
            request_id,
            digest: digest.finalize().to_vec(),
        };
        let step = Step {
            act,
            cause: context.cause(),
        };
        let (job, answer) = Job::new(Work::Call(call, step));
        self.sender.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Refused::<L::Error>::Overloaded,
            TrySendError::Closed(_) => Refused::Unavailable,
        })?;
        Ok(Self::wait(answer).await?)
    }

    /// Has an act of the service itself done.
    ///
    /// # Errors
    /// The refusal of the service, or a store that does not answer.
    pub async fn own(&self, step: Step<L::Act>) -> Result<Replied, Failure> {
        Ok(self.submit(Work::Own(step)).await?)
    }

    /// Takes in the events of a shard that follow `after`.
    pub(crate) async fn feed(
        &self,
        source: &str,
        shard: Shard,
        after: i64,
        events: Vec<Incoming<L::Act>>,
    ) -> Answer<L> {
        self.submit(Work::Feed(Feed {
            source: source.to_owned(),
            shard,
            after,
            events,
        }))
        .await
    }

    /// Tries again to take in events that were parked, all of one subject, in order.
    pub(crate) async fn retry(&self, source: &str, events: Vec<Incoming<L::Act>>) -> Answer<L> {
        self.submit(Work::Retry {
            source: source.to_owned(),
            events,
        })
        .await
    }

    async fn submit(&self, work: Work<L::Act>) -> Answer<L> {
        let (job, answer) = Job::new(work);
        if self.sender.send(job).await.is_err() {
            return Err(Refused::Unavailable);
        }
        Self::wait(answer).await
    }

    async fn wait(answer: tokio::sync::oneshot::Receiver<Answer<L>>) -> Answer<L> {
        answer.await.unwrap_or(Err(Refused::Unavailable))
    }
}

/// Makes the reply of an rpc of a mutation, with `motcua-position` in its metadata.
///
/// # Errors
/// `INTERNAL` when the saved reply cannot be read, which only an incompatible change of the contract could cause.
pub fn respond<M: Message + Default>(replied: &Replied) -> Result<Response<M>, Status> {
    let message = M::decode(replied.body.as_slice()).map_err(|error| {
        tracing::error!(%error, "a saved reply cannot be read");
        Status::internal("a saved reply cannot be read")
    })?;
    let mut response = Response::new(message);
    if let Ok(value) = replied.positions.to_string().parse() {
        response.metadata_mut().insert(POSITION, value);
    }
    Ok(response)
}
