//! The rpc by which the others read a log.

use proto::event::v1::{Event, Head};

use super::{Shard, heads, history, page};
use crate::db::Db;
use crate::failure::{Failure, Violation};
use crate::writer::Refused;

const USUAL_PAGE: u64 = 500;
const LARGEST_PAGE: u64 = 1_000;

/// Answers `ReadEvents`: a page of one shard or all of one object, and how far all shards reach.
///
/// # Errors
/// `SHARD_UNKNOWN`, or a store that does not answer.
pub async fn read_events(
    db: &Db,
    (owner, subject): (&str, &str),
    shard: i32,
    after: i64,
    page_size: i32,
) -> Result<(Vec<Event>, Vec<Head>), Failure> {
    let shard = Shard::new(shard).ok_or_else(|| {
        let violation = Violation::new(
            "shard",
            "OUT_OF_RANGE",
            "must be 0 to 15",
            "phải từ 0 đến 15",
        );
        Failure::invalid("SHARD_UNKNOWN", vec![violation])
    })?;
    let limit = match u64::try_from(page_size) {
        Ok(size @ 1..=LARGEST_PAGE) => size,
        _ => USUAL_PAGE,
    };
    let away = |error: sea_orm::DbErr| {
        tracing::error!(%error, "the log could not be read");
        Failure::from(Refused::<Failure>::Unavailable)
    };
    let events = match subject {
        "" => page(db.read(), owner, shard, after, limit).await,
        subject => history(db.read(), owner, subject).await,
    };
    let events = events.map_err(away)?;
    Ok((events, heads(db.read()).await.map_err(away)?))
}

/// Implements the `EventService` of one owner over its store.
#[macro_export]
macro_rules! event_service {
    ($($package:ident)::+, $owner:expr) => {
        /// The log of this service, for the others.
        pub struct Events(pub $crate::db::Db);

        #[tonic::async_trait]
        impl $($package)::+::event_service_server::EventService for Events {
            async fn read_events(
                &self,
                request: tonic::Request<$($package)::+::ReadEventsRequest>,
            ) -> Result<tonic::Response<$($package)::+::ReadEventsResponse>, tonic::Status> {
                let $($package)::+::ReadEventsRequest {
                    shard,
                    after,
                    page_size,
                    subject,
                } = request.into_inner();
                let (events, heads) =
                    $crate::log::read_events(&self.0, ($owner, &subject), shard, after, page_size)
                        .await?;
                Ok(tonic::Response::new($($package)::+::ReadEventsResponse { events, heads }))
            }
        }
    };
}
