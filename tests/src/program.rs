//! The program under test.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::process::Command;

/// How long a subcommand may take.
const PATIENCE: Duration = Duration::from_mins(1);

/// What a subcommand left behind.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub output: String,
    /// What it complained of.
    pub complaint: String,
}

/// The binary: `MOTCUA_BIN`, else the one beside the tests, which is built when it is not there yet.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| std::env::var_os("MOTCUA_BIN").map_or_else(beside_the_tests, Into::into))
}

fn beside_the_tests() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    // A test is target/<profile>/deps/<test>, a tool of the tests target/<profile>/<tool>.
    let mut folders = test.ancestors().skip(1);
    let profile = folders
        .find(|folder| !folder.ends_with("deps"))
        .expect("a program lies in a folder");
    let binary = profile.join(format!("motcua{}", std::env::consts::EXE_SUFFIX));
    if !binary.exists() {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "--package", "motcua"]);
        if profile.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(repository()).status();
        assert!(
            built.is_ok_and(|status| status.success()),
            "motcua could not be built"
        );
    }
    binary
}

/// The province's data.
pub fn province() -> PathBuf {
    repository().join("deploy/daklak")
}

fn repository() -> &'static Path {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder
        .parent()
        .expect("the crate lies in the repository")
}

/// The program with these arguments, without settings of the surroundings.
pub fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(binary());
    for setting in [
        "MOTCUA_DATA_DIR",
        "MOTCUA_HEALTH",
        "MOTCUA_ISSUER",
        "MOTCUA_KEYS",
        "MOTCUA_LISTEN",
        "MOTCUA_PEERS",
        "MOTCUA_PROVIDERS",
        "MOTCUA_QUEUE",
        "MOTCUA_STORE",
        "MOTCUA_TLS_CA",
        "MOTCUA_TLS_CERTIFICATE",
        "MOTCUA_TLS_CLIENT_CA",
        "MOTCUA_TLS_CLIENT_REQUIRED",
        "MOTCUA_TLS_KEY",
    ] {
        command.env_remove(setting);
    }
    command
        .env_remove("OTEL_EXPORTER_OTLP_ENDPOINT")
        .args(arguments);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a subcommand to its end.
pub async fn run<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Ran {
    let ran = tokio::time::timeout(PATIENCE, command(arguments).output()).await;
    let ran = ran
        .expect("it ends in time")
        .expect("the program can be started");
    Ran {
        code: ran.status.code(),
        output: String::from_utf8_lossy(&ran.stdout).into_owned(),
        complaint: String::from_utf8_lossy(&ran.stderr).into_owned(),
    }
}
