//! Tokens: JWTs signed with Ed25519, verified locally with cached keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::Instant;

use super::{Caller, Grant, Reach, Role, unauthenticated};
use crate::clock;
use crate::failure::Failure;
use crate::keys::{self, PrivateKey, PublicKey};

/// Who issues tokens.
pub const ISSUER: &str = "motcua";
/// Whom tokens and assertions are for.
pub const AUDIENCE: &str = "motcua";
/// How long a token lasts.
pub const TOKEN_LIFE: Duration = Duration::from_mins(10);

const ASSERTION_LIFE: Duration = Duration::from_mins(2);
const LEEWAY_SECONDS: u64 = 60;
const CACHED_TOKENS: usize = 10_000;
/// Tokens that name unknown keys do not make the suite ask identity more often than this.
const FETCH_AT_MOST_EVERY: Duration = Duration::from_secs(1);
const LONGEST_TOKEN: usize = 8 * 1024;

/// What a token says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer: `motcua`.
    pub iss: String,
    /// The caller.
    pub sub: String,
    /// Audience: `motcua`.
    pub aud: String,
    /// When it was issued, seconds since 1970.
    pub iat: i64,
    /// When it ends, seconds since 1970.
    pub exp: i64,
    /// What it grants.
    pub grants: Vec<Granted>,
}

/// One role in a token, and for whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Granted {
    /// The role.
    pub role: Role,
    /// The units or parties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<String>,
    /// For the whole province instead.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub everywhere: bool,
}

impl From<Grant> for Granted {
    fn from(grant: Grant) -> Self {
        let (at, everywhere) = match grant.reach {
            Reach::At(names) => (names, false),
            Reach::Everywhere => (Vec::new(), true),
        };
        Self {
            role: grant.role,
            at,
            everywhere,
        }
    }
}

impl From<Granted> for Grant {
    fn from(granted: Granted) -> Self {
        let reach = if granted.everywhere {
            Reach::Everywhere
        } else {
            Reach::At(granted.at)
        };
        Self {
            role: granted.role,
            reach,
        }
    }
}

#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
}

/// Signs what a token says.
///
/// # Errors
/// When the key cannot sign.
pub fn sign(claims: &Claims, key: &PrivateKey) -> Result<String, keys::Error> {
    encode_with(claims, key)
}

/// Signs the assertion by which a caller asks for a token (RFC 7523).
///
/// # Errors
/// When the key cannot sign.
pub fn sign_assertion(subject: &str, key: &PrivateKey) -> Result<String, keys::Error> {
    let now = clock::real();
    let assertion = Assertion {
        iss: subject,
        sub: subject,
        aud: AUDIENCE,
        iat: now.timestamp(),
        exp: (now + ASSERTION_LIFE).timestamp(),
        jti: clock::new_uid(),
    };
    encode_with(&assertion, key)
}

fn encode_with(claims: &impl Serialize, key: &PrivateKey) -> Result<String, keys::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.public().kid());
    encode(&header, claims, &key.encoding()?).map_err(|_| keys::Error::Malformed {
        what: "the signing key".to_owned(),
    })
}

/// Fetches the public keys that are valid now.
pub type KeySource =
    Arc<dyn Fn() -> BoxFuture<'static, Result<Vec<PublicKey>, Failure>> + Send + Sync>;

/// Verifies tokens.
#[derive(Clone)]
pub struct Verifier(Arc<State>);

struct State {
    source: KeySource,
    keys: RwLock<HashMap<String, DecodingKey>>,
    fetched_at: AsyncMutex<Option<Instant>>,
    verified: Mutex<HashMap<[u8; 32], Verified>>,
}

/// The caller of a verified token, and when it ends.
type Verified = (Arc<Caller>, i64);

impl Verifier {
    /// Verifies with the keys of this source; they are fetched when a token names a key that is not known.
    #[must_use]
    pub fn new(source: KeySource) -> Self {
        Self(Arc::new(State {
            source,
            keys: RwLock::default(),
            fetched_at: AsyncMutex::default(),
            verified: Mutex::default(),
        }))
    }

    /// The caller that a token names. A token that was verified before is not verified again until it ends.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_INVALID` or `TOKEN_EXPIRED`; `UNAVAILABLE` when the keys cannot be fetched.
    pub async fn verify(&self, token: &str) -> Result<Arc<Caller>, Failure> {
        if token.len() > LONGEST_TOKEN {
            return Err(invalid());
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(caller) = self.remembered(&hash)? {
            return Ok(caller);
        }
        let kid = decode_header(token)
            .ok()
            .and_then(|header| header.kid)
            .ok_or_else(invalid)?;
        let key = self.key(&kid).await?;
        let claims =
            decode::<Claims>(token, &key, &validation()).map_err(|error| match error.kind() {
                ErrorKind::ExpiredSignature => expired(),
                _ => invalid(),
            })?;
        Ok(self.remember(hash, claims.claims))
    }

    fn remembered(&self, hash: &[u8; 32]) -> Result<Option<Arc<Caller>>, Failure> {
        let verified = self
            .0
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match verified.get(hash) {
            Some((_, exp)) if *exp < now() => Err(expired()),
            Some((caller, _)) => Ok(Some(Arc::clone(caller))),
            None => Ok(None),
        }
    }

    fn remember(&self, hash: [u8; 32], claims: Claims) -> Arc<Caller> {
        let caller = Arc::new(Caller {
            subject: claims.sub,
            grants: claims.grants.into_iter().map(Grant::from).collect(),
        });
        let mut verified = self
            .0
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= CACHED_TOKENS {
            verified.retain(|_, (_, exp)| *exp >= now());
        }
        if verified.len() < CACHED_TOKENS {
            verified.insert(hash, (Arc::clone(&caller), claims.exp + leeway()));
        }
        caller
    }

    async fn key(&self, kid: &str) -> Result<DecodingKey, Failure> {
        if let Some(key) = self.known(kid) {
            return Ok(key);
        }
        let mut fetched_at = self.0.fetched_at.lock().await;
        let lately = fetched_at.is_some_and(|at| at.elapsed() < FETCH_AT_MOST_EVERY);
        if !lately {
            // Also when it fails: while identity is away, callers are told so at once.
            *fetched_at = Some(clock::monotonic());
            self.fetch().await?;
        }
        self.known(kid).ok_or_else(invalid)
    }

    async fn fetch(&self) -> Result<(), Failure> {
        let fetched = (self.0.source)().await?;
        let fetched = fetched
            .iter()
            .filter_map(|key| Some((key.kid(), key.decoding().ok()?)));
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        *keys = fetched.collect();
        Ok(())
    }

    fn known(&self, kid: &str) -> Option<DecodingKey> {
        let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
        keys.get(kid).cloned()
    }
}

fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[AUDIENCE]);
    validation.set_issuer(&[ISSUER]);
    validation.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
    validation.leeway = LEEWAY_SECONDS;
    validation
}

fn leeway() -> i64 {
    i64::try_from(LEEWAY_SECONDS).unwrap_or_default()
}

fn now() -> i64 {
    clock::real().timestamp()
}

fn invalid() -> Failure {
    unauthenticated(
        "TOKEN_INVALID",
        "the token was not issued by this suite or was altered",
    )
}

fn expired() -> Failure {
    unauthenticated(
        "TOKEN_EXPIRED",
        "the token has ended; ask TokenService.IssueToken for a new one",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(exp_in: i64) -> Claims {
        Claims {
            iss: ISSUER.to_owned(),
            sub: "officer-1".to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now(),
            exp: now() + exp_in,
            grants: vec![Granted {
                role: Role::Examiner,
                at: vec!["unit-1".to_owned()],
                everywhere: false,
            }],
        }
    }

    fn verifier(key: &PrivateKey) -> Verifier {
        let public = key.public();
        Verifier::new(Arc::new(move || {
            let keys = vec![public.clone()];
            Box::pin(async move { Ok(keys) })
        }))
    }

    #[tokio::test]
    async fn a_token_names_its_caller_the_first_and_the_second_time() {
        let key = PrivateKey::generate();
        let token = sign(&claims(600), &key).unwrap();
        let verifier = verifier(&key);
        for _ in 0..2 {
            let caller = verifier.verify(&token).await.unwrap();
            let expected = Caller::new("officer-1", Role::Examiner, vec!["unit-1".to_owned()]);
            assert_eq!(*caller, expected);
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_a_minute_off_is_forgiven_and_more_is_not() {
        let key = PrivateKey::generate();
        let verifier = verifier(&key);
        let slightly = sign(&claims(-30), &key).unwrap();
        assert!(verifier.verify(&slightly).await.is_ok());
        let long_ago = sign(&claims(-120), &key).unwrap();
        assert_eq!(
            verifier.verify(&long_ago).await.unwrap_err().reason(),
            "TOKEN_EXPIRED"
        );
    }

    #[tokio::test]
    async fn a_forged_token_is_refused() {
        let key = PrivateKey::generate();
        let verifier = verifier(&key);
        let forged = sign(&claims(600), &PrivateKey::generate()).unwrap();
        assert_eq!(
            verifier.verify(&forged).await.unwrap_err().reason(),
            "TOKEN_INVALID"
        );
        let mut altered = sign(&claims(600), &key).unwrap();
        altered.replace_range(60..61, if &altered[60..61] == "A" { "B" } else { "A" });
        assert_eq!(
            verifier.verify(&altered).await.unwrap_err().reason(),
            "TOKEN_INVALID"
        );
        assert_eq!(
            verifier.verify("nonsense").await.unwrap_err().reason(),
            "TOKEN_INVALID"
        );
    }
}
