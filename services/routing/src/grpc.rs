//! The rpcs of `TransferService`: who is calling, parse, one call, reply.

mod queue;
mod streaming;

use kit::access;
use kit::authority::{Context, Scope};
use kit::clock::{self, Moment};
use kit::copies::{self, UNIT, UnitTable};
use kit::db::Db;
use kit::deadline;
use kit::failure::Failure;
use kit::fields::name;
use kit::page;
use kit::queue::{Change, Modify};
use kit::seal::Keyring;
use kit::writer::{Writer, respond};
use proto::routing::v1 as pb;
use proto::routing::v1::transfer_service_server::TransferService;
use sea_orm::DatabaseConnection;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::{Request, Response, Status, Streaming};

use crate::act::Act;
use crate::error::Error;
use crate::ledger::Routing;
use crate::offers::Offers;
use crate::reading::{self, Tells};
use crate::transfer::Transfer;
use crate::wire::manifest::Asked;
use crate::wire::queue::Named;
use crate::{store, wire};

pub use queue::Queues;

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
    pub offers: Offers,
    /// For what may speak of a person.
    pub access: access::Log,
    /// Where streams run.
    pub tasks: TaskTracker,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
}

impl Transfers {
    fn sealed(&self) -> (&DatabaseConnection, &Keyring) {
        (self.db.read(), self.db.ring())
    }

    /// Changes deliveries of a unit: those on which it had no effect.
    async fn change(&self, unit: &str, named: Vec<Named>, change: Change) -> Vec<pb::DeliveryKey> {
        let modify: Vec<Modify> = named.iter().map(|named| named.modify(change)).collect();
        let done = self.offers.queue.lanes().modify(unit, &modify).await;
        wire::reply::without_effect(named, done.into_iter())
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

    /// Has a mutation done, and tells of it.
    async fn answer<M, R>(
        &self,
        request: Request<M>,
        parse: Parse<M>,
    ) -> Result<Response<R>, Status>
    where
        M: prost::Message + prost::Name,
        R: prost::Message + Default + Tells,
    {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        let (request_id, act) = parse(&context, &request)?;
        let replied = self.writer.call(&context, request_id, &request, act).await;
        self.telling(&context, respond(&replied?)?)
    }

    /// Records what a reply tells, and only then gives it.
    fn telling<R: Tells>(
        &self,
        context: &Context,
        response: Response<R>,
    ) -> Result<Response<R>, Status> {
        reading::record(&self.access, context, response.get_ref())?;
        Ok(response)
    }
}

#[tonic::async_trait]
impl TransferService for Transfers {
    async fn pull_transfers(
        &self,
        request: Request<pb::PullTransfersRequest>,
    ) -> Result<Response<pb::PullTransfersResponse>, Status> {
        let context = Context::of(&request)?;
        let mut pull = wire::request::pull(&request.into_inner())?;
        // Who gave the call less time than the wait goes empty-handed and not away.
        pull.wait = deadline::leaving_time_to_answer(pull.wait);
        context.rights.must_be_own(&pull.unit)?;
        let scope = context.rights.under(READ).scope();
        let asked_at = clock::real();
        let pulled = self.offers.pull(&scope, &pull);
        // A process that drains does not keep pullers waiting.
        let pulled = self.stop.run_until_cancelled(pulled).await;
        let pulled = pulled.unwrap_or(Ok(Vec::new())).map_err(refused)?;
        // They were taken later than they were asked for.
        let lease_ends = asked_at + pull.lease;
        let deliveries = pulled
            .iter()
            .map(|(transfer, delivered)| wire::reply::delivery(transfer, delivered, lease_ends));
        let reply = pb::PullTransfersResponse {
            deliveries: deliveries.collect(),
        };
        self.telling(&context, Response::new(reply))
    }

    type StreamTransfersStream = streaming::Responses;

    async fn stream_transfers(
        &self,
        request: Request<Streaming<pb::StreamTransfersRequest>>,
    ) -> Result<Response<Self::StreamTransfersStream>, Status> {
        self.stream(request).await
    }

    async fn acknowledge_transfers(
        &self,
        request: Request<pb::AcknowledgeTransfersRequest>,
    ) -> Result<Response<pb::AcknowledgeTransfersResponse>, Status> {
        let rights = Context::of(&request)?.rights;
        let (unit, named) = wire::queue::acknowledge(request.into_inner())?;
        rights.must_be_own(&unit)?;
        let without_effect = self.change(&unit, named, Change::Acknowledge).await;
        Ok(Response::new(pb::AcknowledgeTransfersResponse {
            without_effect,
        }))
    }

    async fn modify_leases(
        &self,
        request: Request<pb::ModifyLeasesRequest>,
    ) -> Result<Response<pb::ModifyLeasesResponse>, Status> {
        let rights = Context::of(&request)?.rights;
        let (unit, named, change) = wire::queue::modify_leases(request.into_inner())?;
        rights.must_be_own(&unit)?;
        let lease_ends = wire::reply::lease_ends(change, clock::real());
        Ok(Response::new(pb::ModifyLeasesResponse {
            without_effect: self.change(&unit, named, change).await,
            lease_ends,
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
        self.telling(&context, Response::new(manifest))
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

    async fn claim_transfer(
        &self,
        request: Request<pb::ClaimTransferRequest>,
    ) -> Result<Response<pb::ClaimTransferResponse>, Status> {
        self.answer(request, wire::request::claim).await
    }

    async fn assign_transfer(
        &self,
        request: Request<pb::AssignTransferRequest>,
    ) -> Result<Response<pb::AssignTransferResponse>, Status> {
        self.answer(request, wire::request::assign).await
    }

    async fn release_transfer(
        &self,
        request: Request<pb::ReleaseTransferRequest>,
    ) -> Result<Response<pb::ReleaseTransferResponse>, Status> {
        self.answer(request, wire::request::release).await
    }

    async fn get_transfer(
        &self,
        request: Request<pb::GetTransferRequest>,
    ) -> Result<Response<pb::GetTransferResponse>, Status> {
        let context = Context::of(&request)?;
        let uid = name("uid", &request.into_inner().uid)?;
        let found = store::find(self.sealed(), &context.rights.scope(), &uid).await;
        let found = found.map_err(refused)?.ok_or(Error::TransferNotFound);
        let found = found.map_err(Failure::from)?;
        let found = self.standing(&[found], context.at).await?;
        let reply = pb::GetTransferResponse {
            transfer: found.into_iter().next(),
        };
        self.telling(&context, Response::new(reply))
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
        let reply = pb::ListTransfersResponse {
            transfers: self.standing(&listed, context.at).await?,
            next_page_token: wire::query::next_page(&listed, filter.limit),
        };
        self.telling(&context, Response::new(reply))
    }

    async fn get_route(
        &self,
        request: Request<pb::GetRouteRequest>,
    ) -> Result<Response<pb::GetRouteResponse>, Status> {
        let context = Context::of(&request)?;
        let scope = context.rights.scope();
        let dossier = name("dossier_uid", &request.into_inner().dossier_uid)?;
        let known = store::in_scope_of_dossier(self.db.read(), &scope, &dossier).await;
        if !known.map_err(refused)? {
            return Err(Failure::from(Error::RouteNotFound).into());
        }
        let route = crate::journey(self.sealed(), &dossier, context.at).await;
        self.telling(&context, Response::new(route.map_err(refused)?))
    }
}

fn refused(error: sea_orm::DbErr) -> Failure {
    Error::from(error).into()
}

/// The token for what follows a full page that goes by this time.
fn next_page(listed: &[Transfer], limit: u64, due: impl Fn(&Transfer) -> Moment) -> String {
    let full = u64::try_from(listed.len()).is_ok_and(|length| length >= limit);
    let last = listed.last().filter(|_| full);
    last.map(|last| page::token(&[&clock::micros(due(last)).to_string(), &last.uid]))
        .unwrap_or_default()
}
