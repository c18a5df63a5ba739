//! What a stream does with more than there is room for.

use std::collections::{BTreeSet, VecDeque};

use kit::authority::Rights;
use kit::caller::{Caller, Role};
use kit::clock::{Clock, Moment};
use kit::copies::Calendars;
use kit::db::Db;
use kit::failure::reason_of;
use kit::queue::{LANE_CAPACITY, Queue, Take};
use kit::testing;
use kit::writer::{self, BATCH};
use tonic::Code;
use worktime::{Calendar, OfficeHours};

use super::*;
use crate::change::Change as Saved;
use crate::ledger::Routing;
use crate::link::{self, Links};
use crate::migration::Migrator;
use crate::paper::{Paper, Piece};
use crate::route::Route;
use crate::store;
use crate::store::tests::{moment, opened, route};
use crate::transfer::offer_of_key;
use crate::wire::queue::Limits;

const RPC: &str = "routing.TransferService/StreamTransfers";
/// To which the route offers its step.
const UNIT: &str = "desk";
const SUBSCRIBER: &str = "subscriber";
const LEASE: Duration = Duration::from_mins(1);
const MOST_DELIVERIES: u32 = 10;
/// Every link has ten minutes to deliver, and two working hours to be answered.
const LINKS: &str = "procedure,unit,deliver_minutes,acknowledge_working_minutes\n*,*,10,120\n";

fn offers(db: &Db, queue: &Queue) -> Offers {
    let ledger = Routing::new(queue.clone(), db.ring(), link::Limits::default());
    let (ledger, never) = (Arc::new(ledger), CancellationToken::new());
    let (writer, work) = writer::start(ledger, db.clone(), queue.clone(), BATCH, never);
    tokio::spawn(work);
    Offers {
        db: db.clone(),
        queue: queue.clone(),
        writer,
        clock: Clock::simulated(moment(0)),
        most_deliveries: MOST_DELIVERIES,
    }
}

/// A stream of the unit, and what its client hears.
fn stream(offers: Offers, access: access::Log) -> (Running, mpsc::Receiver<Sent>) {
    let system = Caller::new("system", Role::Client, vec![UNIT.to_owned()]);
    let context = Context {
        rights: Rights::of(Arc::new(system), RPC),
        at: moment(0),
        purpose: None,
        traceparent: String::new(),
    };
    let limits = Limits {
        deliveries: 10,
        bytes: 1024 * 1024,
    };
    let subscription = Subscription {
        unit: UNIT.to_owned(),
        limits,
        lease: LEASE,
    };
    let (out, heard) = mpsc::channel(4);
    let source = Source {
        offers: offers.clone(),
        scope: Scope::Everything,
        unit: UNIT.to_owned(),
        lease: LEASE,
        name: SUBSCRIBER.to_owned(),
    };
    let running = Running {
        offers,
        access,
        context,
        subscription,
        out,
        ended: futures::future::pending().boxed().fuse(),
        outstanding: Outstanding::new(limits),
        accepting: FuturesUnordered::new(),
        changing: None,
        looks: Looks::new(source),
        quiet_until: clock::monotonic() + QUIET,
    };
    (running, heard)
}

/// So much waits to be recorded that nothing more is taken.
fn fill(log: &access::Log, context: &Context) {
    let reading = access::Reading {
        rpc: RPC,
        objects: vec!["another"],
        is_handled: true,
    };
    for _ in 0..access::WAITING {
        log.read(context, &reading).unwrap();
    }
}

/// A new offer to the unit, with which this paper travels.
fn offer(pieces: Vec<Piece>) -> Transfer {
    let journey = opened(route());
    Transfer {
        uid: clock::new_uid(),
        paper: Paper::of(pieces),
        ..journey.transfers()[0].clone()
    }
}

async fn take(queue: &Queue, subscriber: &str) -> Vec<Delivered> {
    let take = Take {
        unit: UNIT,
        subscriber,
        most: 16,
        lease: LEASE,
        most_deliveries: MOST_DELIVERIES,
    };
    queue.lanes().take(&take).await.delivered
}

/// An offer is made, and brought.
async fn bring(running: &mut Running, pieces: Vec<Piece>) -> Result<(), End> {
    let (queue, offer) = (running.offers.queue.clone(), offer(pieces));
    queue.lanes().offer(UNIT, offer.offer_key().as_str());
    let taken = take(&queue, SUBSCRIBER).await.into_iter();
    let brought = taken.map(|delivered| (offer.clone(), delivered)).collect();
    let ends = (clock::monotonic() + LEASE, clock::real() + LEASE);
    running.deliver(brought, ends).await
}

#[tokio::test]
async fn a_stream_that_cannot_record_what_it_is_to_bring_ends_and_gives_all_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    let queue = Queue::in_process();
    // Nobody writes what is handed over, as if the store were away.
    let (log, _recorder) = access::open();
    let (mut running, mut heard) = stream(offers(&db, &queue), log.clone());
    fill(&log, &running.context);
    assert!(bring(&mut running, Vec::new()).await.is_ok());
    let told = heard.recv().await.unwrap().unwrap();
    assert_eq!(told.deliveries.len(), 1, "it tells nothing personal");

    let sheet = Piece {
        component: "form".to_owned(),
        name: "Đơn đề nghị".to_owned(),
        originals: 1,
        copies: 0,
    };
    let Err(End::Failed(failure)) = bring(&mut running, vec![sheet]).await else {
        panic!("it goes on");
    };
    assert!(failure.delay().is_some());
    running.finish(End::Failed(failure)).await;
    let ended = heard.recv().await.unwrap().unwrap_err();
    assert_eq!(ended.code(), Code::ResourceExhausted);
    assert_eq!(reason_of(&ended), "OVERLOADED");
    let again = take(&queue, "another").await;
    let attempts: Vec<u32> = again.iter().map(|delivered| delivered.attempt).collect();
    assert_eq!(attempts, [2, 2]);
}

#[tokio::test]
async fn of_a_unit_a_hundred_thousand_acknowledged_offers_are_remembered_and_no_more() {
    const REMEMBERED: usize = 100_000;
    let queue = Queue::in_process();
    let acknowledge = |number: usize| Modify {
        key: number.to_string(),
        attempt: 0,
        change: Change::Acknowledge,
    };
    let all: Vec<Modify> = (0..=REMEMBERED).map(acknowledge).collect();
    let mut done = Vec::new();
    for some in all.chunks(LANE_CAPACITY) {
        for modify in some {
            queue.lanes().offer(UNIT, modify.key.as_str());
        }
        done.extend(queue.lanes().modify(UNIT, some).await);
    }
    let effective = done.iter().filter(|done| **done).count();
    assert_eq!((effective, done[REMEMBERED]), (REMEMBERED, false));
    // One that is not open any more makes room.
    queue.lanes().settle(UNIT, &all[0].key);
    let last = queue.lanes().modify(UNIT, &all[REMEMBERED..]).await;
    assert_eq!(last, [true]);
}

#[tokio::test]
async fn what_a_look_brings_that_is_under_way_when_the_stream_ends_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    let queue = Queue::in_process();
    let (log, _recorder) = access::open();
    let (mut running, _heard) = stream(offers(&db, &queue), log);
    queue.lanes().offer(UNIT, "offer:1");
    running.looks.look(1);
    running.finish(End::Gone).await;
    let again = take(&queue, "another").await;
    let attempts: Vec<u32> = again.iter().map(|delivered| delivered.attempt).collect();
    assert_eq!(attempts, [1], "it never came to the client");
}

#[tokio::test]
async fn what_has_no_room_any_more_when_a_look_ends_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    let queue = Queue::in_process();
    let (log, _recorder) = access::open();
    let (mut running, mut heard) = stream(offers(&db, &queue), log);
    running.outstanding.limit(Limits {
        deliveries: 1,
        bytes: 1024 * 1024,
    });
    assert!(bring(&mut running, Vec::new()).await.is_ok());
    let told = heard.recv().await.unwrap().unwrap();
    assert_eq!(told.deliveries.len(), 1);
    // As if the client had asked for less while it was taken.
    assert!(bring(&mut running, Vec::new()).await.is_ok());
    let again = take(&queue, "another").await;
    let attempts: Vec<u32> = again.iter().map(|delivered| delivered.attempt).collect();
    assert_eq!(attempts, [1]);
}

/// An offer of this dossier to the unit, by a link, in the store and in its lane.
async fn offer_of(db: &Db, queue: &Queue, dossier: &str) -> String {
    let mut journey = opened(Route {
        dossier: dossier.to_owned(),
        ..route()
    });
    let limits = link::Limits::parse(LINKS).unwrap();
    let mut links = Links::new(Arc::new(limits));
    links.put(UNIT, BTreeSet::from(["system".to_owned()]));
    let calendars = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let followed = journey.follow_links(&links, Some(&calendars), moment(0));
    followed.unwrap();
    let key = journey.transfers()[0].offer_key();
    let tx = db.begin().await.unwrap();
    store::save(&tx, &[Saved::journey(journey)]).await.unwrap();
    tx.commit().await.unwrap();
    queue.lanes().offer(UNIT, key.as_str());
    key
}

#[tokio::test]
async fn what_was_taken_behind_something_that_goes_back_does_not_overtake_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let queue = Queue::in_process();
    let (log, _recorder) = access::open();
    let (mut running, _heard) = stream(offers(&db, &queue), log);
    let (mut keys, mut brought) = (Vec::new(), VecDeque::new());
    for dossier in ["first", "second"] {
        keys.push(offer_of(&db, &queue, dossier).await);
        running.looks.look(10);
        loop {
            match running.looks.next().await.unwrap() {
                Came::Taken => break,
                came => brought.push_back(came),
            }
        }
    }
    // As if the client had asked for less meanwhile, and then for more again.
    for deliveries in [0, 10] {
        running.outstanding.limit(Limits {
            deliveries,
            bytes: 1024 * 1024,
        });
        let came = match brought.pop_front() {
            Some(came) => came,
            None => running.looks.next().await.unwrap(),
        };
        assert!(running.bring(came).await.is_ok());
        // A third would overtake what is still being read.
        let may_look = running.looks.due(10).is_some();
        assert_eq!(may_look, deliveries > 0);
    }
    let again = take(&queue, "another").await;
    let again = again
        .into_iter()
        .map(|again| (again.offer.key, again.attempt));
    let all: Vec<_> = keys.into_iter().map(|key| (key, 1)).collect();
    assert_eq!(again.collect::<Vec<_>>(), all);
}

/// When the offer of this key was brought, as is kept of its link.
async fn delivered_at(db: &Db, key: &str) -> Option<Moment> {
    let (uid, _) = offer_of_key(key).unwrap();
    let all = &Scope::Everything;
    let found = store::find((db.read(), db.ring()), all, &uid).await;
    found.unwrap().unwrap().link.unwrap().delivered_at
}

#[tokio::test]
async fn r12_an_offer_counts_as_delivered_once_it_is_brought_and_not_when_it_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let queue = Queue::in_process();
    let (log, _recorder) = access::open();
    let (mut running, _heard) = stream(offers(&db, &queue), log);
    let key = offer_of(&db, &queue, "first").await;
    for (deliveries, expected) in [(0, None), (10, Some(moment(0)))] {
        running.outstanding.limit(Limits {
            deliveries,
            bytes: 1024 * 1024,
        });
        running.looks.look(10);
        loop {
            let came = running.looks.next().await.unwrap();
            let is_last = !matches!(came, Came::Taken);
            assert!(running.bring(came).await.is_ok());
            if is_last {
                break;
            }
        }
        assert_eq!(delivered_at(&db, &key).await, expected);
    }
}

#[tokio::test]
async fn what_is_just_being_extended_has_not_ended() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    let (log, _recorder) = access::open();
    let (mut running, _heard) = stream(offers(&db, &Queue::in_process()), log);
    let now = clock::monotonic();
    let held = Held {
        attempt: 1,
        bytes: 1,
        ends: now,
        traceparent: String::new(),
    };
    running.outstanding.add("offer:1", held);
    running.looks.look(1);
    running.changing = Some(tokio::spawn(futures::future::pending()));
    running.is_to_look();
    assert!(running.outstanding.get("offer:1").is_some());
    assert!(running.wake_at() > now, "nothing happens until it is known");
    running.changing = None;
    running.is_to_look();
    assert!(running.outstanding.get("offer:1").is_none());
}
