//! The rpcs of `TransferService`: who is calling, parse, one call, reply.

use kit::authority::Context;
use kit::clock::{self, Clock, Moment};
use kit::db::Db;
use kit::deadline;
use kit::failure::Failure;
use kit::fields::name;
use kit::queue::Queue;
use kit::seal::Keyring;
use kit::writer::{Writer, respond};
use proto::routing::v1 as pb;
use proto::routing::v1::transfer_service_server::TransferService;
use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::ledger::Routing;
use crate::transfer::Transfer;
use crate::{offers, store, wire};

/// What a queue and a work list show is what one may read.
const READ: &str = "routing.TransferService/GetTransfer";

/// The service.
pub struct Transfers {
    /// For queries.
    pub db: Db,
    /// For changes.
    pub writer: Writer<Routing>,
    /// Civil time.
    pub clock: Clock,
    /// For offers.
    pub queue: Queue,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
}

impl Transfers {
    fn sealed(&self) -> (&DatabaseConnection, &Keyring) {
        (self.db.read(), self.db.ring())
    }

    /// Transfers as they stand at a time.
    async fn standing(
        &self,
        found: &[Transfer],
        now: Moment,
    ) -> Result<Vec<pb::Transfer>, Failure> {
        let still = store::standing_still(self.db.read(), found).await;
        let still = still.map_err(refused)?;
        let standing = |transfer| wire::reply::standing(transfer, &still, now);
        Ok(found.iter().map(standing).collect())
    }
}

#[tonic::async_trait]
impl TransferService for Transfers {
    async fn pull_transfers(
        &self,
        request: Request<pb::PullTransfersRequest>,
    ) -> Result<Response<pb::PullTransfersResponse>, Status> {
        let rights = Context::of(&request)?.rights;
        let mut pull = wire::request::pull(&request.into_inner())?;
        // Who gave the call less time than the wait goes empty-handed and not away.
        pull.wait = deadline::leaving_time_to_answer(pull.wait);
        rights.must_be_own(&pull.unit)?;
        let scope = rights.under(READ).scope();
        let pulled = offers::pull(&self.db, &self.queue, &scope, &pull);
        // A process that drains does not keep pullers waiting.
        let pulled = self.stop.run_until_cancelled(pulled).await;
        let pulled = pulled.unwrap_or(Ok(Vec::new())).map_err(refused)?;
        let brought = pulled.iter().map(|(transfer, _)| transfer);
        offers::note_delivered(&self.writer, self.clock.civil(), brought).await;
        let deliveries = pulled
            .into_iter()
            .map(|(transfer, delivered)| pb::Delivery {
                transfer: Some(wire::reply::transfer(&transfer)),
                attempt: i32::try_from(delivered.attempt).unwrap_or(i32::MAX),
                traceparent: delivered.offer.traceparent,
                committed_at: delivered.offer.committed_at.map(clock::to_timestamp),
            });
        Ok(Response::new(pb::PullTransfersResponse {
            deliveries: deliveries.collect(),
        }))
    }

    async fn accept_transfer(
        &self,
        request: Request<pb::AcceptTransferRequest>,
    ) -> Result<Response<pb::AcceptTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::accept(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn decline_transfer(
        &self,
        request: Request<pb::DeclineTransferRequest>,
    ) -> Result<Response<pb::DeclineTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::decline(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn forward_transfer(
        &self,
        request: Request<pb::ForwardTransferRequest>,
    ) -> Result<Response<pb::ForwardTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::forward(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn complete_transfer(
        &self,
        request: Request<pb::CompleteTransferRequest>,
    ) -> Result<Response<pb::CompleteTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::complete(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn claim_transfer(
        &self,
        request: Request<pb::ClaimTransferRequest>,
    ) -> Result<Response<pb::ClaimTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::claim(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn assign_transfer(
        &self,
        request: Request<pb::AssignTransferRequest>,
    ) -> Result<Response<pb::AssignTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::assign(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn release_transfer(
        &self,
        request: Request<pb::ReleaseTransferRequest>,
    ) -> Result<Response<pb::ReleaseTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = wire::request::release(&context, &request)?;
        respond(
            &self
                .writer
                .call(&context, request_id, &request, act)
                .await?,
        )
    }

    async fn get_transfer(
        &self,
        request: Request<pb::GetTransferRequest>,
    ) -> Result<Response<pb::GetTransferResponse>, Status> {
        let Context { rights, at, .. } = Context::of(&request)?;
        let uid = name("uid", &request.into_inner().uid)?;
        let found = store::find(self.sealed(), &rights.scope(), &uid).await;
        let found = found.map_err(refused)?.ok_or(Error::TransferNotFound);
        let found = self.standing(&[found.map_err(Failure::from)?], at).await?;
        Ok(Response::new(pb::GetTransferResponse {
            transfer: found.into_iter().next(),
        }))
    }

    async fn list_transfers(
        &self,
        request: Request<pb::ListTransfersRequest>,
    ) -> Result<Response<pb::ListTransfersResponse>, Status> {
        let context = Context::of(&request)?;
        let filter = wire::query::filter(&context, &request.into_inner())?;
        context.rights.must_be_own(&filter.unit)?;
        let scope = context.rights.under(READ).scope();
        let listed = store::list(self.sealed(), &scope, &filter).await;
        let listed = listed.map_err(refused)?;
        Ok(Response::new(pb::ListTransfersResponse {
            transfers: self.standing(&listed, context.at).await?,
            next_page_token: wire::query::next_page(&listed, filter.limit),
        }))
    }

    async fn get_route(
        &self,
        request: Request<pb::GetRouteRequest>,
    ) -> Result<Response<pb::GetRouteResponse>, Status> {
        let Context { rights, at, .. } = Context::of(&request)?;
        let scope = rights.scope();
        let dossier = name("dossier_uid", &request.into_inner().dossier_uid)?;
        let known = store::in_scope_of_dossier(self.db.read(), &scope, &dossier).await;
        if !known.map_err(refused)? {
            return Err(Failure::from(Error::RouteNotFound).into());
        }
        let route = crate::journey(self.sealed(), &dossier, at).await;
        Ok(Response::new(route.map_err(refused)?))
    }
}

fn refused(error: sea_orm::DbErr) -> Failure {
    Error::from(error).into()
}
