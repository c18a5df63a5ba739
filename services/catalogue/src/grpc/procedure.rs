//! `ProcedureService`.

mod exchange;

use std::sync::Arc;

use chrono::NaiveDate;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use kit::authority::Context;
use kit::clock;
use kit::db::Db;
use kit::fields::name;
use kit::watch::Watches;
use kit::writer::{self, Writer};
use prost::{Message, Name};
use proto::catalogue::v1::procedure_service_server::ProcedureService;
use proto::catalogue::v1::{
    CreateDraftRequest, CreateDraftResponse, DiscardDraftRequest, DiscardDraftResponse,
    ExportProceduresRequest, ExportProceduresResponse, GetCatalogueSummaryRequest,
    GetCatalogueSummaryResponse, GetDraftRequest, GetDraftResponse, GetProcedureRequest,
    GetProcedureResponse, GetVersionDifferencesRequest, GetVersionDifferencesResponse,
    ImportProceduresRequest, ImportProceduresResponse, ListProceduresRequest,
    ListProceduresResponse, ListVersionsRequest, ListVersionsResponse, PublishVersionRequest,
    PublishVersionResponse, RetireProcedureRequest, RetireProcedureResponse,
    SearchProceduresRequest, SearchProceduresResponse, SetOnlineLevelRequest,
    SetOnlineLevelResponse, UpdateDraftRequest, UpdateDraftResponse, WatchProceduresRequest,
    WatchProceduresResponse,
};
use tonic::{Request, Response, Status, Streaming};

use crate::entry::Entry;
use crate::error::Error;
use crate::ledger::{Act, Catalogue};
use crate::procedure::Procedure;
use crate::shelf::Shelf;
use crate::store::known::Known;
use crate::{difference, store, wire};

/// Serves procedures to anyone, and work on them to administrators.
pub(crate) struct Procedures {
    pub db: Db,
    pub known: Known,
    pub writer: Writer<Catalogue>,
    pub watches: Watches,
}

impl Procedures {
    async fn shelf(&self) -> Result<Arc<Shelf>, Error> {
        Ok(self.known.now().await?)
    }

    /// The procedure with its draft, which is not held in memory.
    async fn with_draft(&self, code: &str) -> Result<Entry, Error> {
        let codes = [code.to_owned()];
        let found = store::procedure::read(self.db.read(), Some(&codes)).await?;
        let found = found.into_iter().next();
        found.ok_or_else(|| Error::ProcedureNotFound(code.to_owned()))
    }

    /// Has a mutation done.
    async fn change<M: Message + Name, R: Message + Default>(
        &self,
        request: &Request<M>,
        parsed: Result<(String, Act), kit::failure::Failure>,
    ) -> Result<Response<R>, Status> {
        let context = Context::of(request)?;
        let (request_id, act) = parsed?;
        let message = request.get_ref();
        let replied = self.writer.call(&context, request_id, message, act).await?;
        writer::respond(&replied)
    }
}

fn today<T>(request: &Request<T>) -> Result<NaiveDate, Status> {
    Ok(clock::local(Context::within(request)?.at).date())
}

fn find<'a>(shelf: &'a Shelf, code: &str) -> Result<&'a Entry, Error> {
    let found = shelf.get(code).filter(|entry| !entry.versions.is_empty());
    found.ok_or_else(|| Error::ProcedureNotFound(code.to_owned()))
}

/// What a version or the draft says.
fn said(entry: &Entry, number: i32) -> Result<&Procedure, Error> {
    let version = entry.version(number).map(|version| &version.procedure);
    let draft = entry.draft.as_ref().filter(|draft| draft.number == number);
    let said = version.or(draft.map(|draft| &draft.procedure));
    said.ok_or_else(|| Error::VersionNotFound {
        code: entry.code.to_string(),
        number,
    })
}

#[tonic::async_trait]
impl ProcedureService for Procedures {
    async fn get_procedure(
        &self,
        request: Request<GetProcedureRequest>,
    ) -> Result<Response<GetProcedureResponse>, Status> {
        let asked = wire::query::asked(request.get_ref(), today(&request)?)?;
        let known = self.shelf().await?;
        let entry = find(&known, &asked.code)?;
        let version = match asked.version {
            0 => entry
                .on(asked.on)
                .ok_or(Error::ProcedureNotFound(asked.code)),
            number => entry.version(number).ok_or(Error::VersionNotFound {
                code: asked.code,
                number,
            }),
        };
        let procedure = wire::procedure::version(entry, version?, &asked.unit, asked.on);
        Ok(Response::new(GetProcedureResponse {
            procedure: Some(procedure),
        }))
    }

    async fn list_procedures(
        &self,
        request: Request<ListProceduresRequest>,
    ) -> Result<Response<ListProceduresResponse>, Status> {
        let page = wire::query::page(request.get_ref(), today(&request)?)?;
        let cursor = match &page.after {
            None => self.watches.cursor().await.map_err(Error::from)?,
            Some(_) => String::new(),
        };
        let known = self.shelf().await?;
        let response = wire::reply::page(&known.page(&page), page.on, cursor);
        Ok(Response::new(response))
    }

    async fn search_procedures(
        &self,
        request: Request<SearchProceduresRequest>,
    ) -> Result<Response<SearchProceduresResponse>, Status> {
        let search = wire::query::search(request.get_ref(), today(&request)?)?;
        let known = self.shelf().await?;
        Ok(Response::new(wire::reply::found(&known, &search)))
    }

    async fn get_catalogue_summary(
        &self,
        request: Request<GetCatalogueSummaryRequest>,
    ) -> Result<Response<GetCatalogueSummaryResponse>, Status> {
        let on = wire::query::day(&request.get_ref().as_of, today(&request)?)?;
        let summary = self.shelf().await?.summary(on);
        Ok(Response::new(wire::reply::summary(&summary)))
    }

    async fn list_versions(
        &self,
        request: Request<ListVersionsRequest>,
    ) -> Result<Response<ListVersionsResponse>, Status> {
        let code = name("code", &request.get_ref().code)?;
        let known = self.shelf().await?;
        let versions = wire::reply::versions(find(&known, &code)?, today(&request)?);
        Ok(Response::new(versions))
    }

    async fn get_version_differences(
        &self,
        request: Request<GetVersionDifferencesRequest>,
    ) -> Result<Response<GetVersionDifferencesResponse>, Status> {
        let message = request.get_ref();
        let code = name("code", &message.code)?;
        let entry = self.with_draft(&code).await?;
        let (from, to) = (said(&entry, message.from)?, said(&entry, message.to)?);
        let differences = difference::between(from, to).map_err(Error::from)?;
        Ok(Response::new(GetVersionDifferencesResponse {
            differences: wire::reply::differences(differences),
        }))
    }

    async fn get_draft(
        &self,
        request: Request<GetDraftRequest>,
    ) -> Result<Response<GetDraftResponse>, Status> {
        let code = name("code", &request.get_ref().code)?;
        let missing = || Error::DraftNotFound(code.clone());
        let entry = self.with_draft(&code).await.map_err(|error| match error {
            Error::ProcedureNotFound(_) => missing(),
            other => other,
        })?;
        let draft = wire::reply::draft(&entry, today(&request)?).ok_or_else(missing)?;
        Ok(Response::new(GetDraftResponse { draft: Some(draft) }))
    }

    async fn create_draft(
        &self,
        request: Request<CreateDraftRequest>,
    ) -> Result<Response<CreateDraftResponse>, Status> {
        let parsed = wire::request::create_draft(request.get_ref());
        self.change(&request, parsed).await
    }

    async fn update_draft(
        &self,
        request: Request<UpdateDraftRequest>,
    ) -> Result<Response<UpdateDraftResponse>, Status> {
        let parsed = wire::request::update_draft(request.get_ref());
        self.change(&request, parsed).await
    }

    async fn discard_draft(
        &self,
        request: Request<DiscardDraftRequest>,
    ) -> Result<Response<DiscardDraftResponse>, Status> {
        let parsed = wire::request::discard_draft(request.get_ref());
        self.change(&request, parsed).await
    }

    async fn publish_version(
        &self,
        request: Request<PublishVersionRequest>,
    ) -> Result<Response<PublishVersionResponse>, Status> {
        let parsed = wire::request::publish(request.get_ref());
        self.change(&request, parsed).await
    }

    async fn retire_procedure(
        &self,
        request: Request<RetireProcedureRequest>,
    ) -> Result<Response<RetireProcedureResponse>, Status> {
        let parsed = wire::request::retire(request.get_ref());
        self.change(&request, parsed).await
    }

    async fn set_online_level(
        &self,
        request: Request<SetOnlineLevelRequest>,
    ) -> Result<Response<SetOnlineLevelResponse>, Status> {
        let parsed = wire::request::set_online(request.get_ref());
        self.change(&request, parsed).await
    }

    async fn import_procedures(
        &self,
        request: Request<Streaming<ImportProceduresRequest>>,
    ) -> Result<Response<ImportProceduresResponse>, Status> {
        let context = Context::of(&request)?;
        let whole = exchange::whole(request.into_inner()).await?;
        let (request_id, act) = exchange::import(&whole)?;
        let replied = self.writer.call(&context, request_id, &whole, act).await?;
        writer::respond(&replied)
    }

    type ExportProceduresStream = BoxStream<'static, Result<ExportProceduresResponse, Status>>;

    async fn export_procedures(
        &self,
        request: Request<ExportProceduresRequest>,
    ) -> Result<Response<Self::ExportProceduresStream>, Status> {
        let format = exchange::format(request.get_ref().format())?;
        let chunks = exchange::export(self.shelf().await?, format);
        Ok(Response::new(chunks.boxed()))
    }

    type WatchProceduresStream = BoxStream<'static, Result<WatchProceduresResponse, Status>>;

    async fn watch_procedures(
        &self,
        request: Request<WatchProceduresRequest>,
    ) -> Result<Response<Self::WatchProceduresStream>, Status> {
        let message = request.into_inner();
        let level = message.level();
        let told = self
            .watches
            .follow(&message.cursor, move |event| {
                wire::event::told(event, level)
            })
            .await?;
        let responses = told.map_ok(|told| {
            let changed = told.what.unwrap_or_default();
            WatchProceduresResponse {
                procedures: changed.procedures,
                code: changed.code,
                cursor: told.cursor,
            }
        });
        Ok(Response::new(responses.boxed()))
    }
}
