//! Lives that leave the main line.

use proto::intake::v1::{DossierState, Outcome, RefuseDossierRequest, WithdrawDossierRequest};
use proto::routing::v1::{DeclineTransferRequest, ForwardTransferRequest, TransferState};
use tests::cast::{
    AN, BINH, COMMUNE, CONSTRUCTION, DEPARTMENT, DISTRICT, ENVIRONMENT, OTHER_COMMUNE,
};
use tests::filing::{BIRTH, CONSULTATION, DECIDED_BY_DISTRICT};
use tests::{Suite, desk, new_request_id};
use tonic::Code;

fn withdraw(dossier: &str) -> WithdrawDossierRequest {
    WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.to_owned(),
        expected_revision: 0,
        reason: "Gia đình đề nghị rút hồ sơ".to_owned(),
    }
}

#[tokio::test]
async fn a_desk_refuses_an_online_dossier_in_writing_and_nothing_follows() {
    let suite = Suite::start().await;
    let dossier = suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    let refuse = RefuseDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: dossier.revision,
        reason: "Giấy chứng sinh không đọc được".to_owned(),
    };
    let refused = suite
        .receptionist(COMMUNE)
        .ok(refuse)
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(refused.state(), DossierState::Refused);
    assert_eq!(refused.closing_reason, "Giấy chứng sinh không đọc được");
    let seen = suite
        .actor(AN)
        .ok(desk::by_uid(&dossier.uid))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(seen, refused);
    let refusal = suite
        .receptionist(COMMUNE)
        .refused(
            desk::receive(&refused),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(refusal.variable("current"), "REFUSED");
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_decision_may_refuse_on_the_merits_and_is_handed_over_all_the_same() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    let mut decide = desk::decide(&signed);
    decide.decision.as_mut().unwrap().outcome = Outcome::Refused.into();
    let leader = suite.leader(COMMUNE).after(signed.position.as_ref());
    let decided = leader.ok(decide).await.message.dossier.unwrap();
    assert_eq!(decided.decision.unwrap().outcome(), Outcome::Refused);
    let result = suite.take_over(COMMUNE, "2017-08-28T11:00").await;
    let returned = suite.give_back(&result, "2017-08-28T14:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
}

#[tokio::test]
async fn a_withdrawal_before_reception_needs_no_route() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    let dossier = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let withdrawn = an.ok(withdraw(&dossier.uid)).await.message.dossier.unwrap();
    assert_eq!(withdrawn.state(), DossierState::Withdrawn);
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_withdrawal_recalls_what_is_offered_and_cancels_what_is_held() {
    let suite = Suite::start().await;
    let dossier = suite.register(CONSULTATION, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    let lead = suite.take_over(DEPARTMENT, "2017-08-28T10:00").await;
    suite.work_off(ENVIRONMENT, "2017-08-28T10:30").await;
    let desk = suite.receptionist(DEPARTMENT).at("2017-08-28T11:00");
    let withdrawn = desk.ok(withdraw(&dossier.uid)).await;
    assert_eq!(
        withdrawn.dossier.as_ref().unwrap().state(),
        DossierState::Withdrawn
    );
    suite.must_add_up().await;
    let route = suite.route(&dossier.uid, DEPARTMENT).await;
    let state = |step: &str| {
        route
            .transfers
            .iter()
            .find(|transfer| transfer.step_key == step)
            .unwrap()
            .state()
    };
    assert_eq!(state("examine"), TransferState::Cancelled);
    assert_eq!(state("consult-construction"), TransferState::Recalled);
    assert_eq!(state("consult-environment"), TransferState::Completed);
    assert!(
        route.branches.iter().all(|branch| branch.until.is_some()),
        "{route:?}"
    );
    let offer = route
        .transfers
        .iter()
        .find(|transfer| transfer.to_unit_uid == CONSTRUCTION)
        .unwrap();
    let late = suite.examiner(CONSTRUCTION);
    late.refused(
        desk::accept(offer),
        Code::FailedPrecondition,
        "STATE_FORBIDS",
    )
    .await;
    suite.complete(&lead, "2017-08-28T14:00").await;
    let route = suite.route(&dossier.uid, DEPARTMENT).await;
    assert!(
        route
            .transfers
            .iter()
            .all(|transfer| transfer.step_key != "sign"),
        "work done late opens nothing"
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_decision_after_a_withdrawal_comes_too_late() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.receptionist(COMMUNE).ok(withdraw(&dossier.uid)).await;
    let leader = suite.leader(COMMUNE).after(signed.position.as_ref());
    let refusal = leader
        .refused(
            desk::decide(&signed),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(refusal.variable("current"), "WITHDRAWN");
    assert_eq!(refusal.variable("allowed"), "PROCESSING");
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_unit_that_is_not_competent_declines_and_the_sender_stays_responsible_and_forwards() {
    let suite = Suite::start().await;
    let dossier = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let offer = suite.offer_to(DISTRICT).await;
    let decline = DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        reason: "Chưa rõ thẩm quyền".to_owned(),
    };
    let declined = suite
        .examiner(DISTRICT)
        .ok(decline)
        .await
        .message
        .transfer
        .unwrap();
    assert_eq!(declined.state(), TransferState::Declined);
    let route = suite.route(&dossier.uid, COMMUNE).await;
    let open: Vec<_> = route
        .branches
        .iter()
        .filter(|branch| branch.until.is_none())
        .collect();
    assert!(
        open.len() == 1 && open[0].custodian_uid == COMMUNE,
        "{open:?}"
    );
    let forward = ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: declined.uid.clone(),
        offer_epoch: declined.offer_epoch,
        to_unit_uid: DISTRICT.to_owned(),
        reason: "Đã xem lại, đúng thẩm quyền".to_owned(),
        paper: Vec::new(),
    };
    let forwarded = suite
        .receptionist(COMMUNE)
        .ok(forward)
        .await
        .message
        .transfer
        .unwrap();
    assert_eq!(forwarded.offer_epoch, offer.offer_epoch + 1);
    let again = suite.offer_to(DISTRICT).await;
    assert_eq!(
        (&again.uid, again.offer_epoch),
        (&offer.uid, forwarded.offer_epoch)
    );
    suite.accept(&again, "2017-08-28T14:00").await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_result_that_goes_on_to_another_desk_is_handed_over_there() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let sign = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&sign, "2017-08-28T11:00").await;
    let result = suite.offer_to(COMMUNE).await;
    let forward = ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: result.uid.clone(),
        offer_epoch: result.offer_epoch,
        to_unit_uid: OTHER_COMMUNE.to_owned(),
        reason: "Người dân đề nghị nhận tại nơi khác".to_owned(),
        paper: Vec::new(),
    };
    let forwarded = suite.receptionist(COMMUNE).ok(forward).await.message;
    assert_eq!(forwarded.transfer.unwrap().due, result.due);
    let held = suite.take_over(OTHER_COMMUNE, "2017-08-28T14:00").await;
    let returned = suite.give_back(&held, "2017-08-28T15:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_stranger_is_not_told_of_a_dossier_with_the_same_content() {
    let suite = Suite::start().await;
    suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let by_stranger = suite.actor(BINH).ok(BIRTH.online(COMMUNE)).await;
    assert_eq!(by_stranger.message.warnings, []);
    let by_herself = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    assert_eq!(by_herself.message.warnings.len(), 1);
}

#[tokio::test]
async fn a_unit_that_an_offer_has_left_gets_its_reply_again_and_can_do_nothing_new() {
    let suite = Suite::start().await;
    suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    let offer = suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    assert_eq!(offer.transfer.to_unit_uid, COMMUNE);
    let offer = suite.offer_to(DISTRICT).await;
    let forward = ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        to_unit_uid: DEPARTMENT.to_owned(),
        reason: "Không thuộc thẩm quyền".to_owned(),
        paper: Vec::new(),
    };
    let district = suite.examiner(DISTRICT);
    let first = district.ok(forward.clone()).await.message;
    assert_eq!(district.ok(forward).await.message, first);
    district
        .refused(desk::accept(&offer), Code::NotFound, "TRANSFER_NOT_FOUND")
        .await;
    suite.must_add_up().await;
}
