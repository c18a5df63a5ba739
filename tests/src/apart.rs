//! The services of a suite as processes of their own, each of which can be killed by itself.

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Child;

use crate::actor::MONDAY_MORNING;
use crate::cast::PROVIDERS;
use crate::program;
use crate::servers::free_port;
use crate::suite::{PATIENCE, SERVICES, Suite, connect, until_ready};

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// The services, on the store and the queue of a suite that does not run itself.
pub struct Apart<'a> {
    suite: &'a Suite,
    processes: Vec<Process>,
}

/// The process of one service. It keeps its port, and is killed with this.
struct Process {
    service: &'static str,
    address: SocketAddr,
    running: Option<Child>,
}

impl<'a> Apart<'a> {
    /// Starts all of them, and waits until each may be called.
    pub async fn start(suite: &'a Suite) -> Self {
        let process = |service| Process {
            service,
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, free_port())),
            running: None,
        };
        let mut apart = Self {
            suite,
            processes: SERVICES.map(process).into(),
        };
        for service in SERVICES {
            apart.begin(service);
        }
        for service in SERVICES {
            apart.until_it_serves(service).await;
        }
        apart
    }

    /// Starts a service, once more where it ran before, and waits for nothing.
    pub fn begin(&mut self, service: &str) {
        let child = self.spawn(service);
        let mut processes = self.processes.iter_mut();
        let process = processes.find(|process| process.service == service);
        process.expect("it is a service").running = Some(child);
    }

    fn spawn(&self, service: &str) -> Child {
        let address = self.address(service).to_string();
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file(service));
        let mut command = program::command(["serve", service, "--listen", &address]);
        command
            .args(["--simulated-clock", MONDAY_MORNING])
            .args(self.suite.pair().serve_arguments())
            .arg("--providers")
            .arg(self.suite.callers().join(PROVIDERS))
            .env("RUST_LOG", "warn");
        for other in self.processes.iter().filter(|of| of.service != service) {
            let peer = format!("{}=http://{}", other.service, other.address);
            command.args(["--peer", &peer]);
        }
        command
            .stdout(Stdio::null())
            .stderr(log.expect("the log can be written"));
        command.spawn().expect("the program can be started")
    }

    /// Kills a service with SIGKILL.
    pub async fn kill(&mut self, service: &str) {
        let mut processes = self.processes.iter_mut();
        let process = processes.find(|process| process.service == service);
        let running = process.and_then(|process| process.running.take());
        let mut child = running.expect("it runs");
        child.kill().await.expect("it can be killed");
    }

    /// Waits until a service may be called.
    pub async fn until_it_serves(&self, service: &str) {
        let services = [service];
        let ready = until_ready(connect(self.address(service)), &services);
        let ready = tokio::time::timeout(PATIENCE, ready).await;
        assert!(
            ready.is_ok(),
            "{service} is not ready: {}",
            self.log(service)
        );
    }

    /// Waits until a service has logged this.
    pub async fn until_it_says(&self, service: &str, what: &str) {
        let said = async {
            while !self.log(service).contains(what) {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        };
        let said = tokio::time::timeout(PATIENCE, said).await;
        assert!(said.is_ok(), "{service} does not say `{what}`");
    }

    /// Where a service listens.
    pub fn address(&self, service: &str) -> SocketAddr {
        let mut processes = self.processes.iter();
        let process = processes.find(|process| process.service == service);
        process.expect("it is a service").address
    }

    fn log_file(&self, service: &str) -> PathBuf {
        self.suite.folder().join(format!("log-of-{service}"))
    }

    fn log(&self, service: &str) -> String {
        std::fs::read_to_string(self.log_file(service)).unwrap_or_default()
    }
}
