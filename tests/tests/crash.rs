//! Killed or asked to end at any moment: what was acknowledged is there, once.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proto::intake::v1::{Dossier, ListDossiersRequest, ReserveCodesRequest, SubmitDossierRequest};
use proto::routing::v1::PullTransfersRequest;
use tests::cast::{AN, COMMUNE};
use tests::filing::BIRTH;
use tests::{Actor, Suite, desk};
use tokio::task::JoinSet;

/// Everything that one caller sent, each with the answer that it got, if any.
type Sent = Vec<(SubmitDossierRequest, Option<Dossier>)>;

/// Submits until the suite answers no more.
async fn submit_until_cut(an: Actor, acknowledged: Arc<AtomicUsize>) -> Sent {
    let mut sent = Sent::new();
    loop {
        let request = BIRTH.online(COMMUNE);
        let answer = an.call(request.clone()).await;
        let dossier = answer.ok().map(|reply| reply.message.dossier.unwrap());
        let cut = dossier.is_none();
        sent.push((request, dossier));
        if cut {
            return sent;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

async fn submit_until_killed(suite: &mut Suite, kill_after: usize) -> Sent {
    let an = suite.actor(AN);
    an.token().await;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..8 {
        callers.spawn(submit_until_cut(an.clone(), Arc::clone(&acknowledged)));
    }
    while acknowledged.load(Ordering::Relaxed) < kill_after {
        tokio::task::yield_now().await;
    }
    suite.kill().await;
    callers.join_all().await.into_iter().flatten().collect()
}

async fn all_dossiers(suite: &Suite) -> Vec<Dossier> {
    let mut request = ListDossiersRequest {
        page_size: 500,
        ..Default::default()
    };
    let mut all = Vec::new();
    loop {
        let page = suite
            .receptionist(COMMUNE)
            .ok(request.clone())
            .await
            .message;
        all.extend(page.dossiers);
        if page.next_page_token.is_empty() {
            return all;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_every_acknowledged_dossier_is_there_once_and_a_retry_doubles_none() {
    let mut suite = Suite::start().await;
    let mut sent = Sent::new();
    for kill_after in [25, 60] {
        sent.extend(submit_until_killed(&mut suite, kill_after).await);
        suite.restart().await;
        for (_, acknowledged) in &sent {
            let Some(dossier) = acknowledged else {
                continue;
            };
            assert_eq!(&suite.dossier(&dossier.uid, COMMUNE).await, dossier);
        }
    }
    let an = suite.actor(AN);
    for (request, acknowledged) in &sent {
        let again = an.ok(request.clone()).await.message.dossier.unwrap();
        assert!(
            acknowledged
                .as_ref()
                .is_none_or(|dossier| *dossier == again)
        );
    }
    let all = all_dossiers(&suite).await;
    assert_eq!(all.len(), sent.len(), "one dossier for each request id");
    let codes: BTreeSet<_> = all.iter().map(|dossier| dossier.code.clone()).collect();
    let dense = (1..=sent.len()).map(|number| format!("000.01.20.H15-170828-{number:04}"));
    assert_eq!(
        codes,
        dense.collect::<BTreeSet<_>>(),
        "no number twice, none left out"
    );
    suite.must_add_up().await;
}

/// Sets codes aside until the suite answers no more; gives back what was not answered.
async fn reserve_until_cut(desk: Actor, acknowledged: Arc<AtomicUsize>) -> ReserveCodesRequest {
    loop {
        let request = desk::reserve(COMMUNE, "2017-08-28", 3);
        if desk.call(request.clone()).await.is_err() {
            return request;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_no_number_of_a_block_is_lost_or_given_out_twice() {
    let mut suite = Suite::start().await;
    let (an, desk) = (suite.actor(AN), suite.receptionist(COMMUNE));
    an.token().await;
    desk.token().await;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let (mut submitting, mut reserving) = (JoinSet::new(), JoinSet::new());
    for _ in 0..4 {
        submitting.spawn(submit_until_cut(an.clone(), Arc::clone(&acknowledged)));
        reserving.spawn(reserve_until_cut(desk.clone(), Arc::clone(&acknowledged)));
    }
    while acknowledged.load(Ordering::Relaxed) < 40 {
        tokio::task::yield_now().await;
    }
    suite.kill().await;
    submitting.join_all().await;
    suite.restart().await;
    suite.must_add_up().await;
    for unanswered in reserving.join_all().await {
        let block = desk.ok(unanswered.clone()).await.message;
        assert_eq!(desk.ok(unanswered).await.message, block);
    }
    suite.must_add_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_in_the_middle_of_the_routes_everything_still_adds_up() {
    let mut suite = Suite::start().await;
    for _ in 0..12 {
        suite.register(BIRTH, COMMUNE).await;
    }
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:30").await;
    let offers = suite.offers_to(COMMUNE, 5).await;
    let mut calls = JoinSet::new();
    for offer in offers {
        let (officer, request) = (suite.officer_of(&offer), desk::accept(&offer));
        calls.spawn(async move { (officer.call(request.clone()).await.ok(), officer, request) });
    }
    let first = calls.join_next().await.unwrap().unwrap();
    suite.kill().await;
    suite.restart().await;
    let mut answers = calls.join_all().await;
    answers.push(first);
    for (acknowledged, officer, request) in answers {
        let again = officer.ok(request).await;
        assert!(acknowledged.is_none_or(|reply| reply.message == again.message));
    }
    suite.complete(&held, "2017-08-28T10:00").await;
    suite.must_add_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asked_to_end_while_a_puller_waits_it_ends_in_time_and_keeps_what_it_answered() {
    let mut suite = Suite::start().await;
    let examiner = suite.examiner(COMMUNE);
    examiner.token().await;
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        wait: Some(prost_types::Duration {
            seconds: 60,
            nanos: 0,
        }),
        ..Default::default()
    };
    let waiting = tokio::spawn(async move { examiner.call(pull).await });
    let answered = suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    let ended = suite.terminate().await;
    assert_eq!(ended.code(), Some(0), "{}", suite.log());
    let pulled = waiting.await.unwrap();
    assert!(
        pulled.is_err() || pulled.unwrap().deliveries.is_empty(),
        "nothing was offered"
    );
    suite.restart().await;
    assert_eq!(suite.dossier(&answered.uid, COMMUNE).await, answered);
    suite.must_add_up().await;
}
