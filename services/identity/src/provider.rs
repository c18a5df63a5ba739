//! OpenID providers elsewhere that people sign in at: what an ID token of theirs says of a person.
//!
//! VNeID and a province's single sign-on are such providers. Each is known by its settings; its keys are fetched from where its
//! discovery document says (OpenID Connect Discovery 1.0), or stand in the settings.

mod keys;

use std::collections::BTreeMap;
use std::fmt;

use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Validation, decode, decode_header};
use kit::clock::Moment;
use kit::identity_number::{self, IdentityNumber};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::jose::SignerKey;
use crate::party::{self, Details, LONGEST_NAME, Particulars};
use crate::password::Holders;
use crate::subject::Subject;
use crate::token::LEEWAY;
use keys::Keys;

const LONGEST_ID_TOKEN: usize = 16 * 1024;

/// One provider, as the settings have it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What it is called here.
    pub name: String,
    /// Its issuer: the `iss` of its ID tokens, under which its discovery document stands.
    pub issuer: String,
    /// What this suite is called there: the `aud` of its ID tokens.
    pub audience: String,
    /// Whom it vouches for.
    pub people: People,
    /// Which claims say what.
    #[serde(default)]
    pub claims: ClaimNames,
    /// Its keys, where they are not to be fetched.
    #[serde(default)]
    pub jwks: Option<JwkSet>,
    /// A bundle of certificate authorities (PEM) for the way to it, beside those that everybody trusts.
    #[serde(default)]
    pub certificate_authority: Option<std::path::PathBuf>,
}

/// Whom a provider vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum People {
    /// The officers of the province.
    Officers,
    /// Citizens, businesses and others who apply.
    Applicants,
}

/// Which claims of an ID token say what.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClaimNames {
    /// The lasting name of an officer here.
    pub subject: String,
    /// An applicant's full name.
    pub name: String,
    /// An applicant's number by its kind: `cccd`, `cmnd`, `mst`, `passport`. The first that the token has counts.
    pub numbers: BTreeMap<String, String>,
}

impl Default for ClaimNames {
    fn default() -> Self {
        Self {
            subject: "sub".to_owned(),
            name: "name".to_owned(),
            numbers: BTreeMap::from([("cccd".to_owned(), "cccd".to_owned())]),
        }
    }
}

/// Who somebody is, on the word of a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Person {
    /// The officer of this name.
    Officer(Subject),
    /// An applicant, who may not be registered yet.
    Applicant(Particulars),
}

/// Why an ID token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JWT with `iss`, `aud`, `iat` and `exp`, or is signed in a way that its provider does not sign.
    Malformed,
    /// No provider with this issuer is known here.
    UnknownIssuer,
    /// The signature is not the provider's.
    WrongSignature,
    /// It is no ID token but another kind of token, such as an access token or a logout token.
    AnotherKind,
    /// It was made for another application, which `azp` names.
    AnotherParty,
    /// `aud` is not this suite.
    WrongAudience,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` is still to come.
    NotYet,
    /// It lacks this claim, or what the claim says makes no sense.
    Claim(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("it must be a JWT of at most 16 KiB with `iss`, `aud`, `iat` and `exp`, signed with a key of its provider"),
            Self::UnknownIssuer => f.write_str("its `iss` is no provider that is known here"),
            Self::WrongSignature => f.write_str("its signature is not its provider's"),
            Self::AnotherKind => f.write_str("it is no ID token"),
            Self::AnotherParty => f.write_str("its `azp` is another application"),
            Self::WrongAudience => f.write_str("its `aud` is not what this suite is called at its provider"),
            Self::Expired => f.write_str("its `exp` has passed"),
            Self::NotYet => f.write_str("its `nbf` or `iat` is still to come"),
            Self::Claim(claim) => write!(f, "its claim `{claim}` is missing or makes no sense"),
        }
    }
}

/// What came of asking a provider.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The token is refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The keys of the provider cannot be fetched.
    #[error("the keys of the provider {provider} cannot be fetched: {reason}")]
    Away {
        /// Which.
        provider: String,
        /// Why.
        reason: String,
    },
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// The providers that are known here.
pub(crate) struct Providers(Vec<Provider>);

struct Provider {
    settings: Settings,
    keys: Keys,
}

#[derive(Deserialize)]
struct Issued {
    iss: String,
    aud: Audience,
}

/// One name or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl Providers {
    /// Those of the settings.
    ///
    /// # Errors
    /// When a bundle of certificate authorities or a key cannot be read, or two providers cannot be told apart.
    pub fn new(settings: Vec<Settings>) -> Result<Self, String> {
        let mut providers = Vec::with_capacity(settings.len());
        for settings in settings {
            let same = |known: &Provider| {
                known.settings.issuer == settings.issuer
                    && known.settings.audience == settings.audience
            };
            if providers.iter().any(same) {
                let Settings {
                    issuer, audience, ..
                } = settings;
                return Err(format!(
                    "two providers are {issuer} with the audience {audience}"
                ));
            }
            let keys = Keys::of(&settings)?;
            providers.push(Provider { settings, keys });
        }
        Ok(Self(providers))
    }

    /// Which officers have local passwords beside these providers.
    #[must_use]
    pub fn password_holders(&self) -> Holders {
        let vouches = |provider: &Provider| provider.settings.people == People::Officers;
        if self.0.iter().any(vouches) {
            return Holders::Administrators;
        }
        Holders::Everybody
    }

    /// Who an ID token says that somebody is.
    ///
    /// # Errors
    /// Every refusal, and a provider that is away.
    pub async fn person(&self, jwt: &str, now: Moment) -> Result<Person, Error> {
        if jwt.len() > LONGEST_ID_TOKEN {
            return Err(Refusal::Malformed.into());
        }
        let issued: Issued = insecure_decode_claims(jwt).map_err(|_| Refusal::Malformed)?;
        let of_issuer = |provider: &&Provider| provider.settings.issuer == issued.iss;
        let provider = self.0.iter().filter(of_issuer);
        // One issuer may vouch for officers under one name of this suite and for applicants under another.
        let named = |provider: &&Provider| issued.aud.names(&provider.settings.audience);
        let provider = provider
            .clone()
            .find(named)
            .or_else(|| provider.clone().next());
        let provider = provider.ok_or(Refusal::UnknownIssuer)?;
        let claims = provider.claims(jwt, now).await?;
        Ok(provider.settings.person(&claims)?)
    }
}

impl Provider {
    async fn claims(&self, jwt: &str, now: Moment) -> Result<Map<String, Value>, Error> {
        let header = decode_header(jwt).map_err(|_| Refusal::Malformed)?;
        let kind = header.typ.as_deref();
        if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case("JWT")) {
            return Err(Refusal::AnotherKind.into());
        }
        let keys = self.keys.meant_by(header.kid.as_deref()).await?;
        let mut refused = Refusal::WrongSignature;
        for key in &keys {
            match self.settings.decode(jwt, key) {
                Ok(claims) => {
                    must_be_made_for(&claims, &self.settings.audience)?;
                    return Ok(in_time(claims, now)?);
                }
                Err(refusal) => refused = refusal,
            }
        }
        Err(refused.into())
    }
}

impl Settings {
    fn decode(&self, jwt: &str, key: &SignerKey) -> Result<Map<String, Value>, Refusal> {
        let decoding = key.decoding().map_err(|_| Refusal::WrongSignature)?;
        let first = key.algorithms().first().ok_or(Refusal::WrongSignature)?;
        let mut validation = Validation::new(*first);
        validation.algorithms = key.algorithms().to_vec();
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        // The time comes in by parameter; it is checked below.
        validation.validate_exp = false;
        let decoded = decode::<Map<String, Value>>(jwt, &decoding, &validation);
        let decoded = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => Refusal::WrongSignature,
            ErrorKind::InvalidAudience => Refusal::WrongAudience,
            ErrorKind::InvalidIssuer => Refusal::UnknownIssuer,
            _ => Refusal::Malformed,
        })?;
        Ok(decoded.claims)
    }

    fn person(&self, claims: &Map<String, Value>) -> Result<Person, Refusal> {
        match self.people {
            People::Officers => {
                let claim = &self.claims.subject;
                let subject = text(claims, claim)?.parse();
                let subject = subject.map_err(|()| Refusal::Claim(claim.clone()))?;
                Ok(Person::Officer(subject))
            }
            People::Applicants => Ok(Person::Applicant(self.particulars(claims)?)),
        }
    }

    fn particulars(&self, claims: &Map<String, Value>) -> Result<Particulars, Refusal> {
        let name = text(claims, &self.claims.name)?.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            return Err(Refusal::Claim(self.claims.name.clone()));
        }
        let number = self.number(claims)?;
        let kind = match number.kind() {
            identity_number::Kind::Mst => party::Kind::Business,
            identity_number::Kind::Cccd | identity_number::Kind::Cmnd => party::Kind::Citizen,
            identity_number::Kind::Passport => party::Kind::Foreigner,
        };
        Ok(Particulars {
            kind,
            numbers: vec![number],
            details: Details::named(name.to_owned()),
        })
    }

    fn number(&self, claims: &Map<String, Value>) -> Result<IdentityNumber, Refusal> {
        let mut first = None;
        for (kind, claim) in &self.claims.numbers {
            first.get_or_insert(claim);
            let makes_no_sense = || Refusal::Claim(claim.clone());
            let Some(value) = claims.get(claim) else {
                continue;
            };
            let kind = kind.parse().map_err(|()| makes_no_sense())?;
            let value = value.as_str().ok_or_else(makes_no_sense)?;
            return IdentityNumber::parse(kind, value, claim).map_err(|_| makes_no_sense());
        }
        Err(Refusal::Claim(first.cloned().unwrap_or_default()))
    }
}

fn text<'a>(claims: &'a Map<String, Value>, claim: &str) -> Result<&'a str, Refusal> {
    let value = claims.get(claim).and_then(Value::as_str);
    value.ok_or_else(|| Refusal::Claim(claim.to_owned()))
}

/// Refuses what the provider signed for another purpose or another application (OpenID Connect Core 1.0, 3.1.3.7): access tokens
/// that name this suite beside their own, and logout tokens.
fn must_be_made_for(claims: &Map<String, Value>, audience: &str) -> Result<(), Refusal> {
    let kind = claims.get("typ").and_then(Value::as_str);
    if claims.contains_key("events") || kind.is_some_and(|kind| kind != "ID") {
        return Err(Refusal::AnotherKind);
    }
    let several = claims.get("aud").and_then(Value::as_array);
    let several = several.is_some_and(|audiences| audiences.len() > 1);
    match claims.get("azp").map(Value::as_str) {
        Some(azp) if azp != Some(audience) => Err(Refusal::AnotherParty),
        None if several => Err(Refusal::AnotherParty),
        _ => Ok(()),
    }
}

fn in_time(claims: Map<String, Value>, now: Moment) -> Result<Map<String, Value>, Refusal> {
    let second = |name: &str| claims.get(name).and_then(Value::as_i64);
    let ends = second("exp").ok_or(Refusal::Malformed)?;
    if ends < (now - LEEWAY).timestamp() {
        return Err(Refusal::Expired);
    }
    let issued = second("iat").ok_or(Refusal::Malformed)?;
    let begins = second("nbf").unwrap_or(issued).max(issued);
    if begins > (now + LEEWAY).timestamp() {
        return Err(Refusal::NotYet);
    }
    // Nobody stays signed in for ever by one token.
    let longest = TimeDelta::days(1);
    if issued < (now - longest).timestamp() {
        return Err(Refusal::Expired);
    }
    Ok(claims)
}

#[cfg(test)]
mod tests;
