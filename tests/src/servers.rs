//! Throwaway PostgreSQL and Redis servers: direct children under a temporary folder, gone when they are dropped.
//!
//! A server keeps its port and its files through all its runs, so that it can be killed and started again.

mod port;
mod postgres;
mod redis;
mod volume;

use std::process::{Child, ExitStatus};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

pub use port::free_port;
pub use postgres::{Postgres, dump, postgres_at};
pub use redis::{Appending, OnDisk, Redis, RedisCluster, WatchedRedis, redis_at};

/// How long a server may take to start or to end.
const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Whether writes reach the disk before they are acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// They do: `fsync = on`.
    Disk,
    /// They do not: for tests that kill no server.
    Memory,
}

/// A process that we started, killed with its handle.
pub struct Running(Child);

impl Running {
    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // A child that has ended already cannot be told anything.
        let _ = pid.map(|pid| kill_process(pid, signal));
    }

    /// Kills it with SIGKILL and takes its end in.
    pub fn kill(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.0.try_wait().ok().flatten()
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Waits for its end, which it was told to come to; it is killed where it does not.
    pub fn end_within(&mut self, patience: Duration) {
        let deadline = kit::clock::monotonic() + patience;
        while self.ended().is_none() {
            if kit::clock::monotonic() > deadline {
                return self.kill();
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

impl From<Child> for Running {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
    }
}
