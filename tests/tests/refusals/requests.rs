//! Requests as such: their ids, their size, their form.

use proto::intake::v1::{ListDossiersRequest, TrackDossierRequest};
use tests::cast::{AN, COMMUNE};
use tests::filing::BIRTH;
use tests::{Suite, desk};
use tonic::Code;

#[tokio::test]
async fn a_request_id_must_be_there_and_well_formed() {
    let suite = Suite::start().await;
    suite.actor(AN).token().await;
    let before = suite.everything_told().await;
    let too_long = "x".repeat(65);
    for (id, wrong) in [
        ("", "REQUIRED"),
        ("a b", "MALFORMED"),
        ("số-1", "MALFORMED"),
        (&too_long, "MALFORMED"),
    ] {
        let mut request = BIRTH.online(COMMUNE);
        request.request_id = id.to_owned();
        let refusal = suite
            .actor(AN)
            .refused(request, Code::InvalidArgument, "INVALID_FIELDS")
            .await;
        assert_eq!(refusal.fields(), ["request_id"]);
        assert!(
            refusal.violation("request_id").starts_with(wrong),
            "{refusal:?}"
        );
    }
    assert_eq!(suite.everything_told().await, before);
}

#[tokio::test]
async fn a_message_of_5_mb_is_too_large() {
    let suite = Suite::start().await;
    let mut request = BIRTH.online(COMMUNE);
    request.applicant.as_mut().unwrap().name = "A".repeat(5 * 1024 * 1024);
    suite.actor(AN).token().await;
    let before = suite.everything_told().await;
    suite
        .actor(AN)
        .refused(request, Code::ResourceExhausted, "MESSAGE_TOO_LARGE")
        .await;
    assert_eq!(suite.everything_told().await, before);
    suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_same_reply_and_has_one_effect() {
    let suite = Suite::start().await;
    let request = BIRTH.online(COMMUNE);
    let an = suite.actor(AN);
    let first = an.ok(request.clone()).await;
    let after_first = suite.everything_told().await;
    // Before the desk must have answered, of which time alone would tell.
    let later = an.at("2017-08-28T16:00");
    for _ in 0..3 {
        let again = later.ok(request.clone()).await;
        assert_eq!(
            (&again.message, &again.position),
            (&first.message, &first.position)
        );
    }
    assert_eq!(suite.everything_told().await, after_first);
    let listed = suite
        .receptionist(COMMUNE)
        .ok(ListDossiersRequest::default())
        .await;
    assert_eq!(listed.dossiers.len(), 1);
}

#[tokio::test]
async fn an_id_that_was_used_for_other_content_is_refused() {
    let suite = Suite::start().await;
    let request = BIRTH.online(COMMUNE);
    let an = suite.actor(AN);
    let first = an.ok(request.clone()).await;
    let before = suite.everything_told().await;
    let mut other = request.clone();
    other.applicant.as_mut().unwrap().phone = "0905000000".to_owned();
    an.refused(other, Code::AlreadyExists, "REQUEST_ID_REUSED")
        .await;
    assert_eq!(suite.everything_told().await, before);
    assert_eq!(an.ok(request).await.message, first.message);
}

#[tokio::test]
async fn a_refused_request_may_be_mended_under_its_id() {
    let suite = Suite::start().await;
    let good = BIRTH.online(COMMUNE);
    let mut bad = good.clone();
    bad.components.clear();
    let an = suite.actor(AN);
    an.refused(bad, Code::InvalidArgument, "COMPONENTS_MISSING")
        .await;
    let mended = an.ok(good).await.message.dossier.unwrap();
    assert!(
        mended.code.ends_with("-0001"),
        "a refusal takes no number: {}",
        mended.code
    );
}

#[tokio::test]
async fn malformed_codes_tokens_and_metadata_are_told_apart_from_unknown_ones() {
    let suite = Suite::start().await;
    let track = |code: &str| TrackDossierRequest {
        code: code.to_owned(),
    };
    let anyone = suite.anonymous();
    for code in [
        "",
        "0001",
        "000.01.20.H15-17X828-0001",
        "000.01.20.H15-170828-1",
        "a-b-c-d",
    ] {
        anyone
            .refused(track(code), Code::InvalidArgument, "DOSSIER_CODE_MALFORMED")
            .await;
    }
    anyone
        .refused(
            track("000.01.20.H15-170828-0001"),
            Code::NotFound,
            "DOSSIER_NOT_FOUND",
        )
        .await;
    let desk = suite.receptionist(COMMUNE);
    desk.refused(
        desk::by_code("nonsense"),
        Code::InvalidArgument,
        "DOSSIER_CODE_MALFORMED",
    )
    .await;
    let list = ListDossiersRequest {
        page_token: "nonsense".to_owned(),
        page_size: 501,
        ..Default::default()
    };
    let refusal = desk
        .refused(list, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    assert_eq!(refusal.fields().len(), 2, "{refusal:?}");
    let after = desk.with("motcua-after", "nonsense");
    let refusal = after
        .refused(
            desk::by_uid("x"),
            Code::InvalidArgument,
            "METADATA_MALFORMED",
        )
        .await;
    assert_eq!(refusal.variable("key"), "motcua-after");
}
