//! Tokens: JWTs signed with Ed25519.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, encode};
use serde::{Deserialize, Serialize};

use super::{Caller, ClientTerms, Grant, RateClass, Reach, Role};
use crate::clock;
use crate::keys::{self, PrivateKey};

/// Whom tokens and assertions are for.
pub const AUDIENCE: &str = "motcua";
/// How long a token lasts.
pub const TOKEN_LIFE: Duration = Duration::from_mins(10);

const ASSERTION_LIFE: Duration = Duration::from_mins(2);

/// What a token says (RFC 9068).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Claims {
    /// Issuer.
    pub iss: String,
    /// The caller.
    pub sub: String,
    /// Audience: `motcua`.
    pub aud: String,
    /// When it was issued, seconds since 1970.
    pub iat: i64,
    /// When it ends, seconds since 1970.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
    /// What it grants.
    pub grants: Vec<Granted>,
    /// The rpcs that a client system is registered for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpcs: Option<Vec<String>>,
    /// How much a client system may call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_class: Option<RateClass>,
    /// What its bearer must show beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// What the bearer of a token must show beside it (RFC 7800).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Confirmation {
    /// The certificate with this SHA-256 thumbprint, in base64url (RFC 8705).
    #[serde(rename = "x5t#S256")]
    pub thumbprint: String,
}

impl Confirmation {
    /// Of a certificate with this thumbprint.
    #[must_use]
    pub fn of(thumbprint: &[u8; 32]) -> Self {
        Self {
            thumbprint: URL_SAFE_NO_PAD.encode(thumbprint),
        }
    }

    fn thumbprint(&self) -> Option<[u8; 32]> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.thumbprint).ok()?;
        bytes.try_into().ok()
    }
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

impl Claims {
    /// The caller that they name; `None` when they bind it to something that cannot be read.
    pub(super) fn into_caller(self) -> Option<Caller> {
        let certificate = match &self.cnf {
            Some(confirmation) => Some(confirmation.thumbprint()?),
            None => None,
        };
        let client = self.rpcs.map(|rpcs| ClientTerms {
            rpcs,
            rate_class: self.rate_class.unwrap_or(RateClass::Low),
        });
        Some(Caller {
            subject: self.sub,
            grants: self.grants.into_iter().map(Grant::from).collect(),
            client,
            certificate,
        })
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
    encode_with(claims, "at+jwt", key)
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
    encode_with(&assertion, "JWT", key)
}

/// Signs what an `OpenID` provider says of somebody.
pub(crate) fn sign_id_token(
    claims: &impl Serialize,
    key: &PrivateKey,
) -> Result<String, keys::Error> {
    encode_with(claims, "JWT", key)
}

fn encode_with(
    claims: &impl Serialize,
    kind: &str,
    key: &PrivateKey,
) -> Result<String, keys::Error> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(kind.to_owned());
    header.kid = Some(key.public().kid());
    encode(&header, claims, &key.encoding()?).map_err(|_| keys::Error::Malformed {
        what: "the signing key".to_owned(),
    })
}
