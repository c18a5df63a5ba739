//! `StreamTransfers`: lets a subscriber in; the rest it does itself.

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use kit::authority::Context;
use kit::caller::Pass;
use kit::serve::{Meter, explained};
use proto::routing::v1 as pb;
use tokio::sync::mpsc;
use tonic::{Request, Response, Status, Streaming};

use super::{READ, Transfers};
use crate::stream::{Inbound, Sent, Subscriber};
use crate::wire;

/// How many messages wait for a client that is slow to take them.
const WAITING: usize = 4;

/// What is streamed.
pub type Responses = BoxStream<'static, Sent>;

impl Transfers {
    pub(super) async fn stream(
        &self,
        request: Request<Streaming<pb::StreamTransfersRequest>>,
    ) -> Result<Response<Responses>, Status> {
        let (context, pass) = (Context::of(&request)?, Pass::of(&request));
        let meter = Meter::of(&request);
        let mut messages = request.into_inner();
        let first = messages.message().await;
        let first = first.map_err(|status| explained(&status).map_or(status, Status::from))?;
        let subscription = wire::queue::subscription(first.unwrap_or_default())?;
        context.rights.must_be_own(&subscription.unit)?;
        let (out, outbound) = mpsc::channel(WAITING);
        let subscriber = Subscriber {
            offers: self.offers.clone(),
            access: self.access.clone(),
            scope: context.rights.under(READ).scope(),
            context,
            pass,
            subscription,
            inbound: Inbound::new(messages, meter),
            out,
            stop: self.stop.clone(),
        };
        self.tasks.spawn(subscriber.run());
        let responses = stream::unfold(outbound, |mut outbound| async move {
            let sent = outbound.recv().await?;
            Some((sent, outbound))
        });
        Ok(Response::new(responses.boxed()))
    }
}
