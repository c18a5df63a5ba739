//! Routing's tables, forward only.

mod filed;

use kit::migration::{Mechanisms, Replicas, index, index_where, leave_room};
use sea_orm::DbErr;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_null, boolean, integer, integer_null, string,
    string_null, text, text_null,
};

/// All migrations of routing in order.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Mechanisms),
            Box::new(Journeys),
            Box::new(Replicas),
            Box::new(filed::Filed),
        ]
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
        for table in [route(), transfer(), holding(), officer(), position()] {
            manager.create_table(table).await?;
        }
        leave_room(manager, &["transfer", "route"]).await?;
        for index in [indexes(), of_the_work_list()].concat() {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        index("transfer", "transfer_dossier", &["dossier_uid"]),
        index(
            "transfer",
            "transfer_to",
            &["to_unit", "state", "step_due", "uid"],
        ),
        // What is its sender's again; `store::transfer::list` says it in the same words.
        index_where(
            index(
                "transfer",
                "transfer_from",
                &["from_unit", "state", "step_due", "uid"],
            ),
            Expr::cust("state IN (3, 5, 7)"),
        ),
        index(
            "transfer",
            "transfer_offers",
            &[
                "state",
                "dead_letter",
                "on_hold",
                "to_unit",
                "hand_over_due",
                "uid",
            ],
        ),
        index("position", "position_subject", &["subject"]),
        index_where(
            index(
                "transfer",
                "transfer_paper",
                &["from_unit", "to_unit", "offered_at", "uid"],
            ),
            Expr::col("paper_travels"),
        ),
        index("holding", "holding_custodian", &["custodian", "until"]),
        index("holding", "holding_dossier", &["dossier_uid"]),
        index("route", "route_code", &["code"]),
        index_where(
            index("route", "route_reckoned", &["calendar_revision", "reaches"]),
            Expr::col("open"),
        ),
    ]
}

/// The work list, narrowed in one way or another, and what time brings.
fn of_the_work_list() -> Vec<IndexCreateStatement> {
    vec![
        index(
            "transfer",
            "transfer_procedure",
            &["to_unit", "state", "procedure_code", "step_due", "uid"],
        ),
        having(
            "warn_at",
            index(
                "transfer",
                "transfer_pressing",
                &["to_unit", "state", "warn_at"],
            ),
        ),
        having(
            "assignee",
            index(
                "transfer",
                "transfer_assignee",
                &["assignee", "state", "step_due", "uid"],
            ),
        ),
        having(
            "escalated_to",
            index(
                "transfer",
                "transfer_escalated",
                &["escalated_to", "state", "step_due", "uid"],
            ),
        ),
        having(
            "escalated_to",
            index(
                "transfer",
                "transfer_escalated_of",
                &["to_unit", "state", "step_due", "uid"],
            ),
        ),
        having(
            "link_late_at",
            index(
                "transfer",
                "transfer_link_late",
                &["to_unit", "state", "step_due", "uid"],
            ),
        ),
        having(
            "alarm_at",
            index("transfer", "transfer_alarm", &["alarm_at"]),
        ),
    ]
}

/// The index over those rows only that have something in a column.
fn having(column: &'static str, index: IndexCreateStatement) -> IndexCreateStatement {
    index_where(index, Expr::col(column).is_not_null())
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
        .col(big_integer_null("stopped_at"))
        .col(string_null("suspended_by"))
        .col(big_integer("calendar_revision"))
        .col(big_integer("reaches"))
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
        .col(text_null("given_back"))
        .col(big_integer("offer_epoch"))
        .col(big_integer_null("custody_epoch"))
        .col(big_integer("offered_at"))
        .col(big_integer("hand_over_due"))
        .col(big_integer_null("accepted_at"))
        .col(big_integer("step_due"))
        .col(big_integer_null("ended_at"))
        .col(binary_null("reason"))
        .col(boolean("paper_travels"))
        .col(binary_null("paper"))
        .col(boolean("dead_letter"))
        .col(boolean("on_hold"))
        .col(big_integer_null("dead_letter_since"))
        .col(integer_null("dead_letter_deliveries"))
        .col(string_null("assignee"))
        .col(string_null("assignee_unit"))
        .col(text("clocks"))
        .col(string_null("escalated_to"))
        .col(big_integer_null("warn_at"))
        .col(big_integer_null("late_at"))
        .col(big_integer_null("link_late_at"))
        .col(big_integer_null("alarm_at"))
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

fn officer() -> TableCreateStatement {
    Table::create()
        .table("officer")
        .col(string("subject").primary_key())
        .col(boolean("disabled"))
        .take()
}

fn position() -> TableCreateStatement {
    Table::create()
        .table("position")
        .col(string("uid").primary_key())
        .col(string("subject"))
        .col(string("unit"))
        .col(string("role"))
        .col(string("first_day"))
        .col(string_null("last_day"))
        .take()
}
