//! What health checks are told, on the port of the calls and on a plain port of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::calls::Calls;
use super::connections::Connections;
use super::gate::Gated;
use super::services::Services;
use super::{Limits, plain};
use crate::inside::Arrivals;
use crate::tls::Tls;

/// The name under which health checks ask for the process as a whole.
const ALL: &str = "";

/// The health of a process: of each service by its name, and of all of them by the empty name.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    services: Services,
    state: Arc<Mutex<State>>,
}

enum State {
    Starting { waited_for: BTreeSet<&'static str> },
    Draining,
}

impl Health {
    /// The health of a process that is to serve these. None of them serves yet.
    pub async fn new(services: impl IntoIterator<Item = &'static str>) -> Self {
        let (reporter, server) = tonic_health::server::health_reporter();
        let waited_for: BTreeSet<_> = services.into_iter().collect();
        let this = Self {
            reporter,
            services: Services::new().with(server),
            state: Arc::new(Mutex::new(State::Starting {
                waited_for: waited_for.clone(),
            })),
        };
        for name in waited_for.into_iter().chain([ALL]) {
            this.report(name, ServingStatus::NotServing).await;
        }
        this
    }

    /// Answers health checks, and nothing else, until the handle is dropped. In plain text always: the probe of Kubernetes
    /// speaks nothing else, and nothing is told here that is not for everyone.
    pub fn answer_on(&self, listener: TcpListener) -> AbortOnDropHandle<()> {
        let calls = Calls::new(
            Gated::Open(Arc::new(self.services.clone())),
            plain::nothing(),
        );
        let connections = Connections::new(
            calls,
            Tls::none(),
            Limits::default(),
            CancellationToken::new(),
        );
        let serving = connections.serve(listener, Arrivals::none());
        AbortOnDropHandle::new(tokio::spawn(serving))
    }

    pub(super) fn services(&self) -> Services {
        self.services.clone()
    }

    /// A service may be called from now on; the process too when it was the last.
    pub(super) async fn serving(&self, service: &'static str) {
        let mut state = self.state.lock().await;
        let State::Starting { waited_for } = &mut *state else {
            return;
        };
        waited_for.remove(service);
        self.report(service, ServingStatus::Serving).await;
        if waited_for.is_empty() {
            self.report(ALL, ServingStatus::Serving).await;
        }
    }

    /// Nothing here should be called any more.
    pub(super) async fn draining(&self, services: &[&'static str]) {
        *self.state.lock().await = State::Draining;
        for name in services.iter().chain(&[ALL]) {
            self.report(name, ServingStatus::NotServing).await;
        }
    }

    async fn report(&self, name: &str, status: ServingStatus) {
        self.reporter.set_service_status(name, status).await;
    }
}
