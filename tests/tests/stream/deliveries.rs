//! What is brought, to whom, how much at once, and what is done with it.

use std::collections::BTreeSet;
use std::time::Duration;

use prost::Message as _;
use proto::routing::v1::stream_transfers_request::Act;
use proto::routing::v1::{
    AcknowledgeTransfersRequest, Delivery, FlowLimits, ForwardTransferRequest,
    GetQueueStatsRequest, ListTransfersRequest, ModifyLeasesRequest, PullTransfersRequest,
    TransferState, modify_leases_request,
};
use tests::cast::{COMMUNE, CONSTRUCTION, DEPARTMENT, ENVIRONMENT};
use tests::filing::{BIRTH, CONSULTATION};
use tests::subscriber::{accept, acknowledge, extend, give_back, key, seconds};
use tests::{Suite, new_request_id};
use tokio::time::Instant;
use tonic::Code;

use super::{dossiers, transfer};

async fn register(suite: &Suite, number: usize) -> Vec<String> {
    let mut registered = Vec::new();
    for _ in 0..number {
        registered.push(suite.register(BIRTH, COMMUNE).await.uid);
    }
    // A check waits until routing has heard of them, and offers them.
    suite.must_add_up().await;
    registered
}

fn limits(max_outstanding: i32, max_outstanding_bytes: i32) -> FlowLimits {
    FlowLimits {
        max_outstanding,
        max_outstanding_bytes,
    }
}

fn now() -> Instant {
    kit::clock::monotonic()
}

#[tokio::test]
async fn an_offer_comes_when_it_is_made_and_is_accepted_within_the_stream_once() {
    let suite = Suite::start().await;
    let system = suite.client().await;
    let mut stream = system.subscribe(COMMUNE).await.unwrap();
    let registered = register(&suite, 1).await;
    let delivery = stream.next().await;
    assert_eq!(dossiers(std::slice::from_ref(&delivery)), registered);
    assert_eq!(delivery.attempt, 1);
    assert!(delivery.committed_at.is_some() && delivery.lease_ends.is_some());
    let accept = accept(&delivery);
    let done = stream.done(accept.clone()).await;
    let accepted = done.accepted.clone().unwrap();
    assert_eq!(accepted.state(), TransferState::Accepted);
    assert!(!done.position.is_empty());
    // The same again, here and there, is the same act.
    let again = stream.done(accept.clone()).await;
    assert_eq!(
        (again.accepted, again.position),
        (done.accepted, done.position)
    );
    let Act::AcknowledgeAndAccept(request) = accept else {
        unreachable!()
    };
    let there = system.ok(request).await;
    assert_eq!(there.message.transfer.unwrap(), accepted);
    suite.must_add_up().await;
}

#[tokio::test]
async fn an_acceptance_that_is_refused_is_told_on_the_stream_and_does_not_end_it() {
    let suite = Suite::start().await;
    let mut stream = suite
        .receptionist(COMMUNE)
        .subscribe(COMMUNE)
        .await
        .unwrap();
    register(&suite, 1).await;
    let delivery = stream.next().await;
    let refused = stream.done(accept(&delivery)).await.refusal.unwrap();
    assert_eq!(
        (refused.code, refused.reason.as_str()),
        (Code::PermissionDenied as i32, "STEP_ROLE_REQUIRED")
    );
    assert!(!refused.message.is_empty() && refused.metadata.contains_key("role"));
    // Somebody else of the unit is quicker.
    suite.accept(transfer(&delivery), "2017-08-28T09:00").await;
    let mut examiner = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let refused = examiner.done(accept(&delivery)).await.refusal.unwrap();
    assert_eq!(refused.reason, "STATE_FORBIDS");
    let registered = register(&suite, 1).await;
    let next = tokio::select! {
        next = stream.next() => next,
        next = examiner.next() => next,
    };
    assert_eq!(dossiers(&[next]), registered);
}

#[tokio::test]
async fn an_acknowledged_offer_stays_open_and_comes_no_more() {
    let suite = Suite::start().await;
    let examiner = suite.examiner(COMMUNE);
    let mut stream = examiner
        .subscribe_with(COMMUNE, limits(1, 0), 1)
        .await
        .unwrap();
    register(&suite, 1).await;
    let delivery = stream.next().await;
    let done = stream.done(acknowledge(&[key(&delivery)])).await;
    assert_eq!(done.without_effect, []);
    drop(stream);
    let mut stream = examiner
        .subscribe_with(COMMUNE, limits(1, 0), 1)
        .await
        .unwrap();
    let later = register(&suite, 1).await;
    let next = stream.next().await;
    assert_eq!(dossiers(std::slice::from_ref(&next)), later);
    let stats = GetQueueStatsRequest {
        unit_uid: COMMUNE.to_owned(),
    };
    let stats = examiner.ok(stats).await.message;
    assert_eq!((stats.open, stats.dead_letters), (2, 0));
    assert_eq!(
        (stats.in_queue, stats.leased, stats.acknowledged),
        (1, 1, 1)
    );
    let list = ListTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    assert_eq!(examiner.ok(list).await.transfers.len(), 2);
    suite.accept(transfer(&delivery), "2017-08-28T09:00").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn what_was_acknowledged_may_come_again_after_the_queue_lost_it_and_is_accepted_once() {
    let mut suite = Suite::start().await;
    let registered: BTreeSet<String> = register(&suite, 3).await.into_iter().collect();
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let first = stream.next_of(3).await;
    let keys: Vec<_> = first.iter().map(key).collect();
    assert_eq!(stream.done(acknowledge(&keys)).await.without_effect, []);
    let accepted = stream.done(accept(&first[0])).await;
    assert!(accepted.accepted.is_some());
    drop(stream);
    suite.wipe_queue().await;
    let began = now();
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let again = stream.next_of(2).await;
    assert!(now() - began < Duration::from_secs(10), "it came late");
    let mut open: BTreeSet<&str> = dossiers(&again).into_iter().collect();
    open.insert(&transfer(&first[0]).dossier_uid);
    assert_eq!(open, registered.iter().map(String::as_str).collect());
    for delivery in &again {
        assert!(stream.done(accept(delivery)).await.accepted.is_some());
        let twice = stream.done(accept(delivery)).await.refusal.unwrap();
        assert_eq!(twice.reason, "STATE_FORBIDS");
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_stream_that_lives_through_the_loss_of_the_queue_goes_on_by_itself() {
    let mut suite = Suite::start().await;
    // Embedded, the queue is lost with the process and its streams.
    if suite.pair().queue().is_none() {
        return;
    }
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    register(&suite, 1).await;
    assert_eq!(stream.next().await.attempt, 1);
    suite.wipe_queue().await;
    let began = now();
    assert_eq!(stream.next().await.attempt, 1);
    assert!(now() - began < Duration::from_secs(10), "it came late");
}

#[tokio::test]
async fn those_who_compete_share_and_one_that_dies_delays_nobody() {
    let suite = Suite::start().await;
    let examiner = suite.examiner(COMMUNE);
    let mut one = examiner
        .subscribe_with(COMMUNE, limits(4, 0), 600)
        .await
        .unwrap();
    let mut other = examiner
        .subscribe_with(COMMUNE, limits(4, 0), 600)
        .await
        .unwrap();
    let registered: BTreeSet<String> = register(&suite, 8).await.into_iter().collect();
    let (of_one, of_other) = tokio::join!(one.next_of(4), other.next_of(4));
    let all = [of_one, of_other.clone()].concat();
    let shared: BTreeSet<String> = dossiers(&all).into_iter().map(str::to_owned).collect();
    assert_eq!(shared, registered);
    drop(one);
    let keys: Vec<_> = of_other.iter().map(key).collect();
    other.done(acknowledge(&keys)).await;
    let came_back = other.next_of(4).await;
    assert!(came_back.iter().all(|delivery| delivery.attempt == 2));
    let back: BTreeSet<&str> = dossiers(&came_back).into_iter().collect();
    assert_eq!(back, dossiers(&all[..4]).into_iter().collect());
}

#[tokio::test]
async fn those_who_compete_for_much_get_a_fair_part_each_however_much_they_may_have() {
    const OFFERS: usize = 160;
    let suite = Suite::start().await;
    let examiner = suite.examiner(COMMUNE);
    let all = limits(1_000, 1 << 20);
    let mut holder = examiner.subscribe_with(COMMUNE, all, 600).await.unwrap();
    register(&suite, OFFERS).await;
    holder.next_of(OFFERS).await;
    let mut one = examiner.subscribe_with(COMMUNE, all, 600).await.unwrap();
    let mut other = examiner.subscribe_with(COMMUNE, all, 600).await.unwrap();
    assert_eq!(one.come().await, []);
    assert_eq!(other.come().await, []);
    // All of it is there at once, and both want all of it.
    drop(holder);
    let (mut of_one, mut of_other) = (0, 0);
    while of_one + of_other < OFFERS {
        tokio::select! {
            _ = one.next() => of_one += 1,
            _ = other.next() => of_other += 1,
        }
    }
    let fair = OFFERS / 4;
    let told = format!("one got {of_one}, the other {of_other}");
    assert!(of_one >= fair && of_other >= fair, "{told}");
}

#[tokio::test]
async fn a_subscriber_that_reads_no_more_delays_no_other() {
    const OFFERS: usize = 20;
    let suite = Suite::start().await;
    let examiner = suite.examiner(COMMUNE);
    let few = limits(4, 0);
    // What it does not read would hold up whatever else went over its connection.
    let own = examiner.over(suite.connection(|endpoint| endpoint));
    let mut stuck = own.subscribe_with(COMMUNE, few, 600).await.unwrap();
    let mut other = examiner.subscribe_with(COMMUNE, few, 600).await.unwrap();
    stuck.flood();
    register(&suite, OFFERS).await;
    let began = now();
    // What the other took before it was stuck is its own for as long as its lease.
    for _ in 4..OFFERS {
        let delivery = other.next().await;
        assert!(other.done(accept(&delivery)).await.accepted.is_some());
    }
    assert!(now() - began < Duration::from_secs(5), "they came late");
    drop(stuck);
    suite.must_add_up().await;
}

#[tokio::test]
async fn never_more_deliveries_are_outstanding_than_are_allowed() {
    let suite = Suite::start().await;
    register(&suite, 6).await;
    let examiner = suite.examiner(COMMUNE);
    let mut stream = examiner
        .subscribe_with(COMMUNE, limits(2, 0), 600)
        .await
        .unwrap();
    let first = stream.next_of(2).await;
    assert_eq!(stream.come().await, []);
    stream.done(acknowledge(&[key(&first[0])])).await;
    stream.next().await;
    assert_eq!(stream.come().await, []);
    assert!(stream.done(accept(&first[1])).await.accepted.is_some());
    stream.next().await;
    assert_eq!(stream.come().await, []);
    stream.done(Act::Limits(limits(4, 0))).await;
    stream.next_of(2).await;
}

#[tokio::test]
async fn never_more_bytes_are_outstanding_than_are_allowed() {
    const BYTES: usize = 1_500;
    let suite = Suite::start().await;
    register(&suite, 8).await;
    let examiner = suite.examiner(COMMUNE);
    let bytes = i32::try_from(BYTES).unwrap();
    let mut stream = examiner
        .subscribe_with(COMMUNE, limits(0, bytes), 600)
        .await
        .unwrap();
    let size =
        |deliveries: &[Delivery]| -> usize { deliveries.iter().map(Delivery::encoded_len).sum() };
    let mut seen = 0;
    while seen < 8 {
        let mut come = vec![stream.next().await];
        come.extend(stream.come().await);
        seen += come.len();
        assert!(
            size(&come) <= BYTES,
            "{} bytes are outstanding",
            size(&come)
        );
        let next = size(&come) + size(&come[..1]) * 9 / 10;
        assert!(seen == 8 || next > BYTES, "there was room for another");
        let keys: Vec<_> = come.iter().map(key).collect();
        assert!(come.iter().all(|delivery| delivery.attempt == 1));
        stream.done(acknowledge(&keys)).await;
    }
}

#[tokio::test]
async fn a_lease_that_is_extended_ends_later_and_one_that_is_over_no_more() {
    let suite = Suite::start().await;
    register(&suite, 2).await;
    let examiner = suite.examiner(COMMUNE);
    let mut stream = examiner
        .subscribe_with(COMMUNE, limits(2, 0), 2)
        .await
        .unwrap();
    let [lapses, extended]: [Delivery; 2] = stream.next_of(2).await.try_into().unwrap();
    let done = stream.done(extend(&extended, 600)).await;
    assert!(done.lease_ends.unwrap().seconds > extended.lease_ends.unwrap().seconds + 500);
    let again = stream.next().await;
    assert_eq!(
        (key(&again).transfer_uid, again.attempt),
        (key(&lapses).transfer_uid, 2)
    );
    let done = stream.done(extend(&lapses, 600)).await;
    assert_eq!(done.without_effect, [key(&lapses)]);
    assert_eq!(stream.come().await, []);
}

#[tokio::test]
async fn what_is_given_back_for_later_comes_then() {
    let suite = Suite::start().await;
    register(&suite, 1).await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let first = stream.next().await;
    let began = now();
    let done = stream.done(give_back(&first, 2)).await;
    assert_eq!(done.without_effect, []);
    assert_eq!(stream.come().await, []);
    let again = stream.next().await;
    assert_eq!(again.attempt, 2);
    let waited = now() - began;
    assert!(waited >= Duration::from_millis(1_900), "it came early");
}

#[tokio::test]
async fn a_dossiers_offers_come_in_order_and_to_one_subscriber_at_a_time() {
    let suite = Suite::start().await;
    suite.register(CONSULTATION, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T08:30").await;
    // Both are asked for an opinion; one of them is not competent, so that the other has two offers of the dossier.
    let asked = suite.offer_to(CONSTRUCTION).await;
    let forward = ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: asked.uid.clone(),
        offer_epoch: asked.offer_epoch,
        to_unit_uid: ENVIRONMENT.to_owned(),
        reason: "đúng nơi".to_owned(),
        paper: Vec::new(),
    };
    let leader = suite.leader(CONSTRUCTION).at("2017-08-28T09:00");
    let forwarded = leader.ok(forward).await;
    let later = forwarded.message.transfer.unwrap();
    let examiner = suite.examiner(ENVIRONMENT);
    let mut one = examiner
        .subscribe_with(ENVIRONMENT, limits(1, 0), 600)
        .await
        .unwrap();
    let first = one.next().await;
    assert_ne!(transfer(&first).uid, later.uid);
    assert_eq!(transfer(&first).dossier_uid, later.dossier_uid);
    let mut other = examiner.subscribe(ENVIRONMENT).await.unwrap();
    assert_eq!(other.come().await, []);
    one.done(acknowledge(&[key(&first)])).await;
    let second = tokio::select! {
        second = one.next() => second,
        second = other.next() => second,
    };
    assert_eq!(
        (transfer(&second).uid.clone(), second.attempt),
        (later.uid, 1)
    );
}

#[tokio::test]
async fn a_simple_caller_acknowledges_extends_and_gives_back_too() {
    let suite = Suite::start().await;
    register(&suite, 3).await;
    let examiner = suite.examiner(COMMUNE);
    let pull = |wait| PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        max_transfers: 10,
        wait: Some(seconds(wait)),
        lease: Some(seconds(600)),
    };
    let mut pulled = Vec::new();
    while pulled.len() < 3 {
        pulled.extend(examiner.ok(pull(10)).await.message.deliveries);
    }
    let acknowledge = AcknowledgeTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        deliveries: vec![key(&pulled[0])],
    };
    for _ in 0..2 {
        let done = examiner.ok(acknowledge.clone()).await;
        assert_eq!(done.without_effect, []);
    }
    let modify = |delivery, change| ModifyLeasesRequest {
        unit_uid: COMMUNE.to_owned(),
        deliveries: vec![key(delivery)],
        change: Some(change),
    };
    let extend = modify_leases_request::Change::Extend(seconds(300));
    let extended = examiner.ok(modify(&pulled[1], extend)).await;
    assert!(extended.lease_ends.is_some() && extended.without_effect.is_empty());
    let give_back = modify(
        &pulled[2],
        modify_leases_request::Change::GiveBack(seconds(0)),
    );
    let done = examiner.ok(give_back.clone()).await;
    assert_eq!(done.without_effect, []);
    let again = examiner.ok(pull(10)).await.message.deliveries;
    assert_eq!(dossiers(&again), dossiers(&pulled[2..]));
    assert_eq!(again[0].attempt, 2);
    let late = examiner.ok(give_back).await;
    assert_eq!(late.without_effect, [key(&pulled[2])]);
    let nothing = ModifyLeasesRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let refusal = examiner
        .refused(nothing, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    assert_eq!(refusal.fields(), ["deliveries", "change"]);
    let stranger = suite.examiner(DEPARTMENT);
    let refused = stranger.refused(acknowledge, Code::PermissionDenied, "UNIT_NOT_YOURS");
    refused.await;
}

#[tokio::test]
async fn a_stream_goes_on_under_the_trace_of_what_made_the_offer() {
    let suite = Suite::start().await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    register(&suite, 1).await;
    let delivery = stream.next().await;
    assert!(stream.done(accept(&delivery)).await.accepted.is_some());
    let events = suite.events().await;
    let accepted = events.iter().rev().find(|event| event.owner == "routing");
    let trace = |traceparent: &str| traceparent.split('-').nth(1).map(str::to_owned);
    assert_eq!(
        trace(&accepted.unwrap().traceparent),
        trace(&delivery.traceparent)
    );
}
