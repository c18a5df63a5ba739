//! `TokenService.SignIn`: passwords, delays, locks, and what the token then says.

use chrono::TimeDelta;
use identity::NewAdministrator;
use kit::testing::until;
use proto::identity::v1 as pb;
use proto::identity::v1::token_service_client::TokenServiceClient;
use tokio::task::JoinSet;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use crate::staff::assignment;
use crate::support::{REVOKED_WITHIN, Store, Suite, must_not_hold, refused, until_refused, with};

const FIRST: &str = "trâu vàng leo cây";
const OWN: &str = "mèo trắng bơi sông";

async fn sign_in(
    suite: &Suite,
    (subject, password, new_password): (&str, &str, &str),
) -> Result<Response<pb::SignInResponse>, Status> {
    let message = pb::SignInRequest {
        subject: subject.to_owned(),
        password: password.to_owned(),
        new_password: new_password.to_owned(),
    };
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    tokens.sign_in(message).await
}

fn setting(request_id: &str, password: &str) -> pb::SetPasswordRequest {
    pb::SetPasswordRequest {
        request_id: request_id.to_owned(),
        subject: "lan".to_owned(),
        password: password.to_owned(),
    }
}

/// Serves the small province, which has no provider, with an officer who has chosen its own password.
async fn suite() -> Suite {
    let suite = Suite::start_alone_on("2017-08-28").await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator
        .set_password(setting("s", FIRST))
        .await
        .unwrap();
    sign_in(&suite, ("lan", FIRST, OWN)).await.unwrap();
    suite
}

/// Tries a wrong password.
async fn fail(suite: &Suite) {
    let wrong = sign_in(suite, ("lan", FIRST, "")).await;
    refused(wrong, Code::Unauthenticated, "SIGN_IN_REFUSED");
}

fn pass(suite: &Suite, time: TimeDelta) {
    suite.clock.advance_to(suite.clock.civil() + time);
}

async fn gets_in(suite: &Suite) -> bool {
    sign_in(suite, ("lan", OWN, "")).await.is_ok()
}

/// What the token of a sign-in grants: role, and unit unless it is for the whole province.
async fn grants(suite: &Suite) -> Vec<(pb::Role, String)> {
    let signed_in = sign_in(suite, ("lan", OWN, "")).await.unwrap().into_inner();
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let asked = with(&signed_in.token, pb::GetCallerRequest {});
    let caller = tokens
        .get_caller(asked)
        .await
        .unwrap()
        .into_inner()
        .caller
        .unwrap();
    assert_eq!(caller.subject, "lan");
    let grants = caller.grants.into_iter();
    grants
        .map(|grant| {
            let unit = grant.unit_uids.first().cloned();
            assert_eq!(grant.everywhere, unit.is_none());
            (grant.role(), unit.unwrap_or_default())
        })
        .collect()
}

#[tokio::test]
async fn a_one_time_password_must_be_changed_and_then_counts_no_more() {
    let suite = Suite::start_alone_on("2017-08-28").await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator
        .set_password(setting("s", FIRST))
        .await
        .unwrap();
    let unchanged = sign_in(&suite, ("lan", FIRST, "")).await;
    refused(
        unchanged,
        Code::FailedPrecondition,
        "PASSWORD_CHANGE_REQUIRED",
    );
    let weak = sign_in(&suite, ("lan", FIRST, "matkhau123456")).await;
    let text = refused(weak, Code::InvalidArgument, "INVALID_FIELDS");
    assert!(text.contains("new_password"), "{text}");
    sign_in(&suite, ("lan", FIRST, OWN)).await.unwrap();
    fail(&suite).await;
    pass(&suite, TimeDelta::seconds(1));
    assert!(gets_in(&suite).await);
}

#[tokio::test]
async fn who_knows_the_password_of_somebody_knows_nothing_of_anybody_else() {
    let suite = suite().await;
    let mut texts = Vec::new();
    for (subject, password) in [
        ("lan", FIRST),
        ("nobody", FIRST),
        ("two words", FIRST),
        ("", FIRST),
        ("desk", OWN),
    ] {
        let reply = sign_in(&suite, (subject, password, "")).await;
        let status = reply.unwrap_err();
        texts.push((status.message().to_owned(), status.details().to_vec()));
        refused::<()>(Err(status), Code::Unauthenticated, "SIGN_IN_REFUSED");
    }
    // Now one must wait, also with the right password, which looks the same.
    let waiting = sign_in(&suite, ("lan", OWN, "")).await.unwrap_err();
    texts.push((waiting.message().to_owned(), waiting.details().to_vec()));
    texts.dedup();
    assert_eq!(texts.len(), 1);
}

#[tokio::test]
async fn the_wait_doubles_with_each_failure_and_a_sign_in_ends_it() {
    let suite = suite().await;
    for wait in [1, 2, 4, 8] {
        fail(&suite).await;
        pass(
            &suite,
            TimeDelta::seconds(wait) - TimeDelta::milliseconds(1),
        );
        assert!(!gets_in(&suite).await, "after less than {wait} s");
        pass(&suite, TimeDelta::milliseconds(1));
    }
    assert!(gets_in(&suite).await);
    fail(&suite).await;
    pass(&suite, TimeDelta::seconds(1));
    assert!(gets_in(&suite).await);
}

async fn lock(suite: &Suite) {
    for wait in 0..10 {
        fail(suite).await;
        pass(suite, TimeDelta::seconds(1 << wait));
    }
}

#[tokio::test]
async fn ten_failures_lock_for_a_day() {
    let suite = suite().await;
    lock(&suite).await;
    pass(&suite, TimeDelta::hours(23));
    assert!(!gets_in(&suite).await);
    pass(&suite, TimeDelta::hours(1));
    assert!(gets_in(&suite).await);
}

#[tokio::test]
async fn an_administrator_unlocks_and_another_may_not() {
    let suite = suite().await;
    lock(&suite).await;
    let unlock = |request_id: &str| pb::UnlockOfficerRequest {
        request_id: request_id.to_owned(),
        subject: "lan".to_owned(),
    };
    let other = suite.caller("boss", kit::caller::Role::UnitAdministrator, &["p"]);
    let other = other.unlock_officer(unlock("a")).await;
    refused(other, Code::NotFound, "OFFICER_NOT_FOUND");
    assert!(!gets_in(&suite).await);
    let boss = suite.caller("boss", kit::caller::Role::UnitAdministrator, &["new"]);
    boss.unlock_officer(unlock("b")).await.unwrap();
    assert!(gets_in(&suite).await);
}

#[tokio::test]
async fn replicas_count_failures_together_and_many_at_once_are_no_way_around_the_wait() {
    let suite = suite().await;
    let replica = suite.replica().await;
    fail(&suite).await;
    assert!(!gets_in(&replica).await);
    pass(&suite, TimeDelta::seconds(1));
    let mut tries = JoinSet::new();
    for number in 0..8 {
        let at = if number % 2 == 0 { &suite } else { &replica };
        let mut tokens = TokenServiceClient::new(at.channel.clone());
        let message = pb::SignInRequest {
            subject: "lan".to_owned(),
            password: if number == 0 { OWN } else { FIRST }.to_owned(),
            new_password: String::new(),
        };
        tries.spawn(async move { tokens.sign_in(message).await.is_ok() });
    }
    // Whichever came first was looked at, all others were not.
    let in_by_then = tries.join_all().await.into_iter().filter(|ok| *ok).count();
    assert!(in_by_then <= 1);
    let query = "SELECT failures FROM tries WHERE key = 'lan'";
    let failures = crate::support::number(&suite, query).await;
    assert_eq!(failures, if in_by_then == 1 { 0 } else { 2 });
}

#[tokio::test]
async fn a_password_that_is_set_again_with_the_same_id_is_set_once() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let events = suite.store.events().await;
    administrator
        .set_password(setting("s", FIRST))
        .await
        .unwrap();
    assert_eq!(suite.store.events().await, events);
    assert!(gets_in(&suite).await);
    let other = administrator
        .set_password(setting("s", "ngựa đen bay xa"))
        .await;
    refused(other, Code::AlreadyExists, "REQUEST_ID_REUSED");
    let short = administrator.set_password(setting("t", "ngắn")).await;
    refused(short, Code::InvalidArgument, "INVALID_FIELDS");
    let columns = ["reply.body", "log_event.change", "password.hash"];
    must_not_hold(&suite, &columns, "trâu").await;
}

#[tokio::test]
async fn a_token_grants_the_positions_of_its_day_and_none_that_has_ended() {
    let suite = suite().await;
    let administrator = suite.administrator();
    administrator.register("minh", "new").await;
    let own = pb::AssignPositionRequest {
        last_day: "2017-08-29".to_owned(),
        ..assignment("lan", pb::Role::Clerk, "new")
    };
    administrator.assign_position(own).await.unwrap();
    let leader = administrator.assign("minh", pb::Role::Leader, "new").await;
    let acting = pb::DelegatePositionRequest {
        request_id: "d".to_owned(),
        position_uid: leader.uid,
        subject: "lan".to_owned(),
        first_day: "2017-08-29".to_owned(),
        last_day: "2017-08-30".to_owned(),
        expected_revision: 0,
    };
    administrator.delegate_position(acting).await.unwrap();
    let at = |role| (role, "new".to_owned());
    assert_eq!(grants(&suite).await, [at(pb::Role::Clerk)]);
    suite.wait_until("2017-08-29");
    let both = [at(pb::Role::Clerk), at(pb::Role::Leader)];
    assert_eq!(grants(&suite).await, both);
    suite.wait_until("2017-08-30");
    assert_eq!(grants(&suite).await, [at(pb::Role::Leader)]);
    suite.wait_until("2017-08-31");
    assert!(grants(&suite).await.is_empty());
}

#[tokio::test]
async fn a_disabled_officer_does_not_get_in_until_it_is_enabled() {
    let suite = suite().await;
    let administrator = suite.administrator();
    let (request_id, subject) = ("d".to_owned(), "lan".to_owned());
    let disable = pb::DisableOfficerRequest {
        request_id,
        subject: subject.clone(),
        expected_revision: 0,
    };
    administrator.disable_officer(disable).await.unwrap();
    let refusal = sign_in(&suite, ("lan", OWN, "")).await;
    refused(refusal, Code::Unauthenticated, "SIGN_IN_REFUSED");
    let enable = pb::EnableOfficerRequest {
        request_id: "e".to_owned(),
        subject,
        expected_revision: 0,
    };
    administrator.enable_officer(enable).await.unwrap();
    assert!(gets_in(&suite).await);
}

#[tokio::test]
async fn a_flood_of_sign_ins_is_told_to_come_again() {
    let suite = suite().await;
    let mut flood = JoinSet::new();
    for number in 0..200 {
        let mut tokens = TokenServiceClient::new(suite.channel.clone());
        let message = pb::SignInRequest {
            subject: format!("nobody-{number}"),
            password: FIRST.to_owned(),
            new_password: String::new(),
        };
        flood.spawn(async move { tokens.sign_in(message).await.unwrap_err() });
    }
    let answers = flood.join_all().await;
    let too_many: Vec<&Status> = answers
        .iter()
        .filter(|status| status.code() == Code::ResourceExhausted)
        .collect();
    assert!(!too_many.is_empty());
    for status in too_many {
        assert_eq!(kit::failure::reason_of(status), "OVERLOADED");
        assert!(status.get_details_retry_info().is_some());
    }
    pass(&suite, TimeDelta::seconds(1));
    assert!(gets_in(&suite).await);
}

#[tokio::test]
async fn whoever_failed_to_sign_in_is_recorded_as_nobody_and_not_as_whom_it_named() {
    let suite = suite().await;
    fail(&suite).await;
    let query = "SELECT subject FROM access_log WHERE outcome = 'SIGN_IN_REFUSED'";
    let recorded = async || crate::support::texts(&suite, query).await.pop();
    let subject = until("it is recorded", REVOKED_WITHIN, recorded).await;
    assert_eq!(subject, "anonymous");
    // How often it was tried as this officer is counted where the wait is.
    let query = "SELECT failures FROM tries WHERE key = 'lan'";
    assert_eq!(crate::support::number(&suite, query).await, 1);
}

#[tokio::test]
async fn where_officers_sign_in_at_a_provider_only_the_provinces_administrators_are_given_a_password()
 {
    let suite = Suite::start_on("2017-08-28").await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator
        .assign("lan", pb::Role::UnitAdministrator, "new")
        .await;
    let set = administrator.set_password(setting("a", FIRST)).await;
    let text = refused(set, Code::FailedPrecondition, "PROVIDER_REQUIRED");
    assert!(text.contains("quản trị cấp tỉnh"), "{text}");
    let to_come = pb::AssignPositionRequest {
        first_day: "2017-09-01".to_owned(),
        ..assignment("lan", pb::Role::ProvinceAdministrator, "p")
    };
    administrator.assign_position(to_come).await.unwrap();
    administrator
        .set_password(setting("b", FIRST))
        .await
        .unwrap();
    let too_early = sign_in(&suite, ("lan", FIRST, OWN)).await;
    refused(too_early, Code::FailedPrecondition, "PROVIDER_REQUIRED");
    suite.wait_until("2017-09-01");
    sign_in(&suite, ("lan", FIRST, OWN)).await.unwrap();
    assert!(gets_in(&suite).await);
}

#[tokio::test]
async fn a_password_of_before_there_was_a_provider_neither_counts_nor_is_changed_nor_locks() {
    let before = suite().await;
    let suite = before.replica_with_providers().await;
    fail(&suite).await;
    pass(&suite, TimeDelta::seconds(1));
    for _ in 0..12 {
        let right = sign_in(&suite, ("lan", OWN, FIRST)).await;
        let text = refused(right, Code::FailedPrecondition, "PROVIDER_REQUIRED");
        assert!(text.contains("quản trị cấp tỉnh"), "{text}");
    }
    assert!(gets_in(&before).await);
    // At the provider it gets in, and so does who administers the province with the password.
    suite.sign_in("lan").await.unwrap();
    assert!(!gets_in(&suite).await);
    let administrator = suite.administrator();
    administrator
        .assign("lan", pb::Role::ProvinceAdministrator, "p")
        .await;
    assert!(gets_in(&suite).await);
}

fn administrator(password: Option<&str>, force: bool) -> NewAdministrator {
    NewAdministrator {
        subject: "lan".to_owned(),
        name: "Nguyễn Thị Lan".to_owned(),
        password: password.map(str::to_owned),
        force,
    }
}

#[tokio::test]
async fn the_first_administrator_is_made_by_hand_and_lets_others_in() {
    // Also where officers sign in at a provider.
    let suite = Suite::start().await;
    let db = &suite.store.db;
    let made = identity::create_administrator(db.clone(), administrator(None, false)).await;
    let one_time = made.unwrap().unwrap();
    let unchanged = sign_in(&suite, ("lan", &one_time, "")).await;
    refused(
        unchanged,
        Code::FailedPrecondition,
        "PASSWORD_CHANGE_REQUIRED",
    );
    sign_in(&suite, ("lan", &one_time, OWN)).await.unwrap();
    let role = pb::Role::ProvinceAdministrator;
    assert_eq!(grants(&suite).await, [(role, String::new())]);
    let second = identity::create_administrator(db.clone(), administrator(Some(FIRST), false));
    assert_eq!(second.await.unwrap_err().reason(), "ADMINISTRATOR_EXISTS");
    let forced = identity::create_administrator(db.clone(), administrator(Some(FIRST), true));
    assert_eq!(forced.await.unwrap(), None);
    assert!(!gets_in(&suite).await);
    pass(&suite, TimeDelta::seconds(1));
}

#[tokio::test]
async fn without_a_province_nobody_administers_it() {
    let store = Store::new().await;
    let made = identity::create_administrator(store.db.clone(), administrator(None, false));
    assert_eq!(made.await.unwrap_err().reason(), "PROVINCE_MISSING");
    let weak = administrator(Some("matkhau123456"), false);
    let weak = identity::create_administrator(store.db.clone(), weak).await;
    assert_eq!(weak.unwrap_err().reason(), "INVALID_FIELDS");
}

#[tokio::test]
async fn the_tokens_of_an_officer_who_is_disabled_end_at_once() {
    let suite = suite().await;
    let signed_in = sign_in(&suite, ("lan", OWN, "")).await.unwrap();
    let token = signed_in.into_inner().token;
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
    until_refused(&suite, &token, "TOKEN_REVOKED").await;
    refused(
        sign_in(&suite, ("lan", OWN, "")).await,
        Code::Unauthenticated,
        "SIGN_IN_REFUSED",
    );
}

#[tokio::test]
async fn an_auditor_reaches_what_stands_below_its_unit_and_the_provinces_everything() {
    let suite = suite().await;
    let administrator = suite.administrator();
    administrator.assign("lan", pb::Role::Auditor, "new").await;
    assert_eq!(
        grants(&suite).await,
        [(pb::Role::Auditor, "new".to_owned())]
    );
    administrator.assign("lan", pb::Role::Auditor, "p").await;
    let everywhere = (pb::Role::Auditor, String::new());
    assert!(grants(&suite).await.contains(&everywhere));
}
