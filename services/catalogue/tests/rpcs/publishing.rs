//! Publishing and retiring.

use chrono::{Days, NaiveDate};
use kit::clock;
use proto::catalogue::v1::{
    Cutoffs, FeeChannel, GetProcedureRequest, ListVersionsRequest, OnlineLevel, Procedure,
    PublishVersionRequest, PublishVersionResponse, RetireProcedureRequest, SetOnlineLevelRequest,
    StepPart, UnitRule, VersionState,
};
use sea_orm::ConnectionTrait as _;
use tonic::{Code, Response, Status};

use crate::drafts::{case, create, draft};
use crate::support::{Store, Suite, refused, violations};

const CODE: &str = "1.000001";

pub fn today() -> NaiveDate {
    clock::local(clock::real()).date()
}

fn in_days(days: u64) -> NaiveDate {
    today() + Days::new(days)
}

async fn try_publish(
    suite: &Suite,
    code: &str,
    from: NaiveDate,
    dry_run: bool,
) -> Result<Response<PublishVersionResponse>, Status> {
    let request = suite.as_admin(PublishVersionRequest {
        request_id: clock::new_uid(),
        code: code.to_owned(),
        expected_revision: 1,
        effective_from: from.to_string(),
        dry_run,
    });
    suite.procedures().publish_version(request).await
}

async fn publish(suite: &Suite, from: NaiveDate) -> PublishVersionResponse {
    try_publish(suite, CODE, from, false)
        .await
        .unwrap()
        .into_inner()
}

async fn on(suite: &Suite, day: NaiveDate) -> Option<i32> {
    let request = GetProcedureRequest {
        code: CODE.to_owned(),
        as_of: day.to_string(),
        ..GetProcedureRequest::default()
    };
    let found = suite.procedures().get_procedure(request).await.ok()?;
    let version = found.into_inner().procedure.unwrap().version.unwrap();
    assert_eq!(version.state(), VersionState::InForce);
    Some(version.number)
}

fn renamed(name: &str) -> Procedure {
    Procedure {
        name: name.to_owned(),
        ..draft(CODE)
    }
}

#[tokio::test]
async fn a_version_is_in_force_from_its_day_until_the_next_begins_or_it_is_retired() {
    let suite = Suite::beside_units(Store::new().await).await;
    create(&suite, draft(CODE)).await;
    let first = publish(&suite, today()).await;
    assert_eq!(
        (first.ends_version, first.receiving_units, first.dry_run),
        (0, 184, false)
    );
    create(&suite, renamed("Đăng ký thử, sửa đổi")).await;
    let second = publish(&suite, in_days(10)).await;
    let paths: Vec<_> = second
        .differences
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!((second.ends_version, paths), (1, vec!["name"]));
    let retire = RetireProcedureRequest {
        request_id: clock::new_uid(),
        code: CODE.to_owned(),
        expected_revision: second.procedure.unwrap().revision,
        retired_from: in_days(20).to_string(),
    };
    let mut procedures = suite.procedures();
    procedures
        .retire_procedure(suite.as_admin(retire.clone()))
        .await
        .unwrap();
    for (days, number) in [
        (0, Some(1)),
        (9, Some(1)),
        (10, Some(2)),
        (19, Some(2)),
        (20, None),
    ] {
        assert_eq!(on(&suite, in_days(days)).await, number, "in {days} days");
    }
    let again = RetireProcedureRequest {
        request_id: clock::new_uid(),
        expected_revision: 0,
        ..retire
    };
    refused(
        procedures.retire_procedure(suite.as_admin(again)).await,
        Code::FailedPrecondition,
        "RETIREMENT_REFUSED",
    );
    let ask = ListVersionsRequest {
        code: CODE.to_owned(),
    };
    let versions = procedures
        .list_versions(ask)
        .await
        .unwrap()
        .into_inner()
        .versions;
    let states: Vec<_> = versions
        .iter()
        .map(|of| of.version.as_ref().unwrap().state())
        .collect();
    assert_eq!(states, [VersionState::InForce, VersionState::Published]);
}

#[tokio::test]
async fn a_dry_run_tells_what_would_change_and_changes_nothing() {
    let suite = Suite::beside_units(Store::new().await).await;
    create(&suite, draft(CODE)).await;
    let tried = try_publish(&suite, CODE, today(), true)
        .await
        .unwrap()
        .into_inner();
    assert!(tried.dry_run && tried.procedure.is_some());
    assert_eq!(on(&suite, today()).await, None);
    publish(&suite, today()).await;
    assert_eq!(on(&suite, today()).await, Some(1));
}

#[tokio::test]
async fn everything_that_keeps_a_draft_from_being_published_is_said_at_once() {
    let suite = Suite::beside_units(Store::new().await).await;
    let mut bad = draft(CODE);
    bad.name = String::new();
    let of_case = case(&mut bad);
    of_case.fees[0].valid_from = "2020-01-02".to_owned();
    of_case.fees[0].valid_to = "2020-01-01".to_owned();
    of_case.form_schema = r#"{"type":"text"}"#.to_owned();
    of_case.components.push(of_case.components[0].clone());
    let steps = &mut of_case.route.as_mut().unwrap().steps;
    steps[0].unit_rule = UnitRule::Fixed.into();
    steps[0].unit_uid = "nowhere".to_owned();
    steps[1].unit_rule = UnitRule::DepartmentOfField.into();
    steps[1].field = "Thiên văn".to_owned();
    steps[1].after = vec!["examine".to_owned(), "sign".to_owned()];
    create(&suite, bad).await;
    let past = today() - Days::new(1);
    let found = violations(
        try_publish(&suite, CODE, past, false).await,
        "PUBLICATION_REFUSED",
    );
    let found: Vec<_> = found
        .iter()
        .map(|(field, reason)| (field.as_str(), reason.as_str()))
        .collect();
    let expected = [
        ("effective_from", "DAY_PAST"),
        ("name", "REQUIRED"),
        ("cases[standard].components[form].key", "KEY_TAKEN"),
        ("cases[standard].route.steps[sign].after", "CYCLE"),
        (
            "cases[standard].route.steps[examine].unit_rule",
            "UNIT_UNKNOWN",
        ),
        (
            "cases[standard].route.steps[sign].unit_rule",
            "FIELD_UNKNOWN",
        ),
        ("cases[standard].fees[certificate].to", "PERIOD_INVALID"),
        ("cases[standard].form", "FORM_INVALID"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn r03_cutoffs_that_say_nothing_or_never_hold_are_refused() {
    let suite = Suite::beside_units(Store::new().await).await;
    let mut bad = draft(CODE);
    let five = |channel: FeeChannel| Cutoffs {
        channel: channel.into(),
        handover: "17:00".to_owned(),
        ..Cutoffs::default()
    };
    case(&mut bad).limit.as_mut().unwrap().cutoffs = vec![
        five(FeeChannel::Online),
        five(FeeChannel::Online),
        Cutoffs::default(),
        five(FeeChannel::Post),
    ];
    create(&suite, bad).await;
    let found = violations(
        try_publish(&suite, CODE, today(), false).await,
        "PUBLICATION_REFUSED",
    );
    let found: Vec<_> = found
        .iter()
        .map(|(field, reason)| (field.as_str(), reason.as_str()))
        .collect();
    let expected = [
        ("cases[standard].limit.cutoffs[1].channel", "NEVER_HOLDS"),
        ("cases[standard].limit.cutoffs[2]", "REQUIRED"),
        ("cases[standard].limit.cutoffs[3].channel", "NEVER_HOLDS"),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn shares_over_the_limit_and_rules_that_no_unit_satisfies_are_refused() {
    let suite = Suite::beside_units(Store::new().await).await;
    let mut bad = draft(CODE);
    // There are districts in 2017 and none any more when they were abolished; a department leads none of its own desks here.
    bad.level = proto::catalogue::v1::CompetentLevel::Department.into();
    bad.lead_unit_uid = "daklak-9999".to_owned();
    let steps = &mut case(&mut bad).route.as_mut().unwrap().steps;
    steps[0].share_percent = 80;
    steps[1].part = StepPart::Lead.into();
    create(&suite, bad).await;
    let found = violations(
        try_publish(&suite, CODE, today(), false).await,
        "PUBLICATION_REFUSED",
    );
    let found: Vec<_> = found
        .iter()
        .map(|(field, reason)| (field.as_str(), reason.as_str()))
        .collect();
    let expected = [
        ("lead_unit", "UNIT_UNKNOWN"),
        ("cases[standard].route.steps[sign].slice", "SHARES_WRONG"),
        (
            "cases[standard].route.steps[examine].unit_rule",
            "NO_SUCH_UNIT",
        ),
        (
            "cases[standard].route.steps[sign].unit_rule",
            "NO_SUCH_UNIT",
        ),
    ];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_department_of_a_field_is_named_when_the_version_is_published() {
    let suite = Suite::beside_units(Store::of_daklak().await).await;
    let mut of_field = draft("9.000001");
    let steps = &mut case(&mut of_field).route.as_mut().unwrap().steps;
    steps[0].unit_rule = UnitRule::DepartmentOfField.into();
    steps[0].field = "Đất đai".to_owned();
    create(&suite, of_field).await;
    let published = try_publish(&suite, "9.000001", today(), false)
        .await
        .unwrap();
    let mut published = published.into_inner().procedure.unwrap();
    let steps = &case(&mut published).route.as_ref().unwrap().steps;
    assert_eq!(steps[0].unit_uid, "daklak-0010");
}

#[tokio::test]
async fn level_four_without_payment_online_is_refused_whichever_comes_first() {
    let suite = Suite::beside_units(Store::new().await).await;
    create(&suite, draft(CODE)).await;
    publish(&suite, today()).await;
    let set = |level, from: NaiveDate| {
        suite.as_admin(SetOnlineLevelRequest {
            request_id: clock::new_uid(),
            code: CODE.to_owned(),
            expected_revision: 0,
            online_level: Some(OnlineLevel {
                valid_from: from.to_string(),
                level,
                ..OnlineLevel::default()
            }),
        })
    };
    let mut procedures = suite.procedures();
    let found = violations(
        procedures.set_online_level(set(4, today())).await,
        "PUBLICATION_REFUSED",
    );
    let field = "cases[standard].fees[certificate].payable_online".to_owned();
    assert_eq!(found, [(field, "NOT_PAYABLE_ONLINE".to_owned())]);
    let mut payable = draft(CODE);
    case(&mut payable).fees[0].payable_online = true;
    create(&suite, payable).await;
    publish(&suite, in_days(5)).await;
    procedures
        .set_online_level(set(4, in_days(5)))
        .await
        .unwrap();
    create(&suite, draft(CODE)).await;
    let found = violations(
        try_publish(&suite, CODE, in_days(9), false).await,
        "PUBLICATION_REFUSED",
    );
    assert_eq!(found[0].1, "NOT_PAYABLE_ONLINE");
}

#[tokio::test]
async fn the_schema_itself_keeps_one_version_at_a_time_and_what_is_published() {
    let suite = Suite::beside_units(Store::new().await).await;
    create(&suite, draft(CODE)).await;
    publish(&suite, today()).await;
    let db = suite.store.db.write();
    for statement in [
        "INSERT INTO procedure_version SELECT code, 2, effective_from, retired_from, revision, body FROM procedure_version",
        "UPDATE procedure_version SET body = '{}'",
        "UPDATE procedure_version SET effective_from = NULL",
    ] {
        assert!(
            db.execute_unprepared(statement).await.is_err(),
            "{statement}"
        );
    }
    let retire = format!(
        "UPDATE procedure_version SET retired_from = '{}'",
        in_days(3)
    );
    assert!(db.execute_unprepared(&retire).await.is_ok());
}
