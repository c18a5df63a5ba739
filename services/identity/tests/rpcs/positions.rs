//! `OfficerService`: positions by days, delegations, and what the log tells of their end.

use proto::identity::v1 as pb;
use proto::identity::v1::identity_change::Change;
use sea_orm::ConnectionTrait as _;
use tonic::{Code, Response, Status};

use crate::staff::{Caller, assignment};
use crate::support::{Suite, refused};

/// Serves the small province on a Monday, with two officers of the commune.
async fn suite() -> Suite {
    let suite = Suite::start_on("2017-08-28").await;
    for subject in ["lan", "minh"] {
        suite.administrator().register(subject, "new").await;
    }
    suite
}

fn during(
    message: pb::AssignPositionRequest,
    first: &str,
    last: &str,
) -> pb::AssignPositionRequest {
    pb::AssignPositionRequest {
        first_day: first.to_owned(),
        last_day: last.to_owned(),
        ..message
    }
}

fn leader(subject: &str) -> pb::AssignPositionRequest {
    assignment(subject, pb::Role::Leader, "new")
}

async fn assign(caller: &Caller<'_>, message: pb::AssignPositionRequest) -> pb::Position {
    let assigned = caller.assign_position(message).await;
    assigned.unwrap().into_inner().position.unwrap()
}

async fn end(
    suite: &Suite,
    position: &pb::Position,
    last_day: &str,
) -> Result<Response<pb::EndPositionResponse>, Status> {
    let message = pb::EndPositionRequest {
        request_id: kit::clock::new_uid(),
        position_uid: position.uid.clone(),
        last_day: last_day.to_owned(),
        expected_revision: 0,
    };
    suite.administrator().end_position(message).await
}

async fn delegate(
    suite: &Suite,
    position: &pb::Position,
    (subject, first, last): (&str, &str, &str),
) -> Result<Response<pb::DelegatePositionResponse>, Status> {
    let message = pb::DelegatePositionRequest {
        request_id: kit::clock::new_uid(),
        position_uid: position.uid.clone(),
        subject: subject.to_owned(),
        first_day: first.to_owned(),
        last_day: last.to_owned(),
        expected_revision: 0,
    };
    suite.administrator().delegate_position(message).await
}

/// The ends that the log has told of: position and first day without it.
async fn told_ends(suite: &Suite) -> Vec<(String, String)> {
    let told = suite.told().await.into_iter();
    let ends = told.filter_map(|change| match change {
        Change::PositionEnded(ended) => Some((ended.position.unwrap().uid, ended.from_day)),
        _ => None,
    });
    ends.collect()
}

#[tokio::test]
async fn an_officer_has_a_role_at_a_unit_once_on_each_day() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let first = during(leader("lan"), "2017-08-01", "2017-08-31");
    assign(&administrator, first).await;
    for (first, last) in [
        ("2017-08-31", ""),
        ("2017-07-01", "2017-08-01"),
        ("2017-08-10", "2017-08-11"),
        ("2017-07-01", ""),
    ] {
        let reply = administrator.assign_position(during(leader("lan"), first, last));
        refused(reply.await, Code::FailedPrecondition, "POSITION_OVERLAPS");
    }
    assign(&administrator, during(leader("lan"), "2017-09-01", "")).await;
    assign(
        &administrator,
        during(leader("lan"), "2017-07-01", "2017-07-31"),
    )
    .await;
    assign(&administrator, leader("minh")).await;
    let clerk = assignment("lan", pb::Role::Clerk, "new");
    assign(&administrator, clerk).await;
}

#[tokio::test]
async fn the_store_itself_refuses_what_overlaps() {
    let suite = suite().await;
    let administrator = suite.administrator();
    assign(
        &administrator,
        during(leader("lan"), "2017-08-01", "2017-08-31"),
    )
    .await;
    let insert = |uid: &str, first: &str| {
        format!(
            "INSERT INTO position (uid, subject, role, unit_uid, first_day) \
             VALUES ('{uid}', 'lan', 'leader', 'new', '{first}')"
        )
    };
    let db = suite.store.db.write();
    assert!(
        db.execute_unprepared(&insert("a", "2017-08-31"))
            .await
            .is_err()
    );
    db.execute_unprepared(&insert("b", "2017-09-01"))
        .await
        .unwrap();
    let longer = "UPDATE position SET last_day = NULL WHERE first_day = '2017-08-01'";
    assert!(db.execute_unprepared(longer).await.is_err());
}

#[tokio::test]
async fn a_position_does_not_end_before_it_begins() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let backwards = during(leader("lan"), "2017-09-01", "2017-08-31");
    let text = refused(
        administrator.assign_position(backwards).await,
        Code::InvalidArgument,
        "INVALID_FIELDS",
    );
    assert!(text.contains("last_day"), "{text}");
    let position = assign(&administrator, during(leader("lan"), "2017-09-01", "")).await;
    let too_early = end(&suite, &position, "2017-08-30").await;
    refused(too_early, Code::FailedPrecondition, "ENDS_BEFORE_IT_BEGINS");
    let taken_back = end(&suite, &position, "2017-08-31").await.unwrap();
    let taken_back = taken_back.into_inner().position.unwrap();
    assert_eq!(taken_back.last_day, "2017-08-31");
    assign(&administrator, during(leader("lan"), "2017-09-01", "")).await;
}

#[tokio::test]
async fn a_position_is_not_made_longer_by_ending_it() {
    let suite = suite().await;
    let position = during(leader("lan"), "2017-08-01", "2017-09-30");
    let position = assign(&suite.administrator(), position).await;
    let later = end(&suite, &position, "2017-10-01").await;
    refused(later, Code::FailedPrecondition, "POSITION_ENDS_EARLIER");
    let earlier = end(&suite, &position, "2017-09-15").await.unwrap();
    let earlier = earlier.into_inner();
    assert_eq!(earlier.position.unwrap().last_day, "2017-09-15");
    assert_eq!(earlier.revision, 3);
}

#[tokio::test]
async fn the_unit_exists_on_the_first_day() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let at = |unit: &str, first: &str| during(assignment("lan", pb::Role::Clerk, unit), first, "");
    let ended = administrator.assign_position(at("old", "2017-07-01")).await;
    refused(ended, Code::FailedPrecondition, "UNIT_NOT_THERE");
    let nowhere = administrator.assign_position(at("nowhere", "2017-07-01"));
    refused(nowhere.await, Code::NotFound, "UNIT_NOT_FOUND");
    assign(&administrator, at("old", "2017-06-30")).await;
}

#[tokio::test]
async fn a_delegation_is_within_the_position_of_somebody_else() {
    let suite = suite().await;
    let position = during(leader("lan"), "2017-08-01", "2017-09-30");
    let position = assign(&suite.administrator(), position).await;
    for (subject, first, last) in [
        ("minh", "2017-07-31", "2017-08-31"),
        ("minh", "2017-09-01", "2017-10-01"),
        ("minh", "2017-10-01", ""),
        ("lan", "2017-09-01", "2017-09-02"),
    ] {
        let reply = delegate(&suite, &position, (subject, first, last)).await;
        refused(reply, Code::FailedPrecondition, "NOTHING_TO_ACT_FOR");
    }
    let days = ("minh", "2017-09-04", "");
    let acting = delegate(&suite, &position, days).await.unwrap();
    let acting = acting.into_inner().position.unwrap();
    assert_eq!(
        (acting.role(), acting.unit_uid.as_str()),
        (pb::Role::Leader, "new")
    );
    assert_eq!(
        (
            acting.acting_for.as_str(),
            acting.acting_position_uid.as_str()
        ),
        ("lan", position.uid.as_str())
    );
    assert_eq!(acting.last_day, "2017-09-30");
    let again = delegate(&suite, &position, days).await;
    refused(again, Code::FailedPrecondition, "POSITION_OVERLAPS");
    let on = delegate(&suite, &acting, ("lan", "2017-09-05", "")).await;
    refused(on, Code::FailedPrecondition, "NOTHING_TO_ACT_FOR");
    let not_its_own = end(&suite, &acting, "2017-09-05").await;
    refused(not_its_own, Code::NotFound, "POSITION_NOT_FOUND");
}

#[tokio::test]
async fn a_delegation_ends_by_itself_or_with_what_it_is_of() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let position = assign(&administrator, leader("lan")).await;
    let (mut acting, days) = (Vec::new(), ["2017-09-04", "2017-09-11", "2017-10-02"]);
    for (first, last) in days.iter().zip(["2017-09-05", "2017-09-15", ""]) {
        let delegated = delegate(&suite, &position, ("minh", first, last)).await;
        acting.push(delegated.unwrap().into_inner().position.unwrap());
    }
    let message = pb::EndDelegationRequest {
        request_id: "e".to_owned(),
        position_uid: acting[0].uid.clone(),
        last_day: "2017-09-04".to_owned(),
        expected_revision: 0,
    };
    let ended = administrator.end_delegation(message).await.unwrap();
    let ended = ended.into_inner().position.unwrap();
    assert_eq!(ended.last_day, "2017-09-04");
    end(&suite, &position, "2017-09-12").await.unwrap();
    let officer = administrator.officer("minh").await;
    let last_days: Vec<&str> = officer
        .positions
        .iter()
        .map(|position| position.last_day.as_str())
        .collect();
    // The last had not begun and was taken back.
    assert_eq!(last_days, ["2017-09-04", "2017-09-12", "2017-10-01"]);
}

#[tokio::test]
async fn an_end_is_told_on_the_day_after_the_last_once_and_at_once_where_that_has_passed() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let position = assign(&administrator, leader("lan")).await;
    end(&suite, &position, "2017-08-28").await.unwrap();
    assert!(told_ends(&suite).await.is_empty());
    suite.replica().await;
    assert!(told_ends(&suite).await.is_empty());
    suite.wait_until("2017-08-29");
    // A server looks when it starts; two of them tell of it once.
    let _replicas = tokio::join!(suite.replica(), suite.replica());
    let expected = [(position.uid, "2017-08-29".to_owned())];
    let told = async { while told_ends(&suite).await.is_empty() {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), told)
        .await
        .unwrap();
    assert_eq!(told_ends(&suite).await, expected);
    let past = assign(&administrator, leader("minh")).await;
    end(&suite, &past, "2017-08-10").await.unwrap();
    let mut expected = expected.to_vec();
    expected.push((past.uid, "2017-08-11".to_owned()));
    let mut told = told_ends(&suite).await;
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}
