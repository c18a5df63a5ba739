//! Blocks of codes for counters that work offline, and void numbers.

use kit::migration::index;
use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, string, text};

pub(super) struct Blocks;

impl MigrationName for Blocks {
    fn name(&self) -> &'static str {
        "m0004_blocks"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Blocks {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(code_block()).await?;
        manager.create_table(void_number()).await?;
        let desk = index("code_block", "code_block_desk", &["unit_uid", "date"]);
        manager.create_index(desk).await
    }
}

fn code_block() -> TableCreateStatement {
    Table::create()
        .table("code_block")
        .col(string("uid").primary_key())
        .col(string("unit_uid"))
        .col(string("date"))
        .col(string("beginning"))
        .col(big_integer("first"))
        .col(big_integer("last"))
        .col(big_integer_null("returned_at"))
        .take()
}

fn void_number() -> TableCreateStatement {
    Table::create()
        .table("void_number")
        .col(string("unit_uid"))
        .col(string("date"))
        .col(big_integer("first"))
        .col(big_integer("last"))
        .col(text("reason"))
        .primary_key(Index::create().col("unit_uid").col("date").col("first"))
        .take()
}
