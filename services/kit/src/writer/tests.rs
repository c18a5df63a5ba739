//! What consumers rely on: the place of a log moves with the effect of its events, and nothing is applied twice or skipped.

use std::collections::HashMap;

use proto::event::v1::Event;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use tempfile::TempDir;

use super::job::{Feed, Job, Work};
use super::{Incoming, Refused, Step, batch, list_parked, places};
use crate::counter::{Add, Counters, FORBIDDEN_BY_SCHEMA, MOST, Service, add, cause};
use crate::log::Shard;

const SOURCE: &str = "intake";

#[tokio::test]
async fn the_place_moves_with_the_effect() {
    let this = Consuming::start().await;
    assert!(this.feed(0, vec![event(1, "a", 5), event(2, "b", 1)]).await);
    assert!(this.feed(2, vec![event(3, "a", 2)]).await);
    assert_eq!(this.values().await, [7, 1]);
    assert_eq!(this.place().await, 3);
}

#[tokio::test]
async fn events_that_are_fed_twice_are_out_of_turn_and_have_no_second_effect() {
    let this = Consuming::start().await;
    assert!(this.feed(0, vec![event(1, "a", 5)]).await);
    assert!(!this.feed(0, vec![event(1, "a", 5)]).await);
    assert_eq!((this.values().await, this.place().await), ([5, 0], 1));
}

#[tokio::test]
async fn two_consumers_that_feed_the_same_at_once_have_one_effect() {
    let this = Consuming::start().await;
    let both = tokio::join!(
        this.feed(0, vec![event(1, "a", 5)]),
        this.feed(0, vec![event(1, "a", 5)]),
    );
    assert_eq!(both, (true, false));
    assert_eq!(this.values().await, [5, 0]);
    assert_eq!(this.service.batches().len(), 1, "not in one batch");
}

#[tokio::test]
async fn events_after_a_gap_are_out_of_turn() {
    let this = Consuming::start().await;
    assert!(!this.feed(1, vec![event(2, "a", 5)]).await);
    assert_eq!((this.values().await, this.place().await), ([0, 0], 0));
}

#[tokio::test]
async fn pages_that_follow_each_other_may_share_a_batch() {
    let this = Consuming::start().await;
    let both = tokio::join!(
        this.feed(0, vec![event(1, "a", 5)]),
        this.feed(1, vec![event(2, "a", 1)]),
    );
    assert_eq!(both, (true, true));
    assert_eq!((this.values().await, this.place().await), ([6, 0], 2));
}

#[tokio::test]
async fn an_event_of_no_interest_moves_the_place_alone() {
    let this = Consuming::start().await;
    let idle = Incoming {
        span: tracing::Span::none(),
        step: None,
        ..event(1, "a", 5)
    };
    let told = this.synchronous_commit(&idle).await;
    assert!(told.is_none_or(|told| told == "off"));
    assert!(this.feed(0, vec![idle]).await);
    assert_eq!((this.values().await, this.place().await), ([0, 0], 1));
}

#[tokio::test]
async fn what_has_an_effect_or_is_parked_is_on_disk_before_it_ends() {
    let this = Consuming::start().await;
    for amount in [1, MOST + 1] {
        let told = this.synchronous_commit(&event(1, "a", amount)).await;
        assert!(told.is_none_or(|told| told == "on"));
    }
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_parks_its_subject_and_the_others_go_on() {
    let this = Consuming::start().await;
    let events = vec![
        event(1, "a", MOST + 1),
        event(2, "b", 1),
        event(3, "a", 1),
        event(4, "b", 1),
    ];
    assert!(this.feed(0, events).await);
    assert!(this.feed(4, vec![event(5, "a", 1), event(6, "b", 1)]).await);
    assert_eq!((this.values().await, this.place().await), ([0, 3], 6));
    assert_eq!(this.parked().await, [1, 3, 5]);
    let parked = list_parked(this.service.db.read()).await.unwrap();
    assert!(parked[0].reason.contains("TOO_MUCH"), "{parked:?}");
    assert_eq!(parked[1].event, event(3, "a", 1).event);
}

#[tokio::test]
async fn what_is_parked_stays_so_where_a_place_was_set_back() {
    let this = Consuming::start().await;
    let events = vec![event(1, "a", MOST + 1), event(2, "a", 1)];
    assert!(this.feed(0, events.clone()).await);
    this.set_place(0).await;
    assert!(
        this.feed(0, [events, vec![event(3, "b", 1)]].concat())
            .await
    );
    assert_eq!((this.values().await, this.place().await), ([0, 1], 3));
    assert_eq!(this.parked().await, [1, 2]);
}

#[tokio::test]
async fn an_event_that_the_schema_refuses_parks_its_subject_and_the_others_go_on() {
    let this = Consuming::start().await;
    let events = vec![
        event(1, "a", FORBIDDEN_BY_SCHEMA),
        event(2, "b", 1),
        event(3, "a", 1),
        event(4, "b", 1),
    ];
    assert!(this.feed(0, events).await);
    assert_eq!((this.values().await, this.place().await), ([0, 2], 4));
    assert_eq!(this.parked().await, [1, 3]);
}

#[tokio::test]
async fn a_retry_applies_parked_events_in_order_as_soon_as_they_can_be() {
    let this = Consuming::start().await;
    let events = vec![event(1, "a", MOST + 1), event(2, "a", -2)];
    assert!(this.feed(0, events.clone()).await);
    this.retry(&events).await;
    assert_eq!(this.parked().await, [1, 2], "it skipped the first");
    this.service.add("1", "a", -1).await.unwrap();
    this.retry(&events).await;
    assert_eq!(this.parked().await, [] as [i64; 0]);
    assert_eq!((this.values().await, this.place().await), ([98, 0], 2));
    assert!(this.feed(2, vec![event(3, "a", 1)]).await);
    assert_eq!(this.values().await, [99, 0]);
}

#[tokio::test]
async fn a_retry_that_stops_half_way_keeps_the_rest_in_order() {
    let this = Consuming::start().await;
    let events = vec![event(1, "a", MOST + 1), event(2, "a", 3), event(3, "a", -5)];
    assert!(this.feed(0, events.clone()).await);
    this.service.add("1", "a", -1).await.unwrap();
    this.retry(&events).await;
    assert_eq!(
        (this.values().await, this.parked().await),
        ([100, 0], vec![2, 3])
    );
}

#[tokio::test]
async fn parked_events_that_are_retried_twice_have_one_effect() {
    let this = Consuming::start().await;
    this.service.add("1", "a", MOST).await.unwrap();
    let events = vec![event(1, "a", 10)];
    assert!(this.feed(0, events.clone()).await);
    this.service.add("2", "a", -MOST).await.unwrap();
    tokio::join!(this.retry(&events), this.retry(&events));
    this.retry(&events).await;
    assert_eq!(this.values().await, [10, 0]);
}

#[tokio::test]
async fn the_place_and_what_is_parked_survive_the_process() {
    let this = Consuming::start().await;
    assert!(this.feed(0, vec![event(1, "a", MOST + 1)]).await);
    let this = this.restart().await;
    assert!(!this.feed(0, vec![event(1, "a", 1)]).await);
    assert!(this.feed(1, vec![event(2, "a", 1)]).await);
    assert_eq!(
        (this.values().await, this.parked().await),
        ([0, 0], vec![1, 2])
    );
}

struct Consuming {
    service: Service,
    folder: TempDir,
}

impl Consuming {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let service = Service::start(&folder, 16).await;
        super::open_places(service.db.write(), SOURCE)
            .await
            .unwrap();
        Self { service, folder }
    }

    async fn restart(self) -> Self {
        let Self { service, folder } = self;
        drop(service);
        let service = Service::start(&folder, 16).await;
        Self { service, folder }
    }

    /// Whether the events were in turn.
    async fn feed(&self, after: i64, events: Vec<Incoming<Add>>) -> bool {
        let writer = &self.service.writer;
        match writer.feed(SOURCE, Shard::of(""), after, events).await {
            Ok(_) => true,
            Err(Refused::OutOfTurn) => false,
            Err(refused) => panic!("{refused:?}"),
        }
    }

    /// What a shared store is told of when a batch that takes in this event alone ends: `on` when it is on disk.
    async fn synchronous_commit(&self, event: &Incoming<Add>) -> Option<String> {
        let feed = Feed {
            source: SOURCE.to_owned(),
            shard: Shard::of(""),
            after: 0,
            events: vec![event.clone()],
        };
        let (job, _) = Job::<Counters>::new(Work::Feed(feed));
        let (jobs, db) = (std::slice::from_ref(&job), &self.service.db);
        let prepared = batch::prepare(&Counters::default(), db, jobs).await;
        let (tx, _) = prepared.unwrap();
        let mut told = None;
        if db.is_shared() {
            let asked = Statement::from_string(DbBackend::Postgres, "SHOW synchronous_commit");
            let row = tx.query_one_raw(asked).await.unwrap().unwrap();
            told = Some(row.try_get_by_index(0).unwrap());
        }
        tx.rollback().await.unwrap();
        told
    }

    async fn retry(&self, events: &[Incoming<Add>]) {
        let writer = &self.service.writer;
        writer.retry(SOURCE, events.to_vec()).await.unwrap();
    }

    /// What `a` and `b` stand at.
    async fn values(&self) -> [i64; 2] {
        [self.service.value("a").await, self.service.value("b").await]
    }

    async fn place(&self) -> i64 {
        let places = super::places(self.service.db.read()).await.unwrap();
        let key = (SOURCE.to_owned(), Shard::of("").number());
        places.get(&key).copied().unwrap_or_default()
    }

    async fn set_place(&self, seq: i64) {
        let places = HashMap::from([((SOURCE.to_owned(), Shard::of("").number()), seq)]);
        let tx = self.service.db.begin().await.unwrap();
        places::save(&tx, &places).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// The numbers of the parked events.
    async fn parked(&self) -> Vec<i64> {
        let parked = list_parked(self.service.db.read()).await.unwrap();
        parked.iter().map(|parked| parked.event.seq).collect()
    }
}

fn event(seq: i64, counter: &str, amount: i64) -> Incoming<Add> {
    let act = add(counter, amount);
    let event = Event {
        owner: SOURCE.to_owned(),
        shard: Shard::of("").number(),
        seq,
        subject: counter.to_owned(),
        ..Event::default()
    };
    let cause = cause(SOURCE);
    let step = Some(Step { act, cause });
    let span = tracing::Span::none();
    Incoming { event, step, span }
}
