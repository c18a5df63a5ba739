//! `WatchUnits`: what changes, from a cursor on.

use std::time::Duration;

use kit::keys::PrivateKey;
use proto::identity::v1::unit_service_client::UnitServiceClient;
use proto::identity::v1::{ListUnitsRequest, UnitKind, WatchUnitsRequest, WatchUnitsResponse};
use tonic::{Code, Status, Streaming};

use crate::support::{Store, Suite, UNITS, UNITS_HEADER, refused};

const PATIENCE: Duration = Duration::from_secs(20);

async fn watch(
    suite: &Suite,
    cursor: &str,
    kind: UnitKind,
) -> Result<Streaming<WatchUnitsResponse>, Status> {
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = WatchUnitsRequest {
        cursor: cursor.to_owned(),
        kind: kind.into(),
    };
    Ok(units.watch_units(request).await?.into_inner())
}

async fn list_cursor(suite: &Suite) -> String {
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let page = units.list_units(ListUnitsRequest::default()).await;
    page.unwrap().into_inner().cursor
}

async fn next(stream: &mut Streaming<WatchUnitsResponse>) -> Result<WatchUnitsResponse, Status> {
    let message = tokio::time::timeout(PATIENCE, stream.message()).await;
    Ok(message
        .expect("the watch tells something in time")?
        .expect("the watch goes on"))
}

/// What a watch tells up to its first bookmark, as uids and names, and the cursor there.
async fn told(stream: &mut Streaming<WatchUnitsResponse>) -> (Vec<(String, String)>, String) {
    let mut told = Vec::new();
    loop {
        let message = next(stream).await.unwrap();
        match message.unit {
            Some(unit) => told.push((unit.uid, unit.name)),
            None => return (told, message.cursor),
        }
    }
}

async fn rename(suite: &Suite, name: &str) {
    let renamed = UNITS.replace("Phường Tân Lập", name);
    let file = suite
        .store
        .write("renamed.csv", &format!("{UNITS_HEADER}{renamed}"));
    suite.store.import(&file).await;
}

#[tokio::test]
async fn a_watch_from_the_beginning_tells_every_unit_once_and_then_that_this_was_all() {
    let suite = Suite::start().await;
    let mut stream = watch(&suite, "", UnitKind::Unspecified).await.unwrap();
    let (mut all, _) = told(&mut stream).await;
    all.sort();
    let uids: Vec<_> = all.iter().map(|(uid, _)| uid.as_str()).collect();
    assert_eq!(uids, ["new", "old", "p"]);
    let mut stream = watch(&suite, "", UnitKind::Province).await.unwrap();
    assert_eq!(told(&mut stream).await.0.len(), 1);
}

#[tokio::test]
async fn a_watch_from_a_list_tells_what_changed_after_it_and_goes_on_from_any_cursor() {
    let suite = Suite::start().await;
    let cursor = list_cursor(&suite).await;
    rename(&suite, "Phường Một").await;
    let mut stream = watch(&suite, &cursor, UnitKind::Unspecified).await.unwrap();
    let first = next(&mut stream).await.unwrap();
    assert_eq!(first.unit.unwrap().name, "Phường Một");
    let (nothing, _) = told(&mut stream).await;
    assert!(nothing.is_empty());
    drop(stream);
    rename(&suite, "Phường Hai").await;
    rename(&suite, "Phường Ba").await;
    let mut stream = watch(&suite, &first.cursor, UnitKind::Unspecified)
        .await
        .unwrap();
    let (then, bookmark) = told(&mut stream).await;
    let names: Vec<_> = then.iter().map(|(_, name)| name.as_str()).collect();
    assert_eq!(names, ["Phường Hai", "Phường Ba"]);
    let mut stream = watch(&suite, &bookmark, UnitKind::Unspecified)
        .await
        .unwrap();
    assert!(told(&mut stream).await.0.is_empty());
}

#[tokio::test]
async fn a_watch_that_waits_is_woken_by_the_change() {
    let suite = Suite::start().await;
    let cursor = list_cursor(&suite).await;
    let mut stream = watch(&suite, &cursor, UnitKind::Commune).await.unwrap();
    assert!(told(&mut stream).await.0.is_empty());
    let mut units = UnitServiceClient::new(suite.channel.clone());
    let request = suite
        .by("admin", crate::unit_imports::import("1", false))
        .await;
    units.import_units(request).await.unwrap();
    let mut uids = [next(&mut stream).await, next(&mut stream).await]
        .map(|told| told.unwrap().unit.unwrap().uid);
    uids.sort();
    assert_eq!(uids, ["new", "newer"]);
}

#[tokio::test]
async fn a_cursor_of_a_log_that_reads_otherwise_is_out_of_range() {
    let (suite, other) = (Suite::start().await, Suite::start().await);
    let foreign = list_cursor(&other).await;
    let reply = watch(&suite, &foreign, UnitKind::Unspecified).await;
    refused(
        reply.map(tonic::Response::new),
        Code::OutOfRange,
        "CURSOR_UNKNOWN",
    );
    let ahead = list_cursor(&suite).await;
    let restored = Suite::serve(Store::new().await, PrivateKey::generate()).await;
    let reply = watch(&restored, &ahead, UnitKind::Unspecified).await;
    refused(
        reply.map(tonic::Response::new),
        Code::OutOfRange,
        "CURSOR_UNKNOWN",
    );
    let reply = watch(&suite, "anything", UnitKind::Unspecified).await;
    refused(
        reply.map(tonic::Response::new),
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
}

#[tokio::test]
async fn a_watch_ends_when_the_service_stops() {
    let suite = Suite::start().await;
    let mut stream = watch(&suite, "", UnitKind::Unspecified).await.unwrap();
    told(&mut stream).await;
    drop(suite);
    let status = next(&mut stream).await.unwrap_err();
    assert_eq!(
        (status.code(), kit::failure::reason_of(&status).as_str()),
        (Code::Unavailable, "STOPPING")
    );
}
