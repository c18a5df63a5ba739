//! What a caller may know and do: its unit, its role, its own.

use proto::identity::v1::{GetCallerRequest, GetPartyRequest, RegisterClientRequest};
use proto::intake::v1::{Dossier, ExplainDeadlineRequest, ListDossiersRequest};
use proto::routing::v1::{
    GetRouteRequest, GetTransferRequest, ListTransfersRequest, PullTransfersRequest,
};
use tests::cast::{
    ADMINISTRATOR, AN, BINH, COMMUNE, DEPARTMENT, DISTRICT, OTHER_COMMUNE, OTHER_DEPARTMENT,
};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT, FOREST_PRODUCTS};
use tests::{Suite, desk};
use tonic::Code;

async fn submitted(suite: &Suite) -> Dossier {
    suite
        .actor(AN)
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap()
}

#[tokio::test]
async fn an_officer_of_another_unit_does_not_learn_that_a_dossier_exists() {
    let suite = Suite::start().await;
    let dossier = suite.register(FOREST_PRODUCTS, DEPARTMENT).await;
    let offer = suite.offer_to(DEPARTMENT).await;
    let before = suite.everything_told().await;
    for unit in [OTHER_DEPARTMENT, COMMUNE] {
        let officer = suite.receptionist(unit);
        officer
            .refused(
                desk::by_uid(&dossier.uid),
                Code::NotFound,
                "DOSSIER_NOT_FOUND",
            )
            .await;
        officer
            .refused(
                desk::by_code(&dossier.code),
                Code::NotFound,
                "DOSSIER_NOT_FOUND",
            )
            .await;
        officer
            .refused(desk::receive(&dossier), Code::NotFound, "DOSSIER_NOT_FOUND")
            .await;
        let explain = ExplainDeadlineRequest {
            dossier_uid: dossier.uid.clone(),
        };
        officer
            .refused(explain, Code::NotFound, "DOSSIER_NOT_FOUND")
            .await;
        let route = GetRouteRequest {
            dossier_uid: dossier.uid.clone(),
        };
        officer
            .refused(route, Code::NotFound, "ROUTE_NOT_FOUND")
            .await;
        let transfer = GetTransferRequest {
            uid: offer.uid.clone(),
        };
        officer
            .refused(transfer, Code::NotFound, "TRANSFER_NOT_FOUND")
            .await;
        suite
            .examiner(unit)
            .refused(desk::accept(&offer), Code::NotFound, "TRANSFER_NOT_FOUND")
            .await;
        assert!(
            officer
                .ok(ListDossiersRequest::default())
                .await
                .dossiers
                .is_empty()
        );
    }
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn nobody_pulls_lists_or_registers_for_another_unit() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let list = ListTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let other = suite.receptionist(OTHER_COMMUNE);
    let denied = (Code::PermissionDenied, "UNIT_NOT_YOURS");
    let before = suite.everything_told().await;
    other.refused(pull, denied.0, denied.1).await;
    other.refused(list, denied.0, denied.1).await;
    let refusal = other
        .refused(BIRTH.at_counter(COMMUNE), denied.0, denied.1)
        .await;
    assert_eq!(refusal.variable("unit_uid"), COMMUNE);
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn a_role_does_its_own_work_only() {
    let suite = Suite::start().await;
    let dossier = submitted(&suite).await;
    let not_granted = (Code::PermissionDenied, "RPC_NOT_GRANTED");
    let examiner = suite.examiner(COMMUNE);
    examiner
        .refused(desk::receive(&dossier), not_granted.0, not_granted.1)
        .await;
    suite
        .actor(AN)
        .refused(desk::receive(&dossier), not_granted.0, not_granted.1)
        .await;
    suite
        .actor(AN)
        .refused(BIRTH.at_counter(COMMUNE), not_granted.0, not_granted.1)
        .await;
    suite
        .receptionist(COMMUNE)
        .ok(desk::receive(&dossier))
        .await;
    let offer = suite.offer_to(COMMUNE).await;
    let leader = suite.leader(COMMUNE);
    let refusal = leader
        .refused(
            desk::accept(&offer),
            Code::PermissionDenied,
            "STEP_ROLE_REQUIRED",
        )
        .await;
    assert!(refusal.variable("role").contains("EXAMINER"), "{refusal:?}");
    let held = suite.accept(&offer, "2017-08-28T09:00").await;
    leader
        .refused(
            desk::complete(&held),
            Code::PermissionDenied,
            "STEP_ROLE_REQUIRED",
        )
        .await;
    examiner
        .refused(desk::decide(&held), not_granted.0, not_granted.1)
        .await;
    suite.complete(&held, "2017-08-28T10:00").await;
}

#[tokio::test]
async fn a_sender_does_not_accept_its_own_offer_for_the_other_unit() {
    let suite = Suite::start().await;
    suite.register(DECIDED_BY_DISTRICT, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let offer = suite.offer_to(DISTRICT).await;
    let sender = suite.examiner(COMMUNE);
    sender
        .refused(
            desk::accept(&offer),
            Code::PermissionDenied,
            "UNIT_NOT_YOURS",
        )
        .await;
}

#[tokio::test]
async fn a_citizen_sees_own_dossiers_and_own_particulars_only() {
    let suite = Suite::start().await;
    let dossier = submitted(&suite).await;
    let (an, binh) = (suite.actor(AN), suite.actor(BINH));
    assert_eq!(
        an.ok(ListDossiersRequest::default())
            .await
            .dossiers
            .as_slice(),
        std::slice::from_ref(&dossier)
    );
    assert!(
        binh.ok(ListDossiersRequest::default())
            .await
            .dossiers
            .is_empty()
    );
    binh.refused(
        desk::by_uid(&dossier.uid),
        Code::NotFound,
        "DOSSIER_NOT_FOUND",
    )
    .await;
    let party = an
        .ok(GetCallerRequest {})
        .await
        .message
        .caller
        .unwrap()
        .grants
        .remove(0)
        .party_uids
        .remove(0);
    let read = GetPartyRequest { uid: party };
    assert_eq!(
        an.ok(read.clone()).await.message.party.unwrap().name,
        "H'An Êban"
    );
    binh.refused(read, Code::NotFound, "PARTY_NOT_FOUND").await;
    let mut counter = BIRTH.at_counter(COMMUNE);
    counter.applicant.as_mut().unwrap().party_uid.clear();
    suite.receptionist(COMMUNE).ok(counter).await;
    assert_eq!(
        an.ok(ListDossiersRequest::default()).await.dossiers.len(),
        1
    );
}

#[tokio::test]
async fn a_client_system_acts_for_its_unit() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let dossier = client
        .ok(BIRTH.online(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    suite
        .receptionist(COMMUNE)
        .ok(desk::receive(&dossier))
        .await;
    let offer = suite.offer_to(COMMUNE).await;
    client.ok(desk::accept(&offer)).await;
    let pull = PullTransfersRequest {
        unit_uid: OTHER_COMMUNE.to_owned(),
        ..Default::default()
    };
    client
        .refused(pull, Code::PermissionDenied, "UNIT_NOT_YOURS")
        .await;
}

#[tokio::test]
async fn a_client_system_hands_in_at_the_desks_of_its_units_only_and_a_portal_at_any() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let mut portal = RegisterClientRequest {
        request_id: "register-portal".to_owned(),
        client_id: "client-portal".to_owned(),
        ..suite.registration()
    };
    let registration = portal.registration.as_mut().unwrap();
    registration.unit_uids.clear();
    registration.everywhere = true;
    suite.actor(ADMINISTRATOR).ok(portal).await;
    let before = suite.everything_told().await;
    let elsewhere = BIRTH.online(OTHER_COMMUNE);
    let refusal = client
        .refused(elsewhere, Code::PermissionDenied, "UNIT_NOT_YOURS")
        .await;
    assert_eq!(refusal.variable("unit_uid"), OTHER_COMMUNE);
    assert_eq!(suite.everything_told().await, before);
    for unit in [OTHER_COMMUNE, COMMUNE] {
        let submitted = suite.actor("client-portal").ok(BIRTH.online(unit)).await;
        let dossier = submitted.message.dossier.unwrap();
        assert_eq!(dossier.receiving_unit_uid, unit);
    }
}
