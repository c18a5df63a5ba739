//! The store and the queue under a suite: the embedded pair in a folder, or a cluster's own servers.
//!
//! The tests run on PostgreSQL and Redis where `MOTCUA_TEST_POSTGRES` and `MOTCUA_TEST_REDIS` name throwaway servers (the
//! command `with-servers` sets both), else embedded.

mod province;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectOptions, Database, DatabaseConnection};

/// The store and the queue of one suite.
pub enum Pair {
    /// SQLite in a folder, and the queue in the process.
    Embedded {
        /// The folder.
        data_dir: PathBuf,
    },
    /// PostgreSQL and Redis: four databases and a number of our own.
    Cluster {
        /// `postgres://postgres@127.0.0.1:PORT/BASE`.
        store: String,
        /// `redis://127.0.0.1:PORT/NUMBER`, or another address that is its alone.
        queue: String,
        /// The folder of the services' keys.
        keys: PathBuf,
    },
}

impl Pair {
    /// The pair that the surroundings ask for, already with the province in it where that is quickly copied.
    pub async fn with_province(folder: &Path) -> Self {
        match servers() {
            Some((postgres, redis)) => Self::on(&postgres, &redis, folder).await,
            None => Self::embedded(folder.join("data")),
        }
    }

    /// A pair on these servers, with the province in it.
    pub async fn on(postgres: &str, redis: &str, folder: &Path) -> Self {
        let (base, number) = province::copy(postgres).await;
        Self::Cluster {
            store: format!("{postgres}/{base}"),
            queue: format!("{redis}/{number}"),
            keys: folder.join("keys"),
        }
    }

    /// The same with a whole Redis for itself, wherever that is.
    pub async fn with_queue(postgres: &str, queue: String, folder: &Path) -> Self {
        let (base, _) = province::copy(postgres).await;
        Self::Cluster {
            store: format!("{postgres}/{base}"),
            queue,
            keys: folder.join("keys"),
        }
    }

    /// The embedded pair in this folder.
    pub fn embedded(data_dir: PathBuf) -> Self {
        Self::Embedded { data_dir }
    }

    /// Whether it came with the province.
    pub fn is_loaded(&self) -> bool {
        matches!(self, Self::Cluster { .. })
    }

    /// What tells a subcommand which store and keys to use.
    pub fn store_arguments(&self) -> Vec<OsString> {
        match self {
            Self::Embedded { data_dir } => vec!["--data-dir".into(), data_dir.into()],
            Self::Cluster { store, keys, .. } => {
                let keys = keys.into();
                vec!["--store".into(), store.into(), "--keys".into(), keys]
            }
        }
    }

    /// What tells `motcua serve` what to run on.
    pub fn serve_arguments(&self) -> Vec<OsString> {
        let mut arguments = self.store_arguments();
        if let Self::Cluster { queue, .. } = self {
            arguments.extend(["--queue".into(), queue.into()]);
        }
        arguments
    }

    /// Where the queue is; `None` where it is in the process.
    pub fn queue(&self) -> Option<&str> {
        match self {
            Self::Embedded { .. } => None,
            Self::Cluster { queue, .. } => Some(queue),
        }
    }

    /// The folder of the services' keys.
    pub fn keys(&self) -> PathBuf {
        match self {
            Self::Embedded { data_dir } => data_dir.join("keys"),
            Self::Cluster { keys, .. } => keys.clone(),
        }
    }

    /// The store of one service, past the suite.
    pub async fn open(&self, service: &str) -> DatabaseConnection {
        let url = match self {
            Self::Embedded { data_dir } => {
                let file = data_dir.join(format!("{service}.sqlite"));
                format!("sqlite://{}", file.display())
            }
            Self::Cluster { store, .. } => format!("{store}_{service}"),
        };
        connect(&url).await
    }
}

/// One connection, without a word in the log.
pub async fn connect(url: &str) -> DatabaseConnection {
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    let store = Database::connect(options).await;
    store.unwrap_or_else(|error| panic!("{url} cannot be opened: {error}"))
}

fn servers() -> Option<(String, String)> {
    let named = |name| std::env::var(name).ok().filter(|url| !url.is_empty());
    named("MOTCUA_TEST_POSTGRES").zip(named("MOTCUA_TEST_REDIS"))
}
