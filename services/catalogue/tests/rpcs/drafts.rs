//! Working on a draft.

use kit::caller::Role;
use kit::clock;
use proto::catalogue::v1::{
    Case, CompetentLevel, Component, CountFrom, CreateDraftRequest, Cutoffs, DiscardDraftRequest,
    Fee, FeeChannel, FeeTime, GetDraftRequest, GetVersionDifferencesRequest, Limit, LimitUnit,
    Procedure, Route, Step, StepPart, StepRole, UnitRule, UpdateDraftRequest, Version,
    VersionState,
};
use tonic::Code;

use crate::support::{Store, Suite, refused, violations};

/// A draft that may be published in the province.
pub fn draft(code: &str) -> Procedure {
    let step = |key: &str, after: &[&str], share_percent| Step {
        key: key.to_owned(),
        name: format!("Bước {key}"),
        after: after.iter().map(|key| (*key).to_owned()).collect(),
        unit_rule: UnitRule::Receiving.into(),
        role: StepRole::Examiner.into(),
        part: StepPart::Sole.into(),
        share_percent,
        ..Step::default()
    };
    let sign = Step {
        role: StepRole::Leader.into(),
        decides: true,
        ..step("sign", &["examine"], 30)
    };
    let standard = Case {
        key: "standard".to_owned(),
        name: "Trường hợp chung".to_owned(),
        limit: Some(Limit {
            unit: LimitUnit::WorkingDay.into(),
            count: 3,
            ..Limit::default()
        }),
        fees: vec![Fee {
            key: "certificate".to_owned(),
            name: "Lệ phí".to_owned(),
            amount_vnd: 8_000,
            time: FeeTime::Before.into(),
            ..Fee::default()
        }],
        route: Some(Route {
            name: "commune".to_owned(),
            steps: vec![step("examine", &[], 70), sign],
        }),
        components: vec![Component {
            key: "form".to_owned(),
            name: "Tờ khai".to_owned(),
            originals: 1,
            ..Component::default()
        }],
        form_schema: String::new(),
    };
    Procedure {
        code: code.to_owned(),
        name: "Đăng ký thử".to_owned(),
        field: "Hộ tịch".to_owned(),
        level: CompetentLevel::Commune.into(),
        lead_unit_uid: "daklak-0003".to_owned(),
        version: Some(Version {
            cases: vec![standard],
            ..Version::default()
        }),
        ..Procedure::default()
    }
}

/// The one case of a draft.
pub fn case(draft: &mut Procedure) -> &mut Case {
    &mut draft.version.as_mut().unwrap().cases[0]
}

pub async fn create(suite: &Suite, draft: Procedure) -> Procedure {
    let request = suite.as_admin(CreateDraftRequest {
        request_id: clock::new_uid(),
        draft: Some(draft),
    });
    let reply = suite.procedures().create_draft(request).await.unwrap();
    reply.into_inner().draft.unwrap()
}

fn update(
    suite: &Suite,
    draft: Procedure,
    expected_revision: i64,
) -> tonic::Request<UpdateDraftRequest> {
    suite.as_admin(UpdateDraftRequest {
        request_id: clock::new_uid(),
        draft: Some(draft),
        expected_revision,
    })
}

#[tokio::test]
async fn a_draft_is_read_back_as_it_was_written_and_only_by_administrators() {
    let suite = Suite::serve(Store::new().await).await;
    let created = create(&suite, draft("1.000001")).await;
    let version = created.version.as_ref().unwrap();
    assert_eq!((version.number, created.revision), (1, 1));
    assert_eq!(version.state(), VersionState::Draft);
    let ask = || GetDraftRequest {
        code: "1.000001".to_owned(),
    };
    let mut procedures = suite.procedures();
    let read = procedures.get_draft(suite.as_admin(ask())).await.unwrap();
    assert_eq!(read.into_inner().draft, Some(created));
    refused(
        procedures.get_draft(ask()).await,
        Code::Unauthenticated,
        "TOKEN_MISSING",
    );
    refused(
        procedures
            .get_draft(suite.as_role(Role::Leader, ask()))
            .await,
        Code::PermissionDenied,
        "RPC_NOT_GRANTED",
    );
    let other = GetDraftRequest {
        code: "1.000002".to_owned(),
    };
    refused(
        procedures.get_draft(suite.as_admin(other)).await,
        Code::NotFound,
        "DRAFT_NOT_FOUND",
    );
}

#[tokio::test]
async fn r03_cutoffs_of_a_case_are_read_back_as_they_were_written_and_compared() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let only_code = Procedure {
        code: "1.001193".to_owned(),
        ..Procedure::default()
    };
    let mut created = create(&suite, only_code).await;
    let online = Cutoffs {
        channel: FeeChannel::Online.into(),
        handover: "17:00".to_owned(),
        same_day: "16:30".to_owned(),
        ..Cutoffs::default()
    };
    let others = Cutoffs {
        count_from: CountFrom::NextOpening.into(),
        ..Cutoffs::default()
    };
    let written = vec![online, others];
    let limit = case(&mut created).limit.as_mut().unwrap();
    limit.cutoffs.clone_from(&written);
    let mut procedures = suite.procedures();
    let updated = procedures.update_draft(update(&suite, created, 1)).await;
    let mut updated = updated.unwrap().into_inner().draft.unwrap();
    let limit = case(&mut updated).limit.as_ref().unwrap();
    assert_eq!(limit.cutoffs, written);
    let ask = GetVersionDifferencesRequest {
        code: "1.001193".to_owned(),
        from: 1,
        to: 2,
    };
    let differences = procedures.get_version_differences(suite.as_admin(ask));
    let differences = differences.await.unwrap().into_inner().differences;
    let paths: Vec<_> = differences.iter().map(|of| of.path.as_str()).collect();
    assert_eq!(paths, ["cases[standard].limit.cutoffs"]);
}

#[tokio::test]
async fn a_step_that_waits_for_paper_is_read_back_as_it_was_written_and_compared() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let only_code = Procedure {
        code: "1.001193".to_owned(),
        ..Procedure::default()
    };
    let mut created = create(&suite, only_code).await;
    let waits = |draft: &mut Procedure| -> Vec<bool> {
        let steps = &case(draft).route.as_ref().unwrap().steps;
        steps.iter().map(|step| step.waits_for_paper).collect()
    };
    assert_eq!(waits(&mut created), [false, false]);
    case(&mut created).route.as_mut().unwrap().steps[1].waits_for_paper = true;
    let mut procedures = suite.procedures();
    let updated = procedures.update_draft(update(&suite, created, 1)).await;
    let mut updated = updated.unwrap().into_inner().draft.unwrap();
    assert_eq!(waits(&mut updated), [false, true]);
    let ask = GetVersionDifferencesRequest {
        code: "1.001193".to_owned(),
        from: 1,
        to: 2,
    };
    let differences = procedures.get_version_differences(suite.as_admin(ask));
    let differences = differences.await.unwrap().into_inner().differences;
    let told: Vec<_> = differences
        .iter()
        .map(|of| (of.path.as_str(), of.before.as_str(), of.after.as_str()))
        .collect();
    let path = "cases[standard].route.steps[sign].waits_for_paper";
    assert_eq!(told, [(path, "", "true")]);
}

#[tokio::test]
async fn of_two_who_change_a_draft_one_wins() {
    let suite = Suite::serve(Store::new().await).await;
    create(&suite, draft("1.000001")).await;
    let renamed = |name: &str| Procedure {
        name: name.to_owned(),
        ..draft("1.000001")
    };
    let mut procedures = suite.procedures();
    let first = procedures
        .update_draft(update(&suite, renamed("Một"), 1))
        .await;
    assert_eq!(first.unwrap().into_inner().draft.unwrap().revision, 2);
    refused(
        procedures
            .update_draft(update(&suite, renamed("Hai"), 1))
            .await,
        Code::Aborted,
        "REVISION_CHANGED",
    );
    refused(
        procedures
            .update_draft(update(&suite, draft("1.000002"), 1))
            .await,
        Code::NotFound,
        "DRAFT_NOT_FOUND",
    );
}

#[tokio::test]
async fn a_discarded_draft_is_gone_and_whoever_saw_it_does_not_change_the_next() {
    let suite = Suite::serve(Store::new().await).await;
    create(&suite, draft("1.000001")).await;
    let discard = |expected_revision| {
        suite.as_admin(DiscardDraftRequest {
            request_id: clock::new_uid(),
            code: "1.000001".to_owned(),
            expected_revision,
        })
    };
    let mut procedures = suite.procedures();
    refused(
        procedures.discard_draft(discard(2)).await,
        Code::Aborted,
        "REVISION_CHANGED",
    );
    let discarded = procedures.discard_draft(discard(1)).await.unwrap();
    assert_eq!(discarded.into_inner().draft.unwrap().name, "Đăng ký thử");
    refused(
        procedures.discard_draft(discard(1)).await,
        Code::NotFound,
        "DRAFT_NOT_FOUND",
    );
    let ask = GetDraftRequest {
        code: "1.000001".to_owned(),
    };
    refused(
        procedures.get_draft(suite.as_admin(ask)).await,
        Code::NotFound,
        "DRAFT_NOT_FOUND",
    );
    assert_eq!(create(&suite, draft("1.000001")).await.revision, 2);
    refused(
        procedures
            .update_draft(update(&suite, draft("1.000001"), 1))
            .await,
        Code::Aborted,
        "REVISION_CHANGED",
    );
}

#[tokio::test]
async fn a_procedure_has_one_draft_which_begins_as_its_last_version() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let only_code = Procedure {
        code: "1.001193".to_owned(),
        ..Procedure::default()
    };
    let created = create(&suite, only_code.clone()).await;
    assert_eq!(created.name, "Thủ tục đăng ký khai sinh");
    assert_eq!(created.version.unwrap().number, 2);
    let again = CreateDraftRequest {
        request_id: clock::new_uid(),
        draft: Some(only_code),
    };
    refused(
        suite.procedures().create_draft(suite.as_admin(again)).await,
        Code::FailedPrecondition,
        "DRAFT_EXISTS",
    );
}

#[tokio::test]
async fn a_draft_may_be_incomplete_but_not_malformed() {
    let suite = Suite::serve(Store::new().await).await;
    let mut bad = draft("1.000001");
    bad.code = "một".to_owned();
    let of_case = case(&mut bad);
    let limit = of_case.limit.as_mut().unwrap();
    limit.count = 0;
    limit.cutoffs = vec![Cutoffs {
        handover: "5 giờ chiều".to_owned(),
        same_day: "25:00".to_owned(),
        ..Cutoffs::default()
    }];
    of_case.fees[0].amount_vnd = -1;
    of_case.components[0].file_types = vec![".PDF".to_owned()];
    of_case.form_schema = "{".to_owned();
    of_case.route.as_mut().unwrap().steps[1].share_percent = 101;
    let request = suite.as_admin(CreateDraftRequest {
        request_id: clock::new_uid(),
        draft: Some(bad),
    });
    let violations = violations(
        suite.procedures().create_draft(request).await,
        "INVALID_FIELDS",
    );
    let fields: Vec<_> = violations.iter().map(|(field, _)| field.as_str()).collect();
    let at = "draft.version.cases[0]";
    for field in [
        "draft.code".to_owned(),
        format!("{at}.limit.count"),
        format!("{at}.limit.cutoffs[0].handover"),
        format!("{at}.limit.cutoffs[0].same_day"),
        format!("{at}.fees[0].amount_vnd"),
        format!("{at}.components[0].file_types[0]"),
        format!("{at}.form_schema"),
        format!("{at}.route.steps[1].share_percent"),
    ] {
        assert!(
            fields.contains(&field.as_str()),
            "{field} is not in {fields:?}"
        );
    }
    let bare = Procedure {
        version: None,
        name: String::new(),
        ..draft("1.000002")
    };
    assert!(create(&suite, bare).await.version.unwrap().cases.is_empty());
}

#[tokio::test]
async fn versions_and_the_draft_are_compared_by_keys() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let only_code = Procedure {
        code: "1.001193".to_owned(),
        ..Procedure::default()
    };
    let mut created = create(&suite, only_code).await;
    case(&mut created).components[0].name = "Tờ khai mới".to_owned();
    let mut procedures = suite.procedures();
    procedures
        .update_draft(update(&suite, created, 1))
        .await
        .unwrap();
    let ask = |to| GetVersionDifferencesRequest {
        code: "1.001193".to_owned(),
        from: 1,
        to,
    };
    let differences = procedures
        .get_version_differences(suite.as_admin(ask(2)))
        .await;
    let differences = differences.unwrap().into_inner().differences;
    assert_eq!(differences.len(), 1);
    assert_eq!(differences[0].path, "cases[standard].components[form].name");
    assert_eq!(differences[0].after, "\"Tờ khai mới\"");
    refused(
        procedures
            .get_version_differences(suite.as_admin(ask(3)))
            .await,
        Code::NotFound,
        "VERSION_NOT_FOUND",
    );
}
