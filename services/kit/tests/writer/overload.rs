//! More than the writer can take.

use futures::FutureExt as _;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::counter::Service;

/// More calls than may wait for the writer.
const TOO_MANY: i64 = 2_000;

#[tokio::test]
async fn a_writer_that_is_full_says_so_and_when_to_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (service, _work) = Service::start_idle(&folder, 16).await;
    let (accepted, failure) = fill(&service);
    assert!(accepted > 100, "it took only {accepted}");
    let status = Status::from(failure);
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(kit::failure::reason_of(&status), "OVERLOADED");
    let retry = status.get_details_retry_info().unwrap().retry_delay;
    assert!(retry.is_some_and(|delay| !delay.is_zero()));
}

#[tokio::test]
async fn what_was_taken_is_committed_though_its_caller_has_gone_and_the_service_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (service, work) = Service::start_idle(&folder, 16).await;
    let (accepted, _) = fill(&service);
    let db = service.db.clone();
    drop(service);
    work.await;
    let heads = kit::log::heads(&db.begin().await.unwrap()).await.unwrap();
    let committed: i64 = heads.iter().map(|head| head.seq).sum();
    assert_eq!(committed, accepted);
}

/// Calls until the writer is full, without waiting for any answer. Returns how many it took, and what it said then.
fn fill(service: &Service) -> (i64, kit::failure::Failure) {
    for call in 0..TOO_MANY {
        let counter = format!("c{}", call / 10);
        if let Some(Err(failure)) = service.add(&call.to_string(), &counter, 1).now_or_never() {
            return (call, failure);
        }
    }
    panic!("the writer has room for {TOO_MANY} calls");
}
