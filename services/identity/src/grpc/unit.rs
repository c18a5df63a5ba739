//! `UnitService`.

use std::sync::Arc;

use chrono::NaiveDate;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use kit::authority::Context;
use kit::clock;
use kit::watch::Watches;
use kit::writer::{self, Writer};
use proto::identity::v1::unit_service_server::UnitService;
use proto::identity::v1::{
    GetSuccessionRequest, GetSuccessionResponse, GetUnitRequest, GetUnitResponse,
    ImportUnitsRequest, ImportUnitsResponse, ListUnitsRequest, ListUnitsResponse,
    SearchUnitsRequest, SearchUnitsResponse, WatchUnitsRequest, WatchUnitsResponse,
};
use tonic::{Request, Response, Status};

use crate::error::Error;
use crate::ledger::{Act, Identity};
use crate::register::Register;
use crate::store::register::Units as Known;
use crate::unit::{Uid, Unit};
use crate::wire;
use crate::wire::import::ImportUnits;

/// Serves units to anyone.
pub(crate) struct Units {
    pub known: Known,
    pub writer: Writer<Identity>,
    pub watches: Watches,
}

impl Units {
    async fn register(&self) -> Result<Arc<Register>, Error> {
        Ok(self.known.now().await?)
    }
}

fn find(register: &Register, uid: Uid) -> Result<&Unit, Error> {
    register.get(&uid).ok_or(Error::UnitNotFound(uid))
}

fn today<T>(request: &Request<T>) -> Result<NaiveDate, Status> {
    Ok(clock::local(Context::of(request)?.at).date())
}

#[tonic::async_trait]
impl UnitService for Units {
    async fn get_unit(
        &self,
        request: Request<GetUnitRequest>,
    ) -> Result<Response<GetUnitResponse>, Status> {
        let today = today(&request)?;
        let message = request.get_ref();
        let (uid, on) = wire::query::asked(&message.uid, &message.as_of, today)?;
        let register = self.register().await?;
        let unit = wire::unit::unit(find(&register, uid)?, on);
        Ok(Response::new(GetUnitResponse { unit: Some(unit) }))
    }

    async fn list_units(
        &self,
        request: Request<ListUnitsRequest>,
    ) -> Result<Response<ListUnitsResponse>, Status> {
        let page = wire::query::list(request.get_ref(), today(&request)?)?;
        let cursor = match &page.after {
            None => self.watches.cursor().await.map_err(Error::from)?,
            Some(_) => String::new(),
        };
        let units = self.register().await?;
        let response = wire::unit::page(&units.page(&page), page.on, cursor);
        Ok(Response::new(response))
    }

    async fn search_units(
        &self,
        request: Request<SearchUnitsRequest>,
    ) -> Result<Response<SearchUnitsResponse>, Status> {
        let search = wire::query::search(request.get_ref(), today(&request)?)?;
        let register = self.register().await?;
        let response = wire::unit::found(&register.search(&search), search.on);
        Ok(Response::new(response))
    }

    async fn get_succession(
        &self,
        request: Request<GetSuccessionRequest>,
    ) -> Result<Response<GetSuccessionResponse>, Status> {
        let today = today(&request)?;
        let message = request.get_ref();
        let (uid, on) = wire::query::asked(&message.uid, &message.as_of, today)?;
        let register = self.register().await?;
        let unit = find(&register, uid)?;
        Ok(Response::new(wire::unit::succession_of(
            &register, unit, on,
        )))
    }

    async fn import_units(
        &self,
        request: Request<ImportUnitsRequest>,
    ) -> Result<Response<ImportUnitsResponse>, Status> {
        let context = Context::of(&request)?;
        let message = request.get_ref();
        let ImportUnits {
            request_id,
            is_dry_run,
            draft,
        } = message.try_into()?;
        let act = Act::ImportUnits { draft, is_dry_run };
        let replied = self.writer.call(&context, request_id, message, act).await?;
        writer::respond(&replied)
    }

    type WatchUnitsStream = BoxStream<'static, Result<WatchUnitsResponse, Status>>;

    async fn watch_units(
        &self,
        request: Request<WatchUnitsRequest>,
    ) -> Result<Response<Self::WatchUnitsStream>, Status> {
        let message = request.into_inner();
        let kind = wire::unit::unit_kind(message.kind());
        let told = self
            .watches
            .follow(&message.cursor, move |event| wire::unit::told(event, kind))
            .await?;
        let responses = told.map_ok(|told| WatchUnitsResponse {
            unit: told.what,
            cursor: told.cursor,
        });
        Ok(Response::new(responses.boxed()))
    }
}
