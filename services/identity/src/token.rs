//! Tokens: the assertion by which a system asks for one, what the token then says, and what is taken back.

use std::fmt;

use chrono::TimeDelta;
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Validation, decode, decode_header};
use kit::caller::{AUDIENCE, Claims, Granted, Role, TOKEN_LIFE};
use kit::clock::{self, Moment};
use serde::Deserialize;

use crate::jose::SignerKey;
use crate::subject::Subject;

/// How far clocks may be apart.
pub const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// How far ahead an assertion may end: common OAuth libraries sign for an hour, and some cannot be told otherwise.
const LONGEST_LIFE: TimeDelta = TimeDelta::hours(1);
const LONGEST_ASSERTION: usize = 8 * 1024;
const LONGEST_JTI: usize = 128;

/// Why an assertion is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JWT with `iss`, `sub`, `aud`, `exp` and `jti`.
    Malformed,
    /// Nobody is known by this name, or the signature is another's. Which of them is not told.
    Unknown,
    /// `aud` is not this suite, or `iss` is not `sub`.
    WrongAddress,
    /// `exp` has passed.
    Expired,
    /// `nbf` or `iat` is still to come.
    NotYet,
    /// `exp` is more than an hour ahead.
    TooLong,
    /// It was taken before.
    Replayed,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "it must be a JWT of at most 8 KiB with `iss`, `sub`, `aud`, `exp` and `jti`, signed with the algorithm of a key that is known"
            }
            Self::Unknown => "nobody is known by this `sub` and key",
            Self::WrongAddress => {
                "`aud` must be `motcua`, the issuer or the token endpoint, and `iss` the same as `sub`"
            }
            Self::Expired => "its `exp` has passed",
            Self::NotYet => "its `nbf` or `iat` is still to come",
            Self::TooLong => "its `exp` must be at most an hour ahead",
            Self::Replayed => "it was used before: every assertion needs a new `jti`",
        })
    }
}

/// An assertion of which only the names were read, so that its key can be found.
#[derive(Clone, Debug)]
pub struct Unverified<'a> {
    jwt: &'a str,
    kid: Option<String>,
    /// The subject that it claims to be from.
    pub subject: String,
}

/// An assertion that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its own name, to be taken once.
    pub jti: String,
    /// The last second at which it would be taken.
    pub ends: i64,
}

#[derive(Deserialize)]
struct Named {
    sub: String,
}

#[derive(Deserialize)]
struct Asserted {
    exp: i64,
    jti: String,
    nbf: Option<i64>,
    iat: Option<i64>,
}

impl<'a> Unverified<'a> {
    /// Reads an assertion and the subject that it claims to be from.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn read(jwt: &'a str) -> Result<Self, Refusal> {
        if jwt.len() > LONGEST_ASSERTION {
            return Err(Refusal::Malformed);
        }
        let header = decode_header(jwt).map_err(|_| Refusal::Malformed)?;
        let named: Named = insecure_decode_claims(jwt).map_err(|_| Refusal::Malformed)?;
        Ok(Self {
            jwt,
            kid: header.kid,
            subject: named.sub,
        })
    }

    /// Checks it against the keys of its subject and the names of this suite, with a minute of leeway. It must still be
    /// taken, once.
    ///
    /// # Errors
    /// Every refusal but a replay.
    pub fn verify(
        &self,
        keys: &[SignerKey],
        addresses: &[String],
        now: Moment,
    ) -> Result<Accepted, Refusal> {
        let mut refused = Refusal::Unknown;
        let meant = |key: &&SignerKey| key.is_meant_by(self.kid.as_deref());
        for key in keys.iter().filter(meant) {
            match self.decode(key, addresses) {
                Ok(asserted) => return in_time(asserted, now),
                Err(refusal) => refused = refusal,
            }
        }
        Err(refused)
    }

    fn decode(&self, key: &SignerKey, addresses: &[String]) -> Result<Asserted, Refusal> {
        let decoding = key.decoding().map_err(|_| Refusal::Unknown)?;
        let first = key.algorithms().first().ok_or(Refusal::Unknown)?;
        let mut validation = Validation::new(*first);
        validation.algorithms = key.algorithms().to_vec();
        validation.set_issuer(&[&self.subject]);
        validation.set_audience(addresses);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        // The time comes in by parameter; it is checked below.
        validation.validate_exp = false;
        let decoded = decode::<Asserted>(self.jwt, &decoding, &validation);
        let decoded = decoded.map_err(|error| match error.kind() {
            ErrorKind::InvalidSignature => Refusal::Unknown,
            ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => Refusal::WrongAddress,
            _ => Refusal::Malformed,
        })?;
        Ok(decoded.claims)
    }
}

fn in_time(asserted: Asserted, now: Moment) -> Result<Accepted, Refusal> {
    let Asserted { exp, jti, nbf, iat } = asserted;
    if jti.is_empty() || jti.len() > LONGEST_JTI {
        return Err(Refusal::Malformed);
    }
    if exp < (now - LEEWAY).timestamp() {
        return Err(Refusal::Expired);
    }
    if exp > (now + LONGEST_LIFE + LEEWAY).timestamp() {
        return Err(Refusal::TooLong);
    }
    let begins = nbf.max(iat).unwrap_or(i64::MIN);
    if begins > (now + LEEWAY).timestamp() {
        return Err(Refusal::NotYet);
    }
    Ok(Accepted {
        jti,
        ends: exp + LEEWAY.num_seconds(),
    })
}

/// What the token of a subject says that begins now.
#[must_use]
pub fn claims(issuer: &str, subject: &str, grants: Vec<Granted>, now: Moment) -> Claims {
    Claims {
        iss: issuer.to_owned(),
        sub: subject.to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now.timestamp(),
        exp: (now + TOKEN_LIFE).timestamp(),
        jti: clock::new_uid(),
        grants,
        rpcs: None,
        rate_class: None,
        cnf: None,
    }
}

/// What a service of the suite is granted.
#[must_use]
pub fn of_a_service() -> Vec<Granted> {
    vec![Granted {
        role: Role::Service,
        at: Vec::new(),
        everywhere: true,
    }]
}

/// What is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// One token.
    Token {
        /// Its `jti`.
        name: String,
        /// The second after which it would have ended anyway.
        ends: i64,
    },
    /// All tokens of a subject.
    Subject {
        /// Whose.
        subject: String,
        /// Those that were issued up to this second.
        issued_until: i64,
        /// The second after which they would have ended anyway.
        ends: i64,
    },
}

impl Revocation {
    /// Of one token that ends in this second.
    #[must_use]
    pub fn of_token(name: String, exp: i64) -> Self {
        Self::Token {
            name,
            ends: exp + LEEWAY.num_seconds(),
        }
    }

    /// Of all tokens that a subject was given up to this second.
    #[must_use]
    pub fn of_subject(subject: &str, issued_until: i64) -> Self {
        let life = TimeDelta::from_std(TOKEN_LIFE).unwrap_or(LEEWAY);
        Self::Subject {
            subject: subject.to_owned(),
            issued_until,
            ends: issued_until + (life + LEEWAY).num_seconds(),
        }
    }

    /// Of all tokens of somebody who was disabled at this second, also of one that is being signed meanwhile by a replica whose
    /// clock is ahead by as much as it may be.
    #[must_use]
    pub fn of_disabled(subject: &Subject, now: i64) -> Self {
        Self::of_subject(subject.as_str(), now + LEEWAY.num_seconds())
    }
}

#[cfg(test)]
mod tests;
