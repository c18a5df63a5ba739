//! `PartyService`.

use kit::access::{self, Reading};
use kit::authority::{Context, Scope};
use kit::clock;
use kit::db::Db;
use kit::failure::Failure;
use kit::fields::name;
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

const REGISTER: &str = "motcua.identity.v1.PartyService/RegisterParty";
const GET: &str = "motcua.identity.v1.PartyService/GetParty";

/// Serves parties to those who may know them.
pub(crate) struct Parties {
    pub db: Db,
    pub writer: Writer<Identity>,
    pub access: access::Log,
}

impl Parties {
    async fn find(&self, scope: &Scope, uid: Uid) -> Result<pb::Party, Error> {
        let party = store::party::find(self.db.read(), scope, &uid).await?;
        party
            .as_ref()
            .map(pb::Party::from)
            .ok_or(Error::PartyNotFound(uid))
    }

    fn record(
        &self,
        context: &Context,
        rpc: &'static str,
        uid: &str,
        is_handled: bool,
    ) -> Result<(), Failure> {
        let reading = Reading {
            rpc,
            objects: vec![uid],
            is_handled,
        };
        self.access.read(context, &reading)
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
        let act = Act::Register(Party::new(Uid::new(clock::new_uid()), particulars));
        let replied = self.writer.call(&context, request_id, message, act).await?;
        let mut response: Response<RegisterPartyResponse> = writer::respond(&replied)?;
        let uid = wire::party::registered_uid(response.get_ref());
        let party = self.find(&context.rights.scope(), uid).await?;
        // Whoever registers has the number before them, yet the rest of what is known comes with the reply.
        self.record(&context, REGISTER, &party.uid, true)?;
        response.get_mut().party = Some(party);
        Ok(response)
    }

    async fn get_party(
        &self,
        request: Request<GetPartyRequest>,
    ) -> Result<Response<GetPartyResponse>, Status> {
        let context = Context::of(&request)?;
        let uid = Uid::new(name("uid", &request.into_inner().uid)?);
        let party = self.find(&context.rights.scope(), uid).await?;
        self.record(&context, GET, &party.uid, false)?;
        Ok(Response::new(GetPartyResponse { party: Some(party) }))
    }
}
