//! The store or the queue is away, at the start and while the suite serves.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use kit::log::Shard;
use kit::testing::until;
use proto::intake::v1::Dossier;
use proto::routing::v1::GetQueueStatsRequest;
use redis::Client;
use tests::cast::{COMMUNE, DISTRICT, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT, Procedure};
use tests::pair::Pair;
use tests::servers::{
    Appending, Durability, OnDisk, Postgres, Redis, RedisCluster, WatchedRedis, free_port,
};
use tests::subscriber::accept;
use tests::suite::{PATIENCE, health_at};
use tests::{Subscriber, Suite};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

/// What is away is told of within this.
const AT_ONCE: Duration = Duration::from_secs(5);
/// The head of every unit's queue is back within this, once Redis is.
const HEAD_BACK: Duration = Duration::from_secs(10);
/// How long nothing was written by a Redis that is at rest.
const REST: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// What a unit's stream is called, but for the number of its group and the unit.
const QUEUE: &[u8] = b":daklak-";

/// A suite that does not run yet, on servers of its own.
async fn cluster() -> (Postgres, Redis, Suite) {
    let postgres = Postgres::start(Durability::Disk).await;
    let redis = Redis::start(Appending::EverySecond).await;
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::on(&postgres.url(), &redis.url(), folder.path()).await;
    let suite = Suite::load_onto(folder, pair).await;
    (postgres, redis, suite)
}

/// A suite that runs on a store of its own and on this queue.
async fn on_queue(url: String) -> (Postgres, Suite) {
    let postgres = Postgres::start(Durability::Memory).await;
    let folder = tempfile::tempdir().unwrap();
    let pair = Pair::with_queue(&postgres.url(), url, folder.path()).await;
    let mut suite = Suite::load_onto(folder, pair).await;
    suite.restart().await;
    (postgres, suite)
}

async fn register(suite: &Suite, number: usize, procedure: Procedure, unit: &str) -> Vec<Dossier> {
    let mut registered = Vec::with_capacity(number);
    for _ in 0..number {
        registered.push(suite.register(procedure, unit).await);
    }
    registered
}

/// How many offers the queue has for a unit; `None` while it does not answer.
async fn in_queue(suite: &Suite, unit: &str) -> Option<i32> {
    let stats = GetQueueStatsRequest {
        unit_uid: unit.to_owned(),
    };
    let stats = suite.examiner(unit).ok(stats).await.message;
    stats.queue_up.then_some(stats.in_queue)
}

async fn until_in_queue(suite: &Suite, unit: &str, offers: i32) {
    let what = format!("{offers} offers are in the queue of {unit}");
    until(&what, HEAD_BACK, async || {
        (in_queue(suite, unit).await == Some(offers)).then_some(())
    })
    .await;
}

/// Accepts what comes until each of these was accepted once; what comes again is refused.
async fn accept_each(stream: &mut Subscriber, dossiers: &[Dossier]) {
    let uids = dossiers.iter().map(|dossier| dossier.uid.clone());
    let mut open: BTreeSet<String> = uids.collect();
    while !open.is_empty() {
        let delivery = stream.next().await;
        let outcome = stream.done(accept(&delivery)).await;
        let is_first = open.remove(&delivery.transfer.unwrap().dossier_uid);
        assert_eq!(outcome.accepted.is_some(), is_first, "{outcome:?}");
    }
}

/// A key of a unit's lane.
fn lane(unit: &str, what: &str) -> String {
    format!("motcua:{{t{}}}:{unit}:{what}", Shard::of(unit).number())
}

/// What the Redis at an address answers when it is asked for a key.
async fn asked(url: &str, command: &str, key: &str) -> Option<String> {
    let client = Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut asking = redis::cmd(command);
    asking.arg(key);
    asking.query_async(&mut connection).await.unwrap()
}

/// What it has on the disk once it writes no more.
async fn at_rest(redis: &Redis) -> OnDisk {
    until("Redis is at rest", PATIENCE, async || {
        let before = redis.on_disk();
        tokio::time::sleep(REST).await;
        (redis.on_disk() == before).then_some(before)
    })
    .await
}

#[tokio::test]
async fn a_store_that_is_away_at_the_start_is_told_of_and_waited_for() {
    let (mut postgres, _redis, mut suite) = cluster().await;
    let health = free_port();
    suite.set("MOTCUA_HEALTH", format!("127.0.0.1:{health}"));
    postgres.kill();
    suite.begin();
    suite.until_it_says("waiting for the store", AT_ONCE).await;
    assert_eq!(health_at(health).await, ServingStatus::NotServing);
    postgres.restart().await;
    suite.until_it_serves().await;
    assert_eq!(health_at(health).await, ServingStatus::Serving);
    suite.register(BIRTH, COMMUNE).await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn while_the_store_is_away_nothing_half_happens_and_afterwards_all_goes_on() {
    let (mut postgres, _redis, mut suite) = cluster().await;
    suite.restart().await;
    let desk = suite.receptionist(COMMUNE);
    let first = desk.ok(BIRTH.at_counter(COMMUNE)).await;
    let first = first.message.dossier.unwrap();
    postgres.kill();
    let request = BIRTH.at_counter(COMMUNE);
    let lost = desk.refused(request.clone(), Code::Unavailable, "STORE_UNAVAILABLE");
    lost.await;
    let reading = desk.call(tests::desk::by_uid(&first.uid)).await;
    assert_eq!(reading.unwrap_err().code(), Code::Unavailable);
    postgres.restart().await;
    // By itself, and once.
    let second = async {
        loop {
            match desk.call(request.clone()).await {
                Ok(reply) => return reply.message.dossier.unwrap(),
                Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status}"),
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let second = tokio::time::timeout(PATIENCE, second).await;
    let second = second.expect("it recovers");
    assert_eq!(desk.ok(request).await.message.dossier.unwrap(), second);
    suite.must_add_up().await;
    let told = suite.events().await.into_iter();
    let told = told.filter(|event| event.owner == "intake");
    let dossiers: BTreeSet<String> = told.map(|event| event.subject).collect();
    assert_eq!(dossiers, [first.uid, second.uid].into());
}

#[tokio::test]
async fn without_redis_nothing_is_refused_or_lost_and_offers_come_all_the_same() {
    let (_postgres, mut redis, mut suite) = cluster().await;
    redis.kill();
    suite.restart().await;
    suite.register(BIRTH, COMMUNE).await;
    suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    redis.restart().await;
    let used_again = async {
        loop {
            suite.register(BIRTH, COMMUNE).await;
            suite.take_over(COMMUNE, "2017-08-28T10:00").await;
            let kept = suite.queue_dump().await.unwrap();
            if kept.windows(QUEUE.len()).any(|some| some == QUEUE) {
                return;
            }
        }
    };
    let used_again = tokio::time::timeout(PATIENCE, used_again).await;
    assert!(used_again.is_ok(), "Redis is not used again");
    redis.kill();
    suite.register(BIRTH, COMMUNE).await;
    suite.take_over(COMMUNE, "2017-08-28T11:00").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn what_redis_lost_with_the_power_is_back_although_its_lanes_count_as_full() {
    let (_postgres, mut redis, mut suite) = cluster().await;
    suite.restart().await;
    let queue = suite.pair().queue().unwrap().to_owned();
    let fill = lane(COMMUNE, "fill");
    suite.register(BIRTH, COMMUNE).await;
    suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    until("the lane is full", PATIENCE, async || {
        let filled = asked(&queue, "GET", &fill).await;
        (filled.as_deref() == Some("all")).then_some(())
    })
    .await;
    let flushed = at_rest(&redis).await;
    let lost = register(&suite, 5, BIRTH, COMMUNE).await;
    until_in_queue(&suite, COMMUNE, 5).await;
    redis.kill();
    assert!(redis.restart_with(&flushed).await > 0, "nothing was lost");
    assert_eq!(asked(&queue, "GET", &fill).await.as_deref(), Some("all"));
    until_in_queue(&suite, COMMUNE, 5).await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    accept_each(&mut stream, &lost).await;
    assert_eq!(stream.come().await, []);
    suite.must_add_up().await;
}

#[tokio::test]
async fn when_a_replica_takes_over_what_it_lacked_is_back_and_whoever_waits_goes_on() {
    let mut redis = WatchedRedis::start().await;
    let (_postgres, suite) = on_queue(redis.url()).await;
    let waits = suite.examiner(OTHER_COMMUNE);
    let mut waits = waits.subscribe(OTHER_COMMUNE).await.unwrap();
    suite.register(BIRTH, COMMUNE).await;
    suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let (replica, entries) = (redis.replica_url(), lane(COMMUNE, "entries"));
    until("the replica follows", PATIENCE, async || {
        let filled = asked(&replica, "GET", &lane(COMMUNE, "fill")).await;
        let held = asked(&replica, "HLEN", &entries).await;
        (filled.as_deref() == Some("all") && held.as_deref() == Some("0")).then_some(())
    })
    .await;
    redis.leave_replica_behind();
    let lost = register(&suite, 8, BIRTH, COMMUNE).await;
    until_in_queue(&suite, COMMUNE, 8).await;
    let replicated = asked(&replica, "HLEN", &entries).await;
    assert_eq!(replicated.as_deref(), Some("0"));

    // While there is no Redis an offer comes too.
    let meanwhile = async {
        let made = register(&suite, 1, BIRTH, OTHER_COMMUNE).await;
        accept_each(&mut waits, &made).await;
    };
    tokio::join!(redis.fail_over(), meanwhile);
    until_in_queue(&suite, COMMUNE, 8).await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    accept_each(&mut stream, &lost).await;
    assert_eq!(stream.come().await, []);
    suite.must_add_up().await;
}

#[tokio::test]
async fn while_a_node_of_a_cluster_is_away_the_units_on_the_others_go_on() {
    let mut redis = RedisCluster::start().await;
    let (_postgres, suite) = on_queue(redis.url()).await;
    let node = redis.node_of(&lane(DISTRICT, "fill"));
    assert_ne!(redis.node_of(&lane(COMMUNE, "fill")), node);
    for _ in 0..2 {
        suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
        suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    }
    until_in_queue(&suite, DISTRICT, 2).await;
    let mut waits = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    redis.kill(node);
    let made = register(&suite, 3, BIRTH, COMMUNE).await;
    let accepting = accept_each(&mut waits, &made);
    let accepted = tokio::time::timeout(AT_ONCE, accepting).await;
    accepted.expect("offers to the unit on another node come as always");
    until_in_queue(&suite, COMMUNE, 0).await;
    // The others go by what their process has from the store.
    assert_eq!(in_queue(&suite, DISTRICT).await, None);
    suite.take_over(DISTRICT, "2017-08-28T10:00").await;
    redis.restart(node).await;
    until_in_queue(&suite, DISTRICT, 1).await;
    suite.take_over(DISTRICT, "2017-08-28T11:00").await;
    suite.must_add_up().await;
}
