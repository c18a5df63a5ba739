//! The rpcs of `QueueService`.

use kit::access;
use kit::authority::Context;
use kit::clock;
use kit::db::Db;
use kit::queue::Queue;
use kit::writer::{Writer, respond};
use proto::routing::v1 as pb;
use proto::routing::v1::queue_service_server::QueueService;
use tonic::{Request, Response, Status};

use super::{READ, refused};
use crate::ledger::Routing;
use crate::{reading, store, wire};

/// The service.
pub struct Queues {
    /// For queries.
    pub db: Db,
    /// For changes.
    pub writer: Writer<Routing>,
    /// For what waits.
    pub queue: Queue,
    /// For what may speak of a person.
    pub access: access::Log,
}

#[tonic::async_trait]
impl QueueService for Queues {
    async fn get_queue_stats(
        &self,
        request: Request<pb::GetQueueStatsRequest>,
    ) -> Result<Response<pb::GetQueueStatsResponse>, Status> {
        let rights = Context::of(&request)?.rights;
        let unit = wire::queue::stats(&request.into_inner())?;
        rights.must_be_own(&unit)?;
        let offers = store::open_offer_counts(self.db.read(), &unit).await;
        let stats = self.queue.lanes().stats(&unit).await;
        let reply = wire::reply::stats(offers.map_err(refused)?, stats, clock::real());
        Ok(Response::new(reply))
    }

    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Result<Response<pb::ListDeadLettersResponse>, Status> {
        let context = Context::of(&request)?;
        let letters = wire::queue::dead_letters(&request.into_inner())?;
        context.rights.must_be_own(&letters.unit)?;
        let scope = context.rights.under(READ).scope();
        let sealed = (self.db.read(), self.db.ring());
        let listed = store::dead_letters(sealed, &scope, &letters).await;
        let listed = listed.map_err(refused)?;
        let due = |letter: &crate::transfer::Transfer| letter.due.hand_over;
        let reply = pb::ListDeadLettersResponse {
            transfers: listed.iter().map(wire::reply::transfer).collect(),
            next_page_token: super::next_page(&listed, letters.limit, due),
        };
        reading::record(&self.access, &context, &reply)?;
        Ok(Response::new(reply))
    }

    async fn redrive_dead_letters(
        &self,
        request: Request<pb::RedriveDeadLettersRequest>,
    ) -> Result<Response<pb::RedriveDeadLettersResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::queue::redrive(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }
}
