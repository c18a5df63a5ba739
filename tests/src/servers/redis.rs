//! A Redis server of our own; several of them as a cluster, or one and its replica behind a sentinel.

mod cluster;
mod sentinel;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{LOOK_AGAIN, PATIENCE, Running, free_port};

pub use cluster::RedisCluster;
pub use sentinel::WatchedRedis;

const STOPPING: Duration = Duration::from_secs(2);
const ANSWERING: Duration = Duration::from_secs(2);
/// Where it keeps what it appends, and how the files are called: the newest has the highest number.
const KEPT: &str = "appendonlydir";
const NAMED: (&str, &str) = ("appendonly.aof.", ".incr.aof");

/// What Redis keeps on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appending {
    /// Every write, flushed each second.
    EverySecond,
    /// Nothing.
    Off,
}

/// What a Redis server had on the disk at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnDisk {
    /// The file that it appended to.
    file: PathBuf,
    /// Its bytes.
    length: u64,
}

/// A Redis server with 4,096 databases.
pub struct Redis {
    running: Option<Running>,
    appending: Appending,
    /// What it is started with besides.
    options: Vec<String>,
    port: u16,
    folder: TempDir,
}

impl Redis {
    /// Starts an empty one.
    pub async fn start(appending: Appending) -> Self {
        Self::start_with(appending, Vec::new()).await
    }

    async fn start_with(appending: Appending, options: Vec<String>) -> Self {
        let mut redis = Self {
            running: None,
            appending,
            options,
            port: free_port(),
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        redis.restart().await;
        redis
    }

    /// Starts it with what it kept on the disk, and waits until it answers.
    pub async fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs");
        self.running = Some(self.spawn());
        self.until_it_says("PING", "PONG").await;
    }

    /// Asks until the answer holds what is wanted.
    async fn until_it_says(&mut self, word: &str, wanted: &str) {
        let deadline = kit::clock::monotonic() + PATIENCE;
        while self.say(word).is_none_or(|reply| !reply.contains(wanted)) {
            let ended = self.running.as_mut().and_then(Running::ended);
            assert!(
                ended.is_none() && kit::clock::monotonic() < deadline,
                "Redis does not answer {word} with {wanted}: {}",
                self.log()
            );
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn must_do(&self, word: &str) {
        let said = self.say(word);
        let done = said.as_ref().is_some_and(|reply| reply.contains("+OK"));
        assert!(done, "{word} is answered with {said:?}");
    }

    /// Starts it without anything that it knew.
    pub async fn restart_empty(&mut self) {
        let kept = self.folder.path().join(KEPT);
        if kept.exists() {
            fs::remove_dir_all(kept).expect("what it kept can be removed");
        }
        self.restart().await;
    }

    /// What it has on the disk, where it appends.
    pub fn on_disk(&self) -> OnDisk {
        let files = fs::read_dir(self.folder.path().join(KEPT)).expect("it appends");
        let files = files.flatten().map(|entry| entry.path());
        let newest = files.filter_map(|file| Some((number(&file)?, file))).max();
        let (_, file) = newest.expect("it appends to a file");
        let length = fs::metadata(&file).expect("the file is ours").len();
        OnDisk { file, length }
    }

    /// Starts it with what it had on the disk then, as after a power cut: what it wrote since was never flushed. Tells how many
    /// bytes that are.
    pub async fn restart_with(&mut self, then: &OnDisk) -> u64 {
        let OnDisk { file, length } = self.on_disk();
        // All of a file that was begun since then is newer.
        let kept = if file == then.file { then.length } else { 0 };
        let opened = fs::OpenOptions::new().write(true).open(file);
        let cut = opened.and_then(|file| file.set_len(kept));
        cut.expect("the file is ours");
        self.restart().await;
        length.saturating_sub(kept)
    }

    fn spawn(&self) -> Running {
        let (append, port) = match self.appending {
            Appending::EverySecond => ("yes", self.port.to_string()),
            Appending::Off => ("no", self.port.to_string()),
        };
        let mut server = Command::new("redis-server");
        server.args(&self.options);
        server.args(["--port", &port, "--bind", "127.0.0.1"]);
        server.args(["--databases", "4096", "--save", ""]);
        server.args(["--appendonly", append, "--appendfsync", "everysec"]);
        server.args(["--maxmemory-policy", "noeviction"]);
        server.arg("--dir").arg(self.folder.path());
        server.arg("--logfile").arg(self.log_file());
        server.stdin(Stdio::null()).stdout(Stdio::null());
        Running::from(server.spawn().expect("Redis can be started"))
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// Empties every database.
    pub fn flush_all(&self) {
        self.must_do("FLUSHALL");
    }

    /// Says one word to it: the inline form of its protocol.
    fn say(&self, word: &str) -> Option<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()?;
        stream.set_read_timeout(Some(ANSWERING)).ok()?;
        stream.write_all(format!("{word}\r\n").as_bytes()).ok()?;
        let mut reply = [0; 1_024];
        let read = stream.read(&mut reply).ok()?;
        Some(String::from_utf8_lossy(&reply[..read]).into_owned())
    }

    /// `redis://127.0.0.1:PORT`, to which the number of a database is added.
    pub fn url(&self) -> String {
        redis_at(self.port)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn runs(&self) -> bool {
        self.running.is_some()
    }

    /// Its process id.
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref().map(Running::id)
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.signal(Signal::TERM);
            running.end_within(STOPPING);
        }
    }
}

/// The number of a file that is appended to.
fn number(file: &Path) -> Option<u64> {
    let name = file.file_name()?.to_str()?;
    let number = name.strip_prefix(NAMED.0)?.strip_suffix(NAMED.1)?;
    number.parse().ok()
}

/// The URL of a server at a port, or of what stands before it.
pub fn redis_at(port: u16) -> String {
    format!("redis://127.0.0.1:{port}")
}
