//! The suite as a child process: imported, served, killed, started again, checked and stopped.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use chrono::NaiveDateTime;
use kit::clock;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::error::Error;
use super::folder::Folder;
use crate::cast::PROVIDERS;

const SERVICES: [&str; 4] = ["identity", "catalogue", "intake", "routing"];
const START_PATIENCE: Duration = Duration::from_secs(20);
const STOP_PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(5);
/// What the child prints before its address.
const LISTENING: &str = "listening on ";

/// The suite in a folder.
pub struct Suite {
    program: PathBuf,
    folder: PathBuf,
    log: PathBuf,
    providers: PathBuf,
    running: Option<Running>,
}

struct Running {
    child: Child,
    /// Held open: a child that prints into a closed pipe would fail.
    _stdout: Lines<BufReader<ChildStdout>>,
}

/// A run of the suite that serves.
#[derive(Clone, Copy, Debug)]
pub struct Serving {
    /// Where.
    pub address: SocketAddr,
    /// From the start of the process until every service was ready.
    pub took: Duration,
}

/// What a subcommand left behind.
#[derive(Debug)]
pub struct Ran {
    /// Whether it ended well.
    pub well: bool,
    /// What it printed.
    pub output: String,
}

impl Suite {
    /// The suite that this program is, in a folder.
    ///
    /// # Errors
    /// When the program does not know where it is.
    pub fn new(folder: &Folder) -> Result<Self, Error> {
        Ok(Self {
            program: std::env::current_exe().map_err(Error::file("finding this program"))?,
            folder: folder.path().to_owned(),
            log: folder.log(),
            providers: folder.cast().join(PROVIDERS),
            running: None,
        })
    }

    /// Imports folders and files.
    ///
    /// # Errors
    /// When one is refused.
    pub async fn import(&self, paths: &[PathBuf]) -> Result<(), Error> {
        let ran = self.run("import", paths).await?;
        if ran.well {
            return Ok(());
        }
        Err(Error::Command {
            command: "import".to_owned(),
            output: ran.output,
        })
    }

    /// Checks the sums of the suite while it serves.
    ///
    /// # Errors
    /// When the check cannot be run at all.
    pub async fn check(&self) -> Result<Ran, Error> {
        self.run("check", &[]).await
    }

    async fn run(&self, subcommand: &str, arguments: &[PathBuf]) -> Result<Ran, Error> {
        let mut command = Command::new(&self.program);
        command
            .arg(subcommand)
            .arg("--data-dir")
            .arg(&self.folder)
            .args(arguments);
        let ran = command
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await;
        let ran = ran.map_err(Error::file(format!("running `motcua {subcommand}`")))?;
        let mut output = String::from_utf8_lossy(&ran.stdout).into_owned();
        if !ran.status.success() {
            output.push_str(&String::from_utf8_lossy(&ran.stderr));
        }
        Ok(Ran {
            well: ran.status.success(),
            output,
        })
    }

    /// Starts the suite with its civil clock at `now`, and waits until every service may be called.
    ///
    /// # Errors
    /// When it does not come up within 20 s.
    pub async fn start(&mut self, now: NaiveDateTime) -> Result<Serving, Error> {
        let began = clock::monotonic();
        let mut child = self.spawn(now)?;
        let stdout = child
            .stdout
            .take()
            .ok_or_else(|| self.not_serving("it has no output"))?;
        let mut stdout = BufReader::new(stdout).lines();
        let listening = tokio::time::timeout(START_PATIENCE, stdout.next_line()).await;
        let line = listening
            .ok()
            .and_then(Result::ok)
            .flatten()
            .unwrap_or_default();
        let address = line
            .strip_prefix(LISTENING)
            .and_then(|address| address.trim().parse().ok());
        let address = address.ok_or_else(|| self.not_serving("it did not say where it listens"))?;
        self.running = Some(Running {
            child,
            _stdout: stdout,
        });
        let ready = tokio::time::timeout(START_PATIENCE, until_ready(address)).await;
        ready.unwrap_or(Err(self.not_serving("it was not ready within 20 s")))?;
        let took = began.elapsed();
        Ok(Serving { address, took })
    }

    fn spawn(&self, now: NaiveDateTime) -> Result<Child, Error> {
        let log = OpenOptions::new().create(true).append(true).open(&self.log);
        let log = log.map_err(Error::file("opening the suite's log"))?;
        let now = format!("{}+07:00", now.format("%Y-%m-%dT%H:%M:%S"));
        let mut command = Command::new(&self.program);
        command.args([
            "serve",
            "all",
            "--listen",
            "127.0.0.1:0",
            "--reflection",
            "--simulated-clock",
            &now,
        ]);
        command.arg("--data-dir").arg(&self.folder);
        command.arg("--providers").arg(&self.providers);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true);
        // Ctrl-C is for the demo, which then ends the suite in order.
        #[cfg(unix)]
        command.process_group(0);
        command
            .spawn()
            .map_err(Error::file("starting `motcua serve`"))
    }

    /// Kills the suite with SIGKILL: it cannot write, flush or say another word.
    ///
    /// # Errors
    /// When it is not running.
    pub async fn kill(&mut self) -> Result<(), Error> {
        let killed = match self.running.take() {
            Some(mut running) => running.child.kill().await,
            None => Ok(()),
        };
        killed.map_err(Error::file("killing the suite"))
    }

    /// Asks the suite to end, as an operator does, and waits until it has.
    ///
    /// # Errors
    /// When it ended in another way than well.
    pub async fn stop(&mut self) -> Result<(), Error> {
        let Some(mut running) = self.running.take() else {
            return Ok(());
        };
        terminate(&mut running.child).await?;
        let ended = tokio::time::timeout(STOP_PATIENCE, running.child.wait()).await;
        match ended {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(self.not_serving(&format!("it ended with {status}"))),
            Ok(Err(source)) => Err(Error::file("waiting for the suite to end")(source)),
            Err(_) => Err(self.not_serving("it did not end within 15 s")),
        }
    }

    /// Resident memory of the served process in bytes, where the system tells it.
    #[must_use]
    pub fn resident_memory(&self) -> Option<u64> {
        let process = self.running.as_ref()?.child.id()?;
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kibibytes * 1024)
    }

    fn not_serving(&self, what: &str) -> Error {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let tail: Vec<_> = log.lines().rev().take(5).collect();
        let tail: Vec<_> = tail.into_iter().rev().collect();
        Error::NotServing(format!("{what}; its log ends with\n{}", tail.join("\n")))
    }
}

async fn until_ready(address: SocketAddr) -> Result<(), Error> {
    let endpoint = Endpoint::from_shared(format!("http://{address}"));
    let endpoint = endpoint.map_err(|error| Error::NotServing(error.to_string()))?;
    let mut health = HealthClient::new(endpoint.connect_lazy());
    for service in SERVICES {
        loop {
            let request = HealthCheckRequest {
                service: service.to_owned(),
            };
            let status = health
                .check(request)
                .await
                .map(|reply| reply.into_inner().status());
            if status.is_ok_and(|status| status == ServingStatus::Serving) {
                break;
            }
            tokio::time::sleep(POLL).await;
        }
    }
    Ok(())
}

/// Sends SIGTERM through the shell, which every Unix has.
#[cfg(unix)]
async fn terminate(child: &mut Child) -> Result<(), Error> {
    let Some(process) = child.id() else {
        return Ok(());
    };
    let sent = Command::new("sh")
        .args(["-c", "kill -TERM \"$0\"", &process.to_string()])
        .status()
        .await;
    sent.map(|_| ())
        .map_err(Error::file("asking the suite to end"))
}

#[cfg(not(unix))]
async fn terminate(child: &mut Child) -> Result<(), Error> {
    child.start_kill().map_err(Error::file("ending the suite"))
}
