//! Serving: one port for any set of services, with everything around an rpc that no service should have to think of.

mod gate;
mod ground;

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::BoxFuture;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_web::GrpcWebLayer;

use crate::caller::{Rule, Verifier};
use crate::clock::Clock;
use crate::consumer::Progress;
use gate::Gate;
pub use ground::{Ground, StartError};

/// How long a drain may take before connections are cut.
const DRAIN: Duration = Duration::from_secs(10);
const MAX_STREAMS: u32 = 512;
const MAX_HEADER_LIST: u32 = 16 * 1024;

/// The metadata key by which a call to a suite with a simulated clock says what time it is: RFC 3339.
pub const SIMULATED_TIME: &str = "motcua-simulated-time";
/// The metadata key that brings back `motcua-position`.
pub const AFTER: &str = "motcua-after";
/// The metadata key of a reply's trace id.
pub const TRACE_ID: &str = "motcua-trace-id";

/// One service, ready to be mounted on a port.
pub struct Mounted {
    /// Its name: `intake` for the package `motcua.intake.v1`.
    pub name: &'static str,
    /// Its rpcs.
    pub routes: Routes,
    /// Who may call them.
    pub rules: &'static [Rule],
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
    /// The connection layer failed.
    #[error("serving failed: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// Reflection could not be built.
    #[error("reflection failed: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The port failed.
    #[error("the port failed: {0}")]
    Port(#[from] std::io::Error),
}

/// How a port is served.
pub struct Port {
    /// Where calls arrive.
    pub listener: TcpListener,
    /// How tokens are verified.
    pub verifier: Verifier,
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

    /// Serves until stopped: then says so to health checks, ends what is under way, and cuts what does not end in 10 s.
    ///
    /// # Errors
    /// When an rpc has no rule, or the port fails.
    pub async fn serve(self, services: Vec<Mounted>) -> Result<(), Error> {
        for service in &services {
            must_have_rules(service)?;
        }
        let (health, health_service) = tonic_health::server::health_reporter();
        let mut routes = Routes::new(health_service);
        if self.reflection {
            routes = routes.add_service(reflection()?);
        }
        let gate = Gate::new(self.verifier, self.clock, &services);
        let mut port = routes.into_axum_router();
        for service in services {
            health
                .set_service_status(service.name, ServingStatus::NotServing)
                .await;
            // One fallback answers for all that nobody serves: that of the health checks' router.
            port = port.merge(service.routes.into_axum_router().reset_fallback());
            let (health, name, ready) = (health.clone(), service.name, service.ready);
            let opening = gate.clone();
            let stop = self.stop.clone();
            self.tasks.spawn(async move {
                if stop.run_until_cancelled(ready).await.is_some() {
                    opening.open(name);
                    health
                        .set_service_status(name, ServingStatus::Serving)
                        .await;
                    tracing::info!(service = name, "ready");
                }
            });
        }
        let port = port.layer(axum::middleware::from_fn_with_state(gate, gate::pass));
        let serving = Server::builder()
            .accept_http1(true)
            .max_concurrent_streams(MAX_STREAMS)
            .http2_max_header_list_size(MAX_HEADER_LIST)
            .layer(GrpcWebLayer::new())
            .add_routes(Routes::from(port))
            .serve_with_incoming_shutdown(
                TcpIncoming::from(self.listener).with_nodelay(Some(true)),
                self.stop.clone().cancelled_owned(),
            );
        let cut = async {
            self.stop.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            served = serving => served?,
            () = cut => tracing::warn!("calls did not end in time and were cut"),
        }
        self.tasks.close();
        if tokio::time::timeout(DRAIN, self.tasks.wait())
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
fn must_have_rules(service: &Mounted) -> Result<(), Error> {
    let package = format!("motcua.{}.v1", service.name);
    let files = FileDescriptorSet::decode(proto::DESCRIPTORS)
        .map(|set| set.file)
        .unwrap_or_default();
    for file in files.iter().filter(|file| file.package() == package) {
        for of in &file.service {
            for method in &of.method {
                let rpc = format!("{package}.{}/{}", of.name(), method.name());
                if !service.rules.iter().any(|rule| rule.rpc == rpc) {
                    return Err(Error::NoRule(rpc));
                }
            }
        }
    }
    Ok(())
}
