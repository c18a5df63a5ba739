//! The rpcs of one port: the rule of each and how far its service is, found once for a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Mounted;
use crate::access;
use crate::authority::{Rule, Rules};
use crate::consumer::Progress;
use crate::telemetry;

/// The rpcs of libraries, to which nobody needs a right.
const OPEN_PREFIXES: [&str; 2] = ["grpc.health.v1.Health/", "grpc.reflection."];
/// Those that stream until their caller goes.
const ENDLESS: [&str; 2] = ["grpc.health.v1.Health/Watch", "grpc.reflection."];

/// What one port serves.
pub(super) struct Rpcs {
    services: HashMap<&'static str, Arc<Standing>>,
    served: HashMap<&'static str, Served>,
}

/// How far a service is, and where its denials are recorded.
pub(super) struct Standing {
    pub access: access::Log,
    pub progress: Progress,
    ready: AtomicBool,
}

/// An rpc of a service that stands here.
#[derive(Clone)]
pub(super) struct Served {
    pub rule: &'static Rule,
    pub service: Arc<Standing>,
}

/// What a call names.
#[derive(Clone)]
pub(super) enum Rpc {
    /// An rpc of a service that stands here.
    Served(Served),
    /// One of a library: health checks and reflection, which grant nothing.
    Open {
        /// Whether it streams until its caller goes.
        endless: bool,
    },
    /// Nothing that stands here.
    Unknown(String),
}

impl Rpcs {
    pub fn new(services: &[Mounted], rules: &'static Rules) -> Self {
        let standing = |service: &Mounted| {
            let standing = Standing {
                access: service.access.clone(),
                progress: service.progress.clone(),
                ready: AtomicBool::new(false),
            };
            (service.name, Arc::new(standing))
        };
        let services: HashMap<_, _> = services.iter().map(standing).collect();
        let served = rules.all().filter_map(|rule| {
            let service = Arc::clone(services.get(service_of(rule.rpc())?)?);
            Some((rule.rpc(), Served { rule, service }))
        });
        Self {
            served: served.collect(),
            services,
        }
    }

    /// The rpc at the path of a request.
    pub fn at(&self, path: &str) -> Rpc {
        let rpc = path.trim_start_matches('/');
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| rpc.starts_with(prefix));
        if let Some(served) = self.served.get(rpc) {
            return Rpc::Served(served.clone());
        }
        if begins(&OPEN_PREFIXES) {
            let endless = begins(&ENDLESS);
            return Rpc::Open { endless };
        }
        Rpc::Unknown(rpc.to_owned())
    }

    /// A service, by its name.
    pub fn service(&self, name: &str) -> Option<&Standing> {
        self.services.get(name).map(Arc::as_ref)
    }
}

impl Standing {
    /// It is ready from now on.
    pub fn open(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether it is ready.
    pub fn is_open(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}

impl Rpc {
    /// What a call of it is told under; `None` for those of libraries, which are not told.
    pub fn told_as(&self) -> Option<&'static str> {
        match self {
            Self::Served(served) => Some(served.rule.rpc()),
            Self::Open { .. } => None,
            Self::Unknown(_) => Some(telemetry::OTHER),
        }
    }
}

/// `intake` of `motcua.intake.v1.DossierService/GetDossier`.
fn service_of(rpc: &str) -> Option<&str> {
    let (service, _) = rpc.rsplit_once('/')?;
    let (package, _) = service.rsplit_once('.')?;
    package.strip_prefix("motcua.")?.strip_suffix(".v1")
}
