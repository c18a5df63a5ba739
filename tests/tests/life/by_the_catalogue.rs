//! What the catalogue publishes is what dossiers are handed in under.

use kit::clock;
use kit::testing::until;
use proto::catalogue::v1::{
    CreateDraftRequest, Fee, FeeTime, Limit, LimitUnit, Procedure, PublishVersionRequest, Register,
    RemoteExtra, UpdateDraftRequest,
};
use proto::intake::v1::{RegisterDossierRequest, SubmitDossierRequest};
use tests::cast::{ADMINISTRATOR, AN, COMMUNE, DISTRICT};
use tests::filing::BIRTH;
use tests::{Suite, desk, new_request_id};
use tonic::Code;

use crate::deadlines::{PATIENCE, explain, holiday, local};

const MORNING: &str = "2017-08-28T08:00";
const FORM: &str = r#"{"type":"object","required":["child"],"additionalProperties":false,"properties":{"child":{"type":"string","title":"Họ tên trẻ"}}}"#;
const FILLED: &str = r#"{"child":"H'Hen Niê"}"#;

/// Birth registration with a form, a fee in the district, a register that has the identity, and more time in the district.
fn changed(mut draft: Procedure) -> Procedure {
    let case = &mut draft.version.as_mut().unwrap().cases[0];
    FORM.clone_into(&mut case.form_schema);
    case.components[1].register = Register::Population.into();
    case.fees = vec![Fee {
        key: "certificate".to_owned(),
        name: "Lệ phí".to_owned(),
        amount_vnd: 8_000,
        unit_uids: vec![DISTRICT.to_owned()],
        time: FeeTime::Before.into(),
        ..Fee::default()
    }];
    case.limit = Some(Limit {
        unit: LimitUnit::WorkingDay.into(),
        count: 2,
        assumed: false,
        remote_extras: vec![RemoteExtra {
            unit_uids: vec![DISTRICT.to_owned()],
            count: 1,
        }],
    });
    draft
}

/// Publishes the changed procedure, and tells how far the log reaches then.
async fn publish(suite: &Suite) -> String {
    let administrator = suite.actor(ADMINISTRATOR).at(MORNING);
    let only_code = Procedure {
        code: BIRTH.code.to_owned(),
        ..Procedure::default()
    };
    let created = administrator
        .ok(CreateDraftRequest {
            request_id: new_request_id(),
            draft: Some(only_code),
        })
        .await;
    let draft = created.message.draft.unwrap();
    let update = UpdateDraftRequest {
        request_id: new_request_id(),
        expected_revision: draft.revision,
        draft: Some(changed(draft)),
    };
    let updated = administrator.ok(update).await.message.draft.unwrap();
    let published = administrator
        .ok(PublishVersionRequest {
            request_id: new_request_id(),
            code: BIRTH.code.to_owned(),
            expected_revision: updated.revision,
            effective_from: "2017-08-28".to_owned(),
            dry_run: false,
        })
        .await;
    assert_eq!(published.message.ends_version, 1);
    published.position.unwrap()
}

#[tokio::test]
async fn a_form_that_is_filled_in_wrongly_is_refused_by_field_and_letters_are_composed() {
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    // Whoever comes for the first time is registered.
    an.refused(online("{}"), Code::InvalidArgument, "FORM_INVALID")
        .await;
    let before = suite.everything_told().await;
    let deep = format!(
        r#"{{"child":{}{}}}"#,
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let long = format!(r#"{{"child":"{}"}}"#, "x".repeat(1024 * 1024));
    for (form, reason, field) in [
        (r#"{"child":7}"#, "FORM_INVALID", "form_data.child"),
        (r#"{"child":null}"#, "FORM_INVALID", "form_data.child"),
        (r#"{"child":["H'Hen"]}"#, "FORM_INVALID", "form_data.child"),
        (
            r#"{"child":"H'Hen","mother":"H'Yam"}"#,
            "FORM_INVALID",
            "form_data.mother",
        ),
        (
            r#"{"child":"H'Hen\u0000"}"#,
            "FORM_INVALID",
            "form_data.child",
        ),
        ("[]", "FORM_INVALID", "form_data"),
        ("{", "FORM_INVALID", "form_data"),
        (&deep, "FORM_INVALID", "form_data"),
        (&long, "INVALID_FIELDS", "form_data"),
    ] {
        let refusal = an
            .refused(online(form), Code::InvalidArgument, reason)
            .await;
        let shown: String = form.chars().take(40).collect();
        assert_eq!(refusal.fields(), [field], "{shown}");
        assert!(!refusal.vietnamese.is_empty(), "{shown}");
    }
    assert_eq!(suite.everything_told().await, before, "nothing has changed");
    for decomposed in ["Nie\u{302}", r"Nie\u0302"] {
        let form = format!(r#"{{"child":"{decomposed}"}}"#);
        let dossier = an.ok(online(&form)).await.message.dossier.unwrap();
        assert_eq!(dossier.form_data, "{\"child\":\"Niê\"}");
    }
}

/// All papers but the one that a register has.
fn online(form_data: &str) -> SubmitDossierRequest {
    let mut request = SubmitDossierRequest {
        form_data: form_data.to_owned(),
        ..BIRTH.online(COMMUNE)
    };
    request
        .components
        .retain(|of| of.component_key != "identity");
    request
}

#[tokio::test]
async fn a_dossier_is_checked_timed_and_charged_as_the_version_in_force_says() {
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    let refusal = an
        .refused(online("{}"), Code::InvalidArgument, "FORM_INVALID")
        .await;
    assert_eq!(refusal.fields(), ["form_data.child"]);
    assert!(
        refusal
            .vietnamese
            .contains("\"Họ tên trẻ\" không được để trống")
    );
    let dossier = an.ok(online(FILLED)).await.message.dossier.unwrap();
    assert_eq!((dossier.procedure_version, dossier.limit_extra), (2, 1));
    assert_eq!(dossier.form_data, FILLED);
    let fees: Vec<_> = dossier
        .fees
        .iter()
        .map(|fee| (fee.amount_vnd, fee.before_reception))
        .collect();
    assert_eq!(fees, [(8_000, true)]);
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    let received = desk
        .ok(desk::receive(&dossier))
        .await
        .message
        .dossier
        .unwrap();
    let appointment = clock::local(clock::from_timestamp(&received.appointment.unwrap()));
    assert_eq!(appointment.format("%Y-%m-%d").to_string(), "2017-08-31");
}

#[tokio::test]
async fn a_dossier_stays_on_the_version_that_it_was_handed_in_under_and_names_its_case() {
    let suite = Suite::start().await;
    let an = suite.actor(AN).at("2017-08-28T07:30");
    let before = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
    let position = publish(&suite).await;
    let desk = suite
        .receptionist(COMMUNE)
        .at("2017-08-28T09:00")
        .after(Some(&position));
    let received = desk
        .ok(desk::receive(&before))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(received.procedure_version, 1);
    let appointment = clock::local(clock::from_timestamp(&received.appointment.unwrap()));
    assert_eq!(appointment.format("%Y-%m-%d").to_string(), "2017-08-28");
    let verified = RegisterDossierRequest {
        procedure_code: "1.000894".to_owned(),
        case_key: "verify".to_owned(),
        ..BIRTH.at_counter(COMMUNE)
    };
    let verified = desk.ok(verified).await.message.dossier.unwrap();
    let appointment = clock::local(clock::from_timestamp(&verified.appointment.unwrap()));
    assert_eq!(verified.case_key, "verify");
    assert!(appointment.format("%Y-%m-%d").to_string().as_str() > "2017-09-01");
}

#[tokio::test]
async fn r14_the_longer_limit_of_a_remote_desk_stays_when_the_calendar_changes() {
    let suite = Suite::start().await;
    let position = publish(&suite).await;
    let an = suite
        .actor(AN)
        .at("2017-08-28T08:30")
        .after(Some(&position));
    let dossier = an.ok(online(FILLED)).await.message.dossier.unwrap();
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T09:00");
    let received = desk.ok(desk::receive(&dossier)).await;
    let received = received.message.dossier.unwrap();
    assert_eq!(local(received.due), "2017-08-31T17:00");
    suite.actor(ADMINISTRATOR).ok(holiday()).await;
    let moved = until("the deadline moves", PATIENCE, async || {
        let dossier = suite.dossier(&received.uid, COMMUNE).await;
        (dossier.due != received.due).then_some(dossier)
    })
    .await;
    assert_eq!(local(moved.due), "2017-09-01T17:00");
    let explained = explain(&suite, &moved).await;
    assert_eq!((explained.due, explained.days_counted), (moved.due, 3));
}
