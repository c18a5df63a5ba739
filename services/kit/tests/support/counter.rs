//! The smallest real service: counters in a table, over a real store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use kit::authority::{Context, Rights};
use kit::caller::{Caller, Role};
use kit::clock;
use kit::db::{Db, Sink, Stores};
use kit::failure::Failure;
use kit::log::{Cause, NewEvent, Shard};
use kit::queue::Queue;
use kit::writer::{self, Effect, Ledger, Replied, Step, Writer};
use prost::Message as _;
use sea_orm::{ColumnTrait as _, DatabaseTransaction, DbErr, EntityTrait as _, QueryFilter as _};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::Code;

pub const OWNER: &str = "counter";
/// For whom everybody counts.
pub const UNIT: &str = "unit";
/// A decision refuses to count further.
pub const MOST: i64 = 100;
/// The schema refuses this value, which no decision looks at.
pub const FORBIDDEN_BY_SCHEMA: i64 = 66;

/// Request, reply and event in one: so much was added to, or stands in, a counter.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Amount {
    #[prost(string, tag = "1")]
    pub counter: String,
    #[prost(int64, tag = "2")]
    pub amount: i64,
}

impl prost::Name for Amount {
    const NAME: &'static str = "Amount";
    const PACKAGE: &'static str = "counter.v1";
}

/// Adds to a counter.
#[derive(Clone, Debug)]
pub struct Add {
    pub counter: String,
    pub amount: i64,
}

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "counter")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(kit::migration::Mechanisms),
            Box::new(Tables),
            Box::new(kit::migration::Replicas),
        ]
    }
}

struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "m0002_counter"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("counter")
            .col(string("name").primary_key())
            .col(big_integer("value"))
            .check(Expr::col("value").ne(FORBIDDEN_BY_SCHEMA))
            .take();
        manager.create_table(table).await
    }
}

/// A counter went beyond [`MOST`], or the counters are closed.
#[derive(Debug)]
pub struct Refused(&'static str);

impl From<Refused> for Failure {
    fn from(Refused(reason): Refused) -> Self {
        Self::new(Code::FailedPrecondition, reason, "no", "không")
    }
}

/// The counters' side of the writer.
#[derive(Default)]
pub struct Counters {
    closed: AtomicBool,
    batches: Mutex<Vec<usize>>,
}

impl Ledger for Counters {
    const OWNER: &'static str = OWNER;
    type Act = Add;
    type World = BTreeMap<String, i64>;
    type Change = (String, i64);
    type Error = Refused;

    async fn load(&self, tx: &DatabaseTransaction, acts: &[&Add]) -> Result<Self::World, DbErr> {
        let names: BTreeSet<&str> = acts.iter().map(|add| add.counter.as_str()).collect();
        let rows = entity::Entity::find()
            .filter(entity::Column::Name.is_in(names))
            .all(tx)
            .await?;
        Ok(rows.into_iter().map(|row| (row.name, row.value)).collect())
    }

    fn permits(&self, _: &Self::World, _: &Add) -> Result<String, Refused> {
        if self.closed.load(Ordering::Acquire) {
            return Err(Refused("CLOSED"));
        }
        Ok(UNIT.to_owned())
    }

    fn decide(
        &self,
        world: &Self::World,
        step: &Step<Add>,
    ) -> Result<Effect<Self::Change>, Refused> {
        let Add { counter, amount } = &step.act;
        let value = world.get(counter).copied().unwrap_or_default() + amount;
        if value > MOST {
            return Err(Refused("TOO_MUCH"));
        }
        let now = Amount {
            counter: counter.clone(),
            amount: value,
        };
        Ok(Effect {
            changes: vec![(counter.clone(), value)],
            events: vec![NewEvent::new(counter, Shard::of(counter), &now)],
            reply: now.encode_to_vec(),
            about: None,
        })
    }

    fn apply(world: &mut Self::World, (counter, value): &Self::Change) {
        world.insert(counter.clone(), *value);
    }

    async fn save(&self, sink: &impl Sink, changes: &[Self::Change]) -> Result<(), DbErr> {
        // One by one, so that the schema sees every value.
        for (name, value) in changes.iter().cloned() {
            let row = entity::Model { name, value };
            sink.put::<entity::Entity>(vec![row], &[entity::Column::Value])
                .await?;
        }
        Ok(())
    }

    fn committed(&self, changes: &[Self::Change]) {
        self.batches.lock().unwrap().push(changes.len());
    }
}

/// A running service of counters.
pub struct Service {
    pub writer: Writer<Counters>,
    pub db: Db,
    pub queue: Queue,
    ledger: Arc<Counters>,
    _stores: Stores,
    stop: CancellationToken,
}

impl Service {
    /// Opens the store in a folder, making it when it does not exist.
    pub async fn start(folder: &TempDir, batch: usize) -> Self {
        let (this, work) = Self::start_idle(folder, batch).await;
        tokio::spawn(work);
        this
    }

    /// One whose writer does nothing until what it returns is polled.
    pub async fn start_idle(
        folder: &TempDir,
        batch: usize,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let (stores, db) = kit::testing::open(folder.path(), OWNER).await.unwrap();
        kit::migration::up::<Migrator>(&db).await.unwrap();
        let (ledger, queue) = (Arc::new(Counters::default()), Queue::in_process());
        let stop = CancellationToken::new();
        let (writer, work) = writer::start(
            Arc::clone(&ledger),
            db.clone(),
            queue.clone(),
            batch,
            stop.clone(),
        );
        let this = Self {
            writer,
            db,
            queue,
            ledger,
            _stores: stores,
            stop,
        };
        (this, work)
    }

    /// `alice` adds to a counter.
    pub async fn add(&self, request: &str, counter: &str, amount: i64) -> Result<Replied, Failure> {
        self.add_by("alice", request, counter, amount).await
    }

    pub async fn add_by(
        &self,
        caller: &str,
        request: &str,
        counter: &str,
        amount: i64,
    ) -> Result<Replied, Failure> {
        let asked = Amount {
            counter: counter.to_owned(),
            amount,
        };
        let (context, act) = (context(caller), add(counter, amount));
        self.writer
            .call(&context, request.to_owned(), &asked, act)
            .await
    }

    /// What a counter stands at; 0 when there is none.
    pub async fn value(&self, counter: &str) -> i64 {
        let row = entity::Entity::find_by_id(counter)
            .one(self.db.read())
            .await;
        row.unwrap().map_or(0, |row| row.value)
    }

    /// Ends its writer when all that it took is answered.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Refuses everything from now on.
    pub fn close(&self) {
        self.ledger.closed.store(true, Ordering::Release);
    }

    /// How many changes each transaction had so far.
    pub fn batches(&self) -> Vec<usize> {
        self.ledger.batches.lock().unwrap().clone()
    }
}

pub fn add(counter: &str, amount: i64) -> Add {
    Add {
        counter: counter.to_owned(),
        amount,
    }
}

/// What a reply says that the counter stands at.
pub fn said(replied: &Replied) -> i64 {
    Amount::decode(replied.body.as_slice()).unwrap().amount
}

pub fn cause(actor: &str) -> Cause {
    context(actor).cause()
}

fn context(caller: &str) -> Context {
    Context {
        purpose: None,
        rights: Rights::new(
            Arc::new(Caller::new(caller, Role::Client, Vec::new())),
            None,
        ),
        at: clock::from_micros(1_503_883_800_000_000),
        traceparent: String::new(),
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}
