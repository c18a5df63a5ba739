//! `ProcedureService`.

use kit::db::Db;
use kit::fields::name;
use proto::catalogue::v1::procedure_service_server::ProcedureService;
use proto::catalogue::v1::{
    GetCatalogueSummaryRequest, GetCatalogueSummaryResponse, GetProcedureRequest,
    GetProcedureResponse, ListProceduresRequest, ListProceduresResponse,
};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::procedure::Page;
use crate::{store, wire};

/// Serves procedures to anyone.
pub(crate) struct Procedures {
    pub db: Db,
}

#[tonic::async_trait]
impl ProcedureService for Procedures {
    async fn get_procedure(
        &self,
        request: Request<GetProcedureRequest>,
    ) -> Result<Response<GetProcedureResponse>, Status> {
        let code = name("code", &request.into_inner().code)?;
        let row = store::procedure::find(self.db.read(), &code)
            .await
            .map_err(Error::from)?;
        let row = row.ok_or(Error::ProcedureNotFound(code))?;
        Ok(Response::new(GetProcedureResponse {
            procedure: Some(wire::stored(&row.body)?),
        }))
    }

    async fn list_procedures(
        &self,
        request: Request<ListProceduresRequest>,
    ) -> Result<Response<ListProceduresResponse>, Status> {
        let page = Page::try_from(request.get_ref())?;
        let bodies = store::procedure::page(self.db.read(), &page)
            .await
            .map_err(Error::from)?;
        Ok(Response::new(wire::procedure_page(&bodies, &page)?))
    }

    async fn get_catalogue_summary(
        &self,
        _: Request<GetCatalogueSummaryRequest>,
    ) -> Result<Response<GetCatalogueSummaryResponse>, Status> {
        let counts = store::procedure::count_by_online_level(self.db.read()).await;
        Ok(Response::new(wire::summary(counts.map_err(Error::from)?)))
    }
}
