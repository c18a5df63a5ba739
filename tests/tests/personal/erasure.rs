//! A person is forgotten, and what was done stays.

use proto::intake::v1::{DossierState, SubmitDossierRequest};
use proto::routing::v1::ForwardTransferRequest;
use tests::cast::{AN, COMMUNE, OTHER_COMMUNE};
use tests::filing::{BIRTH, applicant};
use tests::program::Ran;
use tests::{Suite, desk, new_request_id};
use tonic::Code;

use super::count;

async fn erase(suite: &Suite, code: &str) -> Ran {
    suite.run("erase", [code, "--reason", "asked"]).await
}

/// An online submission to its end, with words between units on the way.
async fn whole_life(suite: &Suite) -> (SubmitDossierRequest, String, String) {
    let request = BIRTH.online(COMMUNE);
    let submitted = suite.actor(AN).ok(request.clone()).await;
    let dossier = submitted.message.dossier.unwrap();
    suite
        .receptionist(COMMUNE)
        .ok(desk::receive(&dossier))
        .await;
    let offer = suite.offer_to(COMMUNE).await;
    let forward = ForwardTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        to_unit_uid: OTHER_COMMUNE.to_owned(),
        reason: "Ông Y Moan đã chuyển nhà".to_owned(),
        paper: Vec::new(),
    };
    suite.examiner(COMMUNE).ok(forward).await;
    suite.work_off(OTHER_COMMUNE, "2017-08-28T09:00").await;
    let signed = suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.decide(&signed, "2017-08-28T10:30").await;
    let result = suite.take_over(COMMUNE, "2017-08-28T11:00").await;
    suite.give_back(&result, "2017-08-28T14:00").await;
    (request, dossier.uid, dossier.code)
}

#[tokio::test]
async fn whoever_is_forgotten_is_gone_from_replies_and_stores_and_history_holds() {
    let suite = Suite::start().await;
    let (request, uid, code) = whole_life(&suite).await;
    let before = suite.dossier(&uid, COMMUNE).await;
    assert!(!before.erased && before.applicant.is_some());
    let route = suite.route(&uid, COMMUNE).await;
    assert!(
        route
            .transfers
            .iter()
            .any(|transfer| !transfer.reason.is_empty())
    );
    let erased = erase(&suite, &code).await;
    assert_eq!(erased.code, Some(0), "{}", erased.complaint);

    let after = suite.dossier(&uid, COMMUNE).await;
    assert_eq!(
        (after.state(), after.revision),
        (DossierState::Returned, before.revision + 1)
    );
    assert!(after.erased && after.applicant.is_none());
    let decision = after.decision.unwrap();
    assert_eq!((decision.number, decision.signer), Default::default());
    assert_eq!(decision.date, "2017-08-28", "what was done stays");
    suite
        .actor(AN)
        .refused(request, Code::FailedPrecondition, "ERASED")
        .await;

    // A check waits until routing has heard of it.
    suite.must_add_up().await;
    let route = suite.route(&uid, COMMUNE).await;
    let forgotten =
        |transfer: &proto::routing::v1::Transfer| transfer.erased && transfer.reason.is_empty();
    assert!(route.transfers.iter().all(forgotten), "{route:?}");
    for service in ["intake", "routing"] {
        let key = format!("SELECT COUNT(data_key) FROM log_chain WHERE subject = '{uid}'");
        assert_eq!(count(&suite, service, &key).await, 0, "{service}");
    }
    let kept =
        format!("SELECT COUNT(personal) + COUNT(content_digest) FROM dossier WHERE uid = '{uid}'");
    assert_eq!(count(&suite, "intake", &kept).await, 0);
    let shown = suite.run("show", [&code]).await;
    assert!(shown.output.contains("erased"), "{}", shown.output);
    let again = erase(&suite, &code).await;
    assert_eq!(again.code, Some(0), "{}", again.complaint);
    assert_eq!(suite.dossier(&uid, COMMUNE).await.revision, after.revision);
}

#[tokio::test]
async fn whoever_is_forgotten_leaves_no_twin_behind_and_others_stay() {
    let suite = Suite::start().await;
    let (_, _, code) = whole_life(&suite).await;
    let again = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    assert!(again.warnings[0].message.contains(&code));
    let other = again.message.dossier.unwrap();
    assert_eq!(erase(&suite, &code).await.code, Some(0));
    let third = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    assert!(!third.warnings[0].message.contains(&code));
    assert!(third.warnings[0].message.contains(&other.code));
    let other = suite.dossier(&other.uid, COMMUNE).await;
    assert_eq!(other.applicant.unwrap().name, applicant(AN).name);
    suite.must_add_up().await;
}

#[tokio::test]
async fn nobody_is_forgotten_while_somebody_works_on_the_dossier() {
    let suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let refused = erase(&suite, &dossier.code).await;
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.complaint.contains("STATE_FORBIDS"),
        "{}",
        refused.complaint
    );
    assert_eq!(suite.dossier(&dossier.uid, COMMUNE).await, dossier);
    let unknown = erase(&suite, "000.01.20.H15-170828-0042").await;
    assert!(
        unknown.complaint.contains("there is no dossier"),
        "{}",
        unknown.complaint
    );
}
