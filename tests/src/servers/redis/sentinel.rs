//! A Redis server that a sentinel watches, with a replica that takes its place.

use std::fs;

use super::{Appending, Redis, redis_at};

/// What the sentinel calls the server.
const NAME: &str = "motcua";
/// After how many milliseconds without an answer the server counts as gone …
const GONE_AFTER: u32 = 3_000;
/// … and after how many a fail-over that did not succeed is tried again.
const TRY_AGAIN_AFTER: u32 = 5_000;
/// A password that nobody asks for, so that whoever sends it is refused.
const WRONG: &str = "wrong";

/// A server, its replica and their sentinel.
pub struct WatchedRedis {
    sentinel: Redis,
    replica: Redis,
    master: Redis,
}

impl WatchedRedis {
    /// Starts all three, the server empty, and waits until the sentinel knows the replica.
    pub async fn start() -> Self {
        let at_once = options("--repl-diskless-sync-delay 0");
        let master = Redis::start_with(Appending::Off, at_once).await;
        let follow = options(&format!("--replicaof 127.0.0.1 {}", master.port));
        let mut replica = Redis::start_with(Appending::Off, follow).await;
        let linked = "master_link_status:up";
        replica.until_it_says("INFO replication", linked).await;
        // A sentinel writes what it learns into its own settings.
        let settings = master.folder.path().join("sentinel.conf");
        let watch = format!(
            "sentinel monitor {NAME} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {NAME} {GONE_AFTER}\n\
             sentinel failover-timeout {NAME} {TRY_AGAIN_AFTER}\n",
            master.port
        );
        fs::write(&settings, watch).expect("the settings can be written");
        let watch = vec![settings.display().to_string(), "--sentinel".to_owned()];
        let mut sentinel = Redis::start_with(Appending::Off, watch).await;
        sentinel.until_it_says("INFO sentinel", "slaves=1").await;
        Self {
            sentinel,
            replica,
            master,
        }
    }

    /// From now on nothing that the server is told reaches the replica.
    pub fn leave_replica_behind(&self) {
        let refused = format!("CONFIG SET masterauth {WRONG}");
        self.replica.must_do(&refused);
        let cut = self.replica.say("CLIENT KILL TYPE master");
        assert_eq!(cut.as_deref(), Some(":1\r\n"), "it followed nobody");
    }

    /// Kills the server with SIGKILL, and waits until the replica has taken its place.
    pub async fn fail_over(&mut self) {
        self.master.kill();
        let named = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {NAME}");
        let port = format!("\r\n{}\r\n", self.replica.port);
        self.sentinel.until_it_says(&named, &port).await;
    }

    /// `redis://127.0.0.1:PORT` of the replica.
    pub fn replica_url(&self) -> String {
        redis_at(self.replica.port)
    }

    /// `redis+sentinel://127.0.0.1:PORT/motcua`.
    pub fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/{NAME}", self.sentinel.port)
    }
}

fn options(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}
