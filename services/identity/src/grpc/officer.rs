//! `OfficerService`.

use kit::access::{self, Reading};
use kit::authority::{Context, Scope};
use kit::db::Db;
use kit::failure::Failure;
use kit::fields::Fields;
use kit::writer::{self, Step, Writer};
use prost::{Message, Name};
use proto::identity::v1 as pb;
use proto::identity::v1::officer_service_server::OfficerService;
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::fault::Fault;
use crate::ledger::{self, Act, Command, Identity, Verb};
use crate::password::{Credential, Holders, Password, Pool, Unique};
use crate::store::register::Units;
use crate::wire::staffing;
use crate::{readiness, store, wire};

const GET: &str = "motcua.identity.v1.OfficerService/GetOfficer";
const LIST: &str = "motcua.identity.v1.OfficerService/ListOfficers";

/// Serves officers to those who look after them.
pub(crate) struct Officers {
    pub db: Db,
    pub writer: Writer<Identity>,
    pub pool: Pool,
    pub holders: Holders,
    pub units: Units,
    pub access: access::Log,
}

impl Officers {
    /// Has what was asked done, and replies what was decided.
    async fn change<M: Message + Name, R: Message + Default>(
        &self,
        context: &Context,
        message: &M,
        (request_id, command): (String, Command),
    ) -> Result<Response<R>, Status> {
        let act = Act::Command(Box::new(command));
        let replied = self.writer.call(context, request_id, message, act).await?;
        writer::respond(&replied)
    }

    /// Records that names are read.
    fn record<'a>(
        &self,
        context: &Context,
        rpc: &'static str,
        read: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), Failure> {
        let reading = Reading {
            rpc,
            objects: read.into_iter().collect(),
            is_handled: true,
        };
        self.access.read(context, &reading)
    }

    async fn find(&self, scope: &Scope, subject: &str) -> Result<pb::Officer, Failure> {
        let mut fields = Fields::new();
        let subject = fields.take(staffing::subject("subject", subject));
        fields.finish()?;
        let subject = subject.ok_or_else(|| Failure::invalid_fields(Vec::new()))?;
        let (db, ring) = (self.db.read(), self.db.ring());
        let found = store::officer::find((db, ring), scope, &subject).await;
        let officer = found.map_err(Error::from)?;
        let officer = officer.ok_or(Fault::OfficerNotFound(subject))?;
        let positions = store::position::of(db, scope, [&officer.subject], None).await;
        let positions = positions.map_err(Error::from)?;
        Ok(wire::officer::officer(&officer, &positions))
    }
}

#[tonic::async_trait]
impl OfficerService for Officers {
    async fn register_officer(
        &self,
        request: Request<pb::RegisterOfficerRequest>,
    ) -> Result<Response<pb::RegisterOfficerResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::register(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn get_officer(
        &self,
        request: Request<pb::GetOfficerRequest>,
    ) -> Result<Response<pb::GetOfficerResponse>, Status> {
        let context = Context::of(&request)?;
        let scope = context.rights.scope();
        let officer = self.find(&scope, &request.get_ref().subject).await?;
        self.record(&context, GET, [officer.subject.as_str()])?;
        let officer = Some(officer);
        Ok(Response::new(pb::GetOfficerResponse { officer }))
    }

    async fn list_officers(
        &self,
        request: Request<pb::ListOfficersRequest>,
    ) -> Result<Response<pb::ListOfficersResponse>, Status> {
        let context = Context::of(&request)?;
        let page = staffing::list(&context, request.get_ref())?;
        let (scope, db) = (context.rights.scope(), self.db.read());
        let officers = store::officer::page((db, self.db.ring()), &scope, &page).await;
        let officers = officers.map_err(Error::from)?;
        let subjects = officers.iter().map(|officer| &officer.subject);
        let positions = store::position::of(db, &scope, subjects, Some(page.on)).await;
        let positions = positions.map_err(Error::from)?;
        let reply = wire::officer::page(officers, &positions, &page);
        let read = reply.officers.iter();
        self.record(&context, LIST, read.map(|officer| officer.subject.as_str()))?;
        Ok(Response::new(reply))
    }

    async fn assign_position(
        &self,
        request: Request<pb::AssignPositionRequest>,
    ) -> Result<Response<pb::AssignPositionResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::assign(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn end_position(
        &self,
        request: Request<pb::EndPositionRequest>,
    ) -> Result<Response<pb::EndPositionResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::end(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn delegate_position(
        &self,
        request: Request<pb::DelegatePositionRequest>,
    ) -> Result<Response<pb::DelegatePositionResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::delegate(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn end_delegation(
        &self,
        request: Request<pb::EndDelegationRequest>,
    ) -> Result<Response<pb::EndDelegationResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::end_delegation(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn disable_officer(
        &self,
        request: Request<pb::DisableOfficerRequest>,
    ) -> Result<Response<pb::DisableOfficerResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::disable(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn enable_officer(
        &self,
        request: Request<pb::EnableOfficerRequest>,
    ) -> Result<Response<pb::EnableOfficerResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::enable(&context, message)?;
        self.change(&context, message, asked).await
    }

    async fn import_positions(
        &self,
        request: Request<pb::ImportPositionsRequest>,
    ) -> Result<Response<pb::ImportPositionsResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let (request_id, command) = staffing::import(&context, message)?;
        if !message.dry_run {
            return self.change(&context, message, (request_id, command)).await;
        }
        let step = Step {
            act: Act::Command(Box::new(command)),
            cause: context.cause(),
        };
        match ledger::try_out((self.db.read(), self.db.ring()), &[step]).await {
            Ok(reply) => {
                let reply = pb::ImportPositionsResponse::decode(reply.as_slice());
                let reply = reply.map_err(|error| Status::internal(error.to_string()))?;
                Ok(Response::new(reply))
            }
            Err(Error::PositionsRefused(taken)) => Ok(Response::new(wire::officer::import(&taken))),
            Err(error) => Err(error.into()),
        }
    }

    async fn get_readiness(
        &self,
        request: Request<pb::GetReadinessRequest>,
    ) -> Result<Response<pb::GetReadinessResponse>, Status> {
        let context = Context::of(&request)?;
        let on = staffing::readiness(&context, request.get_ref())?;
        let held = store::position::roles_held(self.db.read(), &readiness::NEEDED, on).await;
        let held = held.map_err(Error::from)?;
        let units = self.units.now().await.map_err(Error::from)?;
        let ready = readiness::of(&units, &context.rights.scope(), &held, on);
        Ok(Response::new(wire::officer::readiness(ready)))
    }

    async fn set_password(
        &self,
        request: Request<pb::SetPasswordRequest>,
    ) -> Result<Response<pb::SetPasswordResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let mut fields = Fields::new();
        let request_id = fields.request_id(&message.request_id);
        let subject = fields.take(staffing::subject("subject", &message.subject));
        let password = subject
            .as_ref()
            .and_then(|subject| fields.take(Password::new("password", &message.password, subject)));
        fields.finish()?;
        let (Some(subject), Some(password)) = (subject, password) else {
            return Err(Failure::invalid_fields(Vec::new()).into());
        };
        let place = self.pool.place().ok_or(Error::Overloaded)?;
        let salt = Unique::of_request(&context.caller().subject, &request_id);
        let hash = place.hash(password, salt).await.ok_or(Error::Overloaded)?;
        // Whether a request is repeated is told by a digest of it, which must not tell the password.
        let message = pb::SetPasswordRequest {
            password: hash.as_str().to_owned(),
            ..message.clone()
        };
        let credential = Credential {
            hash,
            one_time: true,
        };
        let verb = Verb::SetPassword(subject, credential, self.holders);
        let asked = (request_id, staffing::of_officer(&context, verb));
        self.change(&context, &message, asked).await
    }

    async fn unlock_officer(
        &self,
        request: Request<pb::UnlockOfficerRequest>,
    ) -> Result<Response<pb::UnlockOfficerResponse>, Status> {
        let (context, message) = (Context::of(&request)?, request.get_ref());
        let asked = staffing::unlock(&context, message)?;
        self.change(&context, message, asked).await
    }
}
