//! Steps that go back: recalled by the sender, returned by the holder, sent back by a leader.

use kit::testing::until;
use proto::intake::v1::{DossierState, WithdrawDossierRequest};
use proto::routing::v1::{GetTransferRequest, ListTransfersRequest, Transfer, TransferState};
use tests::cast::{COMMUNE, DISTRICT};
use tests::filing::DECIDED_BY_DISTRICT;
use tests::suite::PATIENCE;
use tests::{Held, Suite, desk, new_request_id};
use tonic::Code;

/// A dossier that the commune has verified and sent to its district.
async fn sent(suite: &Suite) -> String {
    let dossier = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    dossier.uid
}

/// The same, to be signed at the district.
async fn to_sign(suite: &Suite) -> (String, Held) {
    let dossier = sent(suite).await;
    suite.work_off(DISTRICT, "2017-08-28T10:00").await;
    (dossier, suite.take_over(DISTRICT, "2017-08-28T11:00").await)
}

/// What stands in the work list of a unit.
async fn to_do(suite: &Suite, unit: &str, state: TransferState) -> Vec<Transfer> {
    let list = ListTransfersRequest {
        unit_uid: unit.to_owned(),
        state: state.into(),
        ..Default::default()
    };
    suite.receptionist(unit).ok(list).await.message.transfers
}

async fn transfer(suite: &Suite, uid: &str, unit: &str) -> Transfer {
    let request = GetTransferRequest {
        uid: uid.to_owned(),
    };
    let found = suite.receptionist(unit).ok(request).await;
    found.message.transfer.unwrap()
}

/// From the signature to the return of the result.
async fn finish(suite: &Suite, signed: &Held) {
    suite.decide(signed, "2017-08-29T09:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-29T10:00").await;
    let returned = suite.give_back(&result, "2017-08-29T11:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
    suite.must_add_up().await;
}

fn withdraw(dossier: &str) -> WithdrawDossierRequest {
    WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.to_owned(),
        expected_revision: 0,
        reason: "Không còn nhu cầu".to_owned(),
    }
}

#[tokio::test]
async fn an_offer_that_its_sender_calls_back_is_the_senders_to_offer_again() {
    let suite = Suite::start().await;
    sent(&suite).await;
    let offer = suite.offer_to(DISTRICT).await;
    let district = suite.examiner(DISTRICT);
    let (no, yours) = (Code::PermissionDenied, "UNIT_NOT_YOURS");
    district.refused(desk::recall(&offer), no, yours).await;
    let commune = suite.receptionist(COMMUNE);
    let recalled = commune.ok(desk::recall(&offer)).await.message;
    let recalled = recalled.transfer.unwrap();
    assert_eq!(recalled.state(), TransferState::Recalled);
    assert_eq!((recalled.ended_at, recalled.custody_epoch), (None, 0));
    assert!(
        to_do(&suite, DISTRICT, TransferState::Unspecified)
            .await
            .is_empty()
    );
    for state in [TransferState::Unspecified, TransferState::Recalled] {
        assert_eq!(to_do(&suite, COMMUNE, state).await[0].uid, offer.uid);
    }
    let (no, forbids) = (Code::FailedPrecondition, "STATE_FORBIDS");
    let refused = district.refused(desk::accept(&offer), no, forbids);
    assert_eq!(refused.await.variable("current"), "RECALLED");
    suite.must_add_up().await;

    commune.ok(desk::forward(&recalled, DISTRICT)).await;
    let again = suite.offer_to(DISTRICT).await;
    assert_eq!((&again.uid, again.offer_epoch), (&offer.uid, 2));
    let held = suite.accept(&again, "2017-08-28T14:00").await;
    let refused = commune.refused(
        desk::recall(&again),
        Code::FailedPrecondition,
        "STATE_FORBIDS",
    );
    assert_eq!(refused.await.variable("current"), "ACCEPTED");
    suite.complete(&held, "2017-08-28T15:00").await;
    let signed = suite.take_over(DISTRICT, "2017-08-28T16:00").await;
    finish(&suite, &signed).await;
}

#[tokio::test]
async fn what_a_withdrawal_recalls_is_recalled_for_good() {
    let suite = Suite::start().await;
    let dossier = sent(&suite).await;
    let offer = suite.offer_to(DISTRICT).await;
    let commune = suite.receptionist(COMMUNE);
    let recalled = commune.ok(desk::recall(&offer)).await.message;
    let recalled = recalled.transfer.unwrap();
    commune.ok(withdraw(&dossier)).await;
    let ended = until("routing hears of it", PATIENCE, async || {
        let transfer = transfer(&suite, &offer.uid, COMMUNE).await;
        transfer.ended_at.is_some().then_some(transfer)
    })
    .await;
    assert_eq!(ended.state(), TransferState::Recalled);
    assert!(
        to_do(&suite, COMMUNE, TransferState::Unspecified)
            .await
            .is_empty()
    );
    let forward = desk::forward(&recalled, DISTRICT);
    let refused = commune.refused(forward, Code::FailedPrecondition, "STATE_FORBIDS");
    refused.await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_step_that_its_holder_returns_is_the_senders_and_the_holder_asks_for_nothing_any_more() {
    let suite = Suite::start().await;
    let dossier = sent(&suite).await;
    let held = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
    let district = suite.examiner(DISTRICT).at("2017-08-28T11:00");
    let returned = district.ok(desk::return_transfer(&held)).await;
    let heard = returned.position.clone();
    let returned = returned.message.transfer.unwrap();
    assert_eq!(returned.state(), TransferState::Returned);
    assert_eq!(returned.custody_epoch, held.transfer.custody_epoch + 1);
    let (no, holder) = (Code::FailedPrecondition, "NOT_THE_HOLDER");
    let after = district.after(heard.as_ref());
    after
        .refused(desk::ask_supplement(&held, "form"), no, holder)
        .await;
    let refused = district.refused(desk::complete(&held), no, "STATE_FORBIDS");
    assert_eq!(refused.await.variable("current"), "RETURNED");
    let route = suite.route(&dossier, COMMUNE).await;
    let open = route
        .branches
        .iter()
        .filter(|branch| branch.until.is_none());
    let custodians: Vec<_> = open.map(|branch| branch.custodian_uid.as_str()).collect();
    assert_eq!(custodians, [COMMUNE]);
    for state in [TransferState::Unspecified, TransferState::Returned] {
        assert_eq!(to_do(&suite, COMMUNE, state).await[0].uid, returned.uid);
        assert!(to_do(&suite, DISTRICT, state).await.is_empty());
    }
    let refused = district.refused(
        desk::forward(&returned, DISTRICT),
        Code::PermissionDenied,
        "UNIT_NOT_YOURS",
    );
    refused.await;
    suite.must_add_up().await;

    // What was held once is known as such also when it is offered again: nobody is told to wait.
    let commune = suite.receptionist(COMMUNE);
    let forwarded = commune.ok(desk::forward(&returned, DISTRICT)).await;
    let after = district.after(forwarded.position.as_ref());
    after
        .refused(desk::ask_supplement(&held, "form"), no, holder)
        .await;
    suite.work_off(DISTRICT, "2017-08-28T15:00").await;
    let signed = suite.take_over(DISTRICT, "2017-08-28T16:00").await;
    finish(&suite, &signed).await;
}

#[tokio::test]
async fn a_deciding_step_that_was_returned_is_decided_by_whoever_accepts_it_next() {
    let suite = Suite::start().await;
    let (_, signing) = to_sign(&suite).await;
    let leader = suite.leader(DISTRICT).at("2017-08-28T14:00");
    let returned = leader.ok(desk::return_transfer(&signing)).await;
    let after = leader.after(returned.position.as_ref());
    let (no, holder) = (Code::FailedPrecondition, "NOT_THE_HOLDER");
    after.refused(desk::decide(&signing), no, holder).await;
    let returned = returned.message.transfer.unwrap();
    let district = suite.receptionist(DISTRICT);
    district.ok(desk::forward(&returned, DISTRICT)).await;
    let signed = suite.take_over(DISTRICT, "2017-08-28T15:00").await;
    assert_eq!(signed.transfer.custody_epoch, returned.custody_epoch + 1);
    finish(&suite, &signed).await;
}

#[tokio::test]
async fn a_step_that_waits_for_the_applicant_does_not_go_back() {
    let suite = Suite::start().await;
    sent(&suite).await;
    let held = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
    let district = suite.examiner(DISTRICT).after(held.position.as_ref());
    let asked = district.ok(desk::ask_supplement(&held, "form")).await;
    let (no, waits) = (Code::FailedPrecondition, "DOSSIER_SUSPENDED");
    let after = district.after(asked.position.as_ref());
    after.refused(desk::return_transfer(&held), no, waits).await;
    let leader = suite.leader(DISTRICT).after(asked.position.as_ref());
    leader
        .refused(desk::send_back(&held, "verify"), no, waits)
        .await;
    suite.must_add_up().await;
}

/// Whoever of the two comes first: the decision stands, or the step is the sender's.
#[tokio::test]
async fn a_decision_and_a_return_at_the_same_moment_leave_one_of_both() {
    let suite = Suite::start().await;
    for _ in 0..8 {
        let (dossier, signing) = to_sign(&suite).await;
        let leader = suite.leader(DISTRICT).after(signing.position.as_ref());
        let (decided, returned) = tokio::join!(
            leader.call(desk::decide(&signing)),
            leader.call(desk::return_transfer(&signing)),
        );
        suite.must_add_up().await;
        let sign = transfer(&suite, &signing.transfer.uid, DISTRICT).await;
        match (&decided, &returned) {
            (Ok(_), _) => assert_eq!(sign.state(), TransferState::Completed),
            (Err(_), Ok(_)) => assert_eq!(sign.state(), TransferState::Returned),
            (Err(decided), Err(returned)) => panic!("{decided:?} {returned:?}"),
        }
        let route = suite.route(&dossier, COMMUNE).await;
        let open = route
            .branches
            .iter()
            .filter(|branch| branch.until.is_none());
        assert_eq!(open.count(), 1, "{route:?}");
        let result = route
            .transfers
            .iter()
            .filter(|other| other.step_key == "result");
        assert_eq!(result.count(), usize::from(decided.is_ok()));
        if decided.is_ok() {
            let result = suite.take_over(COMMUNE, "2017-08-28T16:00").await;
            suite.give_back(&result, "2017-08-28T16:30").await;
        }
    }
}

#[tokio::test]
async fn a_request_to_the_applicant_and_a_return_at_the_same_moment_both_stand_or_one_is_refused() {
    let suite = Suite::start().await;
    for _ in 0..8 {
        let dossier = sent(&suite).await;
        let held = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
        let district = suite.examiner(DISTRICT).after(held.position.as_ref());
        let (asked, returned) = tokio::join!(
            district.call(desk::ask_supplement(&held, "form")),
            district.call(desk::return_transfer(&held)),
        );
        assert!(asked.is_ok() || returned.is_ok());
        suite.must_add_up().await;
        let examine = transfer(&suite, &held.transfer.uid, COMMUNE).await;
        // Nobody holds what was returned, so that nothing waits there; the clock stands still all the same.
        assert_eq!(examine.suspended, asked.is_ok() && returned.is_err());
        assert_eq!(examine.state() == TransferState::Returned, returned.is_ok());
        let state = suite.dossier(&dossier, COMMUNE).await.state();
        assert_eq!(state == DossierState::SupplementRequested, asked.is_ok());
    }
}

#[tokio::test]
async fn a_withdrawal_and_a_return_at_the_same_moment_close_everything() {
    let suite = Suite::start().await;
    for _ in 0..4 {
        let dossier = sent(&suite).await;
        let held = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
        let (desk, district) = (suite.receptionist(COMMUNE), suite.examiner(DISTRICT));
        let (withdrawn, returned) = tokio::join!(
            desk.call(withdraw(&dossier)),
            district.call(desk::return_transfer(&held)),
        );
        withdrawn.unwrap();
        suite.must_add_up().await;
        let examine = transfer(&suite, &held.transfer.uid, COMMUNE).await;
        let expected = match returned {
            Ok(_) => TransferState::Recalled,
            Err(_) => TransferState::Cancelled,
        };
        assert_eq!(examine.state(), expected);
        let route = suite.route(&dossier, COMMUNE).await;
        assert!(route.branches.iter().all(|branch| branch.until.is_some()));
    }
}

#[tokio::test]
async fn a_leader_sends_a_dossier_back_two_steps_and_it_goes_the_way_once_more() {
    let suite = Suite::start().await;
    let (dossier, signing) = to_sign(&suite).await;
    let appointment = suite.dossier(&dossier, COMMUNE).await.appointment;
    let examiner = suite.examiner(DISTRICT).at("2017-08-28T14:00");
    let send_back = desk::send_back(&signing, "verify");
    let denied = examiner.refused(send_back.clone(), Code::PermissionDenied, "RPC_NOT_GRANTED");
    denied.await;
    let leader = suite.leader(DISTRICT).at("2017-08-28T14:00");
    let (no, not_before) = (Code::FailedPrecondition, "STEP_NOT_BEFORE");
    leader
        .refused(desk::send_back(&signing, "sign"), no, not_before)
        .await;
    let sent = leader.ok(send_back).await;
    let position = sent.position.clone();
    let (ended, offered) = (
        sent.message.transfer.unwrap(),
        sent.message.offered.unwrap(),
    );
    assert_eq!(ended.state(), TransferState::Returned);
    assert!(ended.ended_at.is_some());
    assert_eq!(
        (
            offered.from_unit_uid.as_str(),
            offered.to_unit_uid.as_str(),
            offered.step_key.as_str()
        ),
        (DISTRICT, COMMUNE, "verify")
    );
    assert_eq!(offered.reason, "Thẩm định lại diện tích");
    let after = leader.after(position.as_ref());
    after
        .refused(desk::decide(&signing), no, "NOT_THE_HOLDER")
        .await;
    let undone = to_do(&suite, DISTRICT, TransferState::Undone).await;
    assert_eq!(undone[0].step_key, "examine");
    suite.must_add_up().await;

    suite.work_off(COMMUNE, "2017-08-28T15:00").await;
    suite.work_off(DISTRICT, "2017-08-28T15:30").await;
    let signed = suite.take_over(DISTRICT, "2017-08-28T16:00").await;
    assert_ne!(signed.transfer.uid, signing.transfer.uid);
    assert_eq!(
        suite.dossier(&dossier, COMMUNE).await.appointment,
        appointment
    );
    finish(&suite, &signed).await;
    let refused = leader.refused(desk::send_back(&signed, "verify"), no, "STATE_FORBIDS");
    refused.await;
}

#[tokio::test]
async fn a_result_on_its_way_is_not_sent_back() {
    let suite = Suite::start().await;
    let (_, signed) = to_sign(&suite).await;
    suite.decide(&signed, "2017-08-28T14:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T15:00").await;
    let leader = suite.leader(COMMUNE);
    let (no, decided) = (Code::FailedPrecondition, "ALREADY_DECIDED");
    leader
        .refused(desk::send_back(&result, "verify"), no, decided)
        .await;
}
