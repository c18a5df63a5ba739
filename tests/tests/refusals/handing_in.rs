//! What may not be handed in.

use proto::identity::v1::{
    GetPartyRequest, GetUnitRequest, IdentityNumber, IdentityNumberKind, PartyKind,
    RegisterPartyRequest,
};
use proto::intake::v1::{ApplicantNumberKind, SubmitDossierRequest, WithdrawDossierRequest};
use tests::cast::{AN, COMMUNE, DEPARTMENT, OTHER_DEPARTMENT};
use tests::filing::{AT_THE_DESK_ONLY, BIRTH, FOREST_PRODUCTS, VERTICAL};
use tests::{Refusal, Suite, new_request_id};
use tonic::Code;

/// Hands in what must be refused, and sees to it that nothing changed anywhere.
async fn refused(
    suite: &Suite,
    request: SubmitDossierRequest,
    code: Code,
    reason: &str,
) -> Refusal {
    // Her first sign-in makes her a party.
    let an = suite.actor(AN);
    an.token().await;
    let before = suite.everything_told().await;
    let refusal = an.refused(request, code, reason).await;
    assert_eq!(suite.everything_told().await, before, "something changed");
    refusal
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let suite = Suite::start().await;
    let unknown_unit = refused(
        &suite,
        BIRTH.online("daklak-9999"),
        Code::NotFound,
        "UNIT_NOT_FOUND",
    )
    .await;
    assert_eq!(unknown_unit.variable("unit_uid"), "daklak-9999");
    let mut request = BIRTH.online(COMMUNE);
    request.procedure_code = "1.999999".to_owned();
    let unknown = refused(&suite, request, Code::NotFound, "PROCEDURE_NOT_FOUND").await;
    assert_eq!(unknown.variable("procedure_code"), "1.999999");
    let mut request = BIRTH.online(COMMUNE);
    request.case_key = "abroad".to_owned();
    let unknown = refused(&suite, request, Code::NotFound, "CASE_NOT_FOUND").await;
    assert_eq!(unknown.variable("case_key"), "abroad");
}

#[tokio::test]
async fn an_unknown_unit_or_party_is_not_found() {
    let suite = Suite::start().await;
    let unit = GetUnitRequest {
        uid: "daklak-9999".to_owned(),
        ..Default::default()
    };
    suite
        .anonymous()
        .refused(unit, Code::NotFound, "UNIT_NOT_FOUND")
        .await;
    let party = GetPartyRequest {
        uid: "nobody".to_owned(),
    };
    suite
        .receptionist(COMMUNE)
        .refused(party, Code::NotFound, "PARTY_NOT_FOUND")
        .await;
}

#[tokio::test]
async fn a_level_2_procedure_is_refused_online_and_the_desk_to_go_to_is_named() {
    let suite = Suite::start().await;
    let request = AT_THE_DESK_ONLY.online(COMMUNE);
    let refusal = refused(&suite, request, Code::FailedPrecondition, "NOT_ONLINE").await;
    assert_eq!(refusal.variable("desk_unit_uid"), COMMUNE);
    assert_eq!(refusal.variable("online_level"), "2");
    assert!(
        refusal.vietnamese.contains("Phường Tân Lập"),
        "{}",
        refusal.vietnamese
    );
    suite.register(AT_THE_DESK_ONLY, COMMUNE).await;
}

#[tokio::test]
async fn a_procedure_of_a_vertical_agency_is_not_handled_here() {
    let suite = Suite::start().await;
    let request = VERTICAL.online(OTHER_DEPARTMENT);
    refused(
        &suite,
        request,
        Code::FailedPrecondition,
        "NOT_HANDLED_HERE",
    )
    .await;
}

#[tokio::test]
async fn a_desk_that_does_not_take_a_procedure_names_the_one_that_does() {
    let suite = Suite::start().await;
    let elsewhere = FOREST_PRODUCTS.online(OTHER_DEPARTMENT);
    let refusal = refused(
        &suite,
        elsewhere,
        Code::FailedPrecondition,
        "UNIT_NOT_COMPETENT",
    )
    .await;
    assert_eq!(
        refusal.variable("takes"),
        "Sở Nông nghiệp và Phát triển nông thôn"
    );
    let refusal = refused(
        &suite,
        BIRTH.online(DEPARTMENT),
        Code::FailedPrecondition,
        "UNIT_NOT_COMPETENT",
    )
    .await;
    assert_eq!(refusal.variable("takes"), "UBND cấp xã");
}

#[tokio::test]
async fn every_missing_component_is_named_at_once() {
    let suite = Suite::start().await;
    let mut request = BIRTH.online(COMMUNE);
    request.components.clear();
    let refusal = refused(&suite, request, Code::InvalidArgument, "COMPONENTS_MISSING").await;
    let mut fields = refusal.fields();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "components[evidence]",
            "components[form]",
            "components[identity]"
        ]
    );
    let mut request = BIRTH.online(COMMUNE);
    request.components[0].originals = 0;
    request.components[2].component_key = "photo".to_owned();
    let refusal = refused(&suite, request, Code::InvalidArgument, "COMPONENTS_MISSING").await;
    let mut fields = refusal.fields();
    fields.sort_unstable();
    assert_eq!(
        fields,
        [
            "components[evidence]",
            "components[form]",
            "components[photo]"
        ]
    );
}

#[tokio::test]
async fn malformed_numbers_of_applicants_are_refused_with_what_is_wrong_with_them() {
    let suite = Suite::start().await;
    for (kind, number, wrong) in [
        (ApplicantNumberKind::Cccd, "06608800000", "LENGTH_WRONG"),
        (ApplicantNumberKind::Cccd, "06608800000X", "NOT_DIGITS"),
        (ApplicantNumberKind::Cccd, "", "REQUIRED"),
        (ApplicantNumberKind::Cmnd, "2401234567", "LENGTH_WRONG"),
        (ApplicantNumberKind::Mst, "0100109107", "CHECK_DIGIT_WRONG"),
        (ApplicantNumberKind::Mst, "0100109106-1", "LENGTH_WRONG"),
    ] {
        let mut request = BIRTH.online(COMMUNE);
        let applicant = request.applicant.as_mut().unwrap();
        (applicant.number_kind, applicant.number) = (kind.into(), number.to_owned());
        let citizen = suite.actor(AN);
        let refusal = citizen
            .refused(request, Code::InvalidArgument, "INVALID_FIELDS")
            .await;
        assert_eq!(refusal.fields(), ["applicant.number"]);
        let violation = refusal.violation("applicant.number");
        assert!(violation.starts_with(wrong), "{number}: {violation}");
        assert!(
            number.is_empty() || !violation.contains(number),
            "a number is personal: {violation}"
        );
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_party_with_a_malformed_number_is_not_registered() {
    let suite = Suite::start().await;
    let register = |kind: IdentityNumberKind, value: &str| RegisterPartyRequest {
        request_id: new_request_id(),
        kind: PartyKind::Business.into(),
        name: "Công ty TNHH Cà phê Ea Tu".to_owned(),
        identity_number: Some(IdentityNumber {
            kind: kind.into(),
            value: value.to_owned(),
        }),
        ..Default::default()
    };
    let desk = suite.receptionist(COMMUNE);
    let before = suite.everything_told().await;
    let wrong = register(IdentityNumberKind::Mst, "0100109107");
    let refusal = desk
        .refused(wrong, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    assert!(
        refusal
            .violation("identity_number.value")
            .starts_with("CHECK_DIGIT_WRONG"),
        "{refusal:?}"
    );
    assert_eq!(suite.everything_told().await, before);
    desk.ok(register(IdentityNumberKind::Mst, "0100109106"))
        .await;
}

#[tokio::test]
async fn control_characters_are_refused_field_by_field() {
    let suite = Suite::start().await;
    let mut request = BIRTH.online("daklak\u{0}0035");
    request.procedure_code = "1.00\u{7}1193".to_owned();
    request.case_key = "stan\u{1b}dard".to_owned();
    request.external_id = "HCM\n1".to_owned();
    request.competent_unit_uid = "daklak\u{7f}0035".to_owned();
    request.returning_unit_uid = "daklak\u{9f}0035".to_owned();
    request.applicant.as_mut().unwrap().name = "H'An\tÊban".to_owned();
    request.components[0].component_key = "fo\u{8}rm".to_owned();
    let refusal = refused(&suite, request, Code::InvalidArgument, "INVALID_FIELDS").await;
    let mut fields = refusal.fields();
    fields.sort_unstable();
    let wrong = [
        "applicant.name",
        "case_key",
        "competent_unit_uid",
        "components[0].component_key",
        "external_id",
        "procedure_code",
        "receiving_unit_uid",
        "returning_unit_uid",
    ];
    assert_eq!(fields, wrong);
    for field in wrong {
        let violation = refusal.violation(field);
        assert!(violation.starts_with("CONTROL_CHARACTER"), "{violation}");
    }
    let an = suite.actor(AN);
    let dossier = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let withdraw = WithdrawDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid,
        expected_revision: 0,
        reason: "Nộp\u{0} nhầm".to_owned(),
    };
    let refusal = an
        .refused(withdraw, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    assert!(
        refusal.violation("reason").starts_with("CONTROL_CHARACTER"),
        "{refusal:?}"
    );
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once() {
    let suite = Suite::start().await;
    let mut request = BIRTH.online("");
    request.request_id = "not an id".to_owned();
    request.procedure_code = " ".to_owned();
    let applicant = request.applicant.as_mut().unwrap();
    applicant.name.clear();
    applicant.number = "1".to_owned();
    applicant.phone = "call me".to_owned();
    request.components[0].originals = -1;
    let refusal = refused(&suite, request, Code::InvalidArgument, "INVALID_FIELDS").await;
    let mut fields = refusal.fields();
    fields.sort_unstable();
    let wrong = [
        "applicant.name",
        "applicant.number",
        "applicant.phone",
        "components[0]",
        "procedure_code",
        "receiving_unit_uid",
        "request_id",
    ];
    assert_eq!(fields, wrong);
}
