use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kit::clock;
use kit::keys::{PrivateKey, PublicKey};
use kit::stand_in;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::keys::FRESH_FOR;
use super::*;

const ISSUER: &str = "https://sso.example";
/// `{"alg":"none","typ":"JWT"}` in base64url.
const NO_ALGORITHM: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
/// How soon a provider must be asked.
const WITHIN: Duration = Duration::from_secs(10);

fn settings(people: People, key: &PrivateKey) -> Settings {
    let jwk: Value = serde_json::from_str(&key.public().to_jwk()).unwrap();
    let people = match people {
        People::Officers => "officers",
        People::Applicants => "applicants",
    };
    serde_json::from_value(json!({
        "name": "sso", "issuer": ISSUER, "audience": "one-stop", "people": people,
        "claims": {"subject": "preferred_username", "name": "name", "numbers": {"cccd": "citizen_id", "mst": "tax_code"}},
        "jwks": {"keys": [jwk]},
    }))
    .unwrap()
}

/// An ID token that is right but for what is changed.
fn id_token(key: &PrivateKey, changed: &Value) -> String {
    let mut claims = json!({
        "iss": ISSUER, "aud": "one-stop", "sub": "8f2",
        "preferred_username": "officer-1", "name": "Y Moan Êban", "citizen_id": "066085000123",
    });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    stand_in::id_token(claims, key).unwrap()
}

async fn person(people: People, changed: Value) -> Result<Person, Error> {
    let key = PrivateKey::generate();
    let providers = Providers::new(vec![settings(people, &key)]).unwrap();
    providers
        .person(&id_token(&key, &changed), clock::real())
        .await
}

async fn refusal(people: People, changed: Value) -> Refusal {
    match person(people, changed).await {
        Err(Error::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_provider_vouches_for_officers_by_name_and_for_applicants_by_number() {
    let officer = person(People::Officers, json!({})).await.unwrap();
    assert_eq!(officer, Person::Officer("officer-1".parse().unwrap()));
    let Person::Applicant(citizen) = person(People::Applicants, json!({})).await.unwrap() else {
        panic!("no applicant")
    };
    assert_eq!(citizen.numbers[0].value(), "066085000123");
    assert_eq!(citizen.kind, party::Kind::Citizen);
}

#[tokio::test]
async fn a_token_that_says_something_else_is_refused_with_what_is_wrong() {
    let now = clock::real().timestamp();
    let rows = [
        (
            json!({"iss": "https://elsewhere.example"}),
            Refusal::UnknownIssuer,
        ),
        (json!({"aud": "others"}), Refusal::WrongAudience),
        (json!({"exp": now - 61}), Refusal::Expired),
        (json!({"iat": now - 90_000}), Refusal::Expired),
        (json!({"nbf": now + 90}), Refusal::NotYet),
        (json!({"exp": null}), Refusal::Malformed),
        (json!({"iat": null}), Refusal::Malformed),
        (json!({"typ": "Bearer"}), Refusal::AnotherKind),
        (json!({"events": {}}), Refusal::AnotherKind),
        (json!({"azp": "others"}), Refusal::AnotherParty),
        (
            json!({"aud": ["one-stop", "others"]}),
            Refusal::AnotherParty,
        ),
        (
            json!({"preferred_username": "two words"}),
            Refusal::Claim("preferred_username".to_owned()),
        ),
    ];
    for (changed, expected) in rows {
        assert_eq!(refusal(People::Officers, changed).await, expected);
    }
    let rows = [
        (json!({"name": " "}), "name"),
        (json!({"citizen_id": "12"}), "citizen_id"),
        (json!({"citizen_id": 66_085_000_123_i64}), "citizen_id"),
    ];
    for (changed, claim) in rows {
        let refused = refusal(People::Applicants, changed).await;
        assert_eq!(refused, Refusal::Claim(claim.to_owned()));
    }
}

#[tokio::test]
async fn one_of_several_audiences_is_taken_from_who_asked_for_it() {
    let several = json!({"aud": ["one-stop", "others"], "azp": "one-stop", "typ": "ID"});
    assert!(person(People::Officers, several).await.is_ok());
}

#[tokio::test]
async fn one_issuer_vouches_for_officers_and_for_applicants_by_the_name_of_the_audience() {
    let key = PrivateKey::generate();
    let applicants = Settings {
        audience: "citizens".to_owned(),
        ..settings(People::Applicants, &key)
    };
    let both = vec![settings(People::Officers, &key), applicants];
    let providers = Providers::new(both.clone()).unwrap();
    let citizen = id_token(&key, &json!({"aud": "citizens"}));
    let person = providers.person(&citizen, clock::real()).await.unwrap();
    assert!(matches!(person, Person::Applicant(_)), "{person:?}");
    let twice = Providers::new([both.clone(), both].concat());
    assert!(twice.is_err());
}

#[tokio::test]
async fn the_signature_is_the_providers_own() {
    let (own, other) = (PrivateKey::generate(), PrivateKey::generate());
    let providers = Providers::new(vec![settings(People::Officers, &own)]).unwrap();
    let forged = providers
        .person(&id_token(&other, &json!({})), clock::real())
        .await;
    assert!(
        matches!(forged, Err(Error::Refused(Refusal::WrongSignature))),
        "{forged:?}"
    );
}

#[tokio::test]
async fn the_key_of_the_provider_says_which_algorithm_is_taken() {
    let key = PrivateKey::generate();
    let providers = Providers::new(vec![settings(People::Officers, &key)]).unwrap();
    let signed = id_token(&key, &json!({}));
    let mut forged = Vec::new();
    let claims: Value = insecure_decode_claims(&signed).unwrap();
    let public = key.public();
    for kid in [None, Some(public.kid())] {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = kid;
        for secret in [public.to_bytes(), public.to_jwk().into_bytes()] {
            let secret = EncodingKey::from_secret(&secret);
            forged.push(encode(&header, &claims, &secret).unwrap());
        }
    }
    let said: Vec<&str> = signed.split('.').collect();
    for signature in ["", said[2]] {
        forged.push(format!("{NO_ALGORITHM}.{}.{signature}", said[1]));
    }
    for token in forged {
        let asked = providers.person(&token, clock::real()).await;
        assert!(
            matches!(asked, Err(Error::Refused(Refusal::Malformed))),
            "{token}: {asked:?}"
        );
    }
    assert!(providers.person(&signed, clock::real()).await.is_ok());
}

#[tokio::test]
async fn a_clock_that_is_a_minute_off_is_forgiven_and_more_is_not() {
    let (key, now) = (PrivateKey::generate(), clock::real());
    let providers = Providers::new(vec![settings(People::Officers, &key)]).unwrap();
    let second = now.timestamp();
    let rows = [
        (json!({"exp": second - 59}), None),
        (json!({"exp": second - 60}), None),
        (json!({"exp": second - 61}), Some(Refusal::Expired)),
        (json!({"iat": second + 59}), None),
        (json!({"iat": second + 60}), None),
        (json!({"iat": second + 61}), Some(Refusal::NotYet)),
        (json!({"nbf": second + 59}), None),
        (json!({"nbf": second + 60}), None),
        (json!({"nbf": second + 61}), Some(Refusal::NotYet)),
    ];
    for (changed, expected) in rows {
        let token = id_token(&key, &changed);
        let refused = match providers.person(&token, now).await {
            Ok(_) => None,
            Err(Error::Refused(refusal)) => Some(refusal),
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(refused, expected, "{changed}");
    }
}

#[tokio::test]
async fn a_provider_that_is_away_is_said_to_be() {
    let key = PrivateKey::generate();
    let mut away = settings(People::Officers, &key);
    away.issuer = "http://127.0.0.1:1".to_owned();
    away.jwks = None;
    let providers = Providers::new(vec![away]).unwrap();
    let token = id_token(&key, &json!({"iss": "http://127.0.0.1:1"}));
    for _ in 0..2 {
        let asked = providers.person(&token, clock::real()).await;
        assert!(matches!(asked, Err(Error::Away { .. })), "{asked:?}");
    }
}

/// Answers two requests: for a discovery document, then for the key set that has this key. Gives the listener back.
async fn answer_with(listener: TcpListener, key: PublicKey) -> TcpListener {
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let jwk: Value = serde_json::from_str(&key.to_jwk()).unwrap();
    for document in [
        json!({"issuer": issuer, "jwks_uri": format!("{issuer}/jwks")}),
        json!({"keys": [jwk]}),
    ] {
        let accepted = tokio::time::timeout(WITHIN, listener.accept()).await;
        let (mut asked, _) = accepted.expect("the provider is asked").unwrap();
        let _ = asked.read(&mut [0; 4096]).await.unwrap();
        let body = document.to_string();
        let head = format!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}",
            body.len()
        );
        let answer = format!("{head}\r\n\r\n{body}");
        asked.write_all(answer.as_bytes()).await.unwrap();
    }
    listener
}

/// A provider at a port of this machine, known by its issuer alone, and an ID token of its.
async fn at_a_port(key: &PrivateKey) -> (TcpListener, Providers, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    let mut settings = settings(People::Officers, key);
    (settings.issuer, settings.jwks) = (issuer.clone(), None);
    let token = id_token(key, &json!({"iss": issuer}));
    let providers = Providers::new(vec![settings]).unwrap();
    (listener, providers, token)
}

async fn age() {
    tokio::time::pause();
    tokio::time::advance(FRESH_FOR).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_key_that_its_provider_withdraws_is_not_taken_for_ever() {
    let (old, new) = (PrivateKey::generate(), PrivateKey::generate());
    let (listener, providers, token) = at_a_port(&old).await;
    let ask = || providers.person(&token, clock::real());
    let (asked, listener) = tokio::join!(ask(), answer_with(listener, old.public()));
    assert!(asked.is_ok(), "{asked:?}");
    age().await;
    let (asked, _listener) = tokio::join!(ask(), answer_with(listener, new.public()));
    assert!(
        matches!(asked, Err(Error::Refused(Refusal::WrongSignature))),
        "{asked:?}"
    );
}

#[tokio::test]
async fn the_keys_that_are_known_serve_while_their_provider_is_away() {
    let key = PrivateKey::generate();
    let (listener, providers, token) = at_a_port(&key).await;
    let ask = || providers.person(&token, clock::real());
    let (asked, listener) = tokio::join!(ask(), answer_with(listener, key.public()));
    assert!(asked.is_ok(), "{asked:?}");
    drop(listener);
    age().await;
    assert!(ask().await.is_ok());
}
