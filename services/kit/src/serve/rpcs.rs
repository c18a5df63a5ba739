//! The rpcs of one port: the rule of each and how far its service is, found once for a call.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Mounted;
use super::services::{Answers, Services};
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
    served: HashMap<&'static str, Arc<Served>>,
    /// Those of libraries.
    libraries: Services,
}

/// How far a service is, and where its denials are recorded.
pub(super) struct Standing {
    pub access: access::Log,
    pub progress: Progress,
    ready: AtomicBool,
}

/// An rpc of a service that stands here.
pub(super) struct Served {
    pub rule: &'static Rule,
    pub service: Arc<Standing>,
    pub answers: Answers,
}

/// What a call names.
pub(super) enum Rpc {
    /// An rpc of a service that stands here.
    Served(Arc<Served>),
    /// One of a library: health checks and reflection, which grant nothing.
    Open {
        /// Whether it streams until its caller goes.
        endless: bool,
        answers: Answers,
    },
    /// Nothing that stands here.
    Unknown(String),
}

impl Rpcs {
    /// The rpcs of these services and of libraries.
    pub fn new(services: &[Mounted], libraries: Services, rules: &'static Rules) -> Self {
        let standing = |service: &Mounted| {
            let standing = Standing {
                access: service.access.clone(),
                progress: service.progress.clone(),
                ready: AtomicBool::new(false),
            };
            (service.name, Arc::new(standing))
        };
        let standing: HashMap<_, _> = services.iter().map(standing).collect();
        let answers = |rpc| services.iter().find_map(|service| service.rpcs.of(rpc));
        let served = rules.all().filter_map(|rule| {
            let rpc = rule.rpc();
            let served = Served {
                rule,
                service: Arc::clone(standing.get(service_of(rpc)?)?),
                answers: Arc::clone(answers(rpc)?),
            };
            Some((rpc, Arc::new(served)))
        });
        Self {
            served: served.collect(),
            services: standing,
            libraries,
        }
    }

    /// The rpc at the path of a request.
    pub fn at(&self, path: &str) -> Rpc {
        let rpc = path.trim_start_matches('/');
        let begins = |prefixes: &[&str]| prefixes.iter().any(|prefix| rpc.starts_with(prefix));
        if let Some(served) = self.served.get(rpc) {
            return Rpc::Served(Arc::clone(served));
        }
        if begins(&OPEN_PREFIXES)
            && let Some(answers) = self.libraries.of(rpc)
        {
            return Rpc::Open {
                endless: begins(&ENDLESS),
                answers: Arc::clone(answers),
            };
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
