//! The store or the queue is away, at the start and while the suite serves.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use tests::Suite;
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::pair::Pair;
use tests::servers::{Appending, Durability, Postgres, Redis, free_port};
use tests::suite::{PATIENCE, health_at};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

/// What is away is told of within this.
const AT_ONCE: Duration = Duration::from_secs(5);
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
