//! `CalendarService`.

use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use kit::authority::Context;
use kit::db::Db;
use kit::watch::Watches;
use kit::writer::{self, Writer};
use proto::catalogue::v1 as pb;
use proto::catalogue::v1::calendar_service_server::CalendarService;
use tonic::{Request, Response, Status};

use crate::calendar::PROVINCE;
use crate::error::Error;
use crate::ledger::{Act, Catalogue};
use crate::wire::calendar::{ImportCalendar, Versions, Wanted};
use crate::{store, wire};

/// Serves the calendar to anyone.
pub(crate) struct Calendars {
    pub db: Db,
    pub writer: Writer<Catalogue>,
    pub watches: Watches,
}

impl Calendars {
    async fn find(&self, wanted: Wanted) -> Result<pb::Calendar, Error> {
        let db = self.db.read();
        let row = match wanted {
            Wanted::Newest => store::calendar::newest(db, PROVINCE, None).await?,
            Wanted::On(day) => store::calendar::newest(db, PROVINCE, Some(day)).await?,
            Wanted::Revision(number) => store::calendar::find(db, PROVINCE, number).await?,
        };
        wire::stored(&row.ok_or(Error::CalendarNotFound)?.body)
    }
}

#[tonic::async_trait]
impl CalendarService for Calendars {
    async fn get_calendar(
        &self,
        request: Request<pb::GetCalendarRequest>,
    ) -> Result<Response<pb::GetCalendarResponse>, Status> {
        let wanted = request.get_ref().try_into()?;
        let cursor = self.watches.cursor().await.map_err(Error::from)?;
        let calendar = Some(self.find(wanted).await?);
        Ok(Response::new(pb::GetCalendarResponse { calendar, cursor }))
    }

    async fn list_calendar_versions(
        &self,
        request: Request<pb::ListCalendarVersionsRequest>,
    ) -> Result<Response<pb::ListCalendarVersionsResponse>, Status> {
        let Versions { before, size } = request.get_ref().try_into()?;
        let listed = store::calendar::list(self.db.read(), PROVINCE, before, size + 1);
        let listed = listed.await.map_err(Error::from)?;
        Ok(Response::new(wire::calendar::versions(&listed, size)))
    }

    async fn import_calendar(
        &self,
        request: Request<pb::ImportCalendarRequest>,
    ) -> Result<Response<pb::ImportCalendarResponse>, Status> {
        let context = Context::of(&request)?;
        let message = request.get_ref();
        let ImportCalendar { request_id, import } = message.try_into()?;
        let act = Act::ImportCalendar(Box::new(import));
        let replied = self.writer.call(&context, request_id, message, act).await?;
        writer::respond(&replied)
    }

    type WatchCalendarStream = BoxStream<'static, Result<pb::WatchCalendarResponse, Status>>;

    async fn watch_calendar(
        &self,
        request: Request<pb::WatchCalendarRequest>,
    ) -> Result<Response<Self::WatchCalendarStream>, Status> {
        let cursor = request.into_inner().cursor;
        let told = self.watches.follow(&cursor, wire::calendar::told).await?;
        let responses = told.map_ok(|told| pb::WatchCalendarResponse {
            calendar: told.what,
            cursor: told.cursor,
        });
        Ok(Response::new(responses.boxed()))
    }
}
