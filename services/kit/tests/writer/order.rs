//! Positions are dense, and their order is the order of commits.

use futures::future::join_all;
use kit::log::{self, Shard};
use prost::Message as _;
use proto::event::v1::Event;

use crate::counter::{Amount, OWNER, Service};

const CALLS: usize = 200;
const COUNTERS: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn positions_are_dense_and_in_order_of_commits_under_parallel_calls() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let mut positions = call_in_parallel(&service).await;
    let mut in_log = Vec::new();
    for shard in Shard::all() {
        let events = log::page(service.db.read(), OWNER, shard, 0, 1_000)
            .await
            .unwrap();
        let numbers: Vec<i64> = events.iter().map(|event| event.seq).collect();
        let dense: Vec<i64> = (1..).take(events.len()).collect();
        assert_eq!(numbers, dense);
        assert_each_counter_grows_by_one(&events);
        in_log.extend(
            numbers
                .iter()
                .map(|seq| format!("{OWNER}:{}:{seq}", shard.number())),
        );
    }
    positions.sort();
    in_log.sort();
    assert_eq!(positions, in_log);
    assert_eq!(positions.len(), CALLS);
}

#[tokio::test]
async fn the_queue_brings_what_was_committed_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let shard = Shard::of("a");
    let mut stream = service.queue.subscribe(OWNER, shard);
    let ids: Vec<String> = (0..40).map(|id| id.to_string()).collect();
    join_all(ids.iter().map(|id| service.add(id, "a", 1))).await;
    for event in log::page(service.db.read(), OWNER, shard, 0, 100)
        .await
        .unwrap()
    {
        assert_eq!(*stream.try_recv().unwrap(), event);
    }
    assert!(stream.try_recv().is_err());
}

#[tokio::test]
async fn a_refusal_is_told_to_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let mut streams: Vec<_> = Shard::all()
        .map(|shard| service.queue.subscribe(OWNER, shard))
        .collect();
    assert!(service.add("1", "a", 1_000).await.is_err());
    assert!(streams.iter_mut().all(|stream| stream.try_recv().is_err()));
}

async fn call_in_parallel(service: &Service) -> Vec<String> {
    let tasks = (0..CALLS).map(|call| {
        let writer = service.writer.clone();
        tokio::spawn(async move {
            let act = crate::counter::add(&format!("c{}", call % COUNTERS), 1);
            let cause = crate::counter::cause("alice");
            writer.own(kit::writer::Step { act, cause }).await
        })
    });
    let replies = join_all(tasks).await.into_iter();
    replies
        .map(|reply| reply.unwrap().unwrap().positions.to_string())
        .collect()
}

fn assert_each_counter_grows_by_one(events: &[Event]) {
    let mut values = std::collections::HashMap::new();
    for event in events {
        let body = &event.change.as_ref().unwrap().value;
        let now = Amount::decode(body.as_slice()).unwrap();
        let value = values.entry(now.counter).or_insert(0);
        *value += 1;
        assert_eq!(now.amount, *value);
    }
}
