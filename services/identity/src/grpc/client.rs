//! `ClientService`.

use kit::authority::Context;
use kit::clock;
use kit::db::Db;
use kit::failure::Failure;
use kit::writer::{Writer, respond};
use prost::{Message, Name};
use proto::identity::v1 as pb;
use proto::identity::v1::client_service_server::ClientService;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::ledger::{Act, Identity};
use crate::store;
use crate::wire::client::{self as wire, Asked};

/// Serves client systems to those who administer them.
pub(crate) struct Clients {
    pub db: Db,
    pub writer: Writer<Identity>,
}

impl Clients {
    /// Has an act done whose message was parsed.
    async fn act<M: Message + Name, R: Message + Default>(
        &self,
        request: Request<M>,
        parse: impl FnOnce(&M) -> Result<Asked, Failure>,
    ) -> Result<Response<R>, Status> {
        let context = Context::of(&request)?;
        let message = request.get_ref();
        let (request_id, on) = parse(message)?;
        let act = Act::Client(on);
        respond(&self.writer.call(&context, request_id, message, act).await?)
    }
}

#[tonic::async_trait]
impl ClientService for Clients {
    async fn register_client(
        &self,
        request: Request<pb::RegisterClientRequest>,
    ) -> Result<Response<pb::RegisterClientResponse>, Status> {
        self.act(request, wire::register).await
    }

    async fn update_client(
        &self,
        request: Request<pb::UpdateClientRequest>,
    ) -> Result<Response<pb::UpdateClientResponse>, Status> {
        self.act(request, wire::update).await
    }

    async fn add_client_key(
        &self,
        request: Request<pb::AddClientKeyRequest>,
    ) -> Result<Response<pb::AddClientKeyResponse>, Status> {
        self.act(request, wire::add_key).await
    }

    async fn remove_client_key(
        &self,
        request: Request<pb::RemoveClientKeyRequest>,
    ) -> Result<Response<pb::RemoveClientKeyResponse>, Status> {
        self.act(request, wire::remove_key).await
    }

    async fn disable_client(
        &self,
        request: Request<pb::DisableClientRequest>,
    ) -> Result<Response<pb::DisableClientResponse>, Status> {
        let now = clock::real().timestamp();
        self.act(request, |message| wire::disable(message, now))
            .await
    }

    async fn enable_client(
        &self,
        request: Request<pb::EnableClientRequest>,
    ) -> Result<Response<pb::EnableClientResponse>, Status> {
        self.act(request, wire::enable).await
    }

    async fn get_client(
        &self,
        request: Request<pb::GetClientRequest>,
    ) -> Result<Response<pb::GetClientResponse>, Status> {
        let subject = wire::named(&request.get_ref().client_id)?;
        let found = store::client::find(self.db.read(), &subject).await;
        let client = found.map_err(Error::from)?;
        let client = client.ok_or(Error::ClientNotFound(subject))?;
        Ok(Response::new(pb::GetClientResponse {
            client: Some((&client).into()),
        }))
    }

    async fn list_clients(
        &self,
        request: Request<pb::ListClientsRequest>,
    ) -> Result<Response<pb::ListClientsResponse>, Status> {
        let (after, size) = wire::page_of(request.get_ref())?;
        let clients = store::client::page(self.db.read(), after.as_deref(), size).await;
        let clients = clients.map_err(Error::from)?;
        Ok(Response::new(wire::page(clients, size)))
    }
}
