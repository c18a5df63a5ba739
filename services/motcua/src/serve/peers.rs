//! Where the services of the suite are, of which this process serves some.

use std::io;
use std::net::SocketAddr;
use std::str::FromStr;

use http::Uri;
use kit::client::{Peers, Way};
use kit::tls::Tls;

/// A service, or one replica of it, in another process.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Its name.
    pub service: String,
    uri: Uri,
}

impl Elsewhere {
    /// Whether it is reached under TLS.
    pub fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }
}

impl FromStr for Elsewhere {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, uri) = text.split_once('=').ok_or("must be NAME=URI")?;
        let uri: Uri = uri
            .parse()
            .map_err(|error| format!("`{uri}` is no URI: {error}"))?;
        let is_known = matches!(uri.scheme_str(), Some("http" | "https"));
        if !is_known || uri.host().is_none() {
            return Err(format!(
                "`{uri}` must be http://host:port or https://host:port"
            ));
        }
        let service = service.to_owned();
        Ok(Self { service, uri })
    }
}

/// The ways to all of them: to those that are served here within the process, to the others under TLS where their address says so.
pub fn all(
    served: impl Iterator<Item = &'static str>,
    here: &Way,
    elsewhere: &[Elsewhere],
    tls: &Tls,
) -> Peers {
    let served = served.map(|service| (service.to_owned(), here.clone()));
    let elsewhere = elsewhere
        .iter()
        .map(|peer| (peer.service.clone(), Way::Network(peer.uri.clone())));
    Peers::over(served.chain(elsewhere), tls)
}

/// What the services of this process call it among themselves.
///
/// # Errors
/// When the address is none of HTTP.
pub fn origin(address: SocketAddr) -> io::Result<Uri> {
    let uri = format!("http://{address}").parse();
    uri.map_err(|_| io::Error::other("the listening address is no URI"))
}
