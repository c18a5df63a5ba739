//! OpenID providers that nobody runs. In demos, measurements and tests they stand in for the province's single sign-on and for
//! `VNeID`: whoever holds their key says who somebody is.

use serde_json::{Value, json};

use crate::caller::sign_id_token;
use crate::clock;
use crate::identity_number::Kind;
use crate::keys::{self, PrivateKey};

const OFFICERS: &str = "https://officers.stand-in.example";
const APPLICANTS: &str = "https://applicants.stand-in.example";
/// What the suite is called at both.
const AUDIENCE: &str = "motcua";
const LIFE_SECONDS: i64 = 300;

/// One provider for officers and one for applicants, with the same key.
#[derive(Clone)]
pub struct Providers(PrivateKey);

impl Providers {
    /// Those with this key.
    #[must_use]
    pub fn new(key: PrivateKey) -> Self {
        Self(key)
    }

    /// Their key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.0
    }

    /// What `motcua serve --providers` reads, JSON.
    #[must_use]
    pub fn settings(&self) -> Value {
        let provider = |people: &str, issuer: &str| {
            let key: Value = self.0.public().to_jwk().parse().unwrap_or_default();
            json!({
                "name": people, "issuer": issuer, "audience": AUDIENCE, "people": people,
                "claims": {"numbers": {"cccd": "cccd", "cmnd": "cmnd", "mst": "mst", "passport": "passport"}},
                "jwks": {"keys": [key]},
            })
        };
        json!([
            provider("officers", OFFICERS),
            provider("applicants", APPLICANTS)
        ])
    }

    /// The ID token of an officer.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn officer(&self, subject: &str) -> Result<String, keys::Error> {
        let claims = json!({"iss": OFFICERS, "aud": AUDIENCE, "sub": subject});
        id_token(claims, &self.0)
    }

    /// The ID token of an applicant.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn applicant(&self, name: &str, kind: Kind, number: &str) -> Result<String, keys::Error> {
        let mut claims = json!({"iss": APPLICANTS, "aud": AUDIENCE, "sub": number, "name": name});
        claims[kind.as_str()] = number.into();
        id_token(claims, &self.0)
    }
}

/// An ID token that says this. It is made now and lasts 5 minutes, unless it says otherwise itself.
///
/// # Errors
/// When the key cannot sign.
pub fn id_token(mut claims: Value, key: &PrivateKey) -> Result<String, keys::Error> {
    let now = clock::real().timestamp();
    for (name, second) in [("iat", now), ("exp", now + LIFE_SECONDS)] {
        if claims.get(name).is_none() {
            claims[name] = second.into();
        }
    }
    sign_id_token(&claims, key)
}
