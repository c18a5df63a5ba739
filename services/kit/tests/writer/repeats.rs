//! A call may be repeated: its effect is there once, and its reply is the same for ever.

use crate::counter::{MOST, Service, said};

/// Every rule holds alone and in a batch.
const BATCHES: [usize; 2] = [1, 16];

async fn each_batch_size(rule: impl AsyncFn(Service)) {
    for batch in BATCHES {
        let folder = tempfile::tempdir().unwrap();
        rule(Service::start(&folder, batch).await).await;
    }
}

#[tokio::test]
async fn a_committed_call_gives_its_reply_and_its_position() {
    each_batch_size(async |service| {
        let replied = service.add("1", "a", 5).await.unwrap();
        assert_eq!(said(&replied), 5);
        let at = kit::log::Shard::of("a").number();
        assert_eq!(replied.positions.to_string(), format!("counter:{at}:1"));
        assert_eq!(service.value("a").await, 5);
    })
    .await;
}

#[tokio::test]
async fn the_same_call_again_has_the_same_reply_and_no_second_effect() {
    each_batch_size(async |service| {
        let first = service.add("1", "a", 5).await.unwrap();
        service.add("2", "a", 7).await.unwrap();
        assert_eq!(service.add("1", "a", 5).await.unwrap(), first);
        assert_eq!(service.value("a").await, 12);
    })
    .await;
}

#[tokio::test]
async fn the_same_call_twice_in_one_batch_has_one_effect_and_one_reply() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let (first, second, other) = tokio::join!(
        service.add("1", "a", 5),
        service.add("1", "a", 5),
        service.add("2", "a", 1),
    );
    assert_eq!(service.batches(), [2], "they were not in one batch");
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!((said(&other.unwrap()), service.value("a").await), (6, 6));
}

#[tokio::test]
async fn two_batches_of_one_have_one_effect_and_one_reply_too() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 1).await;
    let (first, second) = tokio::join!(service.add("1", "a", 5), service.add("1", "a", 5));
    assert_eq!(first.unwrap(), second.unwrap());
    assert_eq!(service.value("a").await, 5);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused() {
    each_batch_size(async |service| {
        service.add("1", "a", 5).await.unwrap();
        let other = service.add("1", "a", 6).await.unwrap_err();
        assert_eq!(other.reason(), "REQUEST_ID_REUSED");
        assert_eq!(service.value("a").await, 5);
    })
    .await;
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_in_one_batch() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let (first, other) = tokio::join!(service.add("1", "a", 5), service.add("1", "b", 5));
    assert!(first.is_ok());
    assert_eq!(other.unwrap_err().reason(), "REQUEST_ID_REUSED");
    assert_eq!(service.value("b").await, 0);
}

#[tokio::test]
async fn two_callers_may_use_the_same_id() {
    each_batch_size(async |service| {
        let (alice, bob) = tokio::join!(
            service.add_by("alice", "1", "a", 5),
            service.add_by("bob", "1", "a", 5),
        );
        assert_eq!((said(&alice.unwrap()), said(&bob.unwrap())), (5, 10));
    })
    .await;
}

#[tokio::test]
async fn a_refusal_keeps_nothing_so_the_same_id_may_succeed_later() {
    each_batch_size(async |service| {
        service.add("1", "a", MOST).await.unwrap();
        let refused = service.add("2", "a", 1).await.unwrap_err();
        assert_eq!(refused.reason(), "TOO_MUCH");
        assert_eq!(service.value("a").await, MOST);
        service.add("3", "a", -10).await.unwrap();
        assert_eq!(said(&service.add("2", "a", 1).await.unwrap()), MOST - 9);
    })
    .await;
}

#[tokio::test]
async fn after_a_refusal_the_same_id_may_succeed_in_the_same_batch() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let (refused, less, again) = tokio::join!(
        service.add("1", "a", MOST + 1),
        service.add("2", "a", -1),
        service.add("1", "a", MOST + 1),
    );
    assert_eq!(refused.unwrap_err().reason(), "TOO_MUCH");
    assert!(less.is_ok());
    assert_eq!(said(&again.unwrap()), MOST);
}

#[tokio::test]
async fn a_repeated_call_is_authorised_again() {
    each_batch_size(async |service| {
        service.add("1", "a", 5).await.unwrap();
        service.close();
        let refused = service.add("1", "a", 5).await.unwrap_err();
        assert_eq!(refused.reason(), "CLOSED");
    })
    .await;
}

#[tokio::test]
async fn replies_survive_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let first = {
        let service = Service::start(&folder, 16).await;
        service.add("1", "a", 5).await.unwrap()
    };
    let service = Service::start(&folder, 16).await;
    assert_eq!(service.add("1", "a", 5).await.unwrap(), first);
    let other = service.add("1", "a", 6).await.unwrap_err();
    assert_eq!(other.reason(), "REQUEST_ID_REUSED");
    assert_eq!(service.value("a").await, 5);
}
