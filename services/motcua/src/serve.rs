//! `motcua serve`: any set of services on one port.

mod files;
mod peers;
mod tls;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset};
use clap::Args;
use kit::authority::{self, Rules};
use kit::caller::Verifier;
use kit::client::{Peers, Way};
use kit::clock::Clock;
use kit::db::Stores;
use kit::inside::inside;
use kit::keys::{self, PublicKey};
use kit::queue::Queue;
use kit::seal::{self, Keyring};
use kit::serve::{Ground, Health, Limits, Mounted, Port};
use kit::telemetry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::keys::KeyFolder;
use crate::stores::{StoreOptions, open_when_there};
use peers::Elsewhere;
use tls::TlsOptions;

/// What to serve, and where.
#[derive(Args)]
pub struct Options {
    /// The services to serve: all, identity, catalogue, intake, routing.
    #[arg(default_value = "all", value_name = "SERVICE")]
    services: Vec<Chosen>,
    #[command(flatten)]
    stores: StoreOptions,
    /// The Redis that all processes of the suite share: `redis://host:port/number`, `rediss://…`,
    /// `redis+sentinel://host:port,host:port/service` or `redis+cluster://host:port,host:port`. Without it the queue is within
    /// this process.
    #[arg(long, env = "MOTCUA_QUEUE", hide_env_values = true, value_name = "URL")]
    queue: Option<kit::queue::Address>,
    /// Where calls arrive; port 0 takes a free one.
    #[arg(long, env = "MOTCUA_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Where health checks arrive too, without any of the limits on calls and always in plain text, as the probes of
    /// Kubernetes want it; from the very start until the end.
    #[arg(long, env = "MOTCUA_HEALTH", value_name = "ADDR")]
    health: Option<SocketAddr>,
    /// Where a service that is not served here is: `identity=http://host:port`, or `https` where it has a certificate for
    /// that host. May be given several times, also for the replicas of one service.
    #[arg(long = "peer", env = "MOTCUA_PEERS", value_delimiter = ',', value_parser = Elsewhere::from_str)]
    peers: Vec<Elsewhere>,
    #[command(flatten)]
    tls: TlsOptions,
    /// Who issues tokens: the URL under which the suite's OpenID discovery document is seen, the same for all replicas.
    #[arg(
        long,
        env = "MOTCUA_ISSUER",
        default_value = "motcua",
        value_name = "URL"
    )]
    issuer: String,
    /// The OpenID providers at which people sign in: a JSON file with a list of them.
    #[arg(long, env = "MOTCUA_PROVIDERS", value_name = "FILE")]
    providers: Option<PathBuf>,
    /// After how many deliveries of an offer to its unit the queue gives it up as a dead letter.
    #[arg(
        long,
        env = "MOTCUA_MOST_DELIVERIES",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=1_000),
        value_name = "NUMBER"
    )]
    most_deliveries: u32,
    /// How fast links to other systems must be (R12): a CSV file with the columns `procedure`, `unit`, `deliver_minutes` and
    /// `acknowledge_working_minutes`, `*` for any. Without it the law's limits hold, for the bundles of NĐ 63/2024.
    #[arg(long, env = "MOTCUA_LINK_LIMITS", value_name = "FILE")]
    link_limits: Option<PathBuf>,
    /// Answer reflection, so that clients need no copy of the contract.
    #[arg(long)]
    reflection: bool,
    /// For demonstrations and tests: civil time begins here and moves on with `motcua-simulated-time` of calls.
    #[arg(long, value_name = "RFC3339")]
    simulated_clock: Option<DateTime<FixedOffset>>,
}

impl Options {
    /// What the process is called in telemetry: `motcua`, or `motcua-intake` when it serves one service only.
    fn name(&self) -> String {
        match self.services.as_slice() {
            [Chosen(services)] if services.len() == 1 => format!("motcua-{}", services[0].name()),
            _ => "motcua".to_owned(),
        }
    }
}

/// A service of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Service {
    Identity,
    Catalogue,
    Intake,
    Routing,
}

/// All services, in the order in which they start.
const SERVICES: [Service; 4] = [
    Service::Identity,
    Service::Catalogue,
    Service::Intake,
    Service::Routing,
];

impl Service {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Catalogue => "catalogue",
            Self::Intake => "intake",
            Self::Routing => "routing",
        }
    }
}

/// One service, or all of them.
#[derive(Clone, Debug)]
struct Chosen(Vec<Service>);

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self(SERVICES.to_vec()));
        }
        let service = SERVICES.iter().find(|service| service.name() == text);
        service.map(|service| Self(vec![*service])).ok_or_else(|| {
            let names = SERVICES.map(Service::name).join(", ");
            format!("must be all, {names}")
        })
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// A key.
    #[error(transparent)]
    Key(#[from] keys::Error),
    /// The keys by which personal data are sealed.
    #[error(transparent)]
    Seal(#[from] seal::Error),
    /// The port.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate.
    #[error(transparent)]
    Tls(#[from] kit::tls::Error),
    /// A service is to be reached under TLS, by whoever answers.
    #[error("--peer {0}=https://…: --tls-ca must say whose certificates to accept")]
    NoTrust(String),
    /// The file of providers.
    #[error("the file of OpenID providers {path} cannot be used: {reason}")]
    Providers {
        /// Which.
        path: String,
        /// Why.
        reason: String,
    },
    /// The limits of links.
    #[error("the limits of links {path} cannot be used: {reason}")]
    LinkLimits {
        /// Where they stand.
        path: String,
        /// Why.
        reason: String,
    },
    /// Signals or files.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The table of rules.
    #[error(transparent)]
    Rules(#[from] authority::Malformed),
    /// Serving.
    #[error(transparent)]
    Serve(#[from] kit::serve::Error),
    /// Telemetry.
    #[error("the telemetry collector cannot be used: {0}")]
    Telemetry(Box<dyn std::error::Error + Send + Sync>),
    /// A service.
    #[error("{name} does not start: {source}")]
    Start {
        /// Which.
        name: &'static str,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Serves until SIGTERM or SIGINT, then drains.
///
/// # Errors
/// When a store, key or port cannot be used.
pub async fn run(options: Options) -> Result<ExitCode, Error> {
    let _telemetry =
        telemetry::start(&options.name()).map_err(|error| Error::Telemetry(Box::new(error)))?;
    let chosen: BTreeSet<Service> = options
        .services
        .iter()
        .flat_map(|chosen| chosen.0.iter().copied())
        .collect();
    let tls = options.tls.load()?;
    if !options.tls.trusts_others()
        && let Some(peer) = options.peers.iter().find(|peer| peer.is_secure())
    {
        return Err(Error::NoTrust(peer.service.clone()));
    }
    let health = Health::new(chosen.iter().map(|service| service.name())).await;
    let _health_port = match options.health {
        Some(address) => Some(health.answer_on(listen(address).await?)),
        None => None,
    };
    let listener = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let (inside, arrivals) = inside();
    let here = Way::Inside(peers::origin(address)?, inside);
    let served = chosen.iter().map(|service| service.name());
    let suite = Suite::new(&options, peers::all(served, &here, &options.peers, &tls))?;
    suite.tasks.spawn(tls.clone().follow(suite.stop.clone()));
    stop_on_signal(suite.stop.clone())?;
    let Some(mounted) = suite
        .stop
        .run_until_cancelled(Box::pin(suite.start_all(&chosen)))
        .await
    else {
        return Ok(ExitCode::SUCCESS);
    };
    let mounted = mounted?;
    println!("listening on {address}");
    let port = Port {
        listener,
        inside: arrivals,
        tls,
        limits: Limits::default(),
        health,
        verifier: Verifier::new(suite.peers.key_source()),
        rules: Rules::of_the_suite()?,
        clock: suite.clock.clone(),
        reflection: options.reflection,
        tasks: suite.tasks.clone(),
        stop: suite.stop.clone(),
    };
    port.serve(mounted).await?;
    Ok(ExitCode::SUCCESS)
}

struct Suite {
    issuer: String,
    providers: Vec<identity::provider::Settings>,
    link_limits: routing::LinkLimits,
    stores: Stores,
    keys: KeyFolder,
    ring: Keyring,
    queue: Queue,
    most_deliveries: u32,
    clock: Clock,
    peers: Peers,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Suite {
    fn new(options: &Options, peers: Peers) -> Result<Self, Error> {
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let stores = options.stores.place().take()?;
        let keys = options.stores.keys();
        let ring = keys.ring()?;
        let queue = match &options.queue {
            Some(redis) => Queue::shared(redis, &tasks, &stop),
            None => Queue::in_process(),
        };
        let clock = match options.simulated_clock {
            Some(start) => Clock::simulated(start.to_utc()),
            None => Clock::system(),
        };
        Ok(Self {
            issuer: options.issuer.clone(),
            providers: files::providers(options.providers.as_deref())?,
            link_limits: files::link_limits(options.link_limits.as_deref())?,
            stores,
            keys,
            ring,
            queue,
            most_deliveries: options.most_deliveries,
            clock,
            peers,
            tasks,
            stop,
        })
    }

    async fn start_all(&self, chosen: &BTreeSet<Service>) -> Result<Vec<Mounted>, Error> {
        let mut mounted = Vec::new();
        for service in chosen {
            mounted.push(self.start(*service).await?);
        }
        Ok(mounted)
    }

    async fn start(&self, service: Service) -> Result<Mounted, Error> {
        let name = service.name();
        let db = open_when_there(&self.stores, name, &self.ring).await?;
        if let Err(error) = db.tell_time().await {
            tracing::warn!(%error, "the store does not tell the time yet");
        }
        let (stop, time) = (self.stop.clone(), db.clone().keep_time());
        self.tasks
            .spawn(async move { stop.run_until_cancelled(time).await });
        let ground = Ground {
            db,
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            peers: self.peers.clone(),
            key: self.keys.private(name)?,
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        };
        match service {
            Service::Identity => {
                let providers = self.providers.clone();
                let settings = identity_settings(&self.keys, &self.issuer, providers)?;
                started(name, identity::start(ground, settings).await)
            }
            Service::Catalogue => started(name, catalogue::start(ground).await),
            Service::Intake => started(name, intake::start(ground).await),
            Service::Routing => {
                let settings = routing::Settings {
                    most_deliveries: self.most_deliveries,
                    links: self.link_limits.clone(),
                };
                started(name, routing::start(ground, settings).await)
            }
        }
    }
}

fn started<E>(name: &'static str, mounted: Result<Mounted, E>) -> Result<Mounted, Error>
where
    E: std::error::Error + Send + Sync + 'static,
{
    mounted.map_err(|source| Error::Start {
        name,
        source: Box::new(source),
    })
}

fn identity_settings(
    keys: &KeyFolder,
    issuer: &str,
    providers: Vec<identity::provider::Settings>,
) -> Result<identity::Settings, keys::Error> {
    let mut service_keys: Vec<(String, PublicKey)> = Vec::new();
    for service in SERVICES {
        let key = keys.private(service.name())?;
        service_keys.push((service.name().to_owned(), key.public()));
    }
    Ok(identity::Settings {
        issuer: issuer.to_owned(),
        signing: identity::Signing::open(keys.path())?,
        service_keys,
        providers,
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

fn stop_on_signal(stop: CancellationToken) -> Result<(), std::io::Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("draining");
        stop.cancel();
    });
    Ok(())
}
