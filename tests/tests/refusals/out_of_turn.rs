//! Steps out of turn, and those who come too late.

use proto::intake::v1::{Decision, DossierState, RecordDecisionRequest, WithdrawDossierRequest};
use proto::routing::v1::ForwardTransferRequest;
use tests::cast::{AN, COMMUNE, DISTRICT, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT};
use tests::{Held, Suite, desk, new_request_id};
use tonic::Code;

async fn at_the_leader(suite: &Suite) -> Held {
    suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    suite.take_over(COMMUNE, "2017-08-28T10:00").await
}

#[tokio::test]
async fn a_step_out_of_turn_names_the_state_and_the_states_that_allow_it() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let before = suite.everything_told().await;
    let desk = suite.receptionist(COMMUNE);
    let refusal = desk
        .refused(
            desk::receive(&dossier),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(refusal.variable("act"), "ReceiveDossier");
    assert_eq!(
        (refusal.variable("current"), refusal.variable("allowed")),
        ("RECEIVED", "SUBMITTED")
    );
    assert!(!refusal.retry, "a retry would not help");
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn a_result_is_not_handed_over_before_it_is_at_the_desk() {
    let suite = Suite::start().await;
    let signed = at_the_leader(&suite).await;
    let before = suite.everything_told().await;
    let desk = suite.receptionist(COMMUNE).after(signed.position.as_ref());
    let refusal = desk
        .refused(
            desk::give_back(&signed),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(
        (refusal.variable("current"), refusal.variable("allowed")),
        ("PROCESSING", "RESULT_READY")
    );
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn a_decision_is_recorded_once() {
    let suite = Suite::start().await;
    let signed = at_the_leader(&suite).await;
    suite.decide(&signed, "2017-08-28T11:00").await;
    let before = suite.everything_told().await;
    let leader = suite.leader(COMMUNE);
    let refusal = leader
        .refused(
            desk::decide(&signed),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
    assert_eq!(refusal.variable("current"), "RESULT_READY");
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn who_saw_an_older_revision_has_lost_a_race() {
    let suite = Suite::start().await;
    let dossier = suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    suite
        .receptionist(COMMUNE)
        .ok(desk::receive(&dossier))
        .await;
    let before = suite.everything_told().await;
    let late = WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: dossier.revision,
        reason: "Nộp nhầm".to_owned(),
    };
    let refusal = suite
        .actor(AN)
        .refused(late, Code::Aborted, "REVISION_CHANGED")
        .await;
    assert_eq!(refusal.variable("expected"), dossier.revision.to_string());
    assert_ne!(refusal.variable("current"), dossier.revision.to_string());
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn a_past_holder_does_not_decide() {
    let suite = Suite::start().await;
    suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    let past = suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    suite.work_off(DISTRICT, "2017-08-28T10:00").await;
    let present = suite.take_over(DISTRICT, "2017-08-28T11:00").await;
    let before = suite.everything_told().await;
    let leader = suite.leader(COMMUNE).after(present.position.as_ref());
    leader
        .refused(
            desk::decide(&past),
            Code::FailedPrecondition,
            "NOT_THE_HOLDER",
        )
        .await;
    leader
        .refused(
            desk::decide(&present),
            Code::FailedPrecondition,
            "NOT_THE_HOLDER",
        )
        .await;
    let district = suite.leader(DISTRICT).after(present.position.as_ref());
    let older = RecordDecisionRequest {
        custody_epoch: present.transfer.custody_epoch - 1,
        ..desk::decide(&present)
    };
    district
        .refused(older, Code::FailedPrecondition, "NOT_THE_HOLDER")
        .await;
    assert_eq!(suite.everything_told().await, before);
    suite.decide(&present, "2017-08-28T14:00").await;
}

#[tokio::test]
async fn an_acceptance_that_intake_cannot_know_of_asks_for_a_retry() {
    let suite = Suite::start().await;
    let held = at_the_leader(&suite).await;
    let before = suite.everything_told().await;
    let newer = RecordDecisionRequest {
        custody_epoch: held.transfer.custody_epoch + 1,
        ..desk::decide(&held)
    };
    let refusal = suite
        .leader(COMMUNE)
        .refused(newer, Code::Unavailable, "CUSTODY_NOT_KNOWN_YET")
        .await;
    assert!(refusal.retry);
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn who_acts_right_after_an_acceptance_waits_until_intake_has_heard_of_it_and_is_not_refused()
{
    let suite = Suite::start().await;
    for _ in 0..3 {
        let signed = at_the_leader(&suite).await;
        // They do not say what they have seen of routing.
        let leader = suite.leader(COMMUNE).at("2017-08-28T10:01");
        let decided = leader.ok(desk::decide(&signed)).await.message.dossier;
        assert_eq!(decided.unwrap().state(), DossierState::ResultReady);
        let result = suite.take_over(COMMUNE, "2017-08-28T11:00").await;
        let desk = suite.receptionist(COMMUNE).at("2017-08-28T11:01");
        let returned = desk.ok(desk::give_back(&result)).await.message.dossier;
        assert_eq!(returned.unwrap().state(), DossierState::Returned);
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn the_evidence_of_a_signature_is_kept_as_it_was_given() {
    const EVIDENCE: &str =
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let suite = Suite::start().await;
    let held = at_the_leader(&suite).await;
    let leader = suite.leader(COMMUNE).after(held.position.as_ref());
    let with_evidence = |evidence: &str| {
        let mut decide = desk::decide(&held);
        let decision = decide.decision.as_mut().unwrap();
        evidence.clone_into(&mut decision.evidence);
        decide
    };
    let refusal = leader
        .refused(
            with_evidence(&"x".repeat(501)),
            Code::InvalidArgument,
            "INVALID_FIELDS",
        )
        .await;
    assert_eq!(refusal.fields(), ["decision.evidence"]);
    let decided = leader.ok(with_evidence(EVIDENCE)).await.message.dossier;
    let told = decided.unwrap().decision.unwrap();
    let given = desk::decide(&held).decision.unwrap();
    let expected = Decision {
        evidence: EVIDENCE.to_owned(),
        unit_uid: COMMUNE.to_owned(),
        recorded_at: told.recorded_at,
        ..given
    };
    assert_eq!(told, expected);
    let seen = suite.dossier(&held.transfer.dossier_uid, COMMUNE).await;
    assert_eq!(seen.decision, Some(expected));
}

#[tokio::test]
async fn a_decision_must_be_whole() {
    let suite = Suite::start().await;
    let held = at_the_leader(&suite).await;
    let half = RecordDecisionRequest {
        decision: Some(Decision {
            date: "28/08/2017".to_owned(),
            ..Default::default()
        }),
        ..desk::decide(&held)
    };
    let refusal = suite
        .leader(COMMUNE)
        .refused(half, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    let mut fields = refusal.fields();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "decision.date",
            "decision.number",
            "decision.outcome",
            "decision.signer"
        ]
    );
}

#[tokio::test]
async fn a_deciding_step_and_a_result_do_not_end_with_complete() {
    let suite = Suite::start().await;
    let signed = at_the_leader(&suite).await;
    let before = suite.everything_told().await;
    let leader = suite.leader(COMMUNE);
    let refusal = leader
        .refused(
            desk::complete(&signed),
            Code::FailedPrecondition,
            "DECISION_REQUIRED",
        )
        .await;
    assert_eq!(refusal.variable("rpc"), "RecordDecision");
    assert_eq!(suite.everything_told().await, before);
    suite.decide(&signed, "2017-08-28T11:00").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T13:30").await;
    let desk = suite.receptionist(COMMUNE);
    let refusal = desk
        .refused(
            desk::complete(&result),
            Code::FailedPrecondition,
            "DECISION_REQUIRED",
        )
        .await;
    assert_eq!(refusal.variable("rpc"), "ReturnResult");
}

#[tokio::test]
async fn an_offer_that_was_made_anew_is_not_accepted_under_its_old_epoch() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    let offer = suite.offer_to(COMMUNE).await;
    let forward = |to: &str, offer_epoch| ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch,
        to_unit_uid: to.to_owned(),
        reason: "Chuyển đúng địa bàn".to_owned(),
        paper: Vec::new(),
    };
    let desk = suite.receptionist(COMMUNE);
    desk.ok(forward(OTHER_COMMUNE, offer.offer_epoch)).await;
    let again = desk
        .ok(forward(COMMUNE, offer.offer_epoch + 1))
        .await
        .message
        .transfer
        .unwrap();
    let before = suite.everything_told().await;
    let examiner = suite.examiner(COMMUNE);
    let refusal = examiner
        .refused(desk::accept(&offer), Code::Aborted, "OFFER_CHANGED")
        .await;
    assert_eq!(refusal.variable("current"), again.offer_epoch.to_string());
    desk.refused(
        forward("daklak-9999", again.offer_epoch),
        Code::NotFound,
        "UNIT_NOT_FOUND",
    )
    .await;
    assert_eq!(suite.everything_told().await, before);
    suite.accept(&again, "2017-08-28T10:00").await;
    examiner
        .refused(
            desk::accept(&again),
            Code::FailedPrecondition,
            "STATE_FORBIDS",
        )
        .await;
}
