//! Certificates as far as they are looked into: whose they are, and until when.

use rustls::pki_types::CertificateDer;
use sha2::{Digest as _, Sha256};
use x509_cert::Certificate;
use x509_cert::der::{self, Decode as _};

/// The certificate that the other side of a connection has proven to hold, issued by an authority that we accept.
///
/// Every request that came over the connection has it among its extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// Its subject as RFC 4514 writes it: `CN=Cổng dịch vụ công,O=Tỉnh Đắk Lắk,C=VN`.
    pub subject: String,
    /// SHA-256 of the certificate in DER: `x5t#S256` of RFC 8705.
    pub thumbprint: [u8; 32],
}

/// A request that came under TLS has this among its extensions.
#[derive(Clone, Copy, Debug)]
pub struct OverTls;

/// What was agreed when a connection began under TLS.
#[derive(Clone)]
pub(crate) struct Session {
    /// What the other side has shown, where it was asked to.
    pub certificate: Option<PeerCertificate>,
}

impl PeerCertificate {
    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// When it is none.
    pub fn of(der: &[u8]) -> Result<Self, der::Error> {
        let certificate = Certificate::from_der(der)?;
        Ok(Self {
            subject: certificate.tbs_certificate.subject.to_string(),
            thumbprint: Sha256::digest(der).into(),
        })
    }

    /// That of the other side: the first of its chain, where it presented one.
    pub(crate) fn of_chain(
        chain: Option<&[CertificateDer<'_>]>,
    ) -> Result<Option<Self>, der::Error> {
        let first = chain.and_then(<[_]>::first);
        first.map(|certificate| Self::of(certificate)).transpose()
    }
}

/// The last moment of a certificate, for the operator.
pub(super) fn end_of(der: &[u8]) -> Option<String> {
    let certificate = Certificate::from_der(der).ok()?;
    Some(certificate.tbs_certificate.validity.not_after.to_string())
}
