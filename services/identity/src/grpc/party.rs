//! `PartyService`.

mod reading;

use std::collections::BTreeSet;

use kit::access;
use kit::authority::{Context, Scope};
use kit::db::Db;
use kit::failure::Failure;
use kit::fields::name;
use kit::seal::Keyring;
use kit::writer::{Writer, respond};
use proto::identity::v1 as pb;
use proto::identity::v1::party_service_server::PartyService;
use sea_orm::DatabaseConnection;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::ledger::{self, Identity};
use crate::party::{Party, Uid};
use crate::{store, wire};

/// Serves parties to those who may know them.
pub(crate) struct Parties {
    pub db: Db,
    pub writer: Writer<Identity>,
    pub access: access::Log,
}

/// A party as it is told, and the uid by which it was asked for where that was merged into it.
type Told = (pb::Party, String);

impl Parties {
    fn sealed(&self) -> (&DatabaseConnection, &Keyring) {
        (self.db.read(), self.db.ring())
    }

    async fn told(&self, asked: Party) -> Result<Told, Error> {
        let uid = asked.uid.clone();
        let standing = store::party::standing_for(self.sealed(), asked).await?;
        let family = store::party::merged_into(self.db.read(), &standing.uid).await?;
        let family: BTreeSet<&Uid> = family.iter().collect();
        let merged_from = Some(uid).filter(|uid| *uid != standing.uid);
        let merged_from = merged_from.map(|uid| uid.to_string()).unwrap_or_default();
        Ok((wire::party::party(&standing, &family), merged_from))
    }

    async fn find(&self, scope: &Scope, uid: Uid) -> Result<Party, Error> {
        let found = store::party::find(self.sealed(), scope, &uid).await?;
        found.ok_or(Error::PartyNotFound(uid))
    }

    /// Has a parsed act done.
    async fn act<M, R>(
        &self,
        context: &Context,
        (request_id, act): (String, ledger::party::Act),
        message: &M,
    ) -> Result<Response<R>, Status>
    where
        M: prost::Message + prost::Name,
        R: prost::Message + Default,
    {
        let act = ledger::Act::Party(act);
        let replied = self.writer.call(context, request_id, message, act).await?;
        respond(&replied)
    }
}

#[tonic::async_trait]
impl PartyService for Parties {
    async fn register_party(
        &self,
        request: Request<pb::RegisterPartyRequest>,
    ) -> Result<Response<pb::RegisterPartyResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let replied = self.act(&context, wire::party::register(message)?, message);
        self.telling(&context, replied.await?)
    }

    async fn get_party(
        &self,
        request: Request<pb::GetPartyRequest>,
    ) -> Result<Response<pb::GetPartyResponse>, Status> {
        let context = Context::of(&request)?;
        let uid = Uid::new(name("uid", &request.into_inner().uid)?);
        let party = self.find(&context.rights.scope(), uid).await?;
        let (party, merged_from_uid) = self.told(party).await?;
        let reply = pb::GetPartyResponse {
            party: Some(party),
            merged_from_uid,
        };
        self.telling(&context, Response::new(reply))
    }

    async fn find_party(
        &self,
        request: Request<pb::FindPartyRequest>,
    ) -> Result<Response<pb::FindPartyResponse>, Status> {
        let context = Context::of(&request)?;
        let number = wire::party::find_request(request.get_ref())?;
        let found = store::party::find_by_number(self.sealed(), &number).await;
        let found = found.map_err(Error::from)?.ok_or(Error::NumberUnknown)?;
        let (party, merged_from_uid) = self.told(found).await?;
        let reply = pb::FindPartyResponse {
            party: Some(party),
            merged_from_uid,
        };
        self.telling(&context, Response::new(reply))
    }

    async fn update_party(
        &self,
        request: Request<pb::UpdatePartyRequest>,
    ) -> Result<Response<pb::UpdatePartyResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let replied = self.act(&context, wire::party::update(message)?, message);
        self.telling(&context, replied.await?)
    }

    async fn add_party_number(
        &self,
        request: Request<pb::AddPartyNumberRequest>,
    ) -> Result<Response<pb::AddPartyNumberResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let replied = self.act(&context, wire::party::add_number(message)?, message);
        self.telling(&context, replied.await?)
    }

    async fn merge_parties(
        &self,
        request: Request<pb::MergePartiesRequest>,
    ) -> Result<Response<pb::MergePartiesResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let replied = self.act(&context, wire::party::merge(message)?, message);
        self.telling(&context, replied.await?)
    }

    async fn unmerge_parties(
        &self,
        request: Request<pb::UnmergePartiesRequest>,
    ) -> Result<Response<pb::UnmergePartiesResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let replied = self.act(&context, wire::party::unmerge(message)?, message);
        self.telling(&context, replied.await?)
    }

    async fn grant_proxy(
        &self,
        request: Request<pb::GrantProxyRequest>,
    ) -> Result<Response<pb::GrantProxyResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        self.act(&context, wire::proxy::grant(&context, message)?, message)
            .await
    }

    async fn revoke_proxy(
        &self,
        request: Request<pb::RevokeProxyRequest>,
    ) -> Result<Response<pb::RevokeProxyResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        self.act(&context, wire::proxy::revoke(&context, message)?, message)
            .await
    }

    async fn list_proxies(
        &self,
        request: Request<pb::ListProxiesRequest>,
    ) -> Result<Response<pb::ListProxiesResponse>, Status> {
        let context = Context::of(&request)?;
        let rights = &context.rights;
        let uid = Uid::new(name("party_uid", &request.into_inner().party_uid)?);
        let party = self.find(&rights.scope(), uid).await?;
        let proxies = self.proxies_of(&party).await.map_err(Failure::from)?;
        let told = proxies.iter().map(|proxy| {
            let mut told = wire::proxy::proxy(proxy);
            // What was shown for it is for the grantor and the desks.
            let own = kit::authority::Relation::Own;
            if !rights.stands(own, proxy.grantor.as_str()) {
                told.evidence.clear();
            }
            told
        });
        let reply = pb::ListProxiesResponse {
            proxies: told.collect(),
        };
        self.telling(&context, Response::new(reply))
    }
}

impl Parties {
    async fn proxies_of(&self, party: &Party) -> Result<Vec<crate::proxy::Proxy>, Error> {
        let family = store::party::parties_of(self.db.read(), &party.uid).await?;
        Ok(store::proxy::of_parties(self.sealed(), &family).await?)
    }
}
