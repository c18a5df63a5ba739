use std::sync::RwLock;

use super::super::token::{Granted, sign};
use super::super::{RateClass, Role};
use super::*;
use crate::keys::PrivateKey;

const ISSUER: &str = "https://motcua.example";

fn claims(exp_in: i64) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: "officer-1".to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now() - 1,
        exp: now() + exp_in,
        jti: clock::new_uid(),
        grants: vec![Granted {
            role: Role::Examiner,
            at: vec!["unit-1".to_owned()],
            everywhere: false,
        }],
        rpcs: None,
        rate_class: None,
        cnf: None,
    }
}

/// What identity would say, which tests change.
#[derive(Clone, Default)]
struct Identity(Arc<RwLock<Option<KeySet>>>);

impl Identity {
    fn with(keys: &[&PrivateKey]) -> Self {
        let identity = Self::default();
        identity.says(|set| {
            set.issuer = ISSUER.to_owned();
            set.keys = keys.iter().map(|key| key.public()).collect();
        });
        identity
    }

    fn says(&self, change: impl FnOnce(&mut KeySet)) {
        change(self.0.write().unwrap().get_or_insert_default());
    }

    fn is_away(&self) {
        *self.0.write().unwrap() = None;
    }

    fn verifier(&self) -> Verifier {
        let says = Arc::clone(&self.0);
        Verifier::new(Arc::new(move || {
            let set = says.read().unwrap().clone();
            let away = || Failure::unavailable("KEYS_UNAVAILABLE", "away", FETCH_EVERY);
            Box::pin(async move { set.ok_or_else(away) })
        }))
    }
}

async fn verified(verifier: &Verifier, token: &str) -> Result<Arc<Caller>, Failure> {
    verifier.verify(token.as_bytes()).await
}

async fn refusal(verifier: &Verifier, token: &str) -> &'static str {
    verified(verifier, token).await.unwrap_err().reason()
}

#[tokio::test]
async fn a_token_names_its_caller_the_first_and_the_second_time() {
    let key = PrivateKey::generate();
    let token = sign(&claims(600), &key).unwrap();
    let verifier = Identity::with(&[&key]).verifier();
    for _ in 0..2 {
        let caller = verified(&verifier, &token).await.unwrap();
        let expected = Caller::new("officer-1", Role::Examiner, vec!["unit-1".to_owned()]);
        assert_eq!(*caller, expected);
    }
}

#[tokio::test]
async fn a_client_system_comes_with_its_terms() {
    let key = PrivateKey::generate();
    let client = Claims {
        rpcs: Some(vec!["intake.DossierService/GetDossier".to_owned()]),
        rate_class: Some(RateClass::High),
        ..claims(600)
    };
    let verifier = Identity::with(&[&key]).verifier();
    let caller = verified(&verifier, &sign(&client, &key).unwrap())
        .await
        .unwrap();
    let terms = caller.client.as_ref().unwrap();
    assert_eq!(terms.rate_class, RateClass::High);
    assert_eq!(terms.rpcs, ["intake.DossierService/GetDossier"]);
}

/// Why a token that says this now is refused, if it is: it is asked in the second that it was made in.
async fn refused_at_once(key: &PrivateKey, says: impl Fn() -> Claims) -> Option<&'static str> {
    let verifier = Identity::with(&[key]).verifier();
    loop {
        let second = now();
        let token = sign(&says(), key).unwrap();
        let answer = verified(&verifier, &token).await;
        if now() == second {
            return answer.err().map(|failure| failure.reason());
        }
    }
}

#[tokio::test]
async fn a_clock_that_is_a_minute_off_is_forgiven_and_more_is_not() {
    let key = PrivateKey::generate();
    for (ended_before, refused) in [
        (59, None),
        (60, None),
        (61, Some("TOKEN_EXPIRED")),
        (120, Some("TOKEN_EXPIRED")),
    ] {
        let ended = || claims(-ended_before);
        let answer = refused_at_once(&key, ended).await;
        assert_eq!(answer, refused, "it ended {ended_before} s ago");
    }
    for (begins_in, refused) in [
        (59, None),
        (60, None),
        (61, Some("TOKEN_INVALID")),
        (120, Some("TOKEN_INVALID")),
    ] {
        let issued = || Claims {
            iat: now() + begins_in,
            ..claims(600)
        };
        let answer = refused_at_once(&key, issued).await;
        assert_eq!(answer, refused, "it is issued in {begins_in} s");
    }
}

#[tokio::test]
async fn what_this_suite_did_not_issue_for_itself_is_refused() {
    let key = PrivateKey::generate();
    let verifier = Identity::with(&[&key]).verifier();
    let forged = sign(&claims(600), &PrivateKey::generate()).unwrap();
    let mut altered = sign(&claims(600), &key).unwrap();
    altered.replace_range(90..91, if &altered[90..91] == "A" { "B" } else { "A" });
    let elsewhere = Claims {
        iss: "https://elsewhere.example".to_owned(),
        ..claims(600)
    };
    let for_others = Claims {
        aud: "others".to_owned(),
        ..claims(600)
    };
    let elsewhere = sign(&elsewhere, &key).unwrap();
    let for_others = sign(&for_others, &key).unwrap();
    for token in [&forged, &altered, &elsewhere, &for_others, "nonsense"] {
        assert_eq!(refusal(&verifier, token).await, "TOKEN_INVALID");
    }
}

#[tokio::test]
async fn the_signature_of_a_token_that_was_verified_vouches_for_no_other_text() {
    let key = PrivateKey::generate();
    let verifier = Identity::with(&[&key]).verifier();
    let token = sign(&claims(600), &key).unwrap();
    assert!(verified(&verifier, &token).await.is_ok());
    let more = Claims {
        sub: "somebody-else".to_owned(),
        ..claims(600)
    };
    let other = sign(&more, &PrivateKey::generate()).unwrap();
    let (text, _) = other.rsplit_once('.').unwrap();
    let (_, signature) = token.rsplit_once('.').unwrap();
    let grafted = format!("{text}.{signature}");
    assert_eq!(refusal(&verifier, &grafted).await, "TOKEN_INVALID");
    assert!(verified(&verifier, &token).await.is_ok());
}

#[tokio::test]
async fn no_other_algorithm_is_taken_for_a_key_that_is_known() {
    use jsonwebtoken::{EncodingKey, Header, encode};
    let key = PrivateKey::generate();
    let verifier = Identity::with(&[&key]).verifier();
    let mut header = Header::new(Algorithm::HS256);
    header.kid = Some(key.public().kid());
    for secret in [key.public().to_bytes(), key.public().to_jwk().into_bytes()] {
        let secret = EncodingKey::from_secret(&secret);
        let token = encode(&header, &claims(600), &secret).unwrap();
        assert_eq!(refusal(&verifier, &token).await, "TOKEN_INVALID");
    }
    let signed = sign(&claims(600), &key).unwrap();
    let payload = signed.split('.').nth(1).unwrap();
    let kid = key.public().kid();
    let header = {
        use base64::Engine as _;
        let header = format!(r#"{{"alg":"none","kid":"{kid}"}}"#);
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header)
    };
    let unsigned = format!("{header}.{payload}.");
    assert_eq!(refusal(&verifier, &unsigned).await, "TOKEN_INVALID");
}

#[tokio::test]
async fn keys_that_were_fetched_serve_while_identity_is_away() {
    let key = PrivateKey::generate();
    let identity = Identity::with(&[&key]);
    let verifier = identity.verifier();
    let token = || sign(&claims(600), &key).unwrap();
    assert!(verified(&verifier, &token()).await.is_ok());
    identity.is_away();
    assert!(verified(&verifier, &token()).await.is_ok());
    let unheard_of = sign(&claims(600), &PrivateKey::generate()).unwrap();
    let elsewhere = identity.verifier();
    // Also who asks again at once.
    for _ in 0..2 {
        assert_eq!(refusal(&elsewhere, &unheard_of).await, "KEYS_UNAVAILABLE");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_while_keys_are_fetched_makes_no_key_unknown() {
    let verifier = Verifier::new(Arc::new(|| Box::pin(std::future::pending())));
    let token = sign(&claims(600), &PrivateKey::generate()).unwrap();
    let given_up = tokio::time::timeout(FETCH_EVERY / 2, verified(&verifier, &token));
    assert!(given_up.await.is_err());
    assert_eq!(refusal(&verifier, &token).await, "KEYS_UNAVAILABLE");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_exchanged_is_known_at_the_first_token_and_forgotten_when_it_has_gone() {
    let (old, new) = (PrivateKey::generate(), PrivateKey::generate());
    let identity = Identity::with(&[&old]);
    let verifier = identity.verifier();
    let early = sign(&claims(600), &old).unwrap();
    assert!(verified(&verifier, &early).await.is_ok());
    identity.says(|set| set.keys = vec![old.public(), new.public()]);
    tokio::time::advance(FETCH_EVERY).await;
    let first = sign(&claims(600), &new).unwrap();
    assert!(verified(&verifier, &first).await.is_ok());
    identity.says(|set| set.keys = vec![new.public()]);
    verifier.fetch().await.unwrap();
    let late = sign(&claims(601), &old).unwrap();
    for token in [&early, &late] {
        assert_eq!(refusal(&verifier, token).await, "TOKEN_INVALID");
    }
}

#[tokio::test]
async fn a_token_that_would_last_longer_than_any_of_ours_is_refused() {
    let key = PrivateKey::generate();
    let verifier = Identity::with(&[&key]).verifier();
    let lasting = sign(&claims(3_600), &key).unwrap();
    assert_eq!(refusal(&verifier, &lasting).await, "TOKEN_INVALID");
}

#[tokio::test]
async fn what_was_taken_back_is_refused_although_it_was_verified_before() {
    let key = PrivateKey::generate();
    let identity = Identity::with(&[&key]);
    let verifier = identity.verifier();
    let (one, other) = (claims(600), claims(600));
    let tokens = [&one, &other].map(|claims| sign(claims, &key).unwrap());
    for token in &tokens {
        assert!(verified(&verifier, token).await.is_ok());
    }
    identity.says(|set| {
        set.revoked.tokens.insert(one.jti.clone());
    });
    verifier.fetch().await.unwrap();
    assert_eq!(refusal(&verifier, &tokens[0]).await, "TOKEN_REVOKED");
    assert!(verified(&verifier, &tokens[1]).await.is_ok());
    identity.says(|set| {
        set.revoked.insert(&other.sub, other.iat);
    });
    verifier.fetch().await.unwrap();
    assert_eq!(refusal(&verifier, &tokens[1]).await, "TOKEN_REVOKED");
    let later = Claims {
        iat: other.iat + 1,
        ..claims(600)
    };
    let later = sign(&later, &key).unwrap();
    assert!(verified(&verifier, &later).await.is_ok());
}

/// Why a token that holds now does no longer, if that comes in time.
async fn outlived(verifier: &Verifier, token: &str) -> Option<&'static str> {
    let outlived = verifier.outlived(token.as_bytes());
    let outlived = tokio::time::timeout(Duration::from_secs(10), outlived).await;
    outlived.ok().map(|failure| failure.reason())
}

#[tokio::test]
async fn who_goes_on_by_a_token_hears_when_its_time_has_come() {
    let key = PrivateKey::generate();
    let verifier = Identity::with(&[&key]).verifier();
    let token = sign(&claims(1 - leeway()), &key).unwrap();
    assert!(verified(&verifier, &token).await.is_ok());
    assert_eq!(outlived(&verifier, &token).await, Some("TOKEN_EXPIRED"));
}

#[tokio::test]
async fn who_goes_on_by_a_token_hears_when_it_is_taken_back_and_not_when_identity_is_away() {
    let key = PrivateKey::generate();
    let identity = Identity::with(&[&key]);
    let verifier = identity.verifier();
    let claims = claims(600);
    let token = sign(&claims, &key).unwrap();
    assert!(verified(&verifier, &token).await.is_ok());
    identity.says(|set| {
        set.revoked.tokens.insert("another".to_owned());
    });
    let (heard, ()) = tokio::join!(verifier.outlived(token.as_bytes()), async {
        verifier.fetch().await.unwrap();
        identity.is_away();
        verifier.fetch().await.unwrap_err();
        identity.says(|set| {
            set.issuer = ISSUER.to_owned();
            set.keys = vec![key.public()];
            set.revoked.tokens.insert(claims.jti.clone());
        });
        verifier.fetch().await.unwrap();
    });
    assert_eq!(heard.reason(), "TOKEN_REVOKED");
}
