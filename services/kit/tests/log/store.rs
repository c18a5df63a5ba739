//! A log of three dossiers in two shards, every change of the second with a personal part.

use std::path::PathBuf;

use kit::clock;
use kit::db::{Db, Stores};
use kit::log::{self, Break, Cause, NewEvent, Shard};
use kit::seal::{DataKey, Keyring};
use proto::event::v1::Head;
use sea_orm::{ConnectionTrait as _, Statement};
use sea_orm_migration::prelude::*;
use tempfile::TempDir;

/// The shard of the dossiers `a` and `b`; `c` has one for itself.
pub const SHARED: i32 = 3;
pub const OWN: i32 = 5;
/// How many changes each dossier has.
const CHANGES: i64 = 4;

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(kit::migration::Mechanisms)]
    }
}

pub struct Store {
    pub db: Db,
    /// The key of `b`.
    key: Option<DataKey>,
    stores: Stores,
    folder: TempDir,
}

impl Store {
    /// The shard of `a` and `b` has, by number: a b a b a b a b.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (stores, db) = kit::testing::open(folder.path(), "intake").await.unwrap();
        kit::migration::up::<Migrator>(&db).await.unwrap();
        let this = Self {
            db,
            key: Some(DataKey::generate()),
            stores,
            folder,
        };
        for change in 1..=CHANGES {
            this.append(change).await;
        }
        assert_eq!(this.breaks().await, []);
        this
    }

    pub async fn append(&self, change: i64) {
        let dossiers = [("a", SHARED), ("b", SHARED), ("c", OWN)];
        let events = dossiers.map(|(dossier, shard)| {
            let shard = Shard::new(shard).unwrap();
            let head = Head {
                shard: 0,
                seq: change,
            };
            let event = NewEvent::new(dossier, shard, &head);
            let event = match dossier {
                "b" => event
                    .under(self.key.as_ref())
                    .with_personal(b"Y Moan".to_vec()),
                _ => event,
            };
            (cause(), event)
        });
        let tx = self.db.begin().await.unwrap();
        let (ring, events) = (self.db.ring(), events.into());
        log::append(&tx, ring, "intake", events).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs a statement that must touch this many rows.
    pub async fn tamper(&self, rows: u64, sql: &str) {
        let sql = if self.db.is_shared() {
            as_postgres_writes_it(sql)
        } else {
            sql.to_owned()
        };
        let done = self.db.write().execute_unprepared(&sql).await.unwrap();
        assert_eq!(done.rows_affected(), rows, "{sql}");
    }

    /// The folder of its keys.
    pub fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// The same store with the keys that are in the folder by now.
    pub async fn open_again(&self) -> Db {
        let ring = Keyring::open(&self.keys()).unwrap();
        self.stores.open("intake", &ring).await.unwrap()
    }

    /// Forgets the person of `b`.
    pub async fn erase(&mut self) {
        let tx = self.db.begin().await.unwrap();
        log::erase(&tx, ["b"].into()).await.unwrap();
        tx.commit().await.unwrap();
        self.key = None;
    }

    /// Whether the log's table holds this, as bytes in any row.
    pub async fn holds(&self, bytes: &[u8]) -> bool {
        let rows = "SELECT personal FROM log_event WHERE personal IS NOT NULL";
        let backend = self.db.read().get_database_backend();
        let rows = Statement::from_string(backend, rows);
        let rows = self.db.read().query_all_raw(rows).await.unwrap();
        let mut rows = rows.iter().map(|row| row.try_get_by_index::<Vec<u8>>(0));
        rows.any(|row| {
            let row = row.unwrap();
            row.windows(bytes.len()).any(|part| part == bytes)
        })
    }

    /// What an audit finds.
    pub async fn breaks(&self) -> Vec<Break> {
        let audit = log::audit(self.db.read(), self.db.ring());
        audit.await.unwrap().breaks
    }

    /// The rows at which an audit finds something, each once.
    pub async fn broken_rows(&self) -> Vec<(i32, i64)> {
        let breaks = self.breaks().await;
        let mut rows: Vec<_> = breaks
            .iter()
            .map(|broken| (broken.shard, broken.seq))
            .collect();
        rows.dedup();
        rows
    }
}

fn cause() -> Cause {
    Cause {
        actor: "officer-1".to_owned(),
        at: clock::from_micros(1_503_883_800_000_000),
        traceparent: String::new(),
        unit: "unit-1".to_owned(),
        request_id: "request-1".to_owned(),
    }
}

/// Bytes stand as `x'00'` in the tests, as `SQLite` writes them.
fn as_postgres_writes_it(sql: &str) -> String {
    let mut parts = sql.split("x'");
    let mut sql = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (hex, rest) = part.split_once('\'').unwrap();
        sql = format!("{sql}decode('{hex}', 'hex'){rest}");
    }
    sql
}
