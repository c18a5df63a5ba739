//! `PartyService`.

use kit::authority::{Context, Scope};
use kit::clock;
use kit::db::Db;
use kit::fields::name;
use kit::seal::DataKey;
use kit::writer::{self, Writer};
use proto::identity::v1::party_service_server::PartyService;
use proto::identity::v1::{
    self as pb, GetPartyRequest, GetPartyResponse, RegisterPartyRequest, RegisterPartyResponse,
};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::ledger::{Act, Identity};
use crate::party::{Party, Uid};
use crate::wire::party::Register;
use crate::{store, wire};

/// Serves parties to those who may know them.
pub(crate) struct Parties {
    pub db: Db,
    pub writer: Writer<Identity>,
}

impl Parties {
    async fn find(&self, scope: &Scope, uid: Uid) -> Result<pb::Party, Error> {
        let party = store::party::find((self.db.read(), self.db.ring()), scope, &uid).await?;
        party
            .as_ref()
            .map(pb::Party::from)
            .ok_or(Error::PartyNotFound(uid))
    }
}

#[tonic::async_trait]
impl PartyService for Parties {
    async fn register_party(
        &self,
        request: Request<RegisterPartyRequest>,
    ) -> Result<Response<RegisterPartyResponse>, Status> {
        let context = Context::of(&request)?;
        let message = request.get_ref();
        let Register {
            request_id,
            particulars,
        } = message.try_into()?;
        let uid = Uid::new(clock::new_uid());
        let act = Act::Register(Party::new(uid, DataKey::generate(), particulars));
        let replied = self.writer.call(&context, request_id, message, act).await?;
        let mut response: Response<RegisterPartyResponse> = writer::respond(&replied)?;
        let uid = wire::party::registered_uid(response.get_ref());
        response.get_mut().party = Some(self.find(&context.rights.scope(), uid).await?);
        Ok(response)
    }

    async fn get_party(
        &self,
        request: Request<GetPartyRequest>,
    ) -> Result<Response<GetPartyResponse>, Status> {
        let scope = Context::of(&request)?.rights.scope();
        let uid = Uid::new(name("uid", &request.into_inner().uid)?);
        let party = self.find(&scope, uid).await?;
        Ok(Response::new(GetPartyResponse { party: Some(party) }))
    }
}
