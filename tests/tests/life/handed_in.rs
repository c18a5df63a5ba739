//! Who hands a dossier in, and under whose code.

use proto::identity::v1::{GetCallerRequest, GrantProxyRequest, RegisterClientRequest};
use proto::intake::v1::FiledBy;
use tests::cast::{ADMINISTRATOR, AN, BINH, COMMUNE};
use tests::filing::BIRTH;
use tests::{Actor, Suite, desk, new_request_id};
use tonic::Code;

/// Another system of the commune.
const OTHER_CLIENT: &str = "client-tan-lap-2";

/// The party that somebody is.
async fn party_of(citizen: &Actor) -> String {
    let caller = citizen.ok(GetCallerRequest {}).await.message.caller;
    caller.unwrap().grants[0].party_uids[0].clone()
}

#[tokio::test]
async fn who_handed_it_in_is_told_by_the_token_the_owner_a_proxy_an_officer_or_a_system() {
    let suite = Suite::start().await;
    let (an, binh) = (suite.actor(AN), suite.actor(BINH));
    let owner = party_of(&an).await;
    let mut for_her = BIRTH.online(COMMUNE);
    for_her
        .applicant
        .as_mut()
        .unwrap()
        .party_uid
        .clone_from(&owner);
    binh.refused(for_her.clone(), Code::PermissionDenied, "PARTY_NOT_YOURS")
        .await;
    let grant = GrantProxyRequest {
        request_id: new_request_id(),
        grantor_uid: owner.clone(),
        proxy_uid: party_of(&binh).await,
        first_day: "2017-08-28".to_owned(),
        last_day: "2017-09-28".to_owned(),
        ..GrantProxyRequest::default()
    };
    an.ok(grant).await;
    // Everybody signs in again.
    suite.begin_day("2017-08-28T08:30");
    let by_her = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let by_proxy = binh.ok(for_her).await.message.dossier.unwrap();
    let by_officer = suite.register(BIRTH, COMMUNE).await;
    let client = suite.client().await;
    let by_system = client.ok(BIRTH.online(COMMUNE)).await.message;
    let by_system = by_system.dossier.unwrap();
    for (dossier, filed_by) in [
        (&by_her, FiledBy::Self_),
        (&by_proxy, FiledBy::Proxy),
        (&by_officer, FiledBy::Officer),
        (&by_system, FiledBy::System),
    ] {
        let seen = suite.dossier(&dossier.uid, COMMUNE).await;
        assert_eq!((dossier.filed_by(), seen.filed_by()), (filed_by, filed_by));
    }
    // It is hers, whoever handed it in.
    assert_eq!(by_proxy.applicant.as_ref().unwrap().party_uid, owner);
    let seen = an.ok(desk::by_uid(&by_proxy.uid)).await.message.dossier;
    assert_eq!(seen, Some(by_proxy));
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_code_of_another_system_is_taken_in_that_system_alone() {
    let suite = Suite::start().await;
    let client = suite.client().await;
    let registration = RegisterClientRequest {
        request_id: new_request_id(),
        client_id: OTHER_CLIENT.to_owned(),
        ..suite.registration()
    };
    suite.actor(ADMINISTRATOR).ok(registration).await;
    let other = suite.actor(OTHER_CLIENT);
    let with_code = || {
        let mut submission = BIRTH.online(COMMUNE);
        "HCM-1".clone_into(&mut submission.external_id);
        submission
    };
    let mut origins = Vec::new();
    for system in [&client, &other] {
        let dossier = system.ok(with_code()).await.message.dossier.unwrap();
        let refusal = system
            .refused(with_code(), Code::AlreadyExists, "ORIGIN_TAKEN")
            .await;
        assert_eq!(refusal.variable("dossier_uid"), dossier.uid);
        let origin = dossier.origin.unwrap();
        assert_eq!(origin.system, system.subject().await);
        origins.push(origin);
    }
    assert_eq!(origins[0].code, origins[1].code);
    assert_ne!(origins[0].system, origins[1].system);
    suite.must_add_up().await;
}
