//! The schema. Migrations only go forward; old and new code both run on the new schema.

mod client;
mod officer;
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
        let tables = [
            unit::table(),
            unit::period(),
            party::table(),
            party::number(),
            party::proxy_grant(),
            client::table(),
            client::revocation(),
            client::assertion(),
            officer::officer(),
            officer::position(),
            officer::password(),
            officer::tries(),
        ];
        for table in tables {
            manager.create_table(table).await?;
        }
        for index in party::indexes().into_iter().chain(officer::indexes()) {
            manager.create_index(index).await?;
        }
        let db = manager.get_connection();
        for statement in officer::no_overlap(db.get_database_backend()) {
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}
