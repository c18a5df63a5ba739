//! From files to what a connection needs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use super::Files;
use super::certificate::end_of;

/// What is spoken over TLS; a service of ours calls others by the first only.
const HTTP2: &[u8] = b"h2";
const HTTP1: &[u8] = b"http/1.1";

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is no PEM, or has nothing of what is looked for.
    #[error("{path} has no {what} in PEM: {source}")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// Why.
        source: pem::Error,
    },
    /// An authority's certificate cannot be used as one.
    #[error("{path} has a certificate that is no authority: {source}")]
    Authority {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// Certificate and key do not fit each other, or are of a kind that is not used any more.
    #[error("the certificate {path} cannot be used with its key: {source}")]
    Unusable {
        /// The certificate.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
    /// The verification of clients' certificates cannot be set up.
    #[error("{path} cannot verify clients: {source}")]
    Verifier {
        /// The authorities.
        path: PathBuf,
        /// Why.
        source: rustls::server::VerifierBuilderError,
    },
    /// The library refuses its own defaults.
    #[error("TLS cannot be set up: {0}")]
    Library(#[from] rustls::Error),
}

/// What the files hold.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Contents {
    certificate: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    client_ca: Option<Vec<u8>>,
    ca: Option<Vec<u8>>,
}

impl Contents {
    pub fn read(files: &Files) -> Result<Self, Error> {
        let own = files.own.as_ref();
        Ok(Self {
            certificate: read(own.map(|own| own.certificate.as_path()))?,
            key: read(own.map(|own| own.key.as_path()))?,
            client_ca: read(files.client_ca.as_deref())?,
            ca: read(files.ca.as_deref())?,
        })
    }
}

/// How connections are taken in and made.
#[derive(Default)]
pub(super) struct Configs {
    pub server: Option<Arc<ServerConfig>>,
    pub client: Option<Arc<ClientConfig>>,
    /// When our own certificate ends.
    ends: Option<String>,
}

/// A chain of certificates and the key of its first.
type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

impl Configs {
    pub fn of(files: &Files, contents: &Contents) -> Result<Self, Error> {
        let provider = Arc::new(ring::default_provider());
        let own = identity(files, contents)?;
        let ends = own.as_ref().and_then(|(chain, _)| end_of(chain.first()?));
        let client = match (&files.ca, &contents.ca) {
            (Some(path), Some(pem)) => {
                let roots = authorities(path, pem)?;
                let client = client(&provider, roots, files, copy(own.as_ref()))?;
                Some(Arc::new(client))
            }
            _ => None,
        };
        let server = match own {
            Some(own) => Some(Arc::new(server(&provider, files, contents, own)?)),
            None => None,
        };
        Ok(Self {
            server,
            client,
            ends,
        })
    }

    /// Says which certificate is used from now on.
    pub fn tell(&self) {
        if let Some(ends) = &self.ends {
            tracing::info!(until = ends, "a certificate is used from now on");
        }
    }
}

fn server(
    provider: &Arc<CryptoProvider>,
    files: &Files,
    contents: &Contents,
    (chain, key): Identity,
) -> Result<ServerConfig, Error> {
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?;
    let builder = match (&files.client_ca, &contents.client_ca) {
        (Some(path), Some(pem)) => {
            let roots = authorities(path, pem)?;
            let verifier = verifier(provider, roots, files.client_required);
            let verifier = verifier.map_err(|source| Error::Verifier {
                path: path.clone(),
                source,
            })?;
            builder.with_client_cert_verifier(verifier)
        }
        _ => builder.with_no_client_auth(),
    };
    let config = builder.with_single_cert(chain, key);
    let mut config = config.map_err(|source| unusable(files, source))?;
    config.alpn_protocols = vec![HTTP2.to_vec(), HTTP1.to_vec()];
    Ok(config)
}

fn client(
    provider: &Arc<CryptoProvider>,
    roots: RootCertStore,
    files: &Files,
    own: Option<Identity>,
) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::clone(provider))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots);
    let mut config = match own {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain, key)
            .map_err(|source| unusable(files, source))?,
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}

fn verifier(
    provider: &Arc<CryptoProvider>,
    roots: RootCertStore,
    required: bool,
) -> Result<Arc<dyn ClientCertVerifier>, rustls::server::VerifierBuilderError> {
    let provider = Arc::clone(provider);
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    if required {
        builder.build()
    } else {
        builder.allow_unauthenticated().build()
    }
}

fn identity(files: &Files, contents: &Contents) -> Result<Option<Identity>, Error> {
    let (Some(own), Some(certificate), Some(key)) =
        (&files.own, &contents.certificate, &contents.key)
    else {
        return Ok(None);
    };
    let chain = certificates(&own.certificate, certificate)?;
    let key = PrivateKeyDer::from_pem_slice(key);
    let key = key.map_err(|source| malformed(&own.key, "private key", source))?;
    Ok(Some((chain, key)))
}

fn copy(own: Option<&Identity>) -> Option<Identity> {
    own.map(|(chain, key)| (chain.clone(), key.clone_key()))
}

fn authorities(path: &Path, pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        roots.add(certificate).map_err(|source| Error::Authority {
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(roots)
}

/// At least one certificate.
fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => {
            Err(malformed(path, "certificate", pem::Error::NoItemsFound))
        }
        Ok(chain) => Ok(chain),
        Err(source) => Err(malformed(path, "certificate", source)),
    }
}

fn read(path: Option<&Path>) -> Result<Option<Vec<u8>>, Error> {
    let Some(path) = path else {
        return Ok(None);
    };
    let contents = fs::read(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(Some(contents))
}

fn malformed(path: &Path, what: &'static str, source: pem::Error) -> Error {
    Error::Malformed {
        path: path.to_owned(),
        what,
        source,
    }
}

fn unusable(files: &Files, source: rustls::Error) -> Error {
    let path = files.own.as_ref().map(|own| own.certificate.clone());
    Error::Unusable {
        path: path.unwrap_or_default(),
        source,
    }
}
