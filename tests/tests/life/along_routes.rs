//! Routes over several units.

use proto::intake::v1::DossierState;
use proto::routing::v1::TransferState;
use tests::cast::{COMMUNE, CONSTRUCTION, DEPARTMENT, DISTRICT, ENVIRONMENT, OFFICE};
use tests::filing::{CONSULTATION, DECIDED_BY_DISTRICT, DECIDED_BY_OFFICE, FOREST_PRODUCTS};
use tests::{Held, Suite};

async fn ends_at(suite: &Suite, signed: &Held, desk: &str) {
    let decided = suite.decide(signed, "2017-08-29T09:00").await;
    assert_eq!(decided.state(), DossierState::ResultReady);
    let result = suite.take_over(desk, "2017-08-29T10:00").await;
    assert_eq!(
        (
            result.transfer.step_key.as_str(),
            result.transfer.to_unit_uid.as_str()
        ),
        ("result", desk)
    );
    let returned = suite.give_back(&result, "2017-08-29T11:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
    suite.must_add_up().await;
}

#[tokio::test]
async fn r05_a_commune_verifies_its_district_decides_and_the_result_comes_back_to_the_commune() {
    let suite = Suite::start().await;
    let dossier = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    assert_eq!(dossier.competent_unit_uid, DISTRICT);
    let verified = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    assert_eq!(verified.transfer.step_key, "verify");
    suite.complete(&verified, "2017-08-28T10:00").await;
    let offer = suite.offer_to(DISTRICT).await;
    assert_eq!(
        (offer.step_key.as_str(), offer.from_unit_uid.as_str()),
        ("examine", COMMUNE)
    );
    let held = suite.accept(&offer, "2017-08-28T13:30").await;
    suite.complete(&held, "2017-08-28T14:00").await;
    let signed = suite.take_over(DISTRICT, "2017-08-28T15:00").await;
    ends_at(&suite, &signed, COMMUNE).await;
    let route = suite.route(&dossier.uid, COMMUNE).await;
    let at_district = route
        .branches
        .iter()
        .filter(|branch| branch.custodian_uid == DISTRICT);
    assert!(at_district.count() >= 2, "{:?}", route.branches);
}

#[tokio::test]
async fn a_department_examines_and_signs_by_itself() {
    let suite = Suite::start().await;
    let dossier = suite.register(FOREST_PRODUCTS, DEPARTMENT).await;
    assert_eq!(dossier.code, "000.00.07.H15-170828-0001");
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    let signed = suite.take_over(DEPARTMENT, "2017-08-28T14:00").await;
    ends_at(&suite, &signed, DEPARTMENT).await;
}

#[tokio::test]
async fn a_department_submits_to_the_provincial_office_which_decides() {
    let suite = Suite::start().await;
    suite.register(DECIDED_BY_OFFICE, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    let submitted = suite.work_off(DEPARTMENT, "2017-08-28T10:00").await;
    assert_eq!(submitted.transfer.step_key, "submit");
    let signed = suite.take_over(OFFICE, "2017-08-28T14:00").await;
    assert!(signed.transfer.decides);
    assert_eq!(signed.transfer.from_unit_uid, DEPARTMENT);
    ends_at(&suite, &signed, DEPARTMENT).await;
}

#[tokio::test]
async fn a_consultation_runs_side_by_side_and_the_signature_waits_for_the_last_opinion() {
    let suite = Suite::start().await;
    let dossier = suite.register(CONSULTATION, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    suite.work_off(DEPARTMENT, "2017-08-28T10:00").await;
    let environment = suite.work_off(ENVIRONMENT, "2017-08-28T11:00").await;
    assert!(environment.transfer.consulted);
    let route = suite.route(&dossier.uid, DEPARTMENT).await;
    let steps: Vec<_> = route
        .transfers
        .iter()
        .map(|transfer| transfer.step_key.as_str())
        .collect();
    assert!(!steps.contains(&"sign"), "{steps:?}");
    let open = route
        .branches
        .iter()
        .filter(|branch| branch.until.is_none());
    let custodians: Vec<_> = open.map(|branch| branch.custodian_uid.as_str()).collect();
    assert_eq!(
        custodians.len(),
        3,
        "lead and two opinions, each with one custodian: {route:?}"
    );
    suite.work_off(CONSTRUCTION, "2017-08-28T14:00").await;
    let signed = suite.take_over(DEPARTMENT, "2017-08-28T15:00").await;
    assert_eq!(
        (
            signed.transfer.step_key.as_str(),
            signed.transfer.from_unit_uid.as_str()
        ),
        ("sign", DEPARTMENT)
    );
    ends_at(&suite, &signed, DEPARTMENT).await;
    let route = suite.route(&dossier.uid, DEPARTMENT).await;
    let completed =
        |transfer: &proto::routing::v1::Transfer| transfer.state() == TransferState::Completed;
    assert!(route.transfers.iter().all(completed), "{route:?}");
}
