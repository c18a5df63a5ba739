//! Steps outside the limit, for which the clock of a dossier stands still.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string_null;

pub(super) struct Outside;

impl MigrationName for Outside {
    fn name(&self) -> &'static str {
        "m0005_outside"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Outside {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = string_null("outside");
        let table = Table::alter().table("custody").add_column(column).take();
        manager.alter_table(table).await
    }
}
