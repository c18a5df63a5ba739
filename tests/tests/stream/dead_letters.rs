//! Offers that were delivered too often.

use proto::routing::v1::{
    DeclineTransferRequest, GetQueueStatsRequest, ListDeadLettersRequest, ListTransfersRequest,
    RedriveDeadLettersRequest, Transfer, TransferState,
};
use tests::cast::{COMMUNE, DEPARTMENT};
use tests::filing::BIRTH;
use tests::subscriber::{accept, give_back};
use tests::suite::PATIENCE;
use tests::{Actor, Subscriber, Suite, new_request_id};
use tonic::Code;

use super::transfer;

async fn suite_that_gives_up_after_two() -> Suite {
    let mut suite = Suite::load().await;
    suite.set("MOTCUA_MOST_DELIVERIES", "2");
    suite.restart().await;
    suite
}

/// Registers a dossier and gives its offer back until the queue gives it up.
async fn wear_out(suite: &Suite, stream: &mut Subscriber, known: usize) -> Transfer {
    suite.register(BIRTH, COMMUNE).await;
    let examiner = suite.examiner(COMMUNE);
    for attempt in 1..=2 {
        let delivery = stream.next().await;
        assert_eq!(delivery.attempt, attempt);
        stream.done(give_back(&delivery, 0)).await;
    }
    let letters = kit::testing::until("it is given up", PATIENCE, async || {
        let letters = dead_letters(&examiner).await;
        (letters.len() > known).then_some(letters)
    });
    letters.await.pop().unwrap()
}

async fn dead_letters(actor: &Actor) -> Vec<Transfer> {
    let mut all = Vec::new();
    let mut page_token = String::new();
    loop {
        let list = ListDeadLettersRequest {
            unit_uid: COMMUNE.to_owned(),
            page_size: 1,
            page_token,
        };
        let page = actor.ok(list).await.message;
        all.extend(page.transfers);
        if page.next_page_token.is_empty() {
            return all;
        }
        page_token = page.next_page_token;
    }
}

fn redrive(transfer_uids: Vec<String>) -> RedriveDeadLettersRequest {
    RedriveDeadLettersRequest {
        request_id: new_request_id(),
        unit_uid: COMMUNE.to_owned(),
        transfer_uids,
    }
}

#[tokio::test]
async fn a_dead_letter_stays_open_with_its_clock_running_and_comes_anew_when_it_is_redriven() {
    let suite = suite_that_gives_up_after_two().await;
    let examiner = suite.examiner(COMMUNE);
    let mut stream = examiner.subscribe(COMMUNE).await.unwrap();
    let letter = wear_out(&suite, &mut stream, 0).await;
    assert_eq!(letter.state(), TransferState::Offered);
    assert_eq!(letter.dead_letter_deliveries, 2);
    assert!(letter.dead_letter_since.is_some() && letter.hand_over_due.is_some());
    // It leaves the queue after its commit.
    kit::testing::until("it has left the queue", PATIENCE, async || {
        let stats = GetQueueStatsRequest {
            unit_uid: COMMUNE.to_owned(),
        };
        let stats = examiner.ok(stats).await.message;
        assert_eq!((stats.open, stats.dead_letters), (1, 1));
        (stats.in_queue == 0).then_some(())
    })
    .await;
    let list = ListTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let listed = examiner.ok(list).await.message.transfers;
    assert_eq!(listed, std::slice::from_ref(&letter));
    assert_eq!(stream.come().await, []);
    suite.must_add_up().await;

    let redrive = redrive(vec![letter.uid.clone()]);
    let redriven = examiner.ok(redrive.clone()).await;
    assert_eq!(redriven.transfer_uids, std::slice::from_ref(&letter.uid));
    let delivery = stream.next().await;
    assert_eq!(delivery.attempt, 1);
    let anew = transfer(&delivery).clone();
    let as_before = Transfer {
        dead_letter_since: None,
        dead_letter_deliveries: 0,
        revision: letter.revision + 1,
        ..letter
    };
    assert_eq!(anew, as_before, "nothing else about it changed");
    let again = examiner.ok(redrive).await;
    assert_eq!(again.message, redriven.message);
    assert_eq!(stream.come().await, []);
    assert!(stream.done(accept(&delivery)).await.accepted.is_some());
    suite.must_add_up().await;
}

#[tokio::test]
async fn all_dead_letters_of_a_unit_are_redriven_at_once_but_those_that_somebody_answered() {
    let suite = suite_that_gives_up_after_two().await;
    let examiner = suite.examiner(COMMUNE);
    let mut stream = examiner.subscribe(COMMUNE).await.unwrap();
    let mut letters = Vec::new();
    for known in 0..3 {
        letters = {
            wear_out(&suite, &mut stream, known).await;
            dead_letters(&examiner).await
        };
    }
    let answered = letters.remove(0);
    let decline = DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: answered.uid,
        offer_epoch: answered.offer_epoch,
        reason: "không thuộc thẩm quyền".to_owned(),
    };
    let declined = examiner.ok(decline).await.message.transfer.unwrap();
    assert_eq!(declined.dead_letter_since, None);
    let redriven = examiner.ok(redrive(Vec::new())).await;
    let mut expected: Vec<String> = letters.into_iter().map(|letter| letter.uid).collect();
    expected.sort();
    assert_eq!(redriven.transfer_uids, expected);
    let come = stream.next_of(2).await;
    assert!(come.iter().all(|delivery| delivery.attempt == 1));
    assert_eq!(dead_letters(&examiner).await, []);
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_dead_letter_outlives_the_queue() {
    let mut suite = suite_that_gives_up_after_two().await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let letter = wear_out(&suite, &mut stream, 0).await;
    drop(stream);
    suite.wipe_queue().await;
    let examiner = suite.examiner(COMMUNE);
    let mut stream = examiner.subscribe(COMMUNE).await.unwrap();
    let later = suite.register(BIRTH, COMMUNE).await;
    let delivery = stream.next().await;
    assert_eq!(transfer(&delivery).dossier_uid, later.uid);
    assert_eq!(stream.come().await, []);
    assert_eq!(dead_letters(&examiner).await, [letter]);
}

#[tokio::test]
async fn only_the_unit_redrives_its_dead_letters() {
    let suite = suite_that_gives_up_after_two().await;
    let mut stream = suite.examiner(COMMUNE).subscribe(COMMUNE).await.unwrap();
    let letter = wear_out(&suite, &mut stream, 0).await;
    let stranger = suite.examiner(DEPARTMENT);
    let refused = stranger.refused(
        redrive(Vec::new()),
        Code::PermissionDenied,
        "UNIT_NOT_YOURS",
    );
    refused.await;
    let of_another = RedriveDeadLettersRequest {
        unit_uid: DEPARTMENT.to_owned(),
        ..redrive(vec![letter.uid.clone()])
    };
    let redriven = stranger.ok(of_another).await;
    assert_eq!(redriven.message.transfer_uids, [""; 0]);
    assert_eq!(dead_letters(&suite.examiner(COMMUNE)).await, [letter]);
}
