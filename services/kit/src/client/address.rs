//! An address as the options give it, and the sockets that it stands for today.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tonic::transport::Uri;

use super::Way;
use super::transport::{Transport, Trust};
use crate::tls::Tls;

/// A name server that says nothing is no answer.
const LOOK_UP: Duration = Duration::from_secs(2);
/// Where an address without a port is, in plain text and under TLS.
const HTTP: u16 = 80;
const HTTPS: u16 = 443;

/// One address of a service.
pub(super) struct Address {
    uri: Uri,
    host: String,
    port: u16,
    transport: Transport,
}

impl Address {
    /// `http://host:port` or `https://host:port`; `None` for what names no host.
    pub fn of(way: Way, tls: &Tls) -> Option<Self> {
        let (uri, inside) = match way {
            Way::Network(uri) => (uri, None),
            Way::Inside(uri, inside) => (uri, Some(inside)),
        };
        let is_secure = uri.scheme_str()? == "https";
        let host = uri.host()?.trim_matches(['[', ']']).to_owned();
        let usual = if is_secure { HTTPS } else { HTTP };
        let transport = match inside {
            Some(inside) => Transport::Inside(inside),
            None if is_secure => Transport::Tls(Trust::of(&host, tls.clone())?),
            None => Transport::Plain,
        };
        Some(Self {
            port: uri.port_u16().unwrap_or(usual),
            uri,
            host,
            transport,
        })
    }

    /// How its sockets are connected to.
    pub fn transport(&self) -> Transport {
        self.transport.clone()
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
