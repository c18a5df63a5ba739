//! The yardstick of queues: BullMQ, the queue over Redis that most Node systems use.

use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;
use serde::Deserialize;
use tokio::process::Command;

use super::error::Error;
use super::lane::OFFER_BYTES;

/// Where it is, and the Redis that both queues use.
#[derive(Args, Clone, Debug)]
pub struct BullMq {
    /// The program node
    #[arg(long = "node", default_value = "node", value_name = "FILE")]
    node: PathBuf,
    /// The script that measures BullMQ, in a folder where it is installed; without it queues are not compared
    #[arg(long = "bullmq", value_name = "FILE", requires = "queue")]
    script: Option<PathBuf>,
    /// A Redis database of its own for the queues that are compared
    #[arg(long = "redis", value_name = "URL")]
    queue: Option<String>,
}

#[derive(Deserialize)]
struct Told {
    per_second: f64,
}

impl BullMq {
    /// The Redis that both use; `None` where they are not compared.
    #[must_use]
    pub fn redis(&self) -> Option<&str> {
        self.queue.as_deref().filter(|_| self.script.is_some())
    }

    /// Jobs a second that are handed in, taken and settled.
    ///
    /// # Errors
    /// When it fails.
    pub async fn rate(&self, in_flight: usize, seconds: u64) -> Result<f64, Error> {
        let (Some(script), Some(redis)) = (&self.script, &self.queue) else {
            return Err(Error::Empty("script for BullMQ"));
        };
        let ran = Command::new(&self.node)
            .arg(script)
            .arg(redis)
            .args([OFFER_BYTES.to_string(), in_flight.to_string()])
            .arg(seconds.to_string())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .map_err(Error::io("running node"))?;
        let told = serde_json::from_slice::<Told>(&ran.stdout);
        told.map(|told| told.per_second)
            .map_err(|_| Error::BullMq(String::from_utf8_lossy(&ran.stderr).into_owned()))
    }
}
