//! Group commit is a batch size, and nobody but the clock can tell.

use futures::future::join_all;
use kit::log::{self, Shard};
use proto::event::v1::Event;
use tonic::{Code, Status};

use crate::counter::{FORBIDDEN_BY_SCHEMA, MOST, OWNER, Service, said};

#[tokio::test]
async fn what_waits_is_committed_in_one_transaction() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let ids: Vec<String> = (0..20).map(|id| id.to_string()).collect();
    let replies = join_all(ids.iter().map(|id| service.add(id, "a", 1))).await;
    let values: Vec<i64> = replies
        .iter()
        .map(|reply| said(reply.as_ref().unwrap()))
        .collect();
    assert_eq!(values, (1..=20).collect::<Vec<_>>());
    assert_eq!(service.batches(), [16, 4]);
}

#[tokio::test]
async fn a_call_that_the_schema_refuses_does_not_fail_its_neighbours() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    let counters: Vec<String> = (0..16).map(|number| format!("c{number}")).collect();
    let replies = join_all(counters.iter().enumerate().map(|(number, counter)| {
        let amount = if number == 7 { FORBIDDEN_BY_SCHEMA } else { 1 };
        service.add(counter, counter, amount)
    }))
    .await;
    for (number, reply) in replies.into_iter().enumerate() {
        match reply {
            Ok(added) => assert_eq!((said(&added), number != 7), (1, true)),
            Err(failure) => assert_eq!(
                (Status::from(failure).code(), number),
                (Code::Unavailable, 7)
            ),
        }
    }
    assert_eq!(
        (service.value("c6").await, service.value("c8").await),
        (1, 1)
    );
    assert_eq!(service.value("c7").await, 0);
    assert_eq!(events(&service).await.len(), 15);
}

#[tokio::test]
async fn what_the_schema_refused_may_succeed_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&folder, 16).await;
    assert!(service.add("1", "a", FORBIDDEN_BY_SCHEMA).await.is_err());
    service.add("2", "a", 1).await.unwrap();
    let replied = service.add("1", "a", FORBIDDEN_BY_SCHEMA).await.unwrap();
    assert_eq!(said(&replied), FORBIDDEN_BY_SCHEMA + 1);
}

#[tokio::test]
async fn the_same_calls_leave_the_same_replies_and_the_same_log_at_any_batch_size() {
    let mut outcomes = Vec::new();
    for batch in [1, 16] {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(&folder, batch).await;
        let calls: Vec<_> = (0..100).map(call).collect();
        let calls = calls
            .iter()
            .map(|(id, counter, amount)| service.add(id, counter, *amount));
        let replies: Vec<_> = join_all(calls).await.into_iter().map(outcome).collect();
        outcomes.push((replies, events(&service).await));
    }
    assert_eq!(outcomes[0], outcomes[1]);
    let of = |what: &str| {
        outcomes[0]
            .0
            .iter()
            .filter(|reply| reply.contains(what))
            .count()
    };
    assert!(of("TOO_MUCH") > 0 && of("REQUEST_ID_REUSED") > 0 && of("at counter:") > 0);
}

/// Calls on few counters, of which some repeat an id, some with other content, and some go beyond [`MOST`].
fn call(number: i64) -> (String, String, i64) {
    let id = (number % 80).to_string();
    let counter = format!("c{}", number % 5);
    let amount = if number % 11 == 3 {
        MOST
    } else {
        number % 2 + 1
    };
    (id, counter, amount)
}

fn outcome(reply: Result<kit::writer::Replied, kit::failure::Failure>) -> String {
    match reply {
        Ok(replied) => format!("{} at {}", said(&replied), replied.positions),
        Err(failure) => failure.reason().to_owned(),
    }
}

async fn events(service: &Service) -> Vec<Event> {
    let mut events = Vec::new();
    for shard in Shard::all() {
        let page = log::page(service.db.read(), OWNER, shard, 0, 1_000).await;
        events.extend(page.unwrap());
    }
    events
}
