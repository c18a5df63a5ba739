//! `EventService`.

use kit::client::{OwnToken, RemoteLog};
use kit::log::Shard;
use prost::Message as _;
use proto::catalogue::v1::catalogue_change::Change;
use proto::catalogue::v1::event_service_client::EventServiceClient;
use proto::catalogue::v1::{CatalogueChange, ReadEventsRequest};
use tonic::Code;

use crate::support::{Store, Suite, refused};

#[tokio::test]
async fn a_service_finds_every_procedure_and_the_calendar_in_the_log() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let token = OwnToken::new("intake", suite.intake.clone(), suite.peers.clone());
    let log = RemoteLog::new("catalogue", &suite.peers, token).unwrap();
    let (mut procedures, mut calendars) = (0, 0);
    for shard in Shard::all() {
        for event in log.read(shard, 0, 1_000).await.unwrap().events {
            let change = CatalogueChange::decode(event.change.unwrap().value.as_slice()).unwrap();
            match change.change.unwrap() {
                Change::ProcedureChanged(changed) => {
                    assert_eq!(changed.code, event.subject);
                    assert_eq!(changed.procedures.len(), 1);
                    procedures += 1;
                }
                Change::DraftChanged(_) => panic!("nobody works on a draft"),
                Change::CalendarPublished(_) => {
                    assert_eq!(event.subject, "province");
                    calendars += 1;
                }
            }
        }
    }
    assert_eq!((procedures, calendars), (1_565, 1));
}

#[tokio::test]
async fn the_log_is_for_services_only() {
    let suite = Suite::serve(Store::new().await).await;
    let mut log = EventServiceClient::new(suite.channel.clone());
    let reply = log.read_events(ReadEventsRequest::default()).await;
    refused(reply, Code::Unauthenticated, "TOKEN_MISSING");
}
