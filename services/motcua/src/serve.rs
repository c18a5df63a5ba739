//! `motcua serve`: any set of services on one port.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, FixedOffset};
use clap::{Args, ValueEnum};
use http::Uri;
use kit::caller::Verifier;
use kit::client::Peers;
use kit::clock::Clock;
use kit::db::DataDir;
use kit::keys::{self, PrivateKey, PublicKey};
use kit::queue::Queue;
use kit::serve::{Ground, Mounted, Port};
use kit::telemetry;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What to serve, and where.
#[derive(Args)]
pub struct Options {
    /// The services to serve.
    #[arg(value_enum, default_value = "all")]
    services: Vec<Service>,
    /// The folder of the stores; in use by one process at a time.
    #[arg(long, env = "MOTCUA_DATA_DIR", default_value = "motcua-data")]
    data_dir: PathBuf,
    /// The folder of the services' private keys; by default `keys` in the data folder.
    #[arg(long, env = "MOTCUA_KEYS")]
    keys: Option<PathBuf>,
    /// Where calls arrive; port 0 takes a free one.
    #[arg(long, env = "MOTCUA_LISTEN", default_value = "127.0.0.1:50051")]
    listen: SocketAddr,
    /// Where a service that is not served here is: `identity=http://host:port`. May be given several times.
    #[arg(long = "peer", env = "MOTCUA_PEERS", value_delimiter = ',', value_parser = parse_peer)]
    peers: Vec<(String, Uri)>,
    /// Answer reflection, so that clients need no copy of the contract.
    #[arg(long)]
    reflection: bool,
    /// For demonstrations and tests: civil time begins here and moves on with `motcua-simulated-time` of calls.
    #[arg(long, value_name = "RFC3339")]
    simulated_clock: Option<DateTime<FixedOffset>>,
}

/// A service of the suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Service {
    /// Every service.
    All,
    /// Units, parties, tokens.
    Identity,
    /// Procedures and calendars.
    Catalogue,
    /// Dossiers.
    Intake,
    /// Transfers between units.
    Routing,
}

/// The services in the order in which they start.
const SERVICES: [(Service, &str); 4] = [
    (Service::Identity, "identity"),
    (Service::Catalogue, "catalogue"),
    (Service::Intake, "intake"),
    (Service::Routing, "routing"),
];

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A store.
    #[error(transparent)]
    Store(#[from] kit::db::Error),
    /// A key.
    #[error(transparent)]
    Key(#[from] keys::Error),
    /// The port.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Signals or files.
    #[error(transparent)]
    Io(#[from] std::io::Error),
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
    let _telemetry = telemetry::start("motcua").map_err(|error| Error::Telemetry(Box::new(error)))?;
    let data_dir = DataDir::take(&options.data_dir)?;
    let keys = KeyFolder::open(options.keys.clone().unwrap_or_else(|| data_dir.path().join("keys")))?;
    let listener = listen(options.listen).await?;
    let address = listener.local_addr()?;
    let chosen = chosen(&options.services);
    let suite = Suite {
        data_dir,
        keys,
        queue: Queue::in_process(),
        clock: options
            .simulated_clock
            .map_or_else(Clock::system, |start| Clock::simulated(start.to_utc())),
        peers: peers(&chosen, address, &options.peers)?,
        tasks: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let mut mounted = Vec::new();
    for (service, name) in SERVICES.iter().filter(|(service, _)| chosen.contains(service)) {
        mounted.push(suite.start(*service, name).await?);
    }
    stop_on_signal(suite.stop.clone())?;
    println!("listening on {address}");
    let port = Port {
        listener,
        verifier: Verifier::new(suite.peers.key_source()),
        clock: suite.clock.clone(),
        reflection: options.reflection,
        tasks: suite.tasks.clone(),
        stop: suite.stop.clone(),
    };
    port.serve(mounted).await?;
    Ok(ExitCode::SUCCESS)
}

struct Suite {
    data_dir: DataDir,
    keys: KeyFolder,
    queue: Queue,
    clock: Clock,
    peers: Peers,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Suite {
    async fn start(&self, service: Service, name: &'static str) -> Result<Mounted, Error> {
        let ground = Ground {
            db: self.data_dir.open(name).await?,
            queue: self.queue.clone(),
            clock: self.clock.clone(),
            peers: self.peers.clone(),
            key: self.keys.service(name)?,
            tasks: self.tasks.clone(),
            stop: self.stop.clone(),
        };
        let failed = |source| Error::Start { name, source };
        match service {
            Service::Identity => identity::start(ground, self.keys.identity_settings()?)
                .await
                .map_err(|error| failed(Box::new(error))),
            Service::Catalogue => catalogue::start(ground).await.map_err(|error| failed(Box::new(error))),
            Service::Intake => intake::start(ground).await.map_err(|error| failed(Box::new(error))),
            Service::Routing | Service::All => routing::start(ground).await.map_err(|error| failed(Box::new(error))),
        }
    }
}

/// The private keys of the services, one file each; identity's signing key beside them.
struct KeyFolder(PathBuf);

impl KeyFolder {
    fn open(path: PathBuf) -> Result<Self, Error> {
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }

    fn service(&self, name: &str) -> Result<PrivateKey, keys::Error> {
        PrivateKey::load_or_create(&self.file(name))
    }

    fn file(&self, name: &str) -> PathBuf {
        Path::new(&self.0).join(format!("{name}.pem"))
    }

    fn identity_settings(&self) -> Result<identity::Settings, keys::Error> {
        let mut service_keys: Vec<(String, PublicKey)> = Vec::new();
        for (_, name) in SERVICES {
            service_keys.push((name.to_owned(), self.service(name)?.public()));
        }
        Ok(identity::Settings {
            signing_key: PrivateKey::load_or_create(&self.file("token-signing"))?,
            service_keys,
        })
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

fn chosen(services: &[Service]) -> BTreeSet<Service> {
    if services.contains(&Service::All) {
        return SERVICES.iter().map(|(service, _)| *service).collect();
    }
    services.iter().copied().collect()
}

/// Where every service is: here, or where the options say.
fn peers(chosen: &BTreeSet<Service>, address: SocketAddr, elsewhere: &[(String, Uri)]) -> Result<Peers, std::io::Error> {
    let here: Uri = format!("http://{address}")
        .parse()
        .map_err(|_| std::io::Error::other("the listening address is no URI"))?;
    let served = SERVICES.iter().filter(|(service, _)| chosen.contains(service));
    let served = served.map(|(_, name)| ((*name).to_owned(), here.clone()));
    Ok(Peers::new(served.chain(elsewhere.iter().cloned())))
}

fn parse_peer(text: &str) -> Result<(String, Uri), String> {
    let (name, uri) = text.split_once('=').ok_or("must be NAME=URI")?;
    let uri = uri.parse().map_err(|error| format!("`{uri}` is no URI: {error}"))?;
    Ok((name.to_owned(), uri))
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
