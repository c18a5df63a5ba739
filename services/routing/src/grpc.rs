//! The rpcs of `TransferService`: who is calling, parse, one call, reply.

use kit::authority::{Context, Scope};
use kit::clock::{self, Moment};
use kit::copies::{self, UNIT, UnitTable};
use kit::db::Db;
use kit::deadline;
use kit::failure::Failure;
use kit::fields::name;
use kit::page;
use kit::queue::Queue;
use kit::seal::Keyring;
use kit::writer::{Writer, respond};
use proto::routing::v1 as pb;
use proto::routing::v1::transfer_service_server::TransferService;
use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use crate::act::Act;
use crate::error::Error;
use crate::ledger::Routing;
use crate::transfer::Transfer;
use crate::wire::manifest::Asked;
use crate::{offers, store, wire};

/// What a queue and a work list show is what one may read.
const READ: &str = "routing.TransferService/GetTransfer";

/// Reads a mutation: its `request_id` and what it asks for.
type Parse<M> = fn(&Context, &M) -> Result<(String, Act), Failure>;

/// The service.
pub struct Transfers {
    /// For queries.
    pub db: Db,
    /// For changes.
    pub writer: Writer<Routing>,
    /// For offers.
    pub queue: Queue,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
}

impl Transfers {
    fn sealed(&self) -> (&DatabaseConnection, &Keyring) {
        (self.db.read(), self.db.ring())
    }

    /// Transfers as they stand now.
    async fn standing(&self, found: &[Transfer]) -> Result<Vec<pb::Transfer>, Failure> {
        let suspended = store::suspended(self.db.read(), found).await;
        let suspended = suspended.map_err(refused)?;
        let standing = |transfer| wire::reply::standing(transfer, &suspended);
        Ok(found.iter().map(standing).collect())
    }

    /// What a unit sends another on paper now.
    async fn manifest(
        &self,
        scope: &Scope,
        asked: &Asked,
        made_at: Moment,
    ) -> Result<pb::GetManifestResponse, Failure> {
        let units = (asked.from.as_str(), asked.to.as_str());
        let (after, limit) = (asked.after.as_ref(), asked.limit);
        let sent = store::manifest(self.sealed(), scope, units, after, limit).await;
        let sent = sent.map_err(refused)?;
        let named = [units.0, units.1].map(|uid| (UNIT, uid.to_owned()));
        let copies = copies::load(self.db.read(), &named.into()).await;
        let mut table = UnitTable::default();
        for copy in copies.map_err(refused)? {
            table.take(&copy);
        }
        let name = |uid| {
            let unit = table.resolve(uid, clock::local(made_at).date());
            unit.map_or(uid, |unit| unit.name)
        };
        Ok(pb::GetManifestResponse {
            made_at: Some(clock::to_timestamp(made_at)),
            text: wire::manifest::text((name(units.0), name(units.1)), made_at, &sent),
            transfers: sent.iter().map(wire::reply::transfer).collect(),
            next_page_token: next_page(&sent, asked.limit, |last| last.offered_at),
        })
    }

    /// Has a mutation done.
    async fn answer<M, R>(
        &self,
        request: Request<M>,
        parse: Parse<M>,
    ) -> Result<Response<R>, Status>
    where
        M: prost::Message + prost::Name,
        R: prost::Message + Default,
    {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = parse(&context, &request)?;
        let replied = self.writer.call(&context, request_id, &request, act).await;
        respond(&replied?)
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
        let pulled = pulled.unwrap_or(Ok(Vec::new()));
        let deliveries = pulled
            .map_err(refused)?
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
        self.answer(request, wire::request::accept).await
    }

    async fn decline_transfer(
        &self,
        request: Request<pb::DeclineTransferRequest>,
    ) -> Result<Response<pb::DeclineTransferResponse>, Status> {
        self.answer(request, wire::request::decline).await
    }

    async fn forward_transfer(
        &self,
        request: Request<pb::ForwardTransferRequest>,
    ) -> Result<Response<pb::ForwardTransferResponse>, Status> {
        self.answer(request, wire::request::forward).await
    }

    async fn complete_transfer(
        &self,
        request: Request<pb::CompleteTransferRequest>,
    ) -> Result<Response<pb::CompleteTransferResponse>, Status> {
        self.answer(request, wire::request::complete).await
    }

    async fn recall_transfer(
        &self,
        request: Request<pb::RecallTransferRequest>,
    ) -> Result<Response<pb::RecallTransferResponse>, Status> {
        self.answer(request, wire::request::recall).await
    }

    async fn return_transfer(
        &self,
        request: Request<pb::ReturnTransferRequest>,
    ) -> Result<Response<pb::ReturnTransferResponse>, Status> {
        self.answer(request, wire::request::give_back).await
    }

    async fn send_back_transfer(
        &self,
        request: Request<pb::SendBackTransferRequest>,
    ) -> Result<Response<pb::SendBackTransferResponse>, Status> {
        self.answer(request, wire::request::send_back).await
    }

    async fn get_manifest(
        &self,
        request: Request<pb::GetManifestRequest>,
    ) -> Result<Response<pb::GetManifestResponse>, Status> {
        let context = Context::of(&request)?;
        let asked = wire::manifest::asked(&request.into_inner())?;
        let rights = &context.rights;
        rights.must_be_own(&asked.to).or_else(|refused| {
            let sends = rights.must_be_own(&asked.from);
            sends.map_err(|_| refused)
        })?;
        let scope = rights.under(READ).scope();
        let manifest = self.manifest(&scope, &asked, context.at).await?;
        Ok(Response::new(manifest))
    }

    async fn batch_accept_transfers(
        &self,
        request: Request<pb::BatchAcceptTransfersRequest>,
    ) -> Result<Response<pb::BatchAcceptTransfersResponse>, Status> {
        self.answer(request, wire::manifest::batch_accept).await
    }

    async fn receive_paper(
        &self,
        request: Request<pb::ReceivePaperRequest>,
    ) -> Result<Response<pb::ReceivePaperResponse>, Status> {
        self.answer(request, wire::request::receive_paper).await
    }

    async fn get_transfer(
        &self,
        request: Request<pb::GetTransferRequest>,
    ) -> Result<Response<pb::GetTransferResponse>, Status> {
        let scope = Context::of(&request)?.rights.scope();
        let uid = name("uid", &request.into_inner().uid)?;
        let found = store::find(self.sealed(), &scope, &uid).await;
        let found = found.map_err(refused)?.ok_or(Error::TransferNotFound);
        let found = self.standing(&[found.map_err(Failure::from)?]).await?;
        Ok(Response::new(pb::GetTransferResponse {
            transfer: found.into_iter().next(),
        }))
    }

    async fn list_transfers(
        &self,
        request: Request<pb::ListTransfersRequest>,
    ) -> Result<Response<pb::ListTransfersResponse>, Status> {
        let rights = Context::of(&request)?.rights;
        let filter = wire::request::filter(&request.into_inner())?;
        rights.must_be_own(&filter.unit)?;
        let listed = store::list(self.sealed(), &rights.under(READ).scope(), &filter).await;
        let listed = listed.map_err(refused)?;
        Ok(Response::new(pb::ListTransfersResponse {
            transfers: self.standing(&listed).await?,
            next_page_token: next_page(&listed, filter.limit, |last| last.due.step),
        }))
    }

    async fn get_route(
        &self,
        request: Request<pb::GetRouteRequest>,
    ) -> Result<Response<pb::GetRouteResponse>, Status> {
        let scope = Context::of(&request)?.rights.scope();
        let dossier = name("dossier_uid", &request.into_inner().dossier_uid)?;
        let known = store::in_scope_of_dossier(self.db.read(), &scope, &dossier).await;
        if !known.map_err(refused)? {
            return Err(Failure::from(Error::RouteNotFound).into());
        }
        let (db, ring) = self.sealed();
        let route = crate::journey(db, ring, &dossier).await;
        Ok(Response::new(route.map_err(refused)?))
    }
}

fn refused(error: sea_orm::DbErr) -> Failure {
    Error::from(error).into()
}

fn next_page(listed: &[Transfer], limit: u64, by: fn(&Transfer) -> Moment) -> String {
    let full = u64::try_from(listed.len()).is_ok_and(|length| length >= limit);
    let last = listed.last().filter(|_| full);
    last.map(|last| page::token(&[&clock::micros(by(last)).to_string(), &last.uid]))
        .unwrap_or_default()
}
