//! The schema. Migrations only go forward; old and new code both run on the new schema.

use kit::migration::{Mechanisms, Replicas};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, boolean, date, integer, string};

/// All migrations in order.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Mechanisms), Box::new(Tables), Box::new(Replicas)]
    }
}

/// Makes the tables that the catalogue owns.
struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "m0002_procedure_calendar"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(procedure()).await?;
        manager.create_table(calendar()).await?;
        manager.create_table(calendar_version()).await
    }
}

/// What lists are filtered by stands in columns; `body` is the whole `motcua.catalogue.v1.Procedure`.
fn procedure() -> TableCreateStatement {
    Table::create()
        .table("procedure")
        .col(string("code").primary_key())
        .col(string("level"))
        .col(integer("online_level"))
        .col(boolean("vertical_agency"))
        .col(integer("version"))
        .col(date("effective_from"))
        .col(big_integer("revision"))
        .col(binary("body"))
        .to_owned()
}

/// Which version is in force.
fn calendar() -> TableCreateStatement {
    Table::create()
        .table("calendar")
        .col(string("key").primary_key())
        .col(big_integer("revision"))
        .to_owned()
}

/// Every version, never changed; `body` is the whole `motcua.catalogue.v1.Calendar`.
fn calendar_version() -> TableCreateStatement {
    Table::create()
        .table("calendar_version")
        .col(string("key"))
        .col(big_integer("revision"))
        .col(date("announced_on"))
        .col(string("basis"))
        .col(binary("body"))
        .primary_key(Index::create().col("key").col("revision"))
        .to_owned()
}
