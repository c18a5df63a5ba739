//! What a dossier was filed with, by which its route follows unit rules.

use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

pub(super) struct Filed;

impl MigrationName for Filed {
    fn name(&self) -> &'static str {
        "m0004_filed"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Filed {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = text_null("filed");
        let table = Table::alter().table("route").add_column(column).take();
        manager.alter_table(table).await
    }
}
