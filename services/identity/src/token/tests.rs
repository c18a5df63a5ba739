use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kit::caller::sign_assertion;
use kit::keys::PrivateKey;
use serde_json::{Value, json};

use super::*;

const HERE: &str = "https://motcua.example/oauth2/token";
/// `{"alg":"none","typ":"JWT"}` in base64url.
const NO_ALGORITHM: &str = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";

fn addresses() -> Vec<String> {
    vec![AUDIENCE.to_owned(), HERE.to_owned()]
}

fn public(key: &PrivateKey) -> Vec<SignerKey> {
    vec![SignerKey::parse(&key.public().to_jwk()).unwrap()]
}

fn verified(jwt: &str, key: &PrivateKey, later: TimeDelta) -> Result<Accepted, Refusal> {
    let assertion = Unverified::read(jwt)?;
    assertion.verify(&public(key), &addresses(), clock::real() + later)
}

/// An assertion that is right but for what is changed.
fn assertion(key: &PrivateKey, changed: &Value) -> String {
    let now = clock::real().timestamp();
    let mut claims = json!({
        "iss": "tax", "sub": "tax", "aud": HERE, "exp": now + 100, "jti": "one",
    });
    for (name, value) in changed.as_object().unwrap() {
        claims[name] = value.clone();
    }
    encode(
        &Header::new(Algorithm::EdDSA),
        &claims,
        &key.encoding().unwrap(),
    )
    .unwrap()
}

#[test]
fn an_assertion_holds_for_its_own_subject_and_key_and_a_short_time() {
    let (own, other) = (PrivateKey::generate(), PrivateKey::generate());
    let jwt = sign_assertion("tax", &own).unwrap();
    assert_eq!(Unverified::read(&jwt).unwrap().subject, "tax");
    let at_once = TimeDelta::zero();
    assert!(verified(&jwt, &own, at_once).is_ok());
    assert_eq!(verified(&jwt, &other, at_once), Err(Refusal::Unknown));
    // It ends in 2 minutes, and a minute is forgiven.
    assert!(verified(&jwt, &own, TimeDelta::seconds(170)).is_ok());
    let late = verified(&jwt, &own, TimeDelta::seconds(190));
    assert_eq!(late, Err(Refusal::Expired));
}

#[test]
fn what_an_assertion_says_must_be_right() {
    let key = PrivateKey::generate();
    let now = clock::real().timestamp();
    let rows = [
        (json!({}), Ok("one".to_owned())),
        (json!({"aud": ["others", HERE]}), Ok("one".to_owned())),
        (json!({"nbf": now + 30}), Ok("one".to_owned())),
        (json!({"nbf": now + 90}), Err(Refusal::NotYet)),
        (json!({"iat": now + 90}), Err(Refusal::NotYet)),
        (
            json!({"aud": "https://elsewhere.example"}),
            Err(Refusal::WrongAddress),
        ),
        (json!({"iss": "another"}), Err(Refusal::WrongAddress)),
        (json!({"jti": ""}), Err(Refusal::Malformed)),
        (json!({"jti": null}), Err(Refusal::Malformed)),
        (json!({"exp": null}), Err(Refusal::Malformed)),
        (json!({"exp": now + 3600}), Ok("one".to_owned())),
        (json!({"exp": now + 3700}), Err(Refusal::TooLong)),
    ];
    for (changed, expected) in rows {
        let jwt = assertion(&key, &changed);
        let taken = verified(&jwt, &key, TimeDelta::zero()).map(|accepted| accepted.jti);
        assert_eq!(taken, expected, "{changed}");
    }
}

#[test]
fn a_clock_that_is_a_minute_off_is_forgiven_and_more_is_not() {
    let (key, now) = (PrivateKey::generate(), clock::real());
    let second = now.timestamp();
    let rows = [
        (json!({"exp": second - 59}), None),
        (json!({"exp": second - 60}), None),
        (json!({"exp": second - 61}), Some(Refusal::Expired)),
        (json!({"nbf": second + 59}), None),
        (json!({"nbf": second + 60}), None),
        (json!({"nbf": second + 61}), Some(Refusal::NotYet)),
        (json!({"iat": second + 59}), None),
        (json!({"iat": second + 60}), None),
        (json!({"iat": second + 61}), Some(Refusal::NotYet)),
    ];
    for (changed, expected) in rows {
        let jwt = assertion(&key, &changed);
        let read = Unverified::read(&jwt).unwrap();
        let taken = read.verify(&public(&key), &addresses(), now);
        assert_eq!(taken.err(), expected, "{changed}");
    }
}

#[test]
fn the_key_says_which_algorithm_is_taken() {
    let key = PrivateKey::generate();
    let claims = json!({
        "iss": "tax", "sub": "tax", "aud": HERE, "exp": clock::real().timestamp() + 100, "jti": "one",
    });
    let public = key.public();
    for secret in [public.to_bytes(), public.to_jwk().into_bytes()] {
        let secret = EncodingKey::from_secret(&secret);
        let jwt = encode(&Header::new(Algorithm::HS256), &claims, &secret).unwrap();
        let taken = verified(&jwt, &key, TimeDelta::zero());
        assert_eq!(taken, Err(Refusal::Malformed));
    }
    let signed = assertion(&key, &json!({}));
    let said: Vec<&str> = signed.split('.').collect();
    for signature in ["", said[2]] {
        let jwt = format!("{NO_ALGORITHM}.{}.{signature}", said[1]);
        let taken = verified(&jwt, &key, TimeDelta::zero());
        assert_eq!(taken, Err(Refusal::Malformed));
    }
}

#[test]
fn a_key_that_the_header_does_not_mean_is_not_tried() {
    let key = PrivateKey::generate();
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some("another".to_owned());
    let claims = json!({"iss": "tax", "sub": "tax", "aud": HERE, "exp": 0, "jti": "one"});
    let jwt = encode(&header, &claims, &key.encoding().unwrap()).unwrap();
    let taken = verified(&jwt, &key, TimeDelta::zero());
    assert_eq!(taken, Err(Refusal::Unknown));
}

#[test]
fn what_is_no_jwt_is_malformed() {
    for text in ["nonsense", &"a".repeat(9_000)] {
        assert_eq!(Unverified::read(text).unwrap_err(), Refusal::Malformed);
    }
}
