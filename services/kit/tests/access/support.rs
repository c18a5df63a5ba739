//! An access log on a store of its own.

use std::sync::Arc;
use std::time::Duration;

use kit::access::{self, Audit, Log, Reading, Recorder};
use kit::authority::{Context, Rights};
use kit::caller::{Caller, Role};
use kit::clock::{self, Clock, Moment};
use kit::db::{Db, Stores};
use kit::failure::Failure;
use kit::testing::until;
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};
use sea_orm_migration::{MigrationTrait, MigratorTrait};
use tempfile::TempDir;
use tokio::task::JoinHandle;

pub const OWNER: &str = "intake";
pub const RPC: &str = "motcua.intake.v1.DossierService/GetDossier";
/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(kit::migration::Mechanisms)]
    }
}

/// A row as it stands in the log.
#[derive(Debug, FromQueryResult, PartialEq, Eq)]
pub struct Row {
    pub day: String,
    pub number: i64,
    pub kind: String,
    pub subject: String,
    pub roles: String,
    pub units: String,
    pub objects: String,
    pub outcome: String,
    pub purpose: String,
    pub times: i64,
}

pub struct Store {
    pub db: Db,
    _stores: Stores,
    _folder: TempDir,
}

impl Store {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (stores, db) = kit::testing::open(folder.path(), OWNER).await.unwrap();
        kit::migration::up::<Migrator>(&db).await.unwrap();
        Self {
            db,
            _stores: stores,
            _folder: folder,
        }
    }

    /// A log that is written into the store.
    pub fn record(&self) -> (Log, JoinHandle<()>) {
        let (log, recorder) = access::open();
        let working = self.run(recorder);
        (log, working)
    }

    pub fn run(&self, recorder: Recorder) -> JoinHandle<()> {
        // Stands before every day of a test: none of them is closed by itself.
        let clock = Clock::simulated(at("2017-01-01 08:00"));
        tokio::spawn(recorder.run(OWNER, self.db.clone(), clock))
    }

    /// Hands these readings over, and waits until they are written.
    pub async fn written(&self, readings: &[(&str, &str)]) {
        let (log, working) = self.record();
        for (time, object) in readings {
            read(&log, at(time), object).unwrap();
        }
        log.end();
        working.await.unwrap();
    }

    pub async fn rows(&self) -> Vec<Row> {
        let backend = self.db.read().get_database_backend();
        let text = "SELECT * FROM access_log ORDER BY day, number";
        let rows = Row::find_by_statement(Statement::from_string(backend, text));
        rows.all(self.db.read()).await.unwrap()
    }

    /// Waits until there are so many rows.
    pub async fn has_rows(&self, count: usize) -> Vec<Row> {
        let written = async || Some(self.rows().await).filter(|rows| rows.len() >= count);
        until("they are written", PATIENCE, written).await
    }

    /// Changes the store past the suite.
    pub async fn tamper(&self, statement: &str) {
        let done = self.db.write().execute_unprepared(statement).await;
        done.unwrap();
    }

    pub async fn audit(&self) -> Audit {
        access::audit(self.db.read()).await.unwrap()
    }

    /// The days in which an audit finds something.
    pub async fn faulty_days(&self) -> Vec<String> {
        let audit = self.audit().await;
        audit.faults.into_iter().map(|fault| fault.day).collect()
    }

    /// Closes the days that have ended by then.
    pub async fn close(&self, time: &str) -> Vec<(String, i64)> {
        let closed = access::close_due(&self.db, at(time)).await.unwrap();
        let closed = closed.into_iter().map(|day| (day.day, day.entries));
        closed.collect()
    }
}

/// The moment at which people in the province read this.
pub fn at(local: &str) -> Moment {
    clock::from_local(format!("{}:00", local.replace(' ', "T")).parse().unwrap())
}

pub fn examiner() -> Caller {
    let units = ["daklak-0007", "daklak-0008"].map(str::to_owned);
    Caller::new("examiner-7", Role::Examiner, units.into())
}

pub fn context(caller: Caller, at: Moment) -> Context {
    Context {
        rights: Rights::of(Arc::new(caller), "intake.DossierService/GetDossier"),
        at,
        purpose: None,
        traceparent: String::new(),
    }
}

/// An examiner reads what the unit handles.
pub fn read(log: &Log, at: Moment, object: &str) -> Result<(), Failure> {
    let reading = Reading {
        rpc: RPC,
        objects: vec![object],
        is_handled: true,
    };
    log.read(&context(examiner(), at), &reading)
}
