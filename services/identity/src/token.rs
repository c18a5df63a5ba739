//! Tokens: the assertion by which a caller asks for one, and what the token then says.

use std::fmt;

use chrono::{NaiveDate, TimeDelta};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode};
use kit::caller::{AUDIENCE, Claims, Granted, ISSUER, Role, TOKEN_LIFE};
use kit::clock::Moment;
use kit::keys::PublicKey;
use serde::Deserialize;

use crate::principal::Principal;
use crate::register::Register;

const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// How far ahead an assertion may end.
const LONGEST_LIFE: TimeDelta = TimeDelta::minutes(5);
const LONGEST_ASSERTION: usize = 8 * 1024;

/// Why an assertion is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is no JWT with `iss`, `sub`, `aud` and `exp`.
    Malformed,
    /// Nobody is known by this name, or the signature is another's. Which of them is not told.
    Unknown,
    /// `aud` is not `motcua`, or `iss` is not `sub`.
    WrongAddress,
    /// `exp` has passed.
    Expired,
    /// `exp` is more than 5 minutes ahead.
    TooLong,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it must be a JWT of at most 8 KiB, signed with EdDSA, with `iss`, `sub`, `aud` and `exp`",
            Self::Unknown => "nobody is known by this `sub` and key",
            Self::WrongAddress => "`aud` must be `motcua`, and `iss` the same as `sub`",
            Self::Expired => "its `exp` has passed",
            Self::TooLong => "its `exp` must be at most 5 minutes ahead",
        })
    }
}

/// An assertion of which only the subject was read, so that its key can be found.
#[derive(Clone, Copy, Debug)]
pub struct Unverified<'a> {
    jwt: &'a str,
}

#[derive(Deserialize)]
struct Asserted {
    sub: String,
    exp: i64,
}

impl<'a> Unverified<'a> {
    /// Reads an assertion and the subject that it claims to be from.
    ///
    /// # Errors
    /// [`Refusal::Malformed`].
    pub fn read(jwt: &'a str) -> Result<(Self, String), Refusal> {
        if jwt.len() > LONGEST_ASSERTION {
            return Err(Refusal::Malformed);
        }
        let asserted: Asserted = insecure_decode_claims(jwt).map_err(|_| Refusal::Malformed)?;
        Ok((Self { jwt }, asserted.sub))
    }

    /// Checks it against the key of `subject`, with a minute of leeway.
    ///
    /// # Errors
    /// Every refusal but an unknown subject.
    pub fn verify(self, subject: &str, key: &PublicKey, now: Moment) -> Result<(), Refusal> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[subject]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        // The time comes in by parameter; it is checked below.
        validation.validate_exp = false;
        let key = key.decoding().map_err(|_| Refusal::Unknown)?;
        let asserted = decode::<Asserted>(self.jwt, &key, &validation)
            .map_err(|error| refusal(error.kind()))?;
        let ends = asserted.claims.exp;
        if ends < (now - LEEWAY).timestamp() {
            return Err(Refusal::Expired);
        }
        if ends > (now + LONGEST_LIFE + LEEWAY).timestamp() {
            return Err(Refusal::TooLong);
        }
        Ok(())
    }
}

fn refusal(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::InvalidSignature => Refusal::Unknown,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => Refusal::WrongAddress,
        _ => Refusal::Malformed,
    }
}

/// What the token of a service of the suite says.
#[must_use]
pub fn of_service(name: &str, now: Moment) -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: name.to_owned(),
        aud: AUDIENCE.to_owned(),
        iat: now.timestamp(),
        exp: (now + TOKEN_LIFE).timestamp(),
        grants: vec![Granted {
            role: Role::Service,
            at: Vec::new(),
            everywhere: true,
        }],
    }
}

/// What the token of a principal says: at a unit, the unit that does its work now and all whose work that one took over.
#[must_use]
pub fn of_principal(
    principal: &Principal,
    units: &Register,
    today: NaiveDate,
    now: Moment,
) -> Claims {
    let unit = principal.part.unit();
    let estate = unit.map(|unit| units.estate(unit, today));
    let units = estate.unwrap_or_default();
    let units = units.iter().map(ToString::to_string);
    let party = principal.part.party().map(ToString::to_string);
    Claims {
        grants: vec![Granted {
            role: principal.part.role(),
            at: units.chain(party).collect(),
            everywhere: false,
        }],
        ..of_service(principal.subject.as_str(), now)
    }
}

#[cfg(test)]
mod tests {
    use kit::caller::sign_assertion;
    use kit::clock;
    use kit::keys::PrivateKey;

    use super::*;

    fn verified(
        signer: &PrivateKey,
        subject: &str,
        key: &PrivateKey,
        later: TimeDelta,
    ) -> Result<(), Refusal> {
        let jwt = sign_assertion("officer-1", signer).unwrap();
        let (assertion, _) = Unverified::read(&jwt).unwrap();
        assertion.verify(subject, &key.public(), clock::real() + later)
    }

    #[test]
    fn an_assertion_holds_for_its_own_subject_and_key_and_a_short_time() {
        let (own, other) = (PrivateKey::generate(), PrivateKey::generate());
        let at_once = TimeDelta::zero();
        assert_eq!(verified(&own, "officer-1", &own, at_once), Ok(()));
        assert_eq!(
            verified(&other, "officer-1", &own, at_once),
            Err(Refusal::Unknown)
        );
        assert_eq!(
            verified(&own, "officer-2", &own, at_once),
            Err(Refusal::WrongAddress)
        );
        // It ends in 2 minutes, and a minute is forgiven.
        assert_eq!(
            verified(&own, "officer-1", &own, TimeDelta::seconds(170)),
            Ok(())
        );
        assert_eq!(
            verified(&own, "officer-1", &own, TimeDelta::seconds(190)),
            Err(Refusal::Expired)
        );
        assert_eq!(
            verified(&own, "officer-1", &own, TimeDelta::seconds(-250)),
            Err(Refusal::TooLong)
        );
    }

    #[test]
    fn what_is_no_jwt_is_malformed() {
        assert_eq!(
            Unverified::read("nonsense").unwrap_err(),
            Refusal::Malformed
        );
        assert_eq!(
            Unverified::read(&"a".repeat(9_000)).unwrap_err(),
            Refusal::Malformed
        );
    }
}
