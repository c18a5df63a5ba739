//! A Redis server that a sentinel watches.

use std::fs;

use super::{Appending, Redis};

/// What the sentinel calls the server.
const NAME: &str = "motcua";

/// A server without replicas, and its sentinel.
pub struct WatchedRedis {
    sentinel: Redis,
    _master: Redis,
}

impl WatchedRedis {
    /// Starts both, the server empty.
    pub async fn start() -> Self {
        let master = Redis::start(Appending::Off).await;
        // A sentinel writes what it learns into its own settings.
        let settings = master.folder.path().join("sentinel.conf");
        let monitor = format!("sentinel monitor {NAME} 127.0.0.1 {} 1\n", master.port);
        fs::write(&settings, monitor).expect("the settings can be written");
        let options = vec![settings.display().to_string(), "--sentinel".to_owned()];
        Self {
            sentinel: Redis::start_with(Appending::Off, options).await,
            _master: master,
        }
    }

    /// `redis+sentinel://127.0.0.1:PORT/motcua`.
    pub fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/{NAME}", self.sentinel.port)
    }
}
