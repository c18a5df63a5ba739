//! Intake's tables, forward only.

mod blocks;
mod outside;

use kit::migration::{Mechanisms, Replicas, index, index_where, leave_room};
use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_null, boolean, integer, integer_null, string,
    string_null, text, text_null,
};

/// All migrations of intake in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Mechanisms),
            Box::new(Dossiers),
            Box::new(Replicas),
            Box::new(blocks::Blocks),
            Box::new(outside::Outside),
        ]
    }
}

struct Dossiers;

impl MigrationName for Dossiers {
    fn name(&self) -> &'static str {
        "m0002_dossiers"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Dossiers {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [dossier(), clock(), origin(), dossier_number(), custody()] {
            manager.create_table(table).await?;
        }
        leave_room(manager, &["dossier"]).await?;
        let indexes = [
            index("dossier", "dossier_party", &["party_uid"]),
            index("dossier", "dossier_content", &["content_digest"]),
            index(
                "dossier",
                "dossier_receiving",
                &["receiving_unit", "submitted_at", "uid"],
            ),
            index("dossier", "dossier_competent", &["competent_unit"]),
            index("dossier", "dossier_returning", &["returning_unit"]),
            index("dossier", "dossier_submitted", &["submitted_at", "uid"]),
            index_where(
                index("clock", "clock_reckoned", &["calendar_revision", "due"]),
                Expr::col("running"),
            ),
            // Late and at risk.
            index_where(
                index("clock", "clock_late", &["late_at", "dossier_uid"]),
                Expr::col("late_at").is_not_null(),
            ),
            index_where(
                index("clock", "clock_alarm", &["alarm_at"]),
                Expr::col("alarm_at").is_not_null(),
            ),
            index("custody", "custody_dossier", &["dossier_uid"]),
            index(
                "custody",
                "custody_unit",
                &["unit_uid", "standing", "dossier_uid"],
            ),
        ];
        for index in indexes {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn dossier() -> TableCreateStatement {
    Table::create()
        .table("dossier")
        .col(string("uid").primary_key())
        .col(string("code").unique_key())
        .col(integer("state"))
        .col(string("procedure_code"))
        .col(integer("procedure_version"))
        .col(string("case_key"))
        .col(integer("channel"))
        .col(integer("filed_by"))
        .col(string_null("origin_system"))
        .col(string_null("origin_code"))
        .col(binary_null("personal"))
        .col(string_null("party_uid"))
        .col(binary_null("content_digest"))
        .col(text_null("words"))
        .col(text("components"))
        .col(text("fees"))
        .col(integer("limit_extra"))
        .col(string("receiving_unit"))
        .col(string("competent_unit"))
        .col(string("returning_unit"))
        .col(big_integer("submitted_at"))
        .col(big_integer_null("received_at"))
        .col(big_integer_null("appointment"))
        .col(big_integer_null("answer_by"))
        .col(text_null("course"))
        .col(big_integer_null("closed_at"))
        .col(text_null("decision"))
        .col(big_integer_null("returned_at"))
        .col(integer_null("return_method"))
        .col(big_integer("revision"))
        .take()
}

/// Apart from the dossier, so that what happens to a dossier touches none of its indexes, and what only time or the calendar brings
/// writes a short row.
fn clock() -> TableCreateStatement {
    Table::create()
        .table("clock")
        .col(string("dossier_uid").primary_key())
        .col(boolean("running"))
        .col(big_integer_null("due"))
        .col(big_integer_null("warn_at"))
        .col(big_integer_null("calendar_revision"))
        .col(big_integer_null("late_at"))
        .col(big_integer_null("alarm_at"))
        .take()
}

fn origin() -> TableCreateStatement {
    Table::create()
        .table("origin")
        .col(string("system"))
        .col(string("code"))
        .col(string("dossier_uid"))
        .primary_key(Index::create().col("system").col("code"))
        .take()
}

fn dossier_number() -> TableCreateStatement {
    Table::create()
        .table("dossier_number")
        .col(string("unit_uid"))
        .col(string("date"))
        .col(big_integer("last"))
        .primary_key(Index::create().col("unit_uid").col("date"))
        .take()
}

fn custody() -> TableCreateStatement {
    Table::create()
        .table("custody")
        .col(string("transfer_uid").primary_key())
        .col(string("dossier_uid"))
        .col(string("unit_uid"))
        .col(big_integer("epoch"))
        .col(integer("purpose"))
        .col(integer("standing"))
        .col(big_integer("since"))
        .col(string_null("custodian"))
        .col(big_integer_null("custodian_since"))
        .take()
}
