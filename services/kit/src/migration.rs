//! Bringing a store to the present schema, and the tables that every service has beside its own.
//!
//! Migrations go forward only: first expand, and contract when no code uses the old form any more. So programs of two versions
//! run on one schema, the newer one.

use std::collections::HashSet;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DbBackend, DbErr, EntityTrait as _, TransactionTrait as _};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, integer, string, string_null, text,
};
use sea_orm_migration::seaql_migrations;

use crate::db::Db;
use crate::log::{self, SHARDS};

/// How often a program that is newer than the schema looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Brings a store to the schema of this program; leaves it alone where it is as new or newer. Of several that do this at once
/// one does it, the others wait for it.
///
/// # Errors
/// When the store refuses.
pub async fn up<M: MigratorTrait>(db: &Db) -> Result<(), DbErr> {
    if is_up::<M>(db).await? {
        return Ok(());
    }
    if !db.is_shared() {
        return M::up(db.write(), None).await;
    }
    let lock = db.write().begin().await?;
    // Migrations may take longer than a session may stand still.
    for statement in [
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        "SET LOCAL lock_timeout = 0",
        "SET LOCAL statement_timeout = 0",
        "SELECT pg_advisory_xact_lock(hashtext('motcua migrate'))",
    ] {
        lock.execute_unprepared(statement).await?;
    }
    if !is_up::<M>(db).await? {
        M::up(db.write(), None).await?;
    }
    lock.commit().await
}

/// Waits until the store has at least the schema of this program; an embedded store is brought to it. What is personal in it must
/// have been sealed under the keys that are there.
///
/// # Errors
/// When an embedded store refuses, or was sealed under a key that is missing.
pub async fn ready<M: MigratorTrait>(service: &str, db: &Db) -> Result<(), DbErr> {
    if !db.is_shared() {
        up::<M>(db).await?;
        return log::must_open(db).await;
    }
    let mut told = false;
    loop {
        match is_up::<M>(db).await {
            Ok(true) => return log::must_open(db).await,
            Ok(false) if told => {}
            Ok(false) => tracing::warn!(
                service,
                "the schema is older than this program; waiting for `motcua migrate`"
            ),
            Err(error) => {
                tracing::warn!(service, %error, "the store does not answer; trying again");
            }
        }
        told = true;
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Whether every migration that this program knows was applied.
async fn is_up<M: MigratorTrait>(db: &Db) -> Result<bool, DbErr> {
    if !SchemaManager::new(db.read())
        .has_table("seaql_migrations")
        .await?
    {
        return Ok(false);
    }
    let applied = seaql_migrations::Entity::find().all(db.read()).await?;
    let applied: HashSet<String> = applied.into_iter().map(|row| row.version).collect();
    let known = M::migrations();
    Ok(known
        .iter()
        .all(|migration| applied.contains(migration.name())))
}

/// Makes the log, the access log, the saved replies, the consumers' places and the local copies.
pub struct Mechanisms;

impl MigrationName for Mechanisms {
    fn name(&self) -> &'static str {
        "m0001_mechanisms"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Mechanisms {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            log_event(),
            log_head(),
            log_chain(),
            log_day(),
            reply(),
            place(),
            parked(),
            copy(),
            access_log(),
            access_day(),
        ] {
            manager.create_table(table).await?;
        }
        manager
            .create_index(index("log_event", "log_event_subject", &["subject"]))
            .await?;
        manager
            .create_index(index("reply", "reply_saved_at", &["saved_at"]))
            .await
    }
}

/// Makes what several replicas of a service need: who of them is alive, and rows that are there before they are locked.
pub struct Replicas;

impl MigrationName for Replicas {
    fn name(&self) -> &'static str {
        "m0003_replicas"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Replicas {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let worker = table("worker", vec![string("uid"), big_integer("beat")], &["uid"]);
        manager.create_table(worker).await?;
        let mut heads = Query::insert();
        heads.into_table("log_head").columns(["shard", "seq"]);
        for shard in 0..SHARDS {
            heads.values_panic([shard.into(), 0_i64.into()]);
        }
        heads.on_conflict(OnConflict::column("shard").do_nothing().to_owned());
        manager.execute(heads).await
    }
}

fn table(
    name: &'static str,
    columns: Vec<ColumnDef>,
    key: &[&'static str],
) -> TableCreateStatement {
    let mut table = Table::create();
    table.table(name);
    for column in columns {
        table.col(column);
    }
    let mut primary = Index::create();
    for column in key {
        primary.col(*column);
    }
    table.primary_key(&mut primary);
    table
}

fn log_event() -> TableCreateStatement {
    let columns = vec![
        integer("shard"),
        big_integer("seq"),
        string("subject"),
        string("actor"),
        string("unit"),
        string("request_id"),
        big_integer("occurred_at"),
        string("traceparent"),
        string("type_url"),
        binary("change"),
        binary_null("personal"),
        binary_null("personal_digest"),
        binary("hash"),
    ];
    table("log_event", columns, &["shard", "seq"])
}

fn log_head() -> TableCreateStatement {
    table(
        "log_head",
        vec![integer("shard"), big_integer("seq")],
        &["shard"],
    )
}

fn log_chain() -> TableCreateStatement {
    table(
        "log_chain",
        vec![string("subject"), binary("hash"), binary_null("data_key")],
        &["subject"],
    )
}

fn log_day() -> TableCreateStatement {
    let columns = vec![
        big_integer("number"),
        string("day"),
        big_integer("events"),
        text("reach"),
        binary("root"),
        binary("seal"),
        big_integer("closed_at"),
    ];
    table("log_day", columns, &["number"])
}

fn reply() -> TableCreateStatement {
    let columns = vec![
        string("caller"),
        string("request_id"),
        binary("digest"),
        string_null("subject"),
        binary("body"),
        text("positions"),
        big_integer("saved_at"),
    ];
    table("reply", columns, &["caller", "request_id"])
}

fn place() -> TableCreateStatement {
    let columns = vec![string("source"), integer("shard"), big_integer("seq")];
    table("place", columns, &["source", "shard"])
}

fn parked() -> TableCreateStatement {
    let columns = vec![
        string("source"),
        integer("shard"),
        big_integer("seq"),
        string("subject"),
        binary("event"),
        text("reason"),
    ];
    table("parked", columns, &["source", "shard", "seq"])
}

fn copy() -> TableCreateStatement {
    let columns = vec![string("kind"), string("key"), binary("body")];
    table("copy", columns, &["kind", "key"])
}

fn access_log() -> TableCreateStatement {
    let columns = vec![
        string("day"),
        big_integer("number"),
        string("kind"),
        big_integer("occurred_at"),
        string("subject"),
        string("roles"),
        text("units"),
        string("rpc"),
        text("objects"),
        string("outcome"),
        string("purpose"),
        big_integer("times"),
        string("trace"),
    ];
    table("access_log", columns, &["day", "number"])
}

fn access_day() -> TableCreateStatement {
    let columns = vec![
        string("day"),
        big_integer("entries"),
        binary_null("root"),
        binary_null("seal"),
        big_integer_null("closed_at"),
    ];
    table("access_day", columns, &["day"])
}

/// Leaves room in the pages of tables whose rows change often, where the store keeps new versions of a row beside the old: a change
/// that touches no indexed column then touches no index.
///
/// # Errors
/// When the store refuses.
pub async fn leave_room(manager: &SchemaManager<'_>, tables: &[&str]) -> Result<(), DbErr> {
    if manager.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    for table in tables {
        let statement = format!("ALTER TABLE \"{table}\" SET (fillfactor = 80)");
        let connection = manager.get_connection();
        connection.execute_unprepared(&statement).await?;
    }
    Ok(())
}

/// The index over those rows only for which something holds.
#[must_use]
pub fn index_where(mut index: IndexCreateStatement, holds: Expr) -> IndexCreateStatement {
    index.and_where(holds);
    index
}

/// An index over these columns of a table.
#[must_use]
pub fn index(
    table: &'static str,
    name: &'static str,
    columns: &[&'static str],
) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}
