//! What is broken and mended: one PostgreSQL, one Redis, two replicas of each service, each with a clock of its own, and a proxy on
//! every way between them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::sync::Mutex;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::proxy::Proxy;
use crate::actor::MONDAY_MORNING;
use crate::cast::{Cast, PROVIDERS};
use crate::program::{self, Ran};
use crate::servers::{Appending, Postgres, Redis, Running, free_port, postgres_at, redis_at};

/// The services, each with so many replicas.
pub const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];
const REPLICAS: usize = 2;
const BASE: &str = "motcua";
const KEYS: &str = "keys";
const TO_STORE: &str = " to PostgreSQL";
const CALLERS: &str = "callers";
const QUEUE: u32 = 1;
const PATIENCE: Duration = Duration::from_mins(2);
const LAST_LINES: usize = 5;
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Longer than a drain takes.
const IN_ORDER: Duration = Duration::from_secs(30);
/// The library by which a process is told another time, as Debian's `libfaketime` has it for each architecture.
const FAKETIME: &str = "faketime/libfaketimeMT.so.1";
/// The machine's own time, as that library reads it.
const RIGHT: &str = "+0";

/// Everything that runs.
pub struct Cluster {
    /// The store.
    pub postgres: Mutex<Postgres>,
    /// The queue.
    pub redis: Mutex<Redis>,
    /// The replicas.
    pub replicas: Vec<Replica>,
    /// Every way: callers to replicas, services to the replicas of others, replicas to the store and the queue.
    pub proxies: Vec<Proxy>,
    folder: TempDir,
}

/// One replica of a service.
pub struct Replica {
    /// `intake-2`.
    pub name: String,
    /// Its service.
    pub service: &'static str,
    /// Where callers reach it, through its proxy.
    pub port: u16,
    own_port: u16,
    log: PathBuf,
    clock: PathBuf,
    arguments: Vec<String>,
    sabotage: Option<&'static str>,
    binary: PathBuf,
    running: Mutex<Option<Running>>,
    /// How often it did not end in order in time, and was killed.
    cut_short: AtomicUsize,
}

/// Which program runs, and what is built wrong in it.
#[derive(Clone)]
pub struct Program {
    /// The program.
    pub binary: PathBuf,
    /// What it does wrong, where it is the program that can.
    pub sabotage: Option<&'static str>,
}

impl Cluster {
    /// Starts the servers and loads the province and the callers, whose files are written first.
    pub async fn load(write: impl FnOnce(&Path) -> Cast) -> (Self, Cast) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let postgres = Postgres::start_on_a_small_volume().await;
        let redis = Redis::start(Appending::EverySecond).await;
        let callers = folder.path().join(CALLERS);
        let cast = write(&callers);
        let store = format!("{}/{BASE}", postgres.url());
        succeed(&program::run(["migrate", "--store", &store]).await);
        let (province, callers) = (program::province(), callers.into_os_string());
        let keys = folder.path().join(KEYS).into_os_string();
        let import = ["import".into(), "--store".into(), store.clone().into()];
        let import = import.into_iter().chain(["--keys".into(), keys]);
        let import = import.chain([province.into(), callers]);
        succeed(&program::run::<std::ffi::OsString>(import).await);
        let cluster = Self {
            postgres: Mutex::new(postgres),
            redis: Mutex::new(redis),
            replicas: Vec::new(),
            proxies: Vec::new(),
            folder,
        };
        (cluster, cast)
    }

    /// Starts two replicas of each service and waits until all may be called.
    pub async fn start(&mut self, program: &Program) {
        let (postgres, redis) = (self.postgres.get_mut().port(), self.redis.get_mut().port());
        let mut ports = Vec::new();
        for service in SERVICES {
            for number in 1..=REPLICAS {
                let (name, own) = (format!("{service}-{number}"), free_port());
                let front = Proxy::before(format!("callers to {name}"), own).await;
                ports.push((service, name, own, front.port));
                self.proxies.push(front);
            }
        }
        let mut peers = HashMap::new();
        for service in SERVICES {
            peers.insert(service, self.ways_from(service, &ports).await);
        }
        for (service, name, own_port, port) in ports {
            let store = Proxy::before(format!("{name}{TO_STORE}"), postgres).await;
            let queue = Proxy::before(format!("{name} to Redis"), redis).await;
            let mut arguments = vec!["serve".to_owned(), service.to_owned()];
            let mut set =
                |option: &str, value: String| arguments.extend([option.to_owned(), value]);
            set("--listen", format!("127.0.0.1:{own_port}"));
            set("--store", format!("{}/{BASE}", postgres_at(store.port)));
            set("--queue", format!("{}/{QUEUE}", redis_at(queue.port)));
            set("--keys", self.keys().display().to_string());
            set("--simulated-clock", MONDAY_MORNING.to_owned());
            let providers = self.folder.path().join(CALLERS).join(PROVIDERS);
            set("--providers", providers.display().to_string());
            for peer in &peers[service] {
                set("--peer", peer.clone());
            }
            self.proxies.extend([store, queue]);
            let replica = Replica {
                log: self.folder.path().join(&name),
                clock: self.folder.path().join(format!("{name}.clock")),
                name,
                service,
                port,
                own_port,
                arguments,
                sabotage: program.sabotage,
                binary: program.binary.clone(),
                running: Mutex::new(None),
                cut_short: AtomicUsize::new(0),
            };
            replica.set_clock(RIGHT);
            replica.start().await;
            self.replicas.push(replica);
        }
        for replica in &self.replicas {
            replica.must_serve().await;
        }
    }

    /// Opens a way from a service to each replica of the others; what its replicas are told of them.
    async fn ways_from(
        &mut self,
        service: &str,
        replicas: &[(&'static str, String, u16, u16)],
    ) -> Vec<String> {
        let mut peers = Vec::new();
        for (other, replica, own, front) in replicas {
            let mut port = *front;
            if *other != service {
                let way = Proxy::before(format!("{service} to {replica}"), *own).await;
                port = way.port;
                self.proxies.push(way);
            }
            peers.push(format!("{other}=http://127.0.0.1:{port}"));
        }
        peers
    }

    /// Two services cannot reach each other for so long.
    pub async fn cut_off_for(&self, services: (usize, usize), time: Duration) {
        self.cut_off(services, true);
        tokio::time::sleep(time).await;
        self.cut_off(services, false);
    }

    fn cut_off(&self, (one, other): (usize, usize), is: bool) {
        let (one, other) = (SERVICES[one], SERVICES[other]);
        let between = [format!("{one} to {other}-"), format!("{other} to {one}-")];
        let ways = self.proxies.iter();
        for way in ways.filter(|way| between.iter().any(|name| way.name.starts_with(name))) {
            way.cut_off(is);
        }
    }

    /// The folder of keys.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join(KEYS)
    }

    /// Where callers reach the replicas of a service.
    pub fn ports_of(&self, service: &str) -> Vec<u16> {
        let of = self
            .replicas
            .iter()
            .filter(|replica| replica.service == service);
        of.map(|replica| replica.port).collect()
    }

    /// The URL of the store, straight to the server.
    pub async fn store(&self) -> String {
        format!("{}/{BASE}", self.postgres.lock().await.url())
    }

    /// A standby takes the place of the store.
    pub async fn fail_over(&self) {
        let mut postgres = self.postgres.lock().await;
        postgres.fail_over().await;
        let ways = self.proxies.iter();
        for way in ways.filter(|way| way.name.ends_with(TO_STORE)) {
            way.lead_to(postgres.port());
        }
    }

    /// Runs `motcua check` on the store.
    pub async fn check(&self) -> Ran {
        let keys = self.keys();
        let store = self.store().await;
        let check = ["check".as_ref(), "--store".as_ref(), store.as_ref()];
        let keys = ["--keys".as_ref(), keys.as_os_str()];
        program::run::<&std::ffi::OsStr>(check.into_iter().chain(keys)).await
    }

    /// The replicas that did not end in order in time, each as often as that was so.
    pub fn cut_short(&self) -> Vec<String> {
        let each = self.replicas.iter().flat_map(|replica| {
            let times = replica.cut_short.load(Ordering::Relaxed);
            std::iter::repeat_n(replica.name.clone(), times)
        });
        each.collect()
    }

    /// Prints the end of what each replica logged.
    pub fn print_logs(&self) {
        for replica in &self.replicas {
            let logged = replica.logged();
            let lines: Vec<&str> = logged.lines().collect();
            println!("{} logged {} lines; the last:", replica.name, lines.len());
            for line in lines.iter().rev().take(LAST_LINES).rev() {
                println!("  {line}");
            }
        }
    }

    /// Ends all replicas.
    pub async fn stop(&self) {
        for replica in &self.replicas {
            replica.kill().await;
        }
    }
}

impl Replica {
    /// Starts it, once more where it ran before.
    pub async fn start(&self) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log);
        let mut command = std::process::Command::new(&self.binary);
        command
            .args(&self.arguments)
            .env("RUST_LOG", "warn")
            .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
            .envs(self.sabotage.map(|name| ("MOTCUA_SABOTAGE", name)))
            .env("LD_PRELOAD", faketime())
            .env("FAKETIME_TIMESTAMP_FILE", &self.clock)
            .env("FAKETIME_CACHE_DURATION", "1")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .env("DONT_FAKE_MONOTONIC", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.expect("the log can be written"));
        let child = command.spawn().expect("the program can be started");
        *self.running.lock().await = Some(Running::from(child));
    }

    /// Kills it with SIGKILL.
    pub async fn kill(&self) {
        // Dropped, a child is killed and waited for.
        self.running.lock().await.take();
    }

    /// Tells it to end, as Kubernetes does, and starts it again when it has. Where it does not in time it is killed, which the checks
    /// hear of.
    pub async fn restart_in_order(&self) {
        if let Some(mut running) = self.running.lock().await.take() {
            running.signal(Signal::TERM);
            // Whoever stopped it in its tracks does not find it here any more to let it go on.
            running.signal(Signal::CONT);
            let ended = tokio::task::spawn_blocking(move || {
                let told = kit::clock::monotonic();
                running.end_within(IN_ORDER);
                told.elapsed() <= IN_ORDER
            });
            let in_time = ended.await.expect("a child can be waited for");
            if !in_time {
                self.cut_short.fetch_add(1, Ordering::Relaxed);
            }
        }
        self.start().await;
        self.must_serve().await;
    }

    /// Sets its machine's clock: so many days ahead, or behind.
    pub fn shift_clock(&self, days: i32) {
        self.set_clock(&format!("{days:+}d"));
    }

    /// Sets its machine's clock right.
    pub fn mend_clock(&self) {
        self.set_clock(RIGHT);
    }

    fn set_clock(&self, time: &str) {
        std::fs::write(&self.clock, format!("{time}\n")).expect("the folder is ours");
    }

    /// Starts it where it has ended by itself; says whether it had.
    pub async fn revive(&self) -> bool {
        let mut running = self.running.lock().await;
        let ended = running
            .as_mut()
            .is_some_and(|child| child.ended().is_some());
        drop(running);
        if ended {
            self.start().await;
        }
        ended
    }

    /// Stops it in its tracks, or lets it go on.
    pub async fn signal(&self, signal: Signal) {
        if let Some(running) = self.running.lock().await.as_ref() {
            running.signal(signal);
        }
    }

    async fn must_serve(&self) {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.own_port));
        let channel = endpoint.expect("an address is a URI").connect_lazy();
        let mut health = HealthClient::new(channel);
        let request = HealthCheckRequest {
            service: self.service.to_owned(),
        };
        let deadline = kit::clock::monotonic() + PATIENCE;
        loop {
            let status = health.check(request.clone()).await;
            if status.is_ok_and(|reply| reply.into_inner().status() == ServingStatus::Serving) {
                return;
            }
            assert!(
                kit::clock::monotonic() < deadline,
                "{} does not serve: {}",
                self.name,
                self.logged()
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What it logged.
    pub fn logged(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn faketime() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib")
        .into_iter()
        .flatten()
        .flatten();
    let mut found = folders.map(|folder| folder.path().join(FAKETIME));
    let found = found.find(|library| library.exists());
    found.expect("Debian's package libfaketime is installed")
}

fn succeed(ran: &Ran) {
    assert_eq!(ran.code, Some(0), "{}{}", ran.output, ran.complaint);
}
