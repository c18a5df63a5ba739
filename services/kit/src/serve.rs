//! Serving: one port for any set of services, with everything around an rpc that no service should have to think of.

mod calls;
mod connections;
mod ending;
mod gate;
mod ground;
mod health;
mod metadata;
mod meter;
mod peer;
mod plain;
mod rates;
mod refusing;
mod rpcs;
mod seats;
mod services;
mod stream;

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::BoxFuture;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access;
use crate::authority::Rules;
use crate::caller::Verifier;
use crate::clock::Clock;
use crate::consumer::Progress;
use crate::deadline;
use crate::inside::Arrivals;
use crate::tls::Tls;
pub use crate::tls::{OverTls, PeerCertificate};
use calls::Calls;
use connections::Connections;
use gate::{Gate, Gated};
pub use ground::{Ground, StartError};
pub use health::Health;
pub use meter::Meter;
pub use peer::Peer;
pub use plain::HttpRefusal;
pub use refusing::explained;
pub use services::Services;

/// How long what runs beside the rpcs may take to end, once these have.
const TASKS_END: Duration = Duration::from_secs(10);

/// The metadata key by which a call to a suite with a simulated clock says what time it is: RFC 3339.
pub const SIMULATED_TIME: &str = "motcua-simulated-time";
/// The metadata key that brings back `motcua-position`.
pub const AFTER: &str = "motcua-after";
/// The metadata key of a reply's trace id.
pub const TRACE_ID: &str = "motcua-trace-id";

/// A call of an rpc.
type Request = http::Request<tonic::body::Body>;
/// The answer to it.
type Response = http::Response<tonic::body::Body>;

/// What a service answers over plain HTTP.
pub type Pages = axum::Router;

/// One service, ready to be mounted on a port.
pub struct Mounted {
    /// Its name: `intake` for the package `motcua.intake.v1`.
    pub name: &'static str,
    /// Its rpcs.
    pub rpcs: Services,
    /// What it answers over plain HTTP on the same port, in both of its versions. A request comes with its body read, and has
    /// the time of the call as [`crate::authority::Context`], under TLS [`OverTls`], and the client's certificate as
    /// [`PeerCertificate`] among its extensions. Who may ask is for the service to say.
    pub http: Pages,
    /// Where denials of its rpcs are recorded.
    pub access: access::Log,
    /// How far it has taken in the others' logs.
    pub progress: Progress,
    /// Ends when it may be called.
    pub ready: BoxFuture<'static, ()>,
}

/// Why a port is not served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody said who may call these.
    #[error("no rule says who may call {0}")]
    NoRule(String),
    /// Reflection could not be built.
    #[error("reflection failed: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// What a port bears.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections of one address. Callers behind one gateway or address translation share it, and hundreds of units may.
    pub per_peer: usize,
    /// Connections in all; they must fit in the process's file descriptors beside those of its stores.
    pub total: usize,
    /// How long a connection may take to begin: to agree on TLS, and to bring the preface of HTTP/2, or anything at all of
    /// HTTP/1.1.
    pub handshake: Duration,
    /// A peer that says nothing for so long is asked whether it is still there …
    pub keep_alive: Duration,
    /// … and is given up when it does not answer within this.
    pub keep_alive_answer: Duration,
    /// How long a request over plain HTTP may take, its body included.
    pub page: Duration,
    /// After about this long a connection is ended in order, so that its peer connects anew and replicas that were added
    /// get their share.
    pub age: Duration,
    /// How long the calls on such a connection may go on.
    pub grace: Duration,
    /// How long a drain may take before connections are cut.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            per_peer: 512,
            total: 8192,
            handshake: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
            keep_alive_answer: Duration::from_secs(10),
            page: Duration::from_secs(10),
            age: Duration::from_mins(15),
            // No call lasts longer.
            grace: deadline::MOST,
            drain: Duration::from_secs(10),
        }
    }
}

/// How a port is served.
pub struct Port {
    /// Where calls arrive.
    pub listener: TcpListener,
    /// Where those of the services arrive that this process serves itself.
    pub inside: Arrivals,
    /// The certificate that it shows, and those that it wants to see.
    pub tls: Tls,
    /// What it bears.
    pub limits: Limits,
    /// What health checks are told, of the services that will be mounted.
    pub health: Health,
    /// How tokens are verified.
    pub verifier: Verifier,
    /// Who may call what.
    pub rules: &'static Rules,
    /// Civil time.
    pub clock: Clock,
    /// Whether the contract can be asked for over the port.
    pub reflection: bool,
    /// Everything that runs beside the rpcs.
    pub tasks: TaskTracker,
    /// Cancelled when the process should end.
    pub stop: CancellationToken,
}

impl Port {
    /// Where it listens.
    ///
    /// # Errors
    /// When the listener is gone.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until stopped: then says so to health checks, ends what is under way, and cuts what does not end in time.
    ///
    /// # Errors
    /// When an rpc has no rule.
    pub async fn serve(self, services: Vec<Mounted>) -> Result<(), Error> {
        for service in &services {
            must_have_rules(service, self.rules)?;
        }
        let names: Vec<_> = services.iter().map(|service| service.name).collect();
        let mut libraries = self.health.services();
        if self.reflection {
            libraries = libraries.with(reflection()?);
        }
        let following = self.verifier.clone().follow();
        let stop = self.stop.clone();
        self.tasks
            .spawn(async move { stop.run_until_cancelled(following).await });
        let drain = CancellationToken::new();
        let gate = Gate::new(
            self.verifier,
            self.clock,
            self.rules,
            (&services, libraries),
            drain.clone(),
        );
        let pages = plain::pages(&gate, &services, self.limits.page);
        let logs: Vec<_> = services
            .iter()
            .map(|service| service.access.clone())
            .collect();
        for service in services {
            let (health, name, ready) = (self.health.clone(), service.name, service.ready);
            let opening = gate.clone();
            let stop = self.stop.clone();
            self.tasks.spawn(async move {
                if stop.run_until_cancelled(ready).await.is_some() {
                    opening.open(name);
                    health.serving(name).await;
                    tracing::info!(service = name, "ready");
                }
            });
        }
        let calls = Calls::new(Gated::Behind(gate), pages);
        let connections = Connections::new(calls, self.tls, self.limits, drain.clone());
        let draining = async {
            self.stop.cancelled().await;
            // Whoever asks is told before the first connection is told to end.
            self.health.draining(&names).await;
            drain.cancel();
        };
        tokio::join!(connections.serve(self.listener, self.inside), draining);
        // No call is left that could have something to record.
        logs.iter().for_each(access::Log::end);
        self.tasks.close();
        if tokio::time::timeout(TASKS_END, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("tasks did not end in time");
        }
        Ok(())
    }
}

fn reflection() -> Result<
    tonic_reflection::server::v1::ServerReflectionServer<
        impl tonic_reflection::server::v1::ServerReflection,
    >,
    Error,
> {
    Ok(tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?)
}

/// Every rpc of the service's package has a rule.
fn must_have_rules(service: &Mounted, rules: &Rules) -> Result<(), Error> {
    let package = format!("motcua.{}.v1", service.name);
    let files = FileDescriptorSet::decode(proto::DESCRIPTORS)
        .map(|set| set.file)
        .unwrap_or_default();
    for file in files.iter().filter(|file| file.package() == package) {
        for of in &file.service {
            for method in &of.method {
                let rpc = format!("{package}.{}/{}", of.name(), method.name());
                if rules.of(&rpc).is_none() {
                    return Err(Error::NoRule(rpc));
                }
            }
        }
    }
    Ok(())
}
