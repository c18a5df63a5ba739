//! `UnitService`.

use kit::db::Db;
use kit::fields::name;
use proto::identity::v1::unit_service_server::UnitService;
use proto::identity::v1::{GetUnitRequest, GetUnitResponse, ListUnitsRequest, ListUnitsResponse};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::unit::{Page, Uid};
use crate::{store, wire};

/// Serves units to anyone.
pub(crate) struct Units {
    pub db: Db,
}

#[tonic::async_trait]
impl UnitService for Units {
    async fn get_unit(
        &self,
        request: Request<GetUnitRequest>,
    ) -> Result<Response<GetUnitResponse>, Status> {
        let uid = Uid::new(name("uid", &request.into_inner().uid)?);
        let unit = store::unit::find(self.db.read(), &uid)
            .await
            .map_err(Error::from)?;
        let unit = unit.ok_or(Error::UnitNotFound(uid))?;
        Ok(Response::new(GetUnitResponse {
            unit: Some((&unit).into()),
        }))
    }

    async fn list_units(
        &self,
        request: Request<ListUnitsRequest>,
    ) -> Result<Response<ListUnitsResponse>, Status> {
        let page = Page::try_from(request.get_ref())?;
        let units = store::unit::page(self.db.read(), &page)
            .await
            .map_err(Error::from)?;
        Ok(Response::new(wire::unit::page(units, &page)))
    }
}
