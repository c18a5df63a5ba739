//! An address as the options give it, and the sockets that it stands for today.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tonic::transport::Uri;

/// A name server that says nothing is no answer.
const LOOK_UP: Duration = Duration::from_secs(2);
/// Where an address without a port is.
const HTTP: u16 = 80;

/// One address of a service.
pub(super) struct Address {
    uri: Uri,
    host: String,
    port: u16,
}

impl Address {
    /// `http://host:port`; `None` for what names no host.
    pub fn of(uri: Uri) -> Option<Self> {
        uri.scheme()?;
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let port = uri.port_u16().unwrap_or(HTTP);
        Some(Self { uri, host, port })
    }

    /// What calls name as the server they are meant for.
    pub fn origin(&self) -> &Uri {
        &self.uri
    }

    /// The socket when the host is an IP address, which is always the same.
    pub fn fixed(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// Asks the name server.
    pub async fn look_up(&self) -> io::Result<Vec<SocketAddr>> {
        let asked = tokio::net::lookup_host((self.host.as_str(), self.port));
        let found = tokio::time::timeout(LOOK_UP, asked).await??;
        Ok(found.collect())
    }
}
