//! More than the writer can take.

use futures::FutureExt as _;
use futures::future::join_all;
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
async fn what_was_taken_is_answered_though_the_service_stops() {
    let folder = tempfile::tempdir().unwrap();
    let (service, work) = Service::start_idle(&folder, 16).await;
    let calls: Vec<_> = (0..100).map(|call| add(&service, call)).collect();
    let stop = async { service.stop() };
    let (answers, (), ()) = tokio::join!(join_all(calls), stop, work);
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(committed(&service).await, 100);
}

#[tokio::test]
async fn what_nobody_waits_for_any_more_need_not_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let (service, work) = Service::start_idle(&folder, 16).await;
    let (_, _) = fill(&service);
    service.stop();
    work.await;
    assert_eq!(committed(&service).await, 0);
}

async fn committed(service: &Service) -> i64 {
    let heads = kit::log::heads(service.db.read()).await.unwrap();
    heads.iter().map(|head| head.seq).sum()
}

async fn add(service: &Service, call: i64) -> Result<kit::writer::Replied, kit::failure::Failure> {
    let counter = format!("c{}", call / 10);
    service.add(&call.to_string(), &counter, 1).await
}

/// Calls until the writer is full, without waiting for any answer. Returns how many it took, and what it said then.
fn fill(service: &Service) -> (i64, kit::failure::Failure) {
    for call in 0..TOO_MANY {
        if let Some(Err(failure)) = add(service, call).now_or_never() {
            return (call, failure);
        }
    }
    panic!("the writer has room for {TOO_MANY} calls");
}
