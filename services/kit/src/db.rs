//! The store of one service: where it is, how it is opened, how a writing transaction begins.
//!
//! Embedded, a service has one `SQLite` file: one connection writes, a pool reads, and the data folder belongs to one process at
//! a time. In a cluster it has a `PostgreSQL` database that its replicas share.

mod copying;
mod folder;
mod postgres;
mod rows;
mod time;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use sea_orm::sqlx::error::{DatabaseError, ErrorKind};
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, RuntimeErr,
    SqliteTransactionMode, TransactionOptions, TransactionTrait as _,
};

use tonic::Code;

pub(crate) use copying::Copying;
pub use folder::DataDir;
pub use postgres::Address as PostgresAddress;
use postgres::Trust;
pub use rows::{Sink, among, pairs_among};

use crate::failure::Failure;
use crate::seal::{self, Keyring};

/// When a caller may try again whose query failed.
const RETRY: Duration = Duration::from_secs(1);

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
    #[error("there is no store at {place}; `motcua {command}` makes one")]
    Missing {
        /// Where.
        place: String,
        /// What makes it.
        command: &'static str,
    },
    /// The database refused.
    #[error("the store of {service} cannot be opened: {source}")]
    Open {
        /// Whose store.
        service: String,
        /// Why.
        source: DbErr,
    },
}

impl Error {
    fn open(service: &str, source: DbErr) -> Self {
        Self::Open {
            service: service.to_owned(),
            source,
        }
    }

    /// Whether the store may be there in a moment: it is away, or nobody has made it yet.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Missing { .. } => true,
            Self::Open { source, .. } => is_away(source),
            Self::InUse(_) | Self::Folder { .. } => false,
        }
    }
}

/// Where the stores of a suite are.
#[derive(Clone, Debug)]
pub enum Place {
    /// A data folder, embedded.
    Folder(PathBuf),
    /// A cluster.
    Postgres(PostgresAddress),
}

impl Place {
    /// Takes the place for changes.
    ///
    /// # Errors
    /// When it is a folder that is in use or cannot be written to.
    pub fn take(&self) -> Result<Stores, Error> {
        Ok(match self {
            Self::Folder(path) => Stores::Folder(DataDir::take(path)?),
            Self::Postgres(address) => Stores::Postgres(address.clone()),
        })
    }

    /// Opens the store of one service for small changes beside processes that serve it.
    ///
    /// # Errors
    /// When it does not exist or cannot be opened.
    pub async fn open_beside(&self, service: &str, ring: &Keyring) -> Result<Db, Error> {
        match self {
            Self::Folder(path) => folder::open_beside(path, service, ring.clone()).await,
            Self::Postgres(address) => address.open(service, ring.clone()).await,
        }
    }

    /// Opens the store of one service for reading only, beside processes that serve it.
    ///
    /// # Errors
    /// When it does not exist or cannot be opened.
    pub async fn open_read_only(&self, service: &str) -> Result<DatabaseConnection, Error> {
        match self {
            Self::Folder(path) => folder::open_read_only(path, service).await,
            Self::Postgres(address) => address.open_read_only(service).await,
        }
    }
}

/// The stores of a suite, for changes.
#[derive(Debug)]
pub enum Stores {
    /// This process has them for itself.
    Folder(DataDir),
    /// Other processes use them too.
    Postgres(PostgresAddress),
}

impl Stores {
    /// Makes room for the store of one service, unless it is there.
    ///
    /// # Errors
    /// When the cluster does not answer or refuses.
    pub async fn create(&self, service: &str) -> Result<(), Error> {
        match self {
            // A file is made when it is opened.
            Self::Folder(_) => Ok(()),
            Self::Postgres(address) => address.create(service).await,
        }
    }

    /// Opens the store of one service for reading and writing; what is personal in it is sealed under this ring.
    ///
    /// # Errors
    /// When it cannot be opened, or does not exist in the cluster.
    pub async fn open(&self, service: &str, ring: &Keyring) -> Result<Db, Error> {
        match self {
            Self::Folder(data_dir) => data_dir.open(service, ring.clone()).await,
            Self::Postgres(address) => address.open(service, ring.clone()).await,
        }
    }
}

/// Whether the store would refuse the same again: a constraint forbids what was to be written, a value has no place in its
/// column, or a row cannot be read. Anything else (a store that is away, busy or full) may pass.
#[must_use]
pub fn is_refused_for_good(error: &DbErr) -> bool {
    match error {
        DbErr::Type(_) | DbErr::Json(_) => true,
        // A key that is missing may be brought back.
        DbErr::TryIntoErr { .. } => seal::Error::of(error) == Some(&seal::Error::Altered),
        error => of_database(error).is_some_and(|source| {
            !matches!(source.kind(), ErrorKind::Other) || sqlstate(source, &["22", "23"])
        }),
    }
}

/// Whether another transaction was in the way, so that the same may succeed at once: a row that both inserted, a deadlock, a
/// lock that was not given in time.
#[must_use]
pub fn is_lost_race(error: &DbErr) -> bool {
    of_database(error).is_some_and(|source| {
        source.is_unique_violation() || sqlstate(source, &["40001", "40P01", "55P03"])
    })
}

/// What a caller is told of a query that failed.
#[must_use]
pub fn failure(error: &DbErr) -> Failure {
    tracing::error!(%error, "a query failed");
    if let Some(error) = seal::Error::of(error) {
        return sealed(error);
    }
    Failure::unavailable("STORE_UNAVAILABLE", "the store does not answer", RETRY)
}

/// What a caller is told of a value that does not open.
fn sealed(error: &seal::Error) -> Failure {
    match error {
        seal::Error::Altered => Failure::new(
            Code::DataLoss,
            "ALTERED",
            error.to_string(),
            "Dữ liệu cá nhân trong kho đã bị sửa ngoài hệ thống; cán bộ quản trị cần kiểm tra",
        ),
        seal::Error::KeyMissing(_)
        | seal::Error::NoKey(_)
        | seal::Error::Unnamed
        | seal::Error::Folder { .. }
        | seal::Error::Malformed(_) => Failure::unavailable(
            "KEY_MISSING",
            "a key by which personal data are sealed is missing; the operator has to bring it back",
            RETRY,
        ),
    }
}

/// Whether the database itself said nothing: it is away, or the connection broke. What was sent may have happened.
fn is_away(error: &DbErr) -> bool {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(source)) => source
            .as_database_error()
            // Starting up, shutting down, too many connections.
            .is_none_or(|source| sqlstate(source, &["57P", "53300"])),
        DbErr::ConnectionAcquire(_) => true,
        _ => false,
    }
}

fn of_database(error: &DbErr) -> Option<&dyn DatabaseError> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(source))
        | DbErr::Query(RuntimeErr::SqlxError(source)) => source.as_database_error(),
        _ => None,
    }
}

/// Whether a `PostgreSQL` error is of one of these classes.
fn sqlstate(error: &dyn DatabaseError, classes: &[&str]) -> bool {
    let code = error.code().unwrap_or_default();
    // SQLite's codes are numbers of one to four digits.
    code.len() == 5 && classes.iter().any(|class| code.starts_with(class))
}

/// The open store of one service.
#[derive(Clone, Debug)]
pub struct Db {
    write: DatabaseConnection,
    read: DatabaseConnection,
    trust: Trust,
    ring: Keyring,
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

    /// The keys under which what is personal in it is sealed.
    #[must_use]
    pub fn ring(&self) -> &Keyring {
        &self.ring
    }

    /// Whether other processes may write to it too.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.write.get_database_backend() == DbBackend::Postgres
    }

    /// Has the store let go of old versions of rows, so that a key which was dropped is not to be found in its files.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn let_go_of_old_rows(&self) -> Result<(), DbErr> {
        let statement = if self.is_shared() {
            "VACUUM log_chain"
        } else {
            "PRAGMA wal_checkpoint(TRUNCATE)"
        };
        self.write.execute_unprepared(statement).await.map(|_| ())
    }

    /// A change could not be committed: perhaps the node behind the connections is no longer the one that writes.
    pub(crate) fn failed(&self) {
        self.trust.doubt();
    }

    /// Begins a transaction that will write. An embedded store is locked from its start.
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

/// Lets a transaction end before it is on disk, so that it waits for no disk and keeps no other waiting: a server that crashes at
/// once may lose it. For what is done again then.
///
/// # Errors
/// When the store does not answer.
pub(crate) async fn may_be_lost(tx: &DatabaseTransaction) -> Result<(), DbErr> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared("SET LOCAL synchronous_commit TO off")
            .await?;
    }
    Ok(())
}
