//! Which certificates `motcua serve` shows and accepts.

use std::path::PathBuf;

use clap::Args;
use kit::tls::{Error, Files, Own, Tls};

/// Certificates and keys, all PEM; looked at every two seconds, so that they can be renewed while the process serves.
#[derive(Args)]
pub struct TlsOptions {
    /// Our certificate, followed by those between it and its authority: calls arrive under TLS then, and other services are
    /// shown it where they ask.
    #[arg(
        long = "tls-certificate",
        env = "MOTCUA_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "key"
    )]
    certificate: Option<PathBuf>,
    /// The private key of the certificate.
    #[arg(
        id = "key",
        long = "tls-key",
        env = "MOTCUA_TLS_KEY",
        value_name = "FILE",
        requires = "certificate"
    )]
    key: Option<PathBuf>,
    /// The authorities of the certificates of clients, which are asked for one then.
    #[arg(
        long = "tls-client-ca",
        env = "MOTCUA_TLS_CLIENT_CA",
        value_name = "FILE",
        requires = "certificate"
    )]
    client_ca: Option<PathBuf>,
    /// Refuse clients without a certificate.
    #[arg(
        long = "tls-client-required",
        env = "MOTCUA_TLS_CLIENT_REQUIRED",
        value_parser = clap::builder::FalseyValueParser::new(),
        requires = "client_ca"
    )]
    client_required: bool,
    /// The authorities of the certificates of other services, at `--peer` with `https`.
    #[arg(long = "tls-ca", env = "MOTCUA_TLS_CA", value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl TlsOptions {
    /// Reads the files.
    ///
    /// # Errors
    /// When one is missing, broken, or does not fit the others.
    pub fn load(&self) -> Result<Tls, Error> {
        let own = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(Own {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            _ => None,
        };
        Tls::load(Files {
            own,
            client_ca: self.client_ca.clone(),
            client_required: self.client_required,
            ca: self.ca.clone(),
        })
    }

    /// Whether it is known whose certificates to accept of other services.
    pub fn trusts_others(&self) -> bool {
        self.ca.is_some()
    }
}
