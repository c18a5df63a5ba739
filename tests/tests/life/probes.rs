//! Eight callers at once, and thirty-two: one effect, one winner, and everybody is told.

use std::collections::BTreeSet;

use futures::future::join_all;
use proto::intake::v1::{Dossier, DossierState, WithdrawDossierRequest};
use tests::cast::{AN, COMMUNE};
use tests::filing::{BIRTH, MARRIAGE};
use tests::rpc::Rpc;
use tests::{Actor, Refusal, Suite, desk, new_request_id};
use tonic::Code;

/// What many callers are answered at once: the replies, and the refusals.
async fn at_once<R: Rpc>(actor: &Actor, requests: Vec<R>) -> (Vec<R::Reply>, Vec<Refusal>) {
    let calls = requests.into_iter().map(|request| {
        let actor = actor.clone();
        async move { actor.call(request).await }
    });
    let (mut replies, mut refusals) = (Vec::new(), Vec::new());
    for answer in join_all(calls).await {
        match answer {
            Ok(reply) => replies.push(reply.message),
            Err(status) => refusals.push(Refusal::of(&status)),
        }
    }
    (replies, refusals)
}

async fn submitted(suite: &Suite) -> Dossier {
    let submitted = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    submitted.message.dossier.unwrap()
}

fn withdraw(dossier: &Dossier) -> WithdrawDossierRequest {
    WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        reason: "Gia đình đề nghị rút hồ sơ".to_owned(),
    }
}

#[tokio::test]
async fn the_same_step_under_one_request_id_has_one_effect_and_one_answer() {
    let suite = Suite::start().await;
    let receive = desk::receive(&submitted(&suite).await);
    let desk = suite.receptionist(COMMUNE);
    let (replies, refusals) = at_once(&desk, vec![receive; 8]).await;
    assert!(refusals.is_empty(), "{refusals:?}");
    assert!(replies.windows(2).all(|two| two[0] == two[1]));
    assert_eq!(replies[0].dossier.as_ref().unwrap().revision, 2);
    suite.must_add_up().await;
}

#[tokio::test]
async fn the_same_step_under_eight_request_ids_has_one_winner_and_seven_are_told_the_state() {
    let suite = Suite::start().await;
    let dossier = submitted(&suite).await;
    let receive = |_| {
        let mut receive = desk::receive(&dossier);
        receive.expected_revision = 0;
        receive
    };
    let desk = suite.receptionist(COMMUNE);
    let (replies, refusals) = at_once(&desk, (0..8).map(receive).collect()).await;
    assert_eq!((replies.len(), refusals.len()), (1, 7));
    for refusal in refusals {
        assert_eq!(
            (refusal.code, &*refusal.reason),
            (Code::FailedPrecondition, "STATE_FORBIDS")
        );
        // The first unit may have accepted it meanwhile.
        assert!(["RECEIVED", "PROCESSING"].contains(&refusal.variable("current")));
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn of_three_steps_that_end_a_dossier_one_wins() {
    let suite = Suite::start().await;
    for _ in 0..4 {
        let dossier = suite.register(MARRIAGE, COMMUNE).await;
        suite.work_off(COMMUNE, "2017-08-28T09:00").await;
        let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
        let leader = suite.leader(COMMUNE).after(signed.position.as_ref());
        let desk = suite.receptionist(COMMUNE);
        let (decided, stopped, withdrawn) = tokio::join!(
            leader.call(desk::decide(&signed)),
            leader.call(desk::stop(&dossier)),
            desk.call(withdraw(&dossier)),
        );
        let refused = [decided.err(), stopped.err(), withdrawn.err()];
        let refused: Vec<_> = refused.iter().flatten().map(Refusal::of).collect();
        assert_eq!(refused.len(), 2, "{refused:?}");
        let now = suite.dossier(&dossier.uid, COMMUNE).await;
        let ended = [
            DossierState::ResultReady,
            DossierState::Stopped,
            DossierState::Withdrawn,
        ];
        assert!(ended.contains(&now.state()), "{now:?}");
        let current = now
            .state()
            .as_str_name()
            .trim_start_matches("DOSSIER_STATE_");
        for refusal in refused {
            assert_eq!(refusal.variable("current"), current);
        }
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_step_that_is_skipped_is_refused_to_each_and_changes_nothing() {
    let suite = Suite::start().await;
    let dossier = submitted(&suite).await;
    let stop = |_| desk::stop(&dossier);
    let desk = suite.receptionist(COMMUNE);
    let (replies, refusals) = at_once(&desk, (0..8).map(stop).collect()).await;
    assert!(replies.is_empty());
    for refusal in refusals {
        assert_eq!(
            (&*refusal.reason, refusal.variable("current")),
            ("STATE_FORBIDS", "SUBMITTED")
        );
    }
    assert_eq!(suite.dossier(&dossier.uid, COMMUNE).await, dossier);
}

#[tokio::test]
async fn the_same_submission_thrice_is_one_dossier_and_under_another_id_a_possible_duplicate() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let submission = BIRTH.online(COMMUNE);
    let (replies, refusals) = at_once(&an, vec![submission.clone(); 3]).await;
    assert!(refusals.is_empty(), "{refusals:?}");
    let uids: BTreeSet<_> = replies
        .iter()
        .map(|reply| &reply.dossier.as_ref().unwrap().uid)
        .collect();
    assert_eq!(uids.len(), 1);
    let mut again = submission;
    again.request_id = new_request_id();
    let again = an.ok(again).await.message;
    assert_eq!(again.warnings[0].reason, "POSSIBLE_DUPLICATE");
    assert!(!uids.contains(&again.dossier.unwrap().uid));
    suite.must_add_up().await;
}

#[tokio::test]
async fn thirty_two_callers_at_one_desk_get_the_numbers_of_the_day_without_a_hole_or_a_twin() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let (replies, refusals) = at_once(
        &desk,
        (0..32).map(|_| MARRIAGE.at_counter(COMMUNE)).collect(),
    )
    .await;
    assert!(refusals.is_empty(), "{refusals:?}");
    let number = |dossier: Dossier| -> u32 {
        let (_, number) = dossier.code.rsplit_once('-').unwrap();
        number.parse().unwrap()
    };
    let dossiers = replies.into_iter().map(|reply| reply.dossier.unwrap());
    let numbers: BTreeSet<u32> = dossiers.map(number).collect();
    assert_eq!(numbers, (1..=32).collect());
    suite.must_add_up().await;
}

/// A system hands a dossier in once, whatever it calls its requests.
#[tokio::test]
async fn a_code_of_another_system_is_taken_once_for_ever() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let with_code = |code: &str| {
        let mut submission = BIRTH.online(COMMUNE);
        code.clone_into(&mut submission.external_id);
        submission
    };
    let (replies, refusals) = at_once(&client, (0..8).map(|_| with_code("HCM-1")).collect()).await;
    assert_eq!((replies.len(), refusals.len()), (1, 7));
    let first = replies[0].dossier.as_ref().unwrap();
    assert_eq!(first.origin.as_ref().unwrap().code, "HCM-1");
    for refusal in refusals {
        assert_eq!(
            (refusal.code, &*refusal.reason),
            (Code::AlreadyExists, "ORIGIN_TAKEN")
        );
        assert_eq!(refusal.variable("dossier_uid"), first.uid);
    }
    client.ok(with_code("HCM-2")).await;
    suite.must_add_up().await;
}
