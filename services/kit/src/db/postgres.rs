//! The store of a cluster: one database a service in one `PostgreSQL` cluster, shared by all replicas of the service.

use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgConnection};
use sea_orm::sqlx::{self, Connection as _};
use sea_orm::{ConnectOptions, Database, DatabaseConnection, DbErr, RuntimeErr};

use tokio::time::Instant;

use super::{Db, Error};
use crate::clock;
use crate::seal::Keyring;

/// A batch is one transaction at a time; the others are for migrations and marks.
const WRITERS: u32 = 3;
const READERS: u32 = 10;
/// A store that is away is told of within this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// After a fail-over connections to the old node end by themselves.
const LIFETIME: Duration = Duration::from_mins(5);
/// How often a busy pool is asked whether it may write.
const MOMENT: Duration = Duration::from_secs(1);
/// How long every connection is asked after one was not fit for writing.
const DOUBT: Duration = Duration::from_secs(10);
/// Each statement is prepared once.
const PREPARED: usize = 1_024;
/// What every session is told. A process that stands still in a transaction loses it, and with it the locks that others wait for.
///
/// Rows are looked up by their keys. A prepared statement keeps the plan that it got while its tables were small, so that plans
/// which suit small tables only are not to be had: else each look-up reads all rows until the next `ANALYZE`.
const SESSION: [(&str, &str); 10] = [
    // What is to be avoided counts as so dear that compiling it would seem to pay.
    ("jit", "off"),
    // A page of fifty rows is read in a millisecond; starting a process to help with it takes ten.
    ("max_parallel_workers_per_gather", "0"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("synchronous_commit", "on"),
    ("idle_in_transaction_session_timeout", "3s"),
    ("lock_timeout", "10s"),
    ("statement_timeout", "30s"),
    ("tcp_keepalives_idle", "10"),
];

/// Where a `PostgreSQL` cluster is, and what the databases of the suite in it are called.
#[derive(Clone)]
pub struct Address {
    url: String,
    base: String,
}

impl FromStr for Address {
    type Err = String;

    /// `postgres://user:password@host:port/BASE`: the database of intake is `BASE_intake`.
    fn from_str(text: &str) -> Result<Self, String> {
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err("must be postgres://user:password@host:port/name".to_owned());
        }
        let options: PgConnectOptions = text.parse().map_err(|_| {
            "is no address of a PostgreSQL cluster; write postgres://user:password@host:port/name"
                .to_owned()
        })?;
        let base = options.get_database().unwrap_or("motcua").to_owned();
        let plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        if !base.chars().all(|letter| plain(letter) || letter == '_') {
            return Err(format!(
                "the name `{base}` must be of lower-case letters, digits and `_`"
            ));
        }
        Ok(Self {
            url: text.to_owned(),
            base,
        })
    }
}

/// Without the password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL {}", self.base)
    }
}

impl Address {
    fn database(&self, service: &str) -> String {
        format!("{}_{service}", self.base)
    }

    fn options(&self) -> Result<PgConnectOptions, sqlx::Error> {
        Ok(PgConnectOptions::from_str(&self.url)?.application_name("motcua"))
    }

    /// Makes the database of a service, unless it is there.
    pub(super) async fn create(&self, service: &str) -> Result<(), Error> {
        let failed = |source| Error::open(service, driver(source));
        let name = self.database(service);
        let options = self.options().map_err(failed)?.database("postgres");
        let mut connection = reach(&options).await.map_err(failed)?;
        // Names are of lower-case letters, digits and `_`. Rows are sorted by bytes, as in the embedded store.
        let create = format!(
            "CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
        );
        let created = sqlx::query(sqlx::AssertSqlSafe(create))
            .execute(&mut connection)
            .await;
        match created {
            Err(sqlx::Error::Database(error)) if says_that_it_is_there(&*error) => Ok(()),
            created => created.map(|_| ()).map_err(failed),
        }
    }

    pub(super) async fn open(&self, service: &str, ring: Keyring) -> Result<Db, Error> {
        self.must_exist(service).await?;
        let failed = |source| Error::open(service, source);
        let trust = Trust::default();
        let pool = async |connections| {
            let pool = self.pool(service, connections, trust.clone());
            pool.await.map_err(failed)
        };
        Ok(Db {
            write: pool(WRITERS).await?,
            read: pool(READERS).await?,
            trust,
            ring,
        })
    }

    pub(super) async fn open_read_only(&self, service: &str) -> Result<DatabaseConnection, Error> {
        self.must_exist(service).await?;
        self.pool(service, 2, Trust::default())
            .await
            .map_err(|source| Error::open(service, source))
    }

    /// A pool tells only that it waited in vain; a first connection tells why.
    async fn must_exist(&self, service: &str) -> Result<(), Error> {
        let failed = |source| Error::open(service, driver(source));
        let name = self.database(service);
        let options = self.options().map_err(failed)?.database(&name);
        match reach(&options).await {
            Ok(connection) => connection.close().await.map_err(failed),
            Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("3D000") => {
                Err(Error::Missing {
                    place: format!("the database {name}"),
                    command: "migrate",
                })
            }
            Err(error) => Err(failed(error)),
        }
    }

    async fn pool(
        &self,
        service: &str,
        connections: u32,
        trust: Trust,
    ) -> Result<DatabaseConnection, DbErr> {
        let database = self.database(service);
        let mut options = ConnectOptions::new(self.url.clone());
        options
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(CONNECT_TIMEOUT)
            .max_lifetime(LIFETIME)
            .sqlx_logging(false)
            .test_before_acquire(false)
            .record_stmt_in_spans(false)
            .map_sqlx_postgres_opts(move |options| {
                options
                    .database(&database)
                    .application_name("motcua")
                    .statement_cache_capacity(PREPARED)
                    .options(SESSION)
            })
            .map_sqlx_postgres_before_acquire(move |connection, metadata| {
                let trust = trust.clone();
                Box::pin(async move {
                    // Asking costs a round trip.
                    let trusted = metadata.idle_for < MOMENT && trust.holds();
                    Ok(trusted || trust.ask(connection).await?)
                })
            });
        Database::connect(options).await
    }
}

/// Whether a pool's connections are handed out without asking whether they may write.
#[derive(Clone, Debug, Default)]
pub(super) struct Trust(Arc<Mutex<Grounds>>);

#[derive(Debug, Default)]
struct Grounds {
    /// When one of them last said that it may.
    said_so: Option<Instant>,
    /// When one said that it may not, or a change could not be committed.
    doubted: Option<Instant>,
}

impl Trust {
    /// Ends it for a while.
    pub fn doubt(&self) {
        self.lock().doubted = Some(clock::monotonic());
    }

    fn holds(&self) -> bool {
        let within = |since: Option<Instant>, time| since.is_some_and(|at| at.elapsed() < time);
        let grounds = self.lock();
        within(grounds.said_so, MOMENT) && !within(grounds.doubted, DOUBT)
    }

    async fn ask(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let may = may_write(connection).await;
        match may {
            Ok(true) => self.lock().said_so = Some(clock::monotonic()),
            Ok(false) | Err(_) => self.doubt(),
        }
        may
    }

    fn lock(&self) -> MutexGuard<'_, Grounds> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A node that was demoted answers, but refuses every change: its connections are not handed out again.
async fn may_write(connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
    let read_only: String = sqlx::query_scalar("SHOW transaction_read_only")
        .fetch_one(connection)
        .await?;
    Ok(read_only == "off")
}

async fn reach(options: &PgConnectOptions) -> Result<PgConnection, sqlx::Error> {
    let connecting = PgConnection::connect_with(options);
    match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
        Ok(connected) => connected,
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Two that make one database at once: the loser hears of it in one of two ways.
fn says_that_it_is_there(error: &dyn sqlx::error::DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("42P04" | "23505"))
}

fn driver(error: sqlx::Error) -> DbErr {
    DbErr::Conn(RuntimeErr::SqlxError(std::sync::Arc::new(error)))
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;
    use tempfile::TempDir;

    use super::*;
    use crate::db::Stores;

    /// A pool of one connection, where the tests have a cluster.
    async fn single(folder: &TempDir) -> Option<(DatabaseConnection, Trust)> {
        let (stores, _) = crate::testing::open(folder.path(), "single").await.unwrap();
        let Stores::Postgres(address) = stores else {
            return None;
        };
        let trust = Trust::default();
        let pool = address.pool("single", 1, trust.clone()).await.unwrap();
        Some((pool, trust))
    }

    async fn write(pool: &DatabaseConnection) -> Result<(), DbErr> {
        let write = pool.execute_unprepared("CREATE TABLE IF NOT EXISTS t (n int)");
        write.await.map(|_| ())
    }

    /// Makes the connection one to a node that was demoted: it answers, and refuses every change.
    async fn demote(pool: &DatabaseConnection) {
        let demote = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";
        // Once more where it was just found out.
        while write(pool).await.is_ok() {
            pool.execute_unprepared(demote).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_node_that_no_longer_writes_is_left_as_soon_as_a_change_fails() {
        let folder = tempfile::tempdir().unwrap();
        let Some((pool, trust)) = single(&folder).await else {
            return;
        };
        demote(&pool).await;
        trust.doubt();
        write(&pool).await.unwrap();
    }

    #[tokio::test]
    async fn a_busy_pool_leaves_such_a_node_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let Some((pool, _)) = single(&folder).await else {
            return;
        };
        demote(&pool).await;
        let left = async {
            while write(&pool).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        let left = tokio::time::timeout(3 * MOMENT, left).await;
        assert!(left.is_ok(), "it goes on with that node");
    }

    #[tokio::test(start_paused = true)]
    async fn trust_lasts_a_moment_and_ends_with_a_doubt() {
        let trust = Trust::default();
        assert!(!trust.holds());
        trust.lock().said_so = Some(clock::monotonic());
        assert!(trust.holds());
        trust.doubt();
        assert!(!trust.holds());
        tokio::time::advance(DOUBT).await;
        trust.lock().said_so = Some(clock::monotonic());
        assert!(trust.holds());
        tokio::time::advance(MOMENT).await;
        assert!(!trust.holds());
    }

    #[test]
    fn an_address_names_its_databases_and_hides_its_password() {
        let address: Address = "postgres://mc:secret@db:5432/tinh".parse().unwrap();
        assert_eq!(address.database("intake"), "tinh_intake");
        assert!(!format!("{address:?}").contains("secret"));
        let unnamed: Address = "postgres://mc@db".parse().unwrap();
        assert_eq!(unnamed.database("intake"), "motcua_intake");
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for wrong in ["mysql://mc:secret@db", "postgres://mc:secret@db/A;DROP"] {
            let refused = wrong.parse::<Address>().unwrap_err();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }
}
