//! A PostgreSQL server of our own.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use super::volume::Volume;
use super::{Durability, LOOK_AGAIN, PATIENCE, Running, free_port};

/// Where Debian keeps the programs, one folder a version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// A server that is told to stop at once has this long before it is killed.
const STOPPING: Duration = Duration::from_secs(5);
/// Bytes of a small volume.
const SMALL: u64 = 384 << 20;
/// How long a standby follows before it takes over.
const FOLLOWS: Duration = Duration::from_secs(2);
const USER: &str = "postgres";

/// A PostgreSQL cluster with one superuser, `postgres`, who needs no password.
pub struct Postgres {
    running: Option<Running>,
    account: Option<Account>,
    durability: Durability,
    port: u16,
    folder: TempDir,
    /// Where its log of changes is, when that has a volume of its own.
    changes: Option<Volume>,
}

/// The account that it runs under when we are root, which it refuses to.
#[derive(Clone, Copy)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Makes a cluster and starts it.
    pub async fn start(durability: Durability) -> Self {
        Self::begin(Self::new(durability, None)).await
    }

    /// The same, with its log of changes on a small volume that can be filled, where we may mount one.
    pub async fn start_on_a_small_volume() -> Self {
        Self::begin(Self::new(Durability::Disk, Volume::mount(SMALL))).await
    }

    async fn begin(mut postgres: Self) -> Self {
        postgres.make_cluster();
        postgres.restart().await;
        postgres
    }

    fn new(durability: Durability, changes: Option<Volume>) -> Self {
        let account = geteuid().is_root().then(Account::of_postgres);
        let folder = tempfile::tempdir().expect("a temporary folder");
        if let Some(Account { uid, gid }) = account {
            chown(folder.path(), Some(uid), Some(gid)).expect("root may give a folder away");
        }
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(folder.path(), open).expect("the folder is ours");
        if let (Some(Account { uid, gid }), Some(volume)) = (account, &changes) {
            chown(volume.path(), Some(uid), Some(gid)).expect("root may give a folder away");
        }
        Self {
            running: None,
            account,
            durability,
            port: free_port(),
            folder,
            changes,
        }
    }

    fn make_cluster(&self) {
        let mut initdb = self.program("initdb");
        initdb.args(["--username", USER, "--auth", "trust", "--encoding", "UTF8"]);
        initdb.args(["--locale", "C.UTF-8", "--no-sync"]);
        if let Some(volume) = &self.changes {
            initdb.arg("--waldir").arg(wal(volume));
        }
        let made = initdb.arg("--pgdata").arg(self.data());
        let made = made.stdout(Stdio::null()).status();
        assert!(
            made.is_ok_and(|status| status.success()),
            "initdb failed: {}",
            self.log()
        );
    }

    /// Fails over: a standby follows this server until nothing is acknowledged that it does not have; then this one is killed and
    /// the standby takes its place, at a port of its own.
    pub async fn fail_over(&mut self) {
        let mut standby = self.standby().await;
        let mut running = standby.spawn();
        standby.must_answer(&mut running).await;
        self.tell("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.tell("SELECT pg_reload_conf()");
        let deadline = kit::clock::monotonic() + PATIENCE;
        while self.ask("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") != "1"
        {
            let late = kit::clock::monotonic() > deadline;
            assert!(!late, "no standby follows: {}", standby.log());
            tokio::time::sleep(LOOK_AGAIN * 5).await;
        }
        tokio::time::sleep(FOLLOWS).await;
        self.kill();
        standby.tell("SELECT pg_promote()");
        standby.running = Some(running);
        *self = standby;
    }

    /// A standby of this server, not started. Where the server is just getting up again, that is waited for.
    async fn standby(&mut self) -> Self {
        let deadline = kit::clock::monotonic() + PATIENCE;
        loop {
            if let Some(mut running) = self.running.take() {
                self.must_answer(&mut running).await;
                self.running = Some(running);
            }
            match self.copied() {
                Ok(standby) => return standby,
                Err(log) => assert!(
                    kit::clock::monotonic() < deadline,
                    "pg_basebackup failed: {log}"
                ),
            }
            tokio::time::sleep(LOOK_AGAIN * 5).await;
        }
    }

    /// A copy of this server that follows it; what was said where that failed.
    fn copied(&self) -> Result<Self, String> {
        let volume = self.changes.as_ref().and_then(|_| Volume::mount(SMALL));
        let standby = Self::new(self.durability, volume);
        let mut copy = standby.program("pg_basebackup");
        copy.args([
            "--checkpoint",
            "fast",
            "--wal-method",
            "stream",
            "--no-sync",
        ]);
        copy.args(["--write-recovery-conf", "--dbname"])
            .arg(self.url());
        if let Some(volume) = &standby.changes {
            copy.arg("--waldir").arg(wal(volume));
        }
        let copied = copy.arg("--pgdata").arg(standby.data()).status();
        if !copied.is_ok_and(|status| status.success()) {
            return Err(standby.log());
        }
        // What it copied says whom the old server waits for; the new one waits for nobody.
        fs::write(standby.data().join("postgresql.auto.conf"), {
            let url = self.url();
            format!("primary_conninfo = '{url}'\n")
        })
        .expect("the folder is ours");
        Ok(standby)
    }

    fn tell(&self, statement: &str) {
        self.ask(statement);
    }

    fn ask(&self, statement: &str) -> String {
        let mut psql = Command::new(bin("psql"));
        psql.args([
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--command",
            statement,
        ]);
        let answered = psql.arg(self.url()).output().expect("psql can be started");
        String::from_utf8_lossy(&answered.stdout).trim().to_owned()
    }

    /// Starts it, once more where it ran before, and waits until it answers.
    pub async fn restart(&mut self) {
        assert!(self.running.is_none(), "it runs");
        let mut running = self.spawn();
        self.must_answer(&mut running).await;
        self.running = Some(running);
    }

    async fn must_answer(&self, running: &mut Running) {
        let deadline = kit::clock::monotonic() + PATIENCE;
        while !self.answers() {
            assert!(
                kit::clock::monotonic() < deadline,
                "PostgreSQL does not answer: {}",
                self.log()
            );
            // The killed one's own children may still hold its memory: it then ends at once and is started again.
            if running.ended().is_some() {
                *running = self.spawn();
            }
            tokio::time::sleep(LOOK_AGAIN * 5).await;
        }
    }

    fn spawn(&self) -> Running {
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.data());
        let sync = match self.durability {
            Durability::Disk => "on",
            Durability::Memory => "off",
        };
        let socket = self.folder.path().display();
        for setting in [
            format!("port={}", self.port),
            format!("unix_socket_directories={socket}"),
            format!("fsync={sync}"),
            format!("synchronous_commit={sync}"),
            format!("full_page_writes={sync}"),
            "listen_addresses=127.0.0.1".to_owned(),
            "max_connections=400".to_owned(),
            "shared_buffers=256MB".to_owned(),
            format!("max_wal_size={}", self.most_changes()),
            "restart_after_crash=on".to_owned(),
        ] {
            server.arg("-c").arg(setting);
        }
        Running::from(server.spawn().expect("PostgreSQL can be started"))
    }

    fn most_changes(&self) -> &'static str {
        match self.changes {
            Some(_) => "128MB",
            None => "2GB",
        }
    }

    /// Leaves its log of changes no room for a while, and mends what came of it. Whether that could be: nothing happens where the
    /// log has no volume of its own.
    pub async fn lack_room(&mut self, for_so_long: Duration) -> bool {
        let Some(volume) = &self.changes else {
            return false;
        };
        volume.fill();
        tokio::time::sleep(for_so_long).await;
        volume.clear();
        let ended = self
            .running
            .as_mut()
            .is_none_or(|running| running.ended().is_some());
        if ended {
            self.running = None;
            self.restart().await;
        }
        true
    }

    fn answers(&self) -> bool {
        let mut ready = Command::new(bin("pg_isready"));
        ready.args(["--quiet", "--host", "127.0.0.1", "--timeout", "1"]);
        let ready = ready.args(["--port", &self.port.to_string()]).status();
        ready.is_ok_and(|status| status.success())
    }

    /// Kills the server with SIGKILL: its own children end by themselves, without a word to the disk.
    pub fn kill(&mut self) {
        self.running.take().expect("it runs").kill();
    }

    /// `postgres://postgres@127.0.0.1:PORT`, to which the name of a database is added.
    pub fn url(&self) -> String {
        postgres_at(self.port)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The process id of the server, the parent of all its processes.
    pub fn process(&self) -> Option<u32> {
        self.running.as_ref().map(Running::id)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log_file(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }

    fn program(&self, name: &str) -> Command {
        let mut program = Command::new(bin(name));
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log_file());
        program
            .current_dir(self.folder.path())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .stderr(log.expect("the log can be written"));
        if let Some(Account { uid, gid }) = self.account {
            program.uid(uid).gid(gid);
        }
        program
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.signal(Signal::QUIT);
            running.end_within(STOPPING);
        }
    }
}

/// The URL of a server at a port, or of what stands before it.
pub fn postgres_at(port: u16) -> String {
    format!("postgres://{USER}@127.0.0.1:{port}")
}

/// A whole database, as `pg_dump` writes it: bytes in hex.
pub fn dump(url: &str) -> Vec<u8> {
    let dumped = Command::new(bin("pg_dump")).arg(url).output();
    let dumped = dumped.expect("pg_dump can be started");
    let complaint = String::from_utf8_lossy(&dumped.stderr);
    assert!(dumped.status.success(), "pg_dump: {complaint}");
    dumped.stdout
}

impl Account {
    fn of_postgres() -> Self {
        let accounts = fs::read_to_string("/etc/passwd").expect("the accounts can be read");
        let fields = |line: &str| {
            let mut fields = line.strip_prefix("postgres:")?.split(':').skip(1);
            let (uid, gid) = (fields.next()?.parse(), fields.next()?.parse());
            Some(Self {
                uid: uid.ok()?,
                gid: gid.ok()?,
            })
        };
        let account = accounts.lines().find_map(fields);
        account.expect("Debian's package made the account postgres")
    }
}

fn wal(volume: &Volume) -> PathBuf {
    volume.path().join("wal")
}

/// A program of the newest version that is installed, else whatever the path has.
fn bin(name: &str) -> PathBuf {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|entry| entry.file_name().into_string().ok()?.parse::<u32>().ok())
        .max();
    newest.map_or_else(
        || PathBuf::from(name),
        |version| Path::new(DEBIAN).join(format!("{version}/bin/{name}")),
    )
}
