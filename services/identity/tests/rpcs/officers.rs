//! `OfficerService`: who is registered, who may know whom.

use std::pin::Pin;

use kit::caller::Role;
use proto::identity::v1 as pb;
use tonic::Code;

use crate::staff::{Caller, assignment, named, registration};
use crate::support::{Suite, must_not_hold, refused};

/// Serves the small province, with officers at the commune and at the province.
fn suite() -> Pin<Box<impl Future<Output = Suite>>> {
    Box::pin(with_officers())
}

async fn with_officers() -> Suite {
    let suite = Suite::start().await;
    let administrator = suite.administrator();
    for (subject, role, unit) in [
        ("lan", pb::Role::Receptionist, "new"),
        ("minh", pb::Role::Leader, "p"),
        ("boss", pb::Role::UnitAdministrator, "new"),
    ] {
        administrator.register(subject, unit).await;
        administrator.assign(subject, role, unit).await;
    }
    suite
}

/// The administrator of the commune.
fn boss(suite: &Suite) -> Caller<'_> {
    suite.caller("boss", Role::UnitAdministrator, &["new", "old"])
}

fn subjects(page: pb::ListOfficersResponse) -> Vec<String> {
    let officers = page.officers.into_iter();
    officers.map(|officer| officer.subject).collect()
}

fn units(officer: pb::Officer) -> Vec<String> {
    let positions = officer.positions.into_iter();
    positions.map(|position| position.unit_uid).collect()
}

#[tokio::test]
async fn an_officer_is_read_back_with_its_positions_and_told_without_its_name() {
    let suite = Suite::start().await;
    let administrator = suite.administrator();
    let events = suite.store.events().await;
    administrator.register("lan", "new").await;
    let position = administrator
        .assign("lan", pb::Role::Receptionist, "new")
        .await;
    let officer = administrator.officer("lan").await;
    assert_eq!(
        (officer.name.as_str(), officer.unit_uid.as_str()),
        ("Nguyễn Thị Lan", "new")
    );
    assert_eq!(
        (officer.state(), officer.revision),
        (pb::OfficerState::Active, 2)
    );
    assert_eq!(officer.positions, [position]);
    assert_eq!(suite.store.events().await, events + 2);
    let columns = ["reply.body", "log_event.change", "officer.name"];
    must_not_hold(&suite, &columns, "Lan").await;
}

#[tokio::test]
async fn the_log_tells_a_name_in_the_part_that_opens_with_the_officers_own_key() {
    let suite = suite().await;
    let disable = pb::DisableOfficerRequest {
        request_id: "d".to_owned(),
        subject: "lan".to_owned(),
        expected_revision: 0,
    };
    suite
        .administrator()
        .disable_officer(disable)
        .await
        .unwrap();
    let db = &suite.store.db;
    let told = kit::log::history_in_full((db.read(), db.ring()), "identity", "lan").await;
    let told: Vec<Option<Vec<u8>>> = told.unwrap().into_iter().map(|(_, told)| told).collect();
    let name = Some("Nguyễn Thị Lan".as_bytes().to_vec());
    // Registered, given a position, disabled.
    assert_eq!(told, [name.clone(), None, name]);
}

#[tokio::test]
async fn a_repeated_registration_gets_the_same_reply_and_for_another_the_subject_is_taken() {
    let suite = Suite::start().await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator.register("lan", "new").await;
    let again = administrator
        .register_officer(registration("lan", "p"))
        .await;
    refused(again, Code::AlreadyExists, "SUBJECT_TAKEN");
}

#[tokio::test]
async fn an_officer_of_a_unit_that_nobody_knows_or_without_a_name_is_refused() {
    let suite = Suite::start().await;
    let administrator = suite.administrator();
    let nowhere = administrator.register_officer(registration("lan", "nowhere"));
    refused(nowhere.await, Code::NotFound, "UNIT_NOT_FOUND");
    let wrong = pb::RegisterOfficerRequest {
        request_id: "r".to_owned(),
        name: String::new(),
        ..registration("two words", "a\0")
    };
    let wrong = administrator.register_officer(wrong).await;
    let text = refused(wrong, Code::InvalidArgument, "INVALID_FIELDS");
    for field in ["subject", "name", "unit_uid"] {
        assert!(text.contains(field), "{field} is missing in: {text}");
    }
}

#[tokio::test]
async fn a_unit_administrator_does_not_learn_of_the_officers_of_another_unit() {
    let suite = suite().await;
    let boss = boss(&suite);
    assert_eq!(boss.officer("lan").await.subject, "lan");
    let hidden = boss.get_officer(named("minh")).await.unwrap_err();
    let nobody = boss.get_officer(named("nobody")).await.unwrap_err();
    assert_eq!(hidden.message().replace("minh", "nobody"), nobody.message());
    refused::<()>(Err(hidden), Code::NotFound, "OFFICER_NOT_FOUND");
    let listed = boss.list_officers(pb::ListOfficersRequest::default()).await;
    assert_eq!(subjects(listed.unwrap().into_inner()), ["boss", "lan"]);
    let at_the_province = pb::ListOfficersRequest {
        unit_uid: "p".to_owned(),
        ..Default::default()
    };
    let listed = boss.list_officers(at_the_province).await.unwrap();
    assert!(listed.into_inner().officers.is_empty());
    let taken_over = assignment("minh", pb::Role::Examiner, "new");
    let taken_over = boss.assign_position(taken_over).await;
    refused(taken_over, Code::NotFound, "OFFICER_NOT_FOUND");
    let position = suite.administrator().officer("minh").await.positions;
    let end = pb::EndPositionRequest {
        request_id: "e".to_owned(),
        position_uid: position[0].uid.clone(),
        last_day: "2017-09-01".to_owned(),
        expected_revision: 0,
    };
    let end = boss.end_position(end).await;
    refused(end, Code::NotFound, "POSITION_NOT_FOUND");
}

#[tokio::test]
async fn a_position_elsewhere_is_shown_to_the_officer_itself_and_takes_it_from_its_unit_alone() {
    let suite = suite().await;
    suite
        .administrator()
        .assign("lan", pb::Role::Clerk, "p")
        .await;
    let boss = boss(&suite);
    assert_eq!(units(boss.officer("lan").await), ["new"]);
    let itself = suite.caller("lan", Role::Clerk, &["p"]);
    assert_eq!(units(itself.officer("lan").await), ["new", "p"]);
    let colleague = suite.caller("minh", Role::Leader, &["p"]);
    let colleague = colleague.get_officer(named("lan")).await;
    refused(colleague, Code::NotFound, "OFFICER_NOT_FOUND");
    let disable = pb::DisableOfficerRequest {
        request_id: "d".to_owned(),
        subject: "lan".to_owned(),
        expected_revision: 0,
    };
    let disable = boss.disable_officer(disable).await;
    refused(disable, Code::PermissionDenied, "OFFICER_NOT_YOURS");
}

#[tokio::test]
async fn a_unit_administrator_gives_no_role_that_governs_and_none_elsewhere() {
    let suite = suite().await;
    let boss = boss(&suite);
    for (role, unit, reason) in [
        (pb::Role::UnitAdministrator, "new", "ROLE_NOT_YOURS"),
        (pb::Role::ProvinceAdministrator, "new", "ROLE_NOT_YOURS"),
        (pb::Role::Auditor, "new", "ROLE_NOT_YOURS"),
        (pb::Role::Leader, "p", "UNIT_NOT_YOURS"),
    ] {
        let reply = boss.assign_position(assignment("lan", role, unit)).await;
        refused(reply, Code::PermissionDenied, reason);
    }
    for (subject, code, reason) in [
        ("boss", Code::PermissionDenied, "OFFICER_NOT_YOURS"),
        ("minh", Code::NotFound, "OFFICER_NOT_FOUND"),
    ] {
        let set = pb::SetPasswordRequest {
            request_id: format!("set-{subject}"),
            subject: subject.to_owned(),
            password: "trâu vàng leo cây".to_owned(),
        };
        refused(boss.set_password(set).await, code, reason);
    }
    for unit in ["p", ""] {
        let elsewhere = boss.register_officer(registration("new-one", unit)).await;
        refused(elsewhere, Code::PermissionDenied, "UNIT_NOT_YOURS");
    }
    boss.register("new-one", "new").await;
    boss.assign("new-one", pb::Role::Clerk, "new").await;
}

#[tokio::test]
async fn an_administrator_of_the_province_is_one_of_the_province_itself() {
    let suite = suite().await;
    let elsewhere = assignment("lan", pb::Role::ProvinceAdministrator, "new");
    let elsewhere = suite.administrator().assign_position(elsewhere).await;
    refused(elsewhere, Code::FailedPrecondition, "ROLE_NOT_AT_UNIT");
}

#[tokio::test]
async fn an_auditor_reads_and_changes_nothing_and_others_do_neither() {
    let suite = suite().await;
    let auditor = suite.caller("eye", Role::Auditor, &["new"]);
    let listed = auditor.list_officers(pb::ListOfficersRequest::default());
    assert_eq!(listed.await.unwrap().into_inner().officers.len(), 2);
    let changed = assignment("lan", pb::Role::Clerk, "new");
    let changed = auditor.assign_position(changed).await;
    refused(changed, Code::PermissionDenied, "RPC_NOT_GRANTED");
    let leader = suite.caller("minh", Role::Leader, &["p"]);
    let listed = leader.list_officers(pb::ListOfficersRequest::default());
    refused(listed.await, Code::PermissionDenied, "RPC_NOT_GRANTED");
}

#[tokio::test]
async fn who_has_seen_an_older_revision_loses_the_race() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let disable = |request_id: &str, expected_revision| pb::DisableOfficerRequest {
        request_id: request_id.to_owned(),
        subject: "lan".to_owned(),
        expected_revision,
    };
    let lost = administrator.disable_officer(disable("a", 1)).await;
    refused(lost, Code::Aborted, "REVISION_CHANGED");
    let won = administrator.disable_officer(disable("b", 2)).await;
    assert_eq!(won.unwrap().into_inner().revision, 3);
    let officer = administrator.officer("lan").await;
    assert_eq!(officer.state(), pb::OfficerState::Disabled);
}

#[tokio::test]
async fn the_pages_of_a_list_bring_every_officer_once_in_order() {
    let suite = suite().await;
    let administrator = suite.administrator();
    for number in 0..7 {
        administrator
            .register(&format!("officer-{number}"), "new")
            .await;
    }
    let (mut found, mut page_token) = (Vec::new(), String::new());
    loop {
        let message = pb::ListOfficersRequest {
            page_size: 3,
            page_token,
            ..Default::default()
        };
        let page = administrator.list_officers(message).await;
        let page = page.unwrap().into_inner();
        assert!(page.officers.len() <= 3);
        page_token = page.next_page_token.clone();
        found.extend(subjects(page));
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(found.len(), 10);
    assert!(found.is_sorted_by(|one, next| one < next));
}

#[tokio::test]
async fn a_list_is_narrowed_by_unit_role_and_day() {
    let suite = suite().await;
    let listed = async |unit: &str, role: pb::Role, as_of: &str| {
        let message = pb::ListOfficersRequest {
            unit_uid: unit.to_owned(),
            role: role.into(),
            as_of: as_of.to_owned(),
            ..Default::default()
        };
        let page = suite.administrator().list_officers(message).await;
        subjects(page.unwrap().into_inner())
    };
    assert_eq!(listed("new", pb::Role::Receptionist, "").await, ["lan"]);
    assert_eq!(
        listed("new", pb::Role::Unspecified, "").await,
        ["boss", "lan"]
    );
    assert_eq!(listed("", pb::Role::Leader, "2017-08-01").await, ["minh"]);
    assert!(listed("", pb::Role::Leader, "2017-07-31").await.is_empty());
}
