//! The keys of a provider, fetched when a token names one that is not known, and when they are old.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jsonwebtoken::jwk::{Jwk, JwkSet};
use kit::clock;
use serde::Deserialize;
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};
use tokio::time::Instant;

use super::{Error, Refusal, Settings};
use crate::jose::SignerKey;

const DISCOVERY: &str = "/.well-known/openid-configuration";
/// How long an answer of a provider may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Tokens that name unknown keys do not make the suite ask a provider more often.
const ASK_AT_MOST_EVERY: Duration = Duration::from_secs(10);
/// Keys are asked for again after so long, so that one that its provider withdraws is not taken for ever.
pub(super) const FRESH_FOR: Duration = Duration::from_mins(10);
/// The longest document of a provider, in bytes.
const LONGEST: usize = 256 * 1024;

pub(super) struct Keys {
    provider: String,
    issuer: String,
    /// Whether they stand in the settings.
    fixed: bool,
    web: reqwest::Client,
    known: Mutex<Known>,
    asked_at: AsyncMutex<Option<Instant>>,
}

struct Known {
    keys: Vec<SignerKey>,
    fetched_at: Option<Instant>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Keys {
    pub fn of(settings: &Settings) -> Result<Self, String> {
        let mut web = reqwest::Client::builder()
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none());
        if let Some(path) = &settings.certificate_authority {
            let unreadable = |error: &dyn std::fmt::Display| {
                format!(
                    "{} of the provider {}: {error}",
                    path.display(),
                    settings.name
                )
            };
            let pem = std::fs::read(path).map_err(|error| unreadable(&error))?;
            let bundle = reqwest::Certificate::from_pem_bundle(&pem);
            for certificate in bundle.map_err(|error| unreadable(&error))? {
                web = web.add_root_certificate(certificate);
            }
        }
        let fixed = settings.jwks.as_ref().map(usable);
        Ok(Self {
            provider: settings.name.clone(),
            issuer: settings.issuer.clone(),
            fixed: fixed.is_some(),
            web: web.build().map_err(|error| error.to_string())?,
            known: Mutex::new(Known {
                keys: fixed.unwrap_or_default(),
                fetched_at: None,
            }),
            asked_at: AsyncMutex::default(),
        })
    }

    /// The keys that a token's header may mean.
    pub async fn meant_by(&self, kid: Option<&str>) -> Result<Vec<SignerKey>, Error> {
        let known = self.known(kid);
        if self.fixed || (!known.is_empty() && self.are_fresh()) {
            return Ok(known);
        }
        if known.is_empty() {
            self.ask(self.asked_at.lock().await, kid).await?;
        } else if let Ok(asked_at) = self.asked_at.try_lock()
            && let Err(error) = self.ask(asked_at, kid).await
        {
            tracing::warn!(%error, "the keys that were fetched before go on serving");
        }
        self.known_now(kid)
    }

    /// Fetches the keys, unless that was done or tried a moment ago.
    async fn ask(
        &self,
        mut asked_at: MutexGuard<'_, Option<Instant>>,
        kid: Option<&str>,
    ) -> Result<(), Error> {
        let lately = asked_at.is_some_and(|at| at.elapsed() < ASK_AT_MOST_EVERY);
        // Somebody else may have fetched them meanwhile.
        let there = self.are_fresh() && !self.known(kid).is_empty();
        if lately || there {
            return Ok(());
        }
        *asked_at = Some(clock::monotonic());
        self.fetch().await
    }

    fn known_now(&self, kid: Option<&str>) -> Result<Vec<SignerKey>, Error> {
        let known = self.known(kid);
        if known.is_empty() && self.known(None).is_empty() {
            return Err(self.away("they were asked for a moment ago"));
        }
        if known.is_empty() {
            return Err(Refusal::WrongSignature.into());
        }
        Ok(known)
    }

    fn known(&self, kid: Option<&str>) -> Vec<SignerKey> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = known.keys.iter().filter(|key| key.is_meant_by(kid));
        meant.cloned().collect()
    }

    fn are_fresh(&self) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fetched_at = known.fetched_at;
        fetched_at.is_some_and(|at| at.elapsed() < FRESH_FOR)
    }

    async fn fetch(&self) -> Result<(), Error> {
        let discovery = format!("{}{DISCOVERY}", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = self.get(&discovery).await?;
        if discovery.issuer != self.issuer {
            return Err(self.away("its discovery document names another issuer"));
        }
        let keys: JwkSet = self.get(&discovery.jwks_uri).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known = Known {
            keys: usable(&keys),
            fetched_at: Some(clock::monotonic()),
        };
        Ok(())
    }

    async fn get<T: for<'a> Deserialize<'a>>(&self, url: &str) -> Result<T, Error> {
        let answer = self.web.get(url).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let mut answer = answer.map_err(|error| self.away(&error.without_url().to_string()))?;
        let mut body = Vec::new();
        loop {
            let part = answer.chunk().await;
            let part = part.map_err(|error| self.away(&error.without_url().to_string()))?;
            let Some(part) = part else { break };
            body.extend_from_slice(&part);
            if body.len() > LONGEST {
                return Err(self.away("its answer is too long"));
            }
        }
        serde_json::from_slice(&body).map_err(|error| self.away(&error.to_string()))
    }

    fn away(&self, reason: &str) -> Error {
        Error::Away {
            provider: self.provider.clone(),
            reason: reason.to_owned(),
        }
    }
}

/// Keys of kinds that are of no use here are left out.
fn usable(keys: &JwkSet) -> Vec<SignerKey> {
    let usable = |jwk: &Jwk| SignerKey::new(jwk.clone()).ok();
    keys.keys.iter().filter_map(usable).collect()
}
