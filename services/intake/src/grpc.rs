//! The rpcs of `DossierService` and `PaymentService`: who is calling, parse, one call, reply.

mod history;
mod reading;
mod tracking;
mod watching;

use std::sync::Arc;
use std::time::Duration;

use kit::access;
use kit::authority::{Context, Scope};
use kit::client::RemoteLog;
use kit::clock;
use kit::consumer::Progress;
use kit::db::Db;
use kit::failure::Failure;
use kit::fields::name;
use kit::seal::Keyring;
use kit::serve::Peer;
use kit::watch::Watches;
use kit::writer::{Writer, respond};
use proto::intake::v1 as pb;
use proto::intake::v1::dossier_service_server::DossierService;
use proto::intake::v1::payment_service_server::PaymentService;
use sea_orm::DatabaseConnection;
use tonic::{Request, Response, Status};

use crate::act::Act;
use crate::dossier::{Dossier, InvalidTransition, Receipt};
use crate::error::Error;
use crate::ledger::Intake;
use crate::{store, wire};
use reading::Tells;
pub use tracking::Tracking;

/// How long a holder's act waits for intake to hear of the acceptance.
const HEARS_WITHIN: Duration = Duration::from_millis(500);

const GET: &str = "motcua.intake.v1.DossierService/GetDossier";
const LIST: &str = "motcua.intake.v1.DossierService/ListDossiers";

/// The service.
#[derive(Clone)]
pub struct Dossiers {
    /// For queries.
    pub db: Db,
    /// For changes.
    pub writer: Writer<Intake>,
    /// For what changes and queries share.
    pub ledger: Arc<Intake>,
    /// How far the others' logs are taken in.
    pub progress: Progress,
    /// For what is told of applicants.
    pub access: access::Log,
    /// For what happened between the units.
    pub routing: RemoteLog,
    /// For whoever watches.
    pub watches: Watches,
    /// How often codes are asked for.
    pub tracking: Tracking,
}

impl Dossiers {
    fn sealed(&self) -> (&DatabaseConnection, &Keyring) {
        (self.db.read(), self.db.ring())
    }

    async fn find(&self, scope: &Scope, uid: &str) -> Result<Dossier, Failure> {
        let found = store::find(self.sealed(), scope, uid)
            .await
            .map_err(Error::from)?;
        Ok(found.ok_or(Error::DossierNotFound)?)
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

    /// Has a holder's act done; when it names an acceptance that intake has not heard of, waits for news of it.
    async fn as_holder<M, R>(
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
        let deadline = clock::monotonic() + HEARS_WITHIN;
        loop {
            let moved = self.progress.moved();
            let replied = self
                .writer
                .call(&context, request_id.clone(), &request, act.clone())
                .await;
            match replied {
                Err(failure) if failure.reason() == "CUSTODY_NOT_KNOWN_YET" => {
                    if tokio::time::timeout_at(deadline, moved).await.is_err() {
                        return Err(failure.into());
                    }
                }
                replied => return self.telling(&context, respond(&replied?)?),
            }
        }
    }
}

/// Reads a mutation: its `request_id` and what it asks for.
type Parse<M> = fn(&Context, &M) -> Result<(String, Act), Failure>;

/// What applicants pay.
pub struct Payments(pub Dossiers);

#[tonic::async_trait]
impl PaymentService for Payments {
    async fn confirm_payment(
        &self,
        request: Request<pb::ConfirmPaymentRequest>,
    ) -> Result<Response<pb::ConfirmPaymentResponse>, Status> {
        self.0.answer(request, wire::request::confirm_payment).await
    }
}

#[tonic::async_trait]
impl DossierService for Dossiers {
    async fn submit_dossier(
        &self,
        request: Request<pb::SubmitDossierRequest>,
    ) -> Result<Response<pb::SubmitDossierResponse>, Status> {
        self.answer(request, wire::filed::submit).await
    }

    async fn register_dossier(
        &self,
        request: Request<pb::RegisterDossierRequest>,
    ) -> Result<Response<pb::RegisterDossierResponse>, Status> {
        self.answer(request, wire::filed::register).await
    }

    async fn reserve_codes(
        &self,
        request: Request<pb::ReserveCodesRequest>,
    ) -> Result<Response<pb::ReserveCodesResponse>, Status> {
        self.answer(request, wire::codes::reserve).await
    }

    async fn return_codes(
        &self,
        request: Request<pb::ReturnCodesRequest>,
    ) -> Result<Response<pb::ReturnCodesResponse>, Status> {
        self.answer(request, wire::codes::give_back).await
    }

    async fn receive_dossier(
        &self,
        request: Request<pb::ReceiveDossierRequest>,
    ) -> Result<Response<pb::ReceiveDossierResponse>, Status> {
        self.answer(request, wire::request::receive).await
    }

    async fn guide_dossier(
        &self,
        request: Request<pb::GuideDossierRequest>,
    ) -> Result<Response<pb::GuideDossierResponse>, Status> {
        self.answer(request, wire::request::guide).await
    }

    async fn forward_dossier(
        &self,
        request: Request<pb::ForwardDossierRequest>,
    ) -> Result<Response<pb::ForwardDossierResponse>, Status> {
        self.answer(request, wire::request::forward).await
    }

    async fn refuse_dossier(
        &self,
        request: Request<pb::RefuseDossierRequest>,
    ) -> Result<Response<pb::RefuseDossierResponse>, Status> {
        self.answer(request, wire::request::refuse).await
    }

    async fn request_supplement(
        &self,
        request: Request<pb::RequestSupplementRequest>,
    ) -> Result<Response<pb::RequestSupplementResponse>, Status> {
        self.as_holder(request, wire::request::request_supplement)
            .await
    }

    async fn supplement_dossier(
        &self,
        request: Request<pb::SupplementDossierRequest>,
    ) -> Result<Response<pb::SupplementDossierResponse>, Status> {
        self.answer(request, wire::request::supplement).await
    }

    async fn request_payment(
        &self,
        request: Request<pb::RequestPaymentRequest>,
    ) -> Result<Response<pb::RequestPaymentResponse>, Status> {
        self.as_holder(request, wire::request::request_payment)
            .await
    }

    async fn postpone_appointment(
        &self,
        request: Request<pb::PostponeAppointmentRequest>,
    ) -> Result<Response<pb::PostponeAppointmentResponse>, Status> {
        self.answer(request, wire::request::postpone).await
    }

    async fn correct_dossier(
        &self,
        request: Request<pb::CorrectDossierRequest>,
    ) -> Result<Response<pb::CorrectDossierResponse>, Status> {
        self.answer(request, wire::request::correct).await
    }

    async fn stop_dossier(
        &self,
        request: Request<pb::StopDossierRequest>,
    ) -> Result<Response<pb::StopDossierResponse>, Status> {
        self.answer(request, wire::request::stop).await
    }

    async fn withdraw_dossier(
        &self,
        request: Request<pb::WithdrawDossierRequest>,
    ) -> Result<Response<pb::WithdrawDossierResponse>, Status> {
        self.answer(request, wire::request::withdraw).await
    }

    async fn record_decision(
        &self,
        request: Request<pb::RecordDecisionRequest>,
    ) -> Result<Response<pb::RecordDecisionResponse>, Status> {
        self.as_holder(request, wire::request::record_decision)
            .await
    }

    async fn return_result(
        &self,
        request: Request<pb::ReturnResultRequest>,
    ) -> Result<Response<pb::ReturnResultResponse>, Status> {
        self.as_holder(request, wire::request::return_result).await
    }

    async fn get_dossier(
        &self,
        request: Request<pb::GetDossierRequest>,
    ) -> Result<Response<pb::GetDossierResponse>, Status> {
        let context = Context::of(&request)?;
        let scope = context.rights.scope();
        let key = wire::query::key(request.into_inner())?;
        let found = match key {
            wire::query::Key::Uid(uid) => store::find(self.sealed(), &scope, &uid).await,
            wire::query::Key::Code(code) => store::find_by_code(self.sealed(), &scope, &code).await,
        };
        let found = found.map_err(Error::from).map_err(Failure::from)?;
        let dossier = found.ok_or(Error::DossierNotFound).map_err(Failure::from)?;
        let read = std::slice::from_ref(&dossier);
        self.record(&context, GET, read).await?;
        Ok(Response::new(pb::GetDossierResponse {
            dossier: Some(wire::reply::dossier(&dossier)),
        }))
    }

    async fn list_dossiers(
        &self,
        request: Request<pb::ListDossiersRequest>,
    ) -> Result<Response<pb::ListDossiersResponse>, Status> {
        let context = Context::of(&request)?;
        let scope = context.rights.scope();
        let filter = wire::query::filter(&request.into_inner(), context.at)?;
        // Taken before the list is read, so that nothing is missed between the two.
        let cursor = match filter.after {
            None => self.watches.cursor().await,
            Some(_) => Ok(String::new()),
        };
        let cursor = cursor.map_err(Error::from).map_err(Failure::from)?;
        let dossiers = store::list(self.sealed(), &scope, &filter).await;
        let dossiers = dossiers.map_err(Error::from).map_err(Failure::from)?;
        self.record(&context, LIST, &dossiers).await?;
        Ok(Response::new(wire::query::page(&dossiers, &filter, cursor)))
    }

    async fn track_dossier(
        &self,
        request: Request<pb::TrackDossierRequest>,
    ) -> Result<Response<pb::TrackDossierResponse>, Status> {
        let context = Context::of(&request)?;
        let peer = request.extensions().get::<Peer>().copied();
        let code = wire::query::tracked_code(&request.into_inner())?;
        self.tracking.count(context.caller(), peer, &code)?;
        Ok(Response::new(self.track(&context, &code).await?))
    }

    async fn preview_dossier(
        &self,
        request: Request<pb::PreviewDossierRequest>,
    ) -> Result<Response<pb::PreviewDossierResponse>, Status> {
        let at = Context::of(&request)?.at;
        let asked = wire::query::preview(&request.into_inner())?;
        let preview = self.ledger.preview(&self.db, &asked, at).await;
        let preview = preview.map_err(Failure::from)?;
        Ok(Response::new(wire::query::previewed(&preview)))
    }

    type WatchDossiersStream = watching::Responses;

    async fn watch_dossiers(
        &self,
        request: Request<pb::WatchDossiersRequest>,
    ) -> Result<Response<Self::WatchDossiersStream>, Status> {
        let context = Context::of(&request)?;
        let request = request.into_inner();
        Ok(Response::new(self.watch(context, &request).await?))
    }

    async fn get_history(
        &self,
        request: Request<pb::GetHistoryRequest>,
    ) -> Result<Response<pb::GetHistoryResponse>, Status> {
        let context = Context::of(&request)?;
        let uid = name("dossier_uid", &request.into_inner().dossier_uid)?;
        Ok(Response::new(self.history(&context, &uid).await?))
    }

    async fn explain_deadline(
        &self,
        request: Request<pb::ExplainDeadlineRequest>,
    ) -> Result<Response<pb::ExplainDeadlineResponse>, Status> {
        let scope = Context::of(&request)?.rights.scope();
        let uid = name("dossier_uid", &request.into_inner().dossier_uid)?;
        let dossier = self.find(&scope, &uid).await?;
        let (receipt, explained) = self.explain(&dossier).await.map_err(Failure::from)?;
        let explained = wire::explain::explained(receipt, &dossier.course, &explained);
        Ok(Response::new(explained))
    }
}

impl Dossiers {
    /// Reckons the deadline again from the receipt, the case of the version that it stays on, and the version of the calendar
    /// that it was last reckoned with.
    async fn explain(&self, dossier: &Dossier) -> Result<(Receipt, worktime::Explanation), Error> {
        let receipt = dossier.state.receipt().ok_or(InvalidTransition {
            act: "ExplainDeadline",
            current: dossier.state.name(),
            allowed: &[
                "RECEIVED",
                "PROCESSING",
                "SUPPLEMENT_REQUESTED",
                "PAYMENT_REQUESTED",
                "RESULT_READY",
                "RETURNED",
            ],
        })?;
        let procedure = store::procedure(self.db.read(), &dossier.filing.version_key()).await?;
        let case = procedure.case(&dossier.filing.case_key)?;
        let terms = case.terms(dossier.filing.limit_extra, dossier.filing.channel);
        let calendar = self.ledger.calendar_version(&self.db, receipt.due.calendar);
        let calendar = calendar.await?;
        let received = clock::local(receipt.received_at);
        let rules = terms.rules(received.date());
        let interruptions = dossier.course.interruptions();
        let legal = worktime::LegalClock {
            calendar: calendar.of(&dossier.units.receiving),
            rules: &rules,
            received,
            limit: terms.limit,
            interruptions: &interruptions,
        };
        let explained = legal.explain().map_err(|_| Error::CalendarMissing)?;
        Ok((receipt, explained))
    }
}
