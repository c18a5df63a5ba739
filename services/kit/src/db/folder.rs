//! The embedded store: one `SQLite` file a service, in a folder that one process has for itself.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr};

use super::postgres::Trust;
use super::{Db, Error};
use crate::seal::Keyring;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A folder of stores that this process has for itself until it ends.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Takes the folder, making it when it does not exist.
    ///
    /// # Errors
    /// When it is in use by another process or cannot be written to.
    pub fn take(path: &Path) -> Result<Self, Error> {
        let folder = |source| Error::Folder {
            path: path.display().to_string(),
            source,
        };
        // Stores hold personal data: nobody else on the machine reads them.
        let mut private = fs::DirBuilder::new();
        private.recursive(true).mode(0o700);
        private.create(path).map_err(folder)?;
        let lock = File::create(path.join("lock")).map_err(folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::InUse(path.display().to_string()));
            }
            Err(TryLockError::Error(source)) => return Err(folder(source)),
        }
        Ok(Self {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    pub(super) async fn open(&self, service: &str, ring: Keyring) -> Result<Db, Error> {
        open(&file_of(&self.path, service), service, ring).await
    }
}

async fn open(file: &Path, service: &str, ring: Keyring) -> Result<Db, Error> {
    let failed = |source| Error::open(service, source);
    let write = connect(file, 1, false).await.map_err(failed)?;
    let read = connect(file, READERS, false).await.map_err(failed)?;
    Ok(Db {
        write,
        read,
        trust: Trust::default(),
        ring,
    })
}

/// Opens the store of one service for small changes beside a process that serves it: `SQLite` lets writers take turns.
pub(super) async fn open_beside(
    data_dir: &Path,
    service: &str,
    ring: Keyring,
) -> Result<Db, Error> {
    let file = existing(data_dir, service)?;
    open(&file, service, ring).await
}

/// Opens the store of one service for reading only, beside a process that serves it.
pub(super) async fn open_read_only(
    data_dir: &Path,
    service: &str,
) -> Result<DatabaseConnection, Error> {
    let file = existing(data_dir, service)?;
    connect(&file, 2, true)
        .await
        .map_err(|source| Error::open(service, source))
}

fn existing(data_dir: &Path, service: &str) -> Result<PathBuf, Error> {
    let file = file_of(data_dir, service);
    if file.exists() {
        return Ok(file);
    }
    Err(Error::Missing {
        place: data_dir.display().to_string(),
        command: "import",
    })
}

fn file_of(data_dir: &Path, service: &str) -> PathBuf {
    data_dir.join(format!("{service}.sqlite"))
}

async fn connect(
    file: &Path,
    connections: u32,
    read_only: bool,
) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(format!("sqlite://{}", file.display()));
    options
        .max_connections(connections)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
        .sqlx_logging(false)
        .test_before_acquire(false)
        .record_stmt_in_spans(false)
        .map_sqlx_sqlite_opts(move |options| {
            let options = options
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("temp_store", "MEMORY")
                // A key that is dropped is not to be found in the file.
                .pragma("secure_delete", "ON")
                .read_only(read_only);
            if read_only {
                return options;
            }
            options
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
        });
    Database::connect(options).await
}
