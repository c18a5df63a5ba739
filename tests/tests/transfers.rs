//! Offers on their way: exactly one taker, no offer lost, and what one service did is seen in the next.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use futures::future::join_all;
use proto::routing::v1::{
    Delivery, GetRouteRequest, ListTransfersRequest, PullTransfersRequest, TransferState,
};
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::{Refusal, Suite, desk};
use tonic::Code;

fn pull(wait: i64, lease: i64) -> PullTransfersRequest {
    let seconds = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        max_transfers: 10,
        wait: seconds(wait),
        lease: seconds(lease),
    }
}

fn attempts(deliveries: &[Delivery]) -> Vec<i32> {
    deliveries.iter().map(|delivery| delivery.attempt).collect()
}

#[tokio::test]
async fn of_two_who_accept_at_once_exactly_one_wins() {
    let suite = Suite::start().await;
    let (examiner, client) = (suite.examiner(COMMUNE), suite.client().await);
    for _ in 0..10 {
        suite.register(BIRTH, COMMUNE).await;
        let offer = suite.offer_to(COMMUNE).await;
        let (one, other) = tokio::join!(
            examiner.call(desk::accept(&offer)),
            client.call(desk::accept(&offer))
        );
        let (won, lost) = if one.is_ok() {
            (one, other)
        } else {
            (other, one)
        };
        assert_eq!(
            won.unwrap().message.transfer.unwrap().state(),
            TransferState::Accepted
        );
        let refusal = Refusal::of(&lost.unwrap_err());
        assert_eq!(
            (refusal.code, refusal.reason.as_str()),
            (Code::FailedPrecondition, "STATE_FORBIDS")
        );
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn of_32_acceptances_under_different_ids_one_has_an_effect() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let offer = suite.offer_to(COMMUNE).await;
    let examiner = suite.examiner(COMMUNE);
    let answers = join_all((0..32).map(|_| examiner.call(desk::accept(&offer)))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for status in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(Refusal::of(status).reason, "STATE_FORBIDS");
    }
    suite.must_add_up().await;
    let route = suite.route(&dossier.uid, COMMUNE).await;
    assert_eq!(route.transfers[0].custody_epoch, 1);
}

#[tokio::test]
async fn of_32_acceptances_under_one_id_all_get_the_same_reply() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    let accept = desk::accept(&suite.offer_to(COMMUNE).await);
    let examiner = suite.examiner(COMMUNE);
    let answers = join_all((0..32).map(|_| examiner.ok(accept.clone()))).await;
    assert!(
        answers
            .iter()
            .all(|answer| answer.message == answers[0].message)
    );
    assert!(
        answers
            .iter()
            .all(|answer| answer.position == answers[0].position)
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn an_offer_that_is_not_answered_is_delivered_again_when_its_lease_ends() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    suite.register(BIRTH, COMMUNE).await;
    let first = desk.ok(pull(10, 1)).await;
    assert_eq!(attempts(&first.deliveries), [1]);
    assert!(
        desk.ok(pull(0, 1)).await.deliveries.is_empty(),
        "the lease runs"
    );
    let again = desk.ok(pull(10, 60)).await;
    assert_eq!(attempts(&again.deliveries), [2]);
    let list = ListTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    assert_eq!(
        desk.ok(list).await.transfers.len(),
        1,
        "it stays open and listed all the while"
    );
    let offer = again.deliveries[0].transfer.as_ref().unwrap();
    suite.accept(offer, "2017-08-28T09:00").await;
    assert!(
        desk.ok(pull(2, 1)).await.deliveries.is_empty(),
        "accepting ends delivery for good"
    );
}

#[tokio::test]
async fn a_restart_loses_no_offer() {
    let mut suite = Suite::start().await;
    let mut offered = Vec::new();
    for _ in 0..5 {
        offered.push(suite.register(BIRTH, COMMUNE).await.uid);
    }
    suite.must_add_up().await;
    // A lease of before may outlive the process: it is in Redis.
    suite.receptionist(COMMUNE).ok(pull(0, 1)).await;
    suite.kill().await;
    suite.restart().await;
    let mut delivered = Vec::new();
    while delivered.len() < offered.len() {
        let offers = suite.offers_to(COMMUNE, 10).await;
        assert!(!offers.is_empty(), "only {delivered:?} of {offered:?} came");
        delivered.extend(offers.into_iter().map(|offer| offer.dossier_uid));
    }
    delivered.sort();
    offered.sort();
    assert_eq!(delivered, offered);
}

#[tokio::test]
async fn who_brings_a_position_back_sees_in_routing_what_intake_did() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    for _ in 0..20 {
        let registered = desk.ok(BIRTH.at_counter(COMMUNE)).await;
        let route = GetRouteRequest {
            dossier_uid: registered.dossier.as_ref().unwrap().uid.clone(),
        };
        let seen = desk.after(registered.position.as_ref()).ok(route).await;
        assert_eq!(seen.transfers.len(), 1);
    }
}

#[tokio::test]
async fn a_position_that_is_far_ahead_asks_for_a_retry() {
    let suite = Suite::start().await;
    let ahead = suite
        .receptionist(COMMUNE)
        .with("motcua-after", "intake:3:1000000");
    let list = ListTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let refusal = ahead.refused(list, Code::Unavailable, "BEHIND").await;
    assert!(refusal.retry);
}
