//! Who is calling: tokens, and what needs none.

use kit::caller::{AUDIENCE, Claims, Granted, Role, sign};
use kit::clock;
use kit::keys::PrivateKey;
use proto::catalogue::v1::{GetCalendarRequest, GetCatalogueSummaryRequest, GetProcedureRequest};
use proto::identity::v1::issue_token_request::Proof;
use proto::identity::v1::{GetCallerRequest, IssueTokenRequest, ListUnitsRequest};
use proto::intake::v1::{Dossier, ListDossiersRequest, ReadEventsRequest};
use tests::cast::{AN, CLIENT, COMMUNE, OTHER_COMMUNE, subject};
use tests::filing::BIRTH;
use tests::{Suite, desk};
use tonic::Code;

fn claims(ends_in_seconds: i64) -> Claims {
    let now = clock::real().timestamp();
    Claims {
        iss: "motcua".to_owned(),
        sub: subject(COMMUNE, "receptionist"),
        aud: AUDIENCE.to_owned(),
        iat: now + ends_in_seconds - 600,
        exp: now + ends_in_seconds,
        jti: clock::new_uid(),
        grants: vec![receptionist_of(COMMUNE)],
        rpcs: None,
        rate_class: None,
        cnf: None,
    }
}

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
async fn without_a_token_nothing_of_a_dossier_is_told_or_changed() {
    let suite = Suite::start().await;
    let dossier = submitted(&suite).await;
    let before = suite.everything_told().await;
    let anyone = suite.anonymous();
    let missing = (Code::Unauthenticated, "TOKEN_MISSING");
    anyone
        .refused(BIRTH.online(COMMUNE), missing.0, missing.1)
        .await;
    anyone
        .refused(desk::by_uid(&dossier.uid), missing.0, missing.1)
        .await;
    anyone
        .refused(desk::receive(&dossier), missing.0, missing.1)
        .await;
    anyone
        .refused(ListDossiersRequest::default(), missing.0, missing.1)
        .await;
    anyone
        .refused(GetCallerRequest {}, missing.0, missing.1)
        .await;
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn an_expired_a_forged_and_a_malformed_token_are_refused() {
    let suite = Suite::start().await;
    let dossier = submitted(&suite).await;
    let key = PrivateKey::load_or_create(&suite.pair().keys().join("token-signing.pem")).unwrap();
    let valid = sign(&claims(600), &key).unwrap();
    let desk = suite.anonymous().with_token(&valid);
    desk.ok(desk::by_uid(&dossier.uid)).await;
    let expired = desk.with_token(&sign(&claims(-120), &key).unwrap());
    expired
        .refused(
            desk::receive(&dossier),
            Code::Unauthenticated,
            "TOKEN_EXPIRED",
        )
        .await;
    let forged = sign(&claims(600), &PrivateKey::generate()).unwrap();
    let elsewhere = Claims {
        aud: "another-suite".to_owned(),
        ..claims(600)
    };
    let elsewhere = sign(&elsewhere, &key).unwrap();
    for token in [
        forged.as_str(),
        &elsewhere,
        "nonsense",
        "",
        &valid[..valid.len() - 4],
    ] {
        let caller = desk.with_token(token);
        caller
            .refused(
                desk::receive(&dossier),
                Code::Unauthenticated,
                "TOKEN_INVALID",
            )
            .await;
    }
    assert_eq!(suite.dossier(&dossier.uid, COMMUNE).await, dossier);
}

#[tokio::test]
async fn an_assertion_must_be_signed_by_the_key_that_was_registered() {
    let suite = Suite::start().await;
    suite.client().await.token().await;
    let (anyone, key) = (suite.anonymous(), PrivateKey::generate());
    let leader = subject(COMMUNE, "leader");
    for name in [CLIENT, &leader, "nobody"] {
        let assertion = kit::caller::sign_assertion(name, &key).unwrap();
        anyone
            .refused(
                IssueTokenRequest {
                    proof: Some(Proof::Assertion(assertion)),
                },
                Code::Unauthenticated,
                "ASSERTION_INVALID",
            )
            .await;
    }
}

#[tokio::test]
async fn anyone_may_read_the_catalogue() {
    let suite = Suite::start().await;
    let anyone = suite.anonymous();
    let summary = anyone.ok(GetCatalogueSummaryRequest::default()).await;
    let levels: Vec<_> = summary
        .levels
        .iter()
        .map(|level| (level.online_level, level.procedures))
        .collect();
    assert_eq!(
        (summary.procedures, levels),
        (1_565, vec![(2, 1_099), (3, 434), (4, 32)])
    );
    let birth = GetProcedureRequest {
        code: BIRTH.code.to_owned(),
        ..GetProcedureRequest::default()
    };
    assert_eq!(
        anyone.ok(birth).await.procedure.as_ref().unwrap().name,
        "Thủ tục đăng ký khai sinh"
    );
    let units = ListUnitsRequest {
        page_size: 500,
        ..Default::default()
    };
    assert_eq!(
        anyone.ok(units).await.units.len(),
        219,
        "218 units and the province"
    );
    anyone.ok(GetCalendarRequest::default()).await;
}

#[tokio::test]
async fn the_logs_are_for_services_only() {
    let suite = Suite::start().await;
    let denied = (Code::PermissionDenied, "RPC_NOT_GRANTED");
    for caller in [
        suite.receptionist(COMMUNE),
        suite.leader(COMMUNE),
        suite.actor(AN),
        suite.client().await,
    ] {
        caller
            .refused(ReadEventsRequest::default(), denied.0, denied.1)
            .await;
    }
    suite
        .anonymous()
        .refused(
            ReadEventsRequest::default(),
            Code::Unauthenticated,
            "TOKEN_MISSING",
        )
        .await;
}

#[tokio::test]
async fn a_saved_reply_is_given_to_nobody_else() {
    let suite = Suite::start().await;
    let request = BIRTH.at_counter(COMMUNE);
    suite.receptionist(COMMUNE).ok(request.clone()).await;
    let other = suite.receptionist(OTHER_COMMUNE);
    other
        .refused(request.clone(), Code::PermissionDenied, "UNIT_NOT_YOURS")
        .await;
    let key = PrivateKey::load_or_create(&suite.pair().keys().join("token-signing.pem")).unwrap();
    let moved = Claims {
        grants: vec![receptionist_of(OTHER_COMMUNE)],
        ..claims(600)
    };
    let same_person_elsewhere = suite.anonymous().with_token(&sign(&moved, &key).unwrap());
    same_person_elsewhere
        .refused(request, Code::PermissionDenied, "UNIT_NOT_YOURS")
        .await;
}

fn receptionist_of(unit: &str) -> Granted {
    Granted {
        role: Role::Receptionist,
        at: vec![unit.to_owned()],
        everywhere: false,
    }
}
