//! `WatchProcedures`.

use kit::clock;
use proto::catalogue::v1::{
    CompetentLevel, ListProceduresRequest, PublishVersionRequest, WatchProceduresRequest,
    WatchProceduresResponse,
};
use tonic::Streaming;

use crate::drafts::{create, draft};
use crate::publishing::today;
use crate::support::{PATIENCE, Store, Suite};

async fn watch(
    suite: &Suite,
    cursor: &str,
    level: CompetentLevel,
) -> Streaming<WatchProceduresResponse> {
    let request = WatchProceduresRequest {
        cursor: cursor.to_owned(),
        level: level.into(),
    };
    suite
        .procedures()
        .watch_procedures(request)
        .await
        .unwrap()
        .into_inner()
}

/// What a watch tells up to its first bookmark.
async fn told(stream: &mut Streaming<WatchProceduresResponse>) -> Vec<WatchProceduresResponse> {
    let mut told = Vec::new();
    loop {
        let message = tokio::time::timeout(PATIENCE, stream.message()).await;
        let message = message.expect("in time").unwrap().expect("it goes on");
        if message.code.is_empty() {
            return told;
        }
        told.push(message);
    }
}

#[tokio::test]
async fn a_watch_tells_what_was_published_after_the_list_and_nothing_of_drafts() {
    let suite = Suite::beside_units(Store::of_daklak().await).await;
    let list = suite
        .procedures()
        .list_procedures(ListProceduresRequest::default())
        .await;
    let cursor = list.unwrap().into_inner().cursor;
    create(&suite, draft("9.000001")).await;
    let mut stream = watch(&suite, &cursor, CompetentLevel::Unspecified).await;
    assert!(told(&mut stream).await.is_empty());
    let publish = PublishVersionRequest {
        request_id: clock::new_uid(),
        code: "9.000001".to_owned(),
        expected_revision: 1,
        effective_from: today().to_string(),
        dry_run: false,
    };
    suite
        .procedures()
        .publish_version(suite.as_admin(publish))
        .await
        .unwrap();
    let message = tokio::time::timeout(PATIENCE, stream.message()).await;
    let message = message.unwrap().unwrap().unwrap();
    assert_eq!(message.code, "9.000001");
    assert_eq!(message.procedures[0].name, "Đăng ký thử");
    let mut districts = watch(&suite, &cursor, CompetentLevel::District).await;
    assert!(told(&mut districts).await.is_empty());
}

#[tokio::test]
async fn a_watch_from_the_beginning_tells_every_procedure() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let mut stream = watch(&suite, "", CompetentLevel::Unspecified).await;
    assert_eq!(told(&mut stream).await.len(), 1_565);
}
