//! `TokenService` and `EventService`.

use identity::Files;
use kit::caller::sign_assertion;
use kit::clock;
use kit::keys::PrivateKey;
use proto::identity::v1::event_service_client::EventServiceClient;
use proto::identity::v1::issue_token_request::Proof;
use proto::identity::v1::token_service_client::TokenServiceClient;
use proto::identity::v1::{
    Caller, GetCallerRequest, IssueTokenRequest, ReadEventsRequest, RevokeTokenRequest, Role,
};
use tonic::{Code, Response};

use crate::support::{Store, Suite, refused, until_refused, with};

async fn caller(suite: &Suite, subject: &str) -> Caller {
    let request = suite.by(subject, GetCallerRequest {}).await;
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    tokens
        .get_caller(request)
        .await
        .unwrap()
        .into_inner()
        .caller
        .unwrap()
}

/// Serves the small province with an officer at the commune and one at that which was merged into it.
async fn with_officers() -> Suite {
    let store = Store::new().await;
    store.import_small().await;
    let officers = "subject,name\nlan,Nguyễn Thị Lan\nminh,Trần Văn Minh\n";
    let positions = "subject,role,unit,first_day,last_day,acting_for\n\
                     lan,receptionist,new,2004-01-01,,\nminh,examiner,old,2004-01-01,,\n";
    let officers = store.write("officers.csv", officers);
    let positions = store.write("positions.csv", positions);
    let files = Files {
        officers: Some(&officers),
        positions: Some(&positions),
        ..Files::default()
    };
    store.take_in(&files).await;
    Suite::serve(store, PrivateKey::generate()).await
}

async fn signed_in(suite: &Suite, officer: &str) -> Caller {
    let token = suite.sign_in(officer).await.unwrap();
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let told = tokens.get_caller(with(&token, GetCallerRequest {})).await;
    told.unwrap().into_inner().caller.unwrap()
}

#[tokio::test]
async fn a_token_names_the_role_and_the_unit_with_all_that_it_took_over() {
    let suite = with_officers().await;
    let lan = signed_in(&suite, "lan").await;
    assert_eq!(lan.subject, "lan");
    let [grant] = lan.grants.as_slice() else {
        panic!("{lan:?}")
    };
    assert_eq!(grant.role(), Role::Receptionist);
    assert_eq!(grant.unit_uids, ["new", "old"]);
    assert!(grant.party_uids.is_empty() && !grant.everywhere);
}

#[tokio::test]
async fn an_officer_of_a_unit_that_ended_acts_for_its_successor() {
    let suite = with_officers().await;
    let examiner = signed_in(&suite, "minh").await;
    assert_eq!(examiner.grants[0].unit_uids, ["new", "old"]);
}

#[tokio::test]
async fn a_citizen_is_a_party_and_a_service_a_service() {
    let suite = Suite::start().await;
    let citizen = caller(&suite, "citizen").await;
    assert_eq!(citizen.grants[0].role(), Role::Applicant);
    assert_eq!(citizen.grants[0].party_uids, [citizen.subject]);
    assert!(citizen.grants[0].unit_uids.is_empty());
    let intake = caller(&suite, "intake").await;
    assert_eq!(intake.grants[0].role(), Role::Service);
}

#[tokio::test]
async fn an_officer_has_no_key_of_its_own() {
    let suite = with_officers().await;
    let own = suite.issue(sign_assertion("lan", &suite.key).unwrap());
    let asked = own.await.map(Response::new);
    refused(asked, Code::Unauthenticated, "ASSERTION_INVALID");
}

#[tokio::test]
async fn who_a_caller_is_is_told_only_with_a_token() {
    let suite = Suite::start().await;
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let reply = tokens.get_caller(GetCallerRequest {}).await;
    refused(reply, Code::Unauthenticated, "TOKEN_MISSING");
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_gets_no_token() {
    let suite = Suite::start().await;
    let (own, other) = (&suite.key, &PrivateKey::generate());
    let assertions = [
        sign_assertion("nobody", own).unwrap(),
        sign_assertion("intake", other).unwrap(),
        "nonsense".to_owned(),
        assertion("routing", "motcua", 60, own),
        assertion("intake", "elsewhere", 60, own),
        assertion("intake", "motcua", -120, own),
        assertion("intake", "motcua", 4_000, own),
    ];
    for assertion in assertions {
        let mut tokens = TokenServiceClient::new(suite.channel.clone());
        let reply = tokens
            .issue_token(IssueTokenRequest {
                proof: Some(Proof::Assertion(assertion)),
            })
            .await;
        refused(reply, Code::Unauthenticated, "ASSERTION_INVALID");
    }
    assert!(
        suite
            .issue(assertion("intake", "motcua", 60, own))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn an_assertion_that_is_shown_to_two_replicas_at_once_is_taken_by_one() {
    let suite = Suite::start().await;
    let replica = suite.replica().await;
    for _ in 0..5 {
        let assertion = sign_assertion("intake", &suite.key).unwrap();
        let asked = [&suite, &replica].map(|at| at.issue(assertion.clone()));
        let answers = futures::future::join_all(asked).await;
        let (given, denied): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
        assert_eq!((given.len(), denied.len()), (1, 1));
        for answer in denied {
            let answer = answer.map(Response::new);
            refused(answer, Code::Unauthenticated, "ASSERTION_INVALID");
        }
    }
}

#[derive(serde::Serialize)]
struct Asserted<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
    jti: String,
}

/// An assertion of `intake` that may lie about its issuer, audience and end.
fn assertion(issuer: &str, audience: &str, ends_in: i64, key: &PrivateKey) -> String {
    let asserted = Asserted {
        iss: issuer,
        sub: "intake",
        aud: audience,
        exp: clock::real().timestamp() + ends_in,
        jti: clock::new_uid(),
    };
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::EdDSA);
    jsonwebtoken::encode(&header, &asserted, &key.encoding().unwrap()).unwrap()
}

#[tokio::test]
async fn only_a_service_reads_the_log_and_finds_every_event_in_it() {
    let suite = Suite::start().await;
    let mut log = EventServiceClient::new(suite.channel.clone());
    let ask = |shard| ReadEventsRequest {
        shard,
        after: 0,
        page_size: 0,
        subject: String::new(),
    };
    let mut found = 0;
    for shard in 0..16 {
        let page = log
            .read_events(suite.by("intake", ask(shard)).await)
            .await
            .unwrap();
        found += page.into_inner().events.len();
    }
    // Three units.
    assert_eq!(found, 3);
    let by_desk = suite.by("desk", ask(0)).await;
    refused(
        log.read_events(by_desk).await,
        Code::PermissionDenied,
        "RPC_NOT_GRANTED",
    );
    let by_intake = suite.by("intake", ask(16)).await;
    refused(
        log.read_events(by_intake).await,
        Code::InvalidArgument,
        "SHARD_UNKNOWN",
    );
}

#[tokio::test]
async fn an_assertion_is_taken_once() {
    let suite = Suite::start().await;
    let once = sign_assertion("intake", &suite.key).unwrap();
    assert!(suite.issue(once.clone()).await.is_ok());
    let again = suite.issue(once.clone()).await.unwrap_err();
    assert_eq!(kit::failure::reason_of(&again), "ASSERTION_INVALID");
    // Of many that bring it at once, one has it taken.
    let shared = sign_assertion("intake", &suite.key).unwrap();
    let all = (0..8).map(|_| suite.issue(shared.clone()));
    let taken = futures::future::join_all(all).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1);
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_refused_within_moments_and_the_others_are_not() {
    let suite = Suite::start().await;
    let [one, other] = [suite.token("desk").await, suite.token("desk").await];
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    for token in [&one, &other] {
        assert!(
            tokens
                .get_caller(with(token, GetCallerRequest {}))
                .await
                .is_ok()
        );
    }
    let revoke = RevokeTokenRequest {
        request_id: "once".to_owned(),
        token: one.clone(),
    };
    tokens.revoke_token(revoke.clone()).await.unwrap();
    until_refused(&suite, &one, "TOKEN_REVOKED").await;
    assert!(
        tokens
            .get_caller(with(&other, GetCallerRequest {}))
            .await
            .is_ok()
    );
    tokens.revoke_token(revoke).await.unwrap();
    let not_ours = RevokeTokenRequest {
        request_id: "other".to_owned(),
        token: "nonsense".to_owned(),
    };
    assert!(tokens.revoke_token(not_ours).await.is_ok());
}

#[tokio::test]
async fn a_caller_is_told_what_it_may_call() {
    let suite = Suite::start().await;
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let request = suite.by("desk", GetCallerRequest {}).await;
    let told = tokens.get_caller(request).await.unwrap().into_inner();
    let may = |rpc: &str| told.rpcs.iter().any(|known| known == rpc);
    assert!(may("motcua.intake.v1.DossierService/ReceiveDossier"));
    assert!(may("motcua.identity.v1.TokenService/GetCaller"));
    assert!(!may("motcua.intake.v1.DossierService/RecordDecision"));
    assert!(!may("motcua.identity.v1.ClientService/RegisterClient"));
}
