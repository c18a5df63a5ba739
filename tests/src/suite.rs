//! The real binary as a child process on a store and a queue of its own.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use proto::event::v1::Head;
use proto::identity::v1::RegisterClientRequest;
use sea_orm::DatabaseConnection;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::actor::{Actor, Line, MONDAY_MORNING};
use crate::cast::{self, ADMINISTRATOR, CLIENT, Cast, PROVIDERS};
use crate::pair::Pair;
use crate::program::{self, Ran};

pub(crate) const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];
/// How long the suite may take to start or stop.
pub const PATIENCE: Duration = Duration::from_secs(15);
const CALLERS: &str = "callers";
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The suite on a store and a queue of its own. The process is killed with it.
pub struct Suite {
    running: Option<Running>,
    line: Arc<Line>,
    pair: Pair,
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    trust: Option<ClientTlsConfig>,
    address: Option<SocketAddr>,
}

struct Running {
    child: Child,
    /// Held open: a child that prints into a closed pipe would fail.
    output: Lines<BufReader<ChildStdout>>,
}

impl Suite {
    /// Imports the province and the callers, starts, and waits until every service may be called.
    pub async fn start() -> Self {
        let mut suite = Self::load().await;
        suite.restart().await;
        suite
    }

    /// The same without starting.
    pub async fn load() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pair = Pair::with_province(folder.path()).await;
        Self::load_onto(folder, pair).await
    }

    /// The same on this store and queue.
    pub async fn load_onto(folder: TempDir, pair: Pair) -> Self {
        let suite = Self::new(folder, pair);
        let callers = suite.callers();
        let province = program::province();
        let mut files = vec![callers.as_path()];
        if !suite.pair.is_loaded() {
            files.insert(0, &province);
        }
        let imported = suite.import(&files).await;
        assert_eq!(imported.code, Some(0), "{}", imported.complaint);
        suite
    }

    /// The suite on a data folder that does not exist yet.
    pub fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data_dir = folder.path().join("data");
        Self::new(folder, Pair::embedded(data_dir))
    }

    fn new(folder: TempDir, pair: Pair) -> Self {
        Self {
            running: None,
            line: Line::new(Cast::write(&folder.path().join(CALLERS))),
            pair,
            folder,
            settings: Vec::new(),
            trust: None,
            address: None,
        }
    }

    /// Sets an environment variable of the runs that follow.
    pub fn set(&mut self, key: &'static str, value: impl Into<String>) {
        self.settings.push((key, value.into()));
    }

    /// Calls the runs that follow under TLS.
    pub fn trust(&mut self, trust: ClientTlsConfig) {
        self.trust = Some(trust);
    }

    /// Imports files into the store.
    pub async fn import(&self, paths: &[&Path]) -> Ran {
        let paths = paths.iter().map(|path| path.as_os_str());
        self.run("import", paths).await
    }

    /// Runs a subcommand on the store.
    pub async fn run<A: Into<OsString>>(
        &self,
        subcommand: &str,
        arguments: impl IntoIterator<Item = A>,
    ) -> Ran {
        let mut all = vec![OsString::from(subcommand)];
        all.extend(self.pair.store_arguments());
        all.extend(arguments.into_iter().map(Into::into));
        program::run(all).await
    }

    /// Runs `motcua keys` on the store's keys.
    pub async fn run_keys(&self, act: &str) -> Ran {
        let mut all = vec![OsString::from("keys"), act.into()];
        all.extend(self.pair.store_arguments());
        program::run(all).await
    }

    /// Starts the suite, once more where it ran before.
    pub async fn restart(&mut self) {
        self.begin();
        self.until_it_serves().await;
    }

    /// Starts the process, and waits for nothing.
    pub fn begin(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut child = self.spawn();
        let output = child.stdout.take().expect("its output is a pipe");
        self.running = Some(Running {
            child,
            output: BufReader::new(output).lines(),
        });
    }

    /// Waits until every service may be called.
    pub async fn until_it_serves(&mut self) {
        let running = self.running.as_mut().expect("it runs");
        let line = tokio::time::timeout(PATIENCE, running.output.next_line()).await;
        let line = line.ok().and_then(Result::ok).flatten().unwrap_or_default();
        let address = line
            .strip_prefix("listening on ")
            .and_then(|text| text.trim().parse().ok());
        let Some(address) = address else {
            panic!("it does not listen: {}", self.log())
        };
        self.address = Some(address);
        let channel = self.connect(address);
        let ready = until_ready(channel.clone(), &SERVICES);
        let ready = tokio::time::timeout(PATIENCE, ready).await;
        assert!(ready.is_ok(), "it is not ready: {}", self.log());
        self.line.lead_to(channel);
    }

    fn connect(&self, address: SocketAddr) -> Channel {
        let Some(trust) = &self.trust else {
            return connect(address);
        };
        let endpoint = Endpoint::from_shared(format!("https://localhost:{}", address.port()));
        let endpoint = endpoint.expect("an address is a URI");
        let endpoint = endpoint.tls_config(trust.clone());
        endpoint
            .expect("certificates that can be used")
            .connect_lazy()
    }

    /// A connection of its own to the suite in plain text, made as `change` has it.
    pub fn connection(&self, change: impl FnOnce(Endpoint) -> Endpoint) -> Channel {
        change(endpoint(self.address())).connect_lazy()
    }

    /// Calls arrive there from now on.
    pub fn lead_to(&self, address: SocketAddr) {
        self.line.lead_to(self.connect(address));
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address.expect("it was started")
    }

    fn spawn(&self) -> Child {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file());
        let serve = [
            "serve",
            "all",
            "--listen",
            "127.0.0.1:0",
            "--simulated-clock",
            MONDAY_MORNING,
        ];
        let mut command = program::command(serve);
        command
            .args(self.pair.serve_arguments())
            .env("RUST_LOG", "warn")
            .arg("--providers")
            .arg(self.callers().join(PROVIDERS))
            .envs(self.settings.iter().map(|(key, value)| (key, value)));
        command
            .stdout(Stdio::piped())
            .stderr(log.expect("the log can be written"));
        command.spawn().expect("the program can be started")
    }

    /// Kills the suite with SIGKILL.
    pub async fn kill(&mut self) {
        let mut running = self.running.take().expect("it runs");
        running.child.kill().await.expect("it can be killed");
    }

    /// Asks the suite to end with SIGTERM, and waits until it has.
    pub async fn terminate(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("it runs");
        let process = running.child.id().expect("it runs").to_string();
        let sent = tokio::process::Command::new("kill")
            .args(["-TERM", &process])
            .status()
            .await;
        assert!(sent.is_ok_and(|status| status.success()));
        let ended = tokio::time::timeout(PATIENCE, running.child.wait()).await;
        ended
            .expect("it ends in time")
            .expect("it can be waited for")
    }

    /// The store and the queue that it runs on.
    pub fn pair(&self) -> &Pair {
        &self.pair
    }

    /// A folder for whatever a test needs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the officers, and of where people sign in.
    pub fn callers(&self) -> PathBuf {
        self.folder.path().join(CALLERS)
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the suite logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    /// Waits until the suite has logged this.
    pub async fn until_it_says(&self, what: &str, patience: Duration) {
        let said = async {
            while !self.log().contains(what) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let said = tokio::time::timeout(patience, said).await;
        assert!(said.is_ok(), "it does not say `{what}`: {}", self.log());
    }

    /// Runs `motcua check` on the store.
    pub async fn check(&self) -> Ran {
        self.run("check", [""; 0]).await
    }

    /// Checks that everything adds up.
    pub async fn must_add_up(&self) {
        let checked = self.check().await;
        assert_eq!(
            checked.code,
            Some(0),
            "{}{}",
            checked.output,
            checked.complaint
        );
    }

    /// How far all logs reach once every service has taken in what the others told: whatever changes raises one of them.
    pub async fn everything_told(&self) -> Vec<(&'static str, Vec<Head>)> {
        let rest = async {
            let mut before = self.log_heads_of(&SERVICES).await;
            loop {
                // A check waits for what had been told when it began; taking that in may have told more.
                self.must_add_up().await;
                let after = self.log_heads_of(&SERVICES).await;
                if after == before {
                    return after;
                }
                before = after;
            }
        };
        let told = tokio::time::timeout(2 * PATIENCE, rest).await;
        told.expect("the services come to rest")
    }

    /// How far the logs reach that an import writes.
    pub async fn log_heads(&self) -> Vec<(&'static str, Vec<Head>)> {
        self.log_heads_of(&["identity", "catalogue"]).await
    }

    async fn log_heads_of(&self, services: &[&'static str]) -> Vec<(&'static str, Vec<Head>)> {
        let mut reached = Vec::new();
        for service in services {
            let service = *service;
            let store = self.store(service).await;
            reached.push((
                service,
                kit::log::heads(&store).await.expect("the log can be read"),
            ));
        }
        reached
    }

    /// The store of one service, past the suite.
    pub async fn store(&self, service: &str) -> DatabaseConnection {
        self.pair.open(service).await
    }

    /// It is another time from now on, `2017-08-31T07:30`, local, and everybody signs in again.
    pub fn begin_day(&self, local: &str) {
        self.line.begin_day(format!("{local}:00+07:00"));
    }

    /// Somebody of the cast.
    pub fn actor(&self, subject: &str) -> Actor {
        Actor::new(&self.line, subject)
    }

    /// What registers the client system.
    pub fn registration(&self) -> RegisterClientRequest {
        self.line.cast().registration()
    }

    /// The client system, which is registered now unless it was.
    pub async fn client(&self) -> Actor {
        self.actor(ADMINISTRATOR).ok(self.registration()).await;
        self.actor(CLIENT)
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Actor {
        Actor::anonymous(&self.line)
    }

    /// The officer at the desk of a unit.
    pub fn receptionist(&self, unit: &str) -> Actor {
        self.actor(&cast::subject(unit, "receptionist"))
    }

    /// The officer of a unit who examines.
    pub fn examiner(&self, unit: &str) -> Actor {
        self.actor(&cast::subject(unit, "examiner"))
    }

    /// The officer of a unit who takes payments.
    pub fn cashier(&self, unit: &str) -> Actor {
        self.actor(&cast::subject(unit, "cashier"))
    }

    /// The officer of a unit who signs.
    pub fn leader(&self, unit: &str) -> Actor {
        self.actor(&cast::subject(unit, "leader"))
    }
}

/// What a port answers to a health check for the whole process.
pub async fn health_at(port: u16) -> ServingStatus {
    let mut health = HealthClient::new(connect(SocketAddr::from(([127, 0, 0, 1], port))));
    let status = health.check(HealthCheckRequest::default()).await;
    status.expect("the port answers").into_inner().status()
}

pub(crate) fn connect(address: SocketAddr) -> Channel {
    endpoint(address).connect_lazy()
}

fn endpoint(address: SocketAddr) -> Endpoint {
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    endpoint.expect("an address is a URI").tcp_nodelay(true)
}

/// Waits until each of these may be called.
pub(crate) async fn until_ready(channel: Channel, services: &[&str]) {
    let mut health = HealthClient::new(channel);
    for service in services {
        let request = HealthCheckRequest {
            service: (*service).to_owned(),
        };
        loop {
            let status = health.check(request.clone()).await;
            if status.is_ok_and(|reply| reply.into_inner().status() == ServingStatus::Serving) {
                break;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}
