//! `CalendarService`.

use kit::db::Db;
use proto::catalogue::v1::calendar_service_server::CalendarService;
use proto::catalogue::v1::{GetCalendarRequest, GetCalendarResponse};
use tonic::{Request, Response, Status};

use crate::calendar::PROVINCE;
use crate::error::Error;
use crate::{store, wire};

/// Serves the calendar to anyone.
pub(crate) struct Calendars {
    pub db: Db,
}

#[tonic::async_trait]
impl CalendarService for Calendars {
    async fn get_calendar(
        &self,
        _: Request<GetCalendarRequest>,
    ) -> Result<Response<GetCalendarResponse>, Status> {
        let row = store::calendar::find(self.db.read(), PROVINCE)
            .await
            .map_err(Error::from)?;
        let row = row.ok_or(Error::CalendarNotFound)?;
        Ok(Response::new(GetCalendarResponse {
            calendar: Some(wire::stored(&row.body)?),
        }))
    }
}
