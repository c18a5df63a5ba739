//! How much each caller may ask for.

use futures::future::join_all;
use kit::caller::{Claims, RateClass, Role, sign_assertion};
use kit::keys::PrivateKey;
use proto::identity::v1::GetCallerRequest;
use proto::identity::v1::token_service_client::TokenServiceClient;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use super::clients::{register, registered};
use super::support::{Suite, refused, with};

/// More than anybody is given at once.
const MANY: usize = 100;
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Of those that came to nothing, all were told to come again later.
fn must_be_told_to_wait<T: std::fmt::Debug>(answers: Vec<Result<T, Status>>) {
    let too_many: Vec<Status> = answers.into_iter().filter_map(Result::err).collect();
    assert!(!too_many.is_empty());
    for status in too_many {
        assert!(status.get_details_retry_info().is_some());
        refused::<()>(Err(status), Code::ResourceExhausted, "RATE_LIMITED");
    }
}

#[tokio::test]
async fn a_client_calls_as_often_as_its_class_allows_and_delays_nobody_else() {
    let suite = Suite::start().await;
    let of_class = |subject: &str, class| {
        suite.sign(&Claims {
            rpcs: Some(Vec::new()),
            rate_class: Some(class),
            ..suite.claims(subject, Role::Client, &["new"])
        })
    };
    let ask = async |token: &str| {
        let mut tokens = TokenServiceClient::new(suite.channel.clone());
        tokens.get_caller(with(token, GetCallerRequest {})).await
    };
    let (busy, other) = (
        of_class("busy", RateClass::Low),
        of_class("other", RateClass::Low),
    );
    must_be_told_to_wait(join_all((0..MANY).map(|_| ask(&busy))).await);
    ask(&other).await.unwrap();
    let unbusy = of_class("busy-with-leave", RateClass::High);
    for answer in join_all((0..MANY).map(|_| ask(&unbusy))).await {
        answer.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_asks_for_tokens_again_and_again_is_told_to_wait_and_others_get_theirs() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    for client in ["tnmt", "thue"] {
        let registration = register(client, &[&key]);
        registered(&suite, registration).await.unwrap();
    }
    let asked = (0..MANY).map(|_| suite.issue(sign_assertion("tnmt", &key).unwrap()));
    must_be_told_to_wait(join_all(asked).await);
    let other = suite.issue(sign_assertion("thue", &key).unwrap()).await;
    other.map(Response::new).unwrap();
    // Whoever has not the key takes nothing from whom it names.
    let forged = PrivateKey::generate();
    let asked = (0..MANY).map(|_| suite.issue(sign_assertion("thue", &forged).unwrap()));
    for answer in join_all(asked).await {
        let answer = answer.map(Response::new);
        refused(answer, Code::Unauthenticated, "ASSERTION_INVALID");
    }
    let other = suite.issue(sign_assertion("thue", &key).unwrap()).await;
    other.map(Response::new).unwrap();
}

#[tokio::test]
async fn over_http_too_many_requests_are_told_after_how_many_seconds_to_ask_again() {
    let suite = Suite::start().await;
    let ask = async || {
        let assertion = sign_assertion("intake", &suite.key).unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        let url = format!("http://{}/oauth2/token", suite.address);
        let asked = reqwest::Client::new().post(url).form(&form).send();
        asked.await.unwrap()
    };
    let answers = join_all((0..MANY).map(|_| ask())).await;
    let refused = answers.into_iter().find(|answer| answer.status() != 200);
    let refused = refused.unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    let body: serde_json::Value = refused.json().await.unwrap();
    assert_eq!(body["error"], "temporarily_unavailable");
}
