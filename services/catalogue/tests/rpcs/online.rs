//! How far a procedure is online.

use futures::future;
use kit::clock;
use proto::catalogue::v1::{
    GetCatalogueSummaryRequest, GetProcedureRequest, OnlineLevel, OnlineService, Procedure,
    ResultWay, SetOnlineLevelRequest,
};

use crate::support::{Store, Suite, violations};

const CODE: &str = "1.001193";

async fn get(suite: &Suite, as_of: &str, unit: &str) -> Procedure {
    let request = GetProcedureRequest {
        code: CODE.to_owned(),
        as_of: as_of.to_owned(),
        unit_uid: unit.to_owned(),
        version: 0,
    };
    let reply = suite.procedures().get_procedure(request).await.unwrap();
    reply.into_inner().procedure.unwrap()
}

fn set(suite: &Suite, online_level: OnlineLevel) -> tonic::Request<SetOnlineLevelRequest> {
    suite.as_admin(SetOnlineLevelRequest {
        request_id: clock::new_uid(),
        code: CODE.to_owned(),
        expected_revision: 0,
        online_level: Some(online_level),
    })
}

#[tokio::test]
async fn both_vocabularies_stand_side_by_side_by_unit_and_period() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let full = OnlineLevel {
        unit_uid: "daklak-1001".to_owned(),
        valid_from: "2022-07-01".to_owned(),
        valid_to: "2024-12-31".to_owned(),
        level: 4,
        service: OnlineService::Full.into(),
    };
    suite
        .procedures()
        .set_online_level(set(&suite, full))
        .await
        .unwrap();
    for (as_of, unit, level, service) in [
        ("2017-08-28", "daklak-1001", 3, OnlineService::Unspecified),
        ("2022-07-01", "daklak-1001", 4, OnlineService::Full),
        ("2022-07-01", "daklak-1002", 3, OnlineService::Unspecified),
        ("2025-01-01", "daklak-1001", 3, OnlineService::Unspecified),
    ] {
        let found = get(&suite, as_of, unit).await;
        assert_eq!(
            (found.online_level, found.online_service()),
            (level, service),
            "{as_of} {unit}"
        );
        let rights = found.online_rights.unwrap();
        assert!(rights.files_online);
        assert_eq!(rights.pays_online, level == 4);
        let by_post = rights.result_ways().any(|way| way == ResultWay::Post);
        assert_eq!(by_post, level == 4);
    }
}

/// They may meet in one batch, which writes each row once.
#[tokio::test]
async fn levels_of_one_procedure_that_are_set_at_once_all_stand() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let years = 2026..2042;
    let calls = years.clone().map(|year| {
        let level = OnlineLevel {
            unit_uid: "daklak-1001".to_owned(),
            valid_from: format!("{year}-01-01"),
            valid_to: format!("{year}-12-31"),
            level: 4,
            ..OnlineLevel::default()
        };
        let request = set(&suite, level);
        let mut procedures = suite.procedures();
        async move { procedures.set_online_level(request).await }
    });
    for answer in future::join_all(calls).await {
        answer.unwrap();
    }
    for year in years {
        let found = get(&suite, &format!("{year}-07-01"), "daklak-1001").await;
        assert_eq!(found.online_level, 4, "{year}");
    }
}

#[tokio::test]
async fn a_level_that_is_none_is_refused() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let bad = OnlineLevel {
        valid_from: "1/7/2022".to_owned(),
        level: 5,
        ..OnlineLevel::default()
    };
    let found = violations(
        suite.procedures().set_online_level(set(&suite, bad)).await,
        "INVALID_FIELDS",
    );
    let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["online_level.level", "online_level.valid_from"]);
}

#[tokio::test]
async fn the_summary_is_that_of_the_day_that_is_asked_for() {
    let suite = Suite::serve(Store::of_daklak().await).await;
    let summary = async |as_of: &str| {
        let request = GetCatalogueSummaryRequest {
            as_of: as_of.to_owned(),
        };
        let reply = suite.procedures().get_catalogue_summary(request).await;
        let summary = reply.unwrap().into_inner();
        let levels = summary
            .levels
            .iter()
            .map(|level| (level.online_level, level.procedures));
        (summary.procedures, levels.collect::<Vec<_>>(), summary.full)
    };
    let in_2017 = vec![(2, 1_099), (3, 434), (4, 32)];
    assert_eq!(summary("2017-08-28").await, (1_565, in_2017.clone(), 0));
    assert_eq!(summary("2016-12-31").await, (0, Vec::new(), 0));
    let full = OnlineLevel {
        valid_from: "2022-07-01".to_owned(),
        level: 4,
        service: OnlineService::Full.into(),
        ..OnlineLevel::default()
    };
    suite
        .procedures()
        .set_online_level(set(&suite, full))
        .await
        .unwrap();
    assert_eq!(summary("2022-06-30").await, (1_565, in_2017, 0));
    let after = vec![(2, 1_099), (3, 433), (4, 33)];
    assert_eq!(summary("2022-07-01").await, (1_565, after, 1));
}
