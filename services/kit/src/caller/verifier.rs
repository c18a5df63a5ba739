//! Verifying tokens here, with keys that were fetched before.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use futures::future::BoxFuture;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::Instant;
use tonic::Code;

use super::token::{AUDIENCE, Claims, TOKEN_LIFE};
use super::{Caller, unauthenticated};
use crate::clock;
use crate::failure::Failure;
use crate::keys::PublicKey;

/// How far clocks may be apart.
const LEEWAY_SECONDS: u64 = 60;
const CACHED_TOKENS: usize = 10_000;
/// Tokens that name unknown keys do not make the suite ask identity more often than this; nor is it asked less often, so
/// that a token which was revoked is refused after so long.
const FETCH_EVERY: Duration = Duration::from_secs(1);
/// How often it is looked whether a token still holds that a stream goes on by; the machine's clock may be set.
const LOOK_AGAIN: Duration = Duration::from_mins(1);
/// The longest token, in bytes: what metadata has room for beside the rest.
pub const LONGEST_TOKEN: usize = 12 * 1024;

/// What tokens are verified by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeySet {
    /// Who issues them.
    pub issuer: String,
    /// The keys that are valid now.
    pub keys: Vec<PublicKey>,
    /// The tokens that are not, although their time has not come.
    pub revoked: Revoked,
}

/// Tokens that were taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// These, by their own names.
    pub tokens: HashSet<String>,
    /// All that these subjects were given up to this second, by the SHA-256 of their names: who is kept out is for nobody to
    /// list.
    pub subjects: HashMap<[u8; 32], i64>,
}

impl Revoked {
    /// Takes back all that a subject was given up to this second.
    pub fn insert(&mut self, subject: &str, until: i64) {
        self.subjects.insert(Sha256::digest(subject).into(), until);
    }

    fn includes(&self, token: &Verified) -> bool {
        if self.tokens.contains(&token.name) {
            return true;
        }
        if self.subjects.is_empty() {
            return false;
        }
        let subject: [u8; 32] = Sha256::digest(&token.caller.subject).into();
        let until = self.subjects.get(&subject);
        until.is_some_and(|until| token.issued <= *until)
    }
}

/// Fetches what tokens are verified by now.
pub type KeySource = Arc<dyn Fn() -> BoxFuture<'static, Result<KeySet, Failure>> + Send + Sync>;

/// Verifies tokens.
#[derive(Clone)]
pub struct Verifier(Arc<State>);

struct State {
    source: KeySource,
    known: RwLock<Known>,
    /// How it last asked because a token named an unknown key.
    asked: AsyncMutex<Option<Asked>>,
    verified: RwLock<HashMap<Signature, Verified>>,
    /// Told when the keys or the revocations are others.
    changed: watch::Sender<()>,
}

/// The signature of a token, as the token ends with it: what Ed25519 gives, in base64url. It tells tokens that were verified
/// from each other and costs less to look up than all of one.
type Signature = [u8; 86];

/// When the keys were asked for, and why they did not come.
struct Asked {
    at: Instant,
    failed: Option<Failure>,
}

/// What was fetched last.
#[derive(Default)]
struct Known {
    set: KeySet,
    keys: HashMap<String, DecodingKey>,
}

/// A token that was verified.
struct Verified {
    /// All of it: whoever saw a signature could put it under another text.
    text: Box<[u8]>,
    caller: Arc<Caller>,
    name: String,
    issued: i64,
    /// The last second of its life, with the leeway.
    until: i64,
}

impl Verifier {
    /// Verifies with the keys of this source; they are fetched when a token names a key that is not known.
    #[must_use]
    pub fn new(source: KeySource) -> Self {
        Self(Arc::new(State {
            source,
            known: RwLock::default(),
            asked: AsyncMutex::default(),
            verified: RwLock::default(),
            changed: watch::Sender::default(),
        }))
    }

    /// Fetches every second what has changed. While identity is away, what was fetched last goes on to hold.
    pub async fn follow(self) -> Infallible {
        let mut told = None;
        loop {
            let failed = self.fetch().await.err().map(|failure| failure.to_string());
            if let Some(error) = failed.as_ref().filter(|_| failed != told) {
                tracing::warn!(%error, "keys and revocations are as they were fetched last");
            }
            told = failed;
            tokio::time::sleep(FETCH_EVERY).await;
        }
    }

    /// The caller that a token names. A token that was verified before is not verified again until it ends.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`: `TOKEN_INVALID`, `TOKEN_EXPIRED` or `TOKEN_REVOKED`; `UNAVAILABLE` when the keys cannot be fetched.
    pub async fn verify(&self, token: &[u8]) -> Result<Arc<Caller>, Failure> {
        if token.len() > LONGEST_TOKEN {
            return Err(invalid());
        }
        let signature = signature_of(token).ok_or_else(invalid)?;
        if let Some(caller) = self.remembered(signature, token)? {
            return Ok(caller);
        }
        let token = std::str::from_utf8(token).map_err(|_| invalid())?;
        let kid = decode_header(token).ok().and_then(|header| header.kid);
        let key = self.key(&kid.ok_or_else(invalid)?).await?;
        let claims = self.decode(token, &key)?;
        self.admit(signature, token, claims)
    }

    /// Ends when a token holds no longer, with the reason: its time came, or it was taken back. While the keys cannot be fetched
    /// it goes on to hold.
    pub async fn outlived(&self, token: &[u8]) -> Failure {
        let mut changed = self.0.changed.subscribe();
        loop {
            if let Err(failure) = self.verify(token).await
                && failure.code() == Code::Unauthenticated
            {
                return failure;
            }
            let until = signature_of(token).and_then(|signature| {
                let verified = self.0.verified.read();
                let verified = verified.unwrap_or_else(PoisonError::into_inner);
                verified.get(signature).map(|token| token.until)
            });
            let left = until.map(|until| (until - now()).saturating_add(1));
            let left = left.and_then(|left| u64::try_from(left).ok());
            let left = left.map_or(LOOK_AGAIN, Duration::from_secs).min(LOOK_AGAIN);
            let _ = tokio::time::timeout(left, changed.changed()).await;
        }
    }

    fn remembered(
        &self,
        signature: &Signature,
        token: &[u8],
    ) -> Result<Option<Arc<Caller>>, Failure> {
        let verified = self.0.verified.read();
        let verified = verified.unwrap_or_else(PoisonError::into_inner);
        match verified.get(signature) {
            Some(known) if *known.text != *token => Ok(None),
            Some(known) if known.until < now() => Err(expired()),
            Some(known) => Ok(Some(Arc::clone(&known.caller))),
            None => Ok(None),
        }
    }

    fn verified(&self) -> RwLockWriteGuard<'_, HashMap<Signature, Verified>> {
        let verified = self.0.verified.write();
        verified.unwrap_or_else(PoisonError::into_inner)
    }

    fn decode(&self, token: &str, key: &DecodingKey) -> Result<Claims, Failure> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[&self.known().set.issuer]);
        validation.set_required_spec_claims(&["exp", "sub", "aud", "iss"]);
        // The library reads the machine's clock.
        validation.validate_exp = false;
        let decoded = decode::<Claims>(token, key, &validation);
        let claims = decoded.map_err(|_| invalid())?.claims;
        if claims.exp + leeway() < now() {
            return Err(expired());
        }
        // Nor is one that would last longer than any that this suite signs.
        let lasts = claims.exp.saturating_sub(claims.iat);
        if claims.iat > now() + leeway() || lasts > life() + leeway() {
            return Err(invalid());
        }
        Ok(claims)
    }

    /// Keeps a token that was verified, unless it was taken back.
    fn admit(
        &self,
        signature: &Signature,
        text: &str,
        claims: Claims,
    ) -> Result<Arc<Caller>, Failure> {
        let (name, issued, until) = (claims.jti.clone(), claims.iat, claims.exp + leeway());
        let caller = Arc::new(claims.into_caller().ok_or_else(invalid)?);
        let token = Verified {
            text: text.as_bytes().into(),
            caller: Arc::clone(&caller),
            name,
            issued,
            until,
        };
        // Held across both, so that what is fetched meanwhile sees the token or is seen by it.
        let known = self.known();
        if known.set.revoked.includes(&token) {
            return Err(revoked());
        }
        let mut verified = self.verified();
        if verified.len() >= CACHED_TOKENS {
            let now = now();
            verified.retain(|_, token| token.until >= now);
        }
        if verified.len() < CACHED_TOKENS {
            verified.insert(*signature, token);
        }
        Ok(caller)
    }

    async fn key(&self, kid: &str) -> Result<DecodingKey, Failure> {
        if let Some(key) = self.known().keys.get(kid) {
            return Ok(key.clone());
        }
        let mut asked = self.0.asked.lock().await;
        let lately = |asked: &Asked| asked.at.elapsed() < FETCH_EVERY;
        if !asked.as_ref().is_some_and(lately) {
            let at = clock::monotonic();
            // Before it asks: a call that is given up meanwhile does not let the next one ask at once, nor take its key for none.
            let unheard = "the keys of tokens were asked for and have not come";
            let unheard = Failure::unavailable("KEYS_UNAVAILABLE", unheard, FETCH_EVERY);
            *asked = Some(Asked {
                at,
                failed: Some(unheard),
            });
            let failed = self.fetch().await.err();
            *asked = Some(Asked { at, failed });
        }
        if let Some(key) = self.known().keys.get(kid) {
            return Ok(key.clone());
        }
        // While identity is away nobody can say whether the key is one, and whoever asks next is told so at once.
        let failed = asked.as_ref().and_then(|asked| asked.failed.clone());
        Err(failed.unwrap_or_else(invalid))
    }

    async fn fetch(&self) -> Result<(), Failure> {
        let set = (self.0.source)().await?;
        let decoding = |key: &PublicKey| Some((key.kid(), key.decoding().ok()?));
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.set == set {
            return Ok(());
        }
        let mut verified = self.verified();
        if known.set.keys == set.keys {
            verified.retain(|_, token| !set.revoked.includes(token));
        } else {
            // What a key signed that is gone is valid no longer.
            verified.clear();
            known.keys = set.keys.iter().filter_map(decoding).collect();
        }
        drop(verified);
        known.set = set;
        drop(known);
        self.0.changed.send_replace(());
        Ok(())
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signature_of(token: &[u8]) -> Option<&Signature> {
    let (rest, signature) = token.split_last_chunk()?;
    rest.ends_with(b".").then_some(signature)
}

fn leeway() -> i64 {
    i64::try_from(LEEWAY_SECONDS).unwrap_or_default()
}

fn life() -> i64 {
    i64::try_from(TOKEN_LIFE.as_secs()).unwrap_or_default()
}

fn now() -> i64 {
    clock::real().timestamp()
}

fn invalid() -> Failure {
    unauthenticated(
        "TOKEN_INVALID",
        "the token was not issued by this suite, was altered, or is not valid yet",
    )
}

fn expired() -> Failure {
    unauthenticated("TOKEN_EXPIRED", "the token has ended; ask for a new one")
}

fn revoked() -> Failure {
    unauthenticated(
        "TOKEN_REVOKED",
        "the token was taken back, or its client system was disabled",
    )
}

#[cfg(test)]
mod tests;
