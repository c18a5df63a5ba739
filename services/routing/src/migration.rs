//! Routing's tables, forward only.

use kit::migration::{Mechanisms, Replicas, index};
use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_null, boolean, integer, integer_null, string,
    string_null, text,
};

/// All migrations of routing in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(Mechanisms), Box::new(Journeys), Box::new(Replicas)]
    }
}

struct Journeys;

impl MigrationName for Journeys {
    fn name(&self) -> &'static str {
        "m0002_journeys"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Journeys {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [route(), transfer(), holding()] {
            manager.create_table(table).await?;
        }
        let indexes = [
            index("transfer", "transfer_dossier", &["dossier_uid"]),
            index(
                "transfer",
                "transfer_to",
                &["to_unit", "state", "step_due", "uid"],
            ),
            index(
                "transfer",
                "transfer_from",
                &["from_unit", "state", "step_due", "uid"],
            ),
            index(
                "transfer",
                "transfer_offers",
                &["state", "dead_letter", "to_unit", "hand_over_due", "uid"],
            ),
            index("holding", "holding_dossier", &["dossier_uid"]),
            index("route", "route_reckoned", &["open", "calendar_revision"]),
        ];
        for index in indexes {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn route() -> TableCreateStatement {
    Table::create()
        .table("route")
        .col(string("dossier_uid").primary_key())
        .col(string("code"))
        .col(string("procedure_code"))
        .col(string("returning_unit"))
        .col(big_integer("received_at"))
        .col(big_integer("appointment"))
        .col(big_integer("limit_from"))
        .col(big_integer("limit_to"))
        .col(text("pauses"))
        .col(string_null("suspended_by"))
        .col(big_integer("calendar_revision"))
        .col(text("steps"))
        .col(big_integer("custody_epoch"))
        .col(boolean("open"))
        .take()
}

fn transfer() -> TableCreateStatement {
    Table::create()
        .table("transfer")
        .col(string("uid").primary_key())
        .col(string("dossier_uid"))
        .col(string("dossier_code"))
        .col(string("procedure_code"))
        .col(string("step_key"))
        .col(text("step_name"))
        .col(string("role"))
        .col(boolean("consulted"))
        .col(boolean("decides"))
        .col(integer("state"))
        .col(string("from_unit"))
        .col(string("to_unit"))
        .col(text("offered_before"))
        .col(big_integer("offer_epoch"))
        .col(big_integer_null("custody_epoch"))
        .col(big_integer("offered_at"))
        .col(big_integer("hand_over_due"))
        .col(big_integer_null("accepted_at"))
        .col(big_integer("step_due"))
        .col(big_integer_null("ended_at"))
        .col(binary_null("reason"))
        .col(boolean("dead_letter"))
        .col(big_integer_null("dead_letter_since"))
        .col(integer_null("dead_letter_deliveries"))
        .col(big_integer("revision"))
        .take()
}

fn holding() -> TableCreateStatement {
    Table::create()
        .table("holding")
        .col(string("transfer_uid"))
        .col(integer("ordinal"))
        .col(string("dossier_uid"))
        .col(string("step_key"))
        .col(string("custodian"))
        .col(big_integer("since"))
        .col(big_integer_null("until"))
        .primary_key(Index::create().col("transfer_uid").col("ordinal"))
        .take()
}
