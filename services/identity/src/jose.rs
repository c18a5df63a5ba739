//! Keys of others, as JSON Web Keys (RFC 7517), and what they signed.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};

/// RSA keys with fewer bits are refused.
const LEAST_RSA_BITS: usize = 2048;

/// Why a key is of no use here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is no JSON Web Key.
    #[error("it is no JSON Web Key")]
    Malformed,
    /// It is secret: a symmetric key, or one with its private half.
    #[error("it holds a secret: send the public half only")]
    Secret,
    /// Its kind is not among those that are taken.
    #[error("it must be an Ed25519, P-256, P-384 or RSA key of at least 2048 bits")]
    Kind,
}

/// A public key that signs in a way of its own: which algorithm is taken is the key's to say, never the token's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerKey {
    jwk: Jwk,
    kid: String,
}

impl SignerKey {
    /// Reads a JSON Web Key.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let fields: serde_json::Value =
            serde_json::from_str(text).map_err(|_| Unusable::Malformed)?;
        if ["d", "k", "p", "q"]
            .iter()
            .any(|secret| fields.get(secret).is_some())
        {
            return Err(Unusable::Secret);
        }
        let jwk: Jwk = serde_json::from_value(fields).map_err(|_| Unusable::Malformed)?;
        Self::new(jwk)
    }

    /// Takes a key over.
    ///
    /// # Errors
    /// [`Unusable`].
    pub fn new(mut jwk: Jwk) -> Result<Self, Unusable> {
        algorithms(&jwk).ok_or(Unusable::Kind)?;
        DecodingKey::from_jwk(&jwk).map_err(|_| Unusable::Malformed)?;
        let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256);
        let kid = thumbprint.map_err(|_| Unusable::Malformed)?;
        jwk.common.key_id.get_or_insert_with(|| kid.clone());
        Ok(Self { jwk, kid })
    }

    /// Its thumbprint (RFC 7638), by which it is named here.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Whether this is the key that a token's header means; without a `kid` any may be meant.
    #[must_use]
    pub fn is_meant_by(&self, kid: Option<&str>) -> bool {
        let own = self.jwk.common.key_id.as_deref();
        kid.is_none_or(|kid| kid == self.kid || Some(kid) == own)
    }

    /// The algorithms that it signs with.
    #[must_use]
    pub fn algorithms(&self) -> &'static [Algorithm] {
        algorithms(&self.jwk).unwrap_or_default()
    }

    /// The form in which signatures are verified.
    ///
    /// # Errors
    /// Never for a key that was parsed here.
    pub fn decoding(&self) -> Result<DecodingKey, Unusable> {
        DecodingKey::from_jwk(&self.jwk).map_err(|_| Unusable::Malformed)
    }

    /// As it stands in files and in the store.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&self.jwk).unwrap_or_default()
    }
}

fn algorithms(jwk: &Jwk) -> Option<&'static [Algorithm]> {
    match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            Some(&[Algorithm::EdDSA])
        }
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => Some(&[Algorithm::ES256]),
            EllipticCurve::P384 => Some(&[Algorithm::ES384]),
            _ => None,
        },
        AlgorithmParameters::RSA(key) if rsa_bits(&key.n) >= LEAST_RSA_BITS => Some(&[
            Algorithm::RS256,
            Algorithm::RS384,
            Algorithm::RS512,
            Algorithm::PS256,
            Algorithm::PS384,
            Algorithm::PS512,
        ]),
        _ => None,
    }
}

/// How long a modulus is, in base64 without padding: 4 characters hold 24 bits.
fn rsa_bits(modulus: &str) -> usize {
    modulus.len() * 6 / 8 * 8
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED25519: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn a_key_is_named_by_its_thumbprint() {
        // RFC 8037, appendix A.3.
        let key = SignerKey::parse(ED25519).unwrap();
        assert_eq!(key.kid(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(key.algorithms(), [Algorithm::EdDSA]);
        assert_eq!(SignerKey::parse(&key.to_json()).unwrap(), key);
        assert!(key.is_meant_by(None) && key.is_meant_by(Some(key.kid())));
        assert!(!key.is_meant_by(Some("another")));
    }

    #[test]
    fn secrets_and_weak_keys_are_refused() {
        let secret = ED25519.replace("\"x\"", "\"d\":\"nWGxne\",\"x\"");
        assert_eq!(SignerKey::parse(&secret), Err(Unusable::Secret));
        let symmetric = r#"{"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"}"#;
        assert_eq!(SignerKey::parse(symmetric), Err(Unusable::Secret));
        let short = format!(r#"{{"kty":"RSA","e":"AQAB","n":"{}"}}"#, "A".repeat(171));
        assert_eq!(SignerKey::parse(&short), Err(Unusable::Kind));
        assert_eq!(SignerKey::parse("{}"), Err(Unusable::Kind));
        assert_eq!(SignerKey::parse("key"), Err(Unusable::Malformed));
    }
}
