//! The yardstick of the database: pgbench, which writes the same rows, or reads one, and does nothing else.

use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;
use tokio::process::Command;

use super::error::Error;

/// Where pgbench is, and what it works on.
#[derive(Args, Clone, Debug)]
pub struct Pgbench {
    /// The program pgbench
    #[arg(long = "pgbench", default_value = "pgbench", value_name = "FILE")]
    program: PathBuf,
    /// A database of its own on the same server, with pgbench's tables and those of the script
    #[arg(long, value_name = "URL")]
    yardstick: String,
    /// The transaction that writes a dossier's rows
    #[arg(long, value_name = "FILE")]
    dossier_script: PathBuf,
}

/// What pgbench does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// One transaction for each dossier.
    Write,
    /// One row by its key.
    Read,
}

impl Pgbench {
    /// Transactions a second.
    ///
    /// # Errors
    /// When pgbench fails.
    pub async fn rate(&self, work: Work, clients: usize, seconds: u64) -> Result<f64, Error> {
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-j", "2"]);
        command.args(["-c", &clients.to_string(), "-T", &seconds.to_string()]);
        match work {
            Work::Write => command.arg("-f").arg(&self.dossier_script),
            Work::Read => command.arg("-S"),
        };
        let ran = command
            .arg(&self.yardstick)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(Error::io("running pgbench"))?;
        let told = String::from_utf8_lossy(&ran.stdout);
        let rate = rate_in(&told).filter(|_| ran.status.success());
        rate.ok_or_else(|| {
            let complaint = String::from_utf8_lossy(&ran.stderr);
            Error::Pgbench(format!("{told}{complaint}"))
        })
    }
}

fn rate_in(told: &str) -> Option<f64> {
    let line = told.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_what_pgbench_says_without_the_time_to_connect() {
        let told = "latency average = 6.9 ms\ninitial connection time = 40 ms\n\
                    tps = 4623.514 (without initial connection time)\n";
        assert_eq!(rate_in(told), Some(4623.514));
        assert_eq!(rate_in("pgbench: error"), None);
    }
}
