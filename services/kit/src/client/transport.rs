//! How a replica is connected to.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tower::service_fn;

use crate::inside::Inside;
use crate::tls::Tls;

/// How a replica is connected to.
#[derive(Clone)]
pub(super) enum Transport {
    /// In plain text.
    Plain,
    /// Under TLS.
    Tls(Trust),
    /// Within this process.
    Inside(Inside),
}

/// Whom to trust.
#[derive(Clone)]
pub(super) struct Trust {
    /// For whom the certificate must be.
    pub name: ServerName<'static>,
    /// Whose certificates are accepted.
    pub tls: Tls,
    /// Whether it was said that a connection came to nothing, since one last came about: calls are many.
    said: Arc<AtomicBool>,
}

impl Transport {
    /// Connects when the first call is made, and anew whenever the connection is gone.
    pub fn connect(self, at: SocketAddr, endpoint: &Endpoint) -> Channel {
        match self {
            Self::Plain => endpoint.connect_lazy(),
            Self::Tls(trust) => endpoint.connect_with_connector_lazy(service_fn(move |_| {
                let trust = trust.clone();
                async move { trust.connect(at).await.map(TokioIo::new) }
            })),
            Self::Inside(inside) => endpoint.connect_with_connector_lazy(service_fn(move |_| {
                let inside = inside.clone();
                async move { inside.connect().await.map(TokioIo::new) }
            })),
        }
    }
}

impl Trust {
    /// Trust in a server of this name; `None` when a certificate cannot bear it.
    pub fn of(host: &str, tls: Tls) -> Option<Self> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let said = Arc::default();
        Some(Self { name, tls, said })
    }

    async fn connect(&self, at: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let unknown = || io::Error::other("it is not set whose certificates to accept");
        let config = self.tls.client().ok_or_else(unknown)?;
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(config);
        let connected = connector.connect(self.name.clone(), stream).await;
        let said = self.said.swap(connected.is_err(), Ordering::AcqRel);
        if let Err(error) = &connected
            && !said
        {
            tracing::warn!(%at, %error, "a service and we could not agree on TLS");
        }
        connected
    }
}
