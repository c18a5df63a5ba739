//! The schema. Migrations only go forward; old and new code both run on the new schema.

mod caller;
mod party;
mod unit;

use kit::migration::{Mechanisms, Replicas};
use sea_orm_migration::prelude::*;

/// All migrations in order.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Mechanisms), Box::new(Tables), Box::new(Replicas)]
    }
}

/// Makes the tables that identity owns.
struct Tables;

impl MigrationName for Tables {
    fn name(&self) -> &'static str {
        "m0002_tables"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [
            unit::table(),
            unit::period(),
            party::table(),
            caller::principal(),
        ] {
            manager.create_table(table).await?;
        }
        manager.create_index(party::number()).await
    }
}
