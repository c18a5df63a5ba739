//! Ed25519 keys in files: PKCS #8 PEM, readable by their owner alone.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use ed25519_dalek::{SigningKey, VerifyingKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256};

use crate::clock;

/// A key that is missing, unreadable or no Ed25519 key.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be read or written.
    #[error("the key file {path} cannot be used: {source}")]
    File {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The content is no Ed25519 key.
    #[error("{what} is not an Ed25519 key")]
    Malformed {
        /// What was read.
        what: String,
    },
}

/// A private key with which somebody signs.
#[derive(Clone)]
pub struct PrivateKey(SigningKey);

/// A public key by which signatures are verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PrivateKey {
    /// A new random key.
    #[must_use]
    pub fn generate() -> Self {
        Self(SigningKey::from_bytes(&clock::random_bytes()))
    }

    /// The key in a PEM file; made there when the file does not exist.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds something else.
    pub fn load_or_create(path: &Path) -> Result<Self, Error> {
        match fs::read_to_string(path) {
            Ok(pem) => Self::from_pem(path, &pem),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match Self::create(path) {
                Err(Error::File { source, .. })
                    if source.kind() == io::ErrorKind::AlreadyExists =>
                {
                    Self::load_or_create(path)
                }
                created => created,
            },
            Err(source) => Err(file_error(path, source)),
        }
    }

    /// The key in a PEM file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let pem = fs::read_to_string(path).map_err(|source| file_error(path, source))?;
        Self::from_pem(path, &pem)
    }

    /// Writes it into a new PEM file.
    ///
    /// # Errors
    /// When the file exists or cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let pem = self
            .0
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| malformed("a new key"))?;
        write_private(path, pem.as_bytes()).map_err(|source| file_error(path, source))
    }

    fn create(path: &Path) -> Result<Self, Error> {
        let key = Self::generate();
        key.save(path)?;
        Ok(key)
    }

    fn from_pem(path: &Path, pem: &str) -> Result<Self, Error> {
        SigningKey::from_pkcs8_pem(pem)
            .map(Self)
            .map_err(|_| malformed(&path.display().to_string()))
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key())
    }

    /// The form in which tokens are signed.
    ///
    /// # Errors
    /// Never for a key that was made or loaded here.
    pub fn encoding(&self) -> Result<EncodingKey, Error> {
        let der = self.0.to_pkcs8_der().map_err(|_| malformed("the key"))?;
        Ok(EncodingKey::from_ed_der(der.as_bytes()))
    }
}

impl PublicKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// When they are no Ed25519 public key.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| malformed("the public key"))?;
        VerifyingKey::from_bytes(&bytes)
            .map(Self)
            .map_err(|_| malformed("the public key"))
    }

    /// Its 32 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.as_bytes().to_vec()
    }

    /// Its thumbprint (RFC 7638), by which it is named.
    #[must_use]
    pub fn kid(&self) -> String {
        let members = format!(
            r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#,
            self.base64url()
        );
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }

    /// As a JSON Web Key (RFC 8037).
    #[must_use]
    pub fn to_jwk(&self) -> String {
        let (x, kid) = (self.base64url(), self.kid());
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}","kid":"{kid}","use":"sig","alg":"EdDSA"}}"#
        )
    }

    fn base64url(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.as_bytes())
    }

    /// The form in which signatures are verified.
    ///
    /// # Errors
    /// Never for a key that was made or read here.
    pub fn decoding(&self) -> Result<DecodingKey, Error> {
        DecodingKey::from_ed_components(&self.base64url()).map_err(|_| malformed("the public key"))
    }
}

/// The file appears under its name only when it is whole, so that a kill leaves no half key; two that make it at once agree on
/// the first.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension(clock::new_uid());
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    let linked = fs::hard_link(&unfinished, path);
    fs::remove_file(&unfinished)?;
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    linked
}

fn file_error(path: &Path, source: io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        source,
    }
}

fn malformed(what: &str) -> Error {
    Error::Malformed {
        what: what.to_owned(),
    }
}
