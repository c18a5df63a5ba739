//! How much each caller may ask for.

use std::pin::pin;

use futures::{StreamExt as _, future, stream};
use kit::caller::{Claims, RateClass, Role, sign_assertion};
use kit::keys::PrivateKey;
use proto::identity::v1::GetCallerRequest;
use proto::identity::v1::token_service_client::TokenServiceClient;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use super::clients::{register, registered};
use super::support::{Suite, refused, with};

/// How many ask at a time: no more than the store bears at once.
const AT_A_TIME: usize = 4;
/// More than anybody is given at once.
const MANY: usize = 100;
/// So many that they are over the limit on the slowest machine.
const ENDLESS: usize = 2_000;
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks again and again until that comes to nothing.
async fn until_refused<T, E>(ask: impl AsyncFn() -> Result<T, E>) -> E {
    let answers = stream::iter(0..ENDLESS).map(|_| ask());
    let answers = answers.buffer_unordered(AT_A_TIME);
    let refusals = answers.filter_map(|answer| future::ready(answer.err()));
    pin!(refusals).next().await.unwrap()
}

fn must_be_told_to_wait(status: Status) {
    assert!(status.get_details_retry_info().is_some());
    refused::<()>(Err(status), Code::ResourceExhausted, "RATE_LIMITED");
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
    must_be_told_to_wait(until_refused(async || ask(&busy).await).await);
    ask(&other).await.unwrap();
    let unbusy = of_class("busy-with-leave", RateClass::High);
    for _ in 0..MANY {
        ask(&unbusy).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_asks_for_tokens_again_and_again_is_told_to_wait_and_others_get_theirs() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    for client in ["tnmt", "thue"] {
        let registration = register(client, &[&key]);
        registered(&suite, registration).await.unwrap();
    }
    let ask = async |client: &str, key| suite.issue(sign_assertion(client, key).unwrap()).await;
    must_be_told_to_wait(until_refused(async || ask("tnmt", &key).await).await);
    ask("thue", &key).await.unwrap();
    // Whoever has not the key takes nothing from whom it names.
    let forged = PrivateKey::generate();
    for _ in 0..MANY {
        let answer = ask("thue", &forged).await.map(Response::new);
        refused(answer, Code::Unauthenticated, "ASSERTION_INVALID");
    }
    ask("thue", &key).await.unwrap();
}

#[tokio::test]
async fn over_http_too_many_requests_are_told_after_how_many_seconds_to_ask_again() {
    let (suite, client) = (Suite::start().await, reqwest::Client::new());
    let ask = async || {
        let assertion = sign_assertion("intake", &suite.key).unwrap();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", assertion.as_str()),
        ];
        let url = format!("http://{}/oauth2/token", suite.address);
        let answer = client.post(url).form(&form).send().await.unwrap();
        match answer.status().as_u16() {
            200 => Ok(()),
            _ => Err(answer),
        }
    };
    let refused = until_refused(ask).await;
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
