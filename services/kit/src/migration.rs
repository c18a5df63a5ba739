//! The tables that every service has beside its own.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, integer, string, text};

/// Makes the log, the saved replies, the consumers' places and the local copies.
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
            reply(),
            place(),
            parked(),
            copy(),
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
        vec![string("subject"), binary("hash")],
        &["subject"],
    )
}

fn reply() -> TableCreateStatement {
    let columns = vec![
        string("caller"),
        string("request_id"),
        binary("digest"),
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
