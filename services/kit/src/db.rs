//! The store of one service: where it is, how it is opened, how a writing transaction begins.
//!
//! Embedded, a service has one `SQLite` file: one connection writes, a pool reads. A data folder belongs to one process at a
//! time, guarded by a lock that ends with the process.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::sqlx::error::ErrorKind;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

/// How many rows one statement writes: `SQLite` takes 32,766 values in one, and no table has 32 columns.
pub const ROWS_AT_ONCE: usize = 1_000;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process works on it.
    #[error(
        "the data folder {0} is in use by another process; stop that one or name another folder"
    )]
    InUse(String),
    /// The folder cannot be written to.
    #[error("the data folder {path} cannot be written to: {source}")]
    Folder {
        /// Which folder.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// The store has not been made.
    #[error("there is no store at {0}; `motcua import` makes one")]
    Missing(String),
    /// The database refused.
    #[error("the store of {service} cannot be opened: {source}")]
    Open {
        /// Whose store.
        service: String,
        /// Why.
        source: DbErr,
    },
}

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

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the store of one service for reading and writing.
    ///
    /// # Errors
    /// When the database cannot be opened.
    pub async fn open(&self, service: &str) -> Result<Db, Error> {
        let file = file_of(&self.path, service);
        let failed = |source| Error::Open {
            service: service.to_owned(),
            source,
        };
        let write = connect(&file, 1, false).await.map_err(failed)?;
        let read = connect(&file, READERS, false).await.map_err(failed)?;
        Ok(Db { write, read })
    }
}

/// Opens the store of one service for reading only, beside a process that serves it.
///
/// # Errors
/// When it does not exist or cannot be opened.
pub async fn open_read_only(data_dir: &Path, service: &str) -> Result<DatabaseConnection, Error> {
    let file = file_of(data_dir, service);
    if !file.exists() {
        return Err(Error::Missing(data_dir.display().to_string()));
    }
    connect(&file, 2, true).await.map_err(|source| Error::Open {
        service: service.to_owned(),
        source,
    })
}

/// Whether the store would refuse the same again: a constraint forbids what was to be written, or a row cannot be read.
/// Anything else (a store that is away, busy or full) may pass.
#[must_use]
pub fn is_refused_for_good(error: &DbErr) -> bool {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => {
            let source = source.as_database_error();
            source.is_some_and(|source| !matches!(source.kind(), ErrorKind::Other))
        }
        DbErr::Type(_) | DbErr::Json(_) => true,
        _ => false,
    }
}

/// The open store of one service.
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
}

impl Db {
    /// For queries outside a change.
    #[must_use]
    pub fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For migrations.
    #[must_use]
    pub fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// Begins a transaction that will write: it holds the write lock from its start.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.write.begin_with_options(options).await
    }
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
