//! The schema. Migrations only go forward; old and new code both run on the new schema.

use kit::migration::{Mechanisms, Replicas, index};
use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary, date, date_null, integer, string, string_null, text,
};

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
        manager.create_table(procedure_version()).await?;
        manager.create_table(calendar()).await?;
        manager.create_table(calendar_version()).await?;
        manager
            .create_index(index("procedure", "procedure_by_field", &["field"]))
            .await?;
        for statement in one_at_a_time(manager.get_database_backend()) {
            let db = manager.get_connection();
            db.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

/// What fields lead to departments by stands in columns; the rest of a procedure is in its versions.
fn procedure() -> TableCreateStatement {
    Table::create()
        .table("procedure")
        .col(string("code").primary_key())
        .col(big_integer("revision"))
        .col(text("online"))
        .col(string("field"))
        .col(string("lead_unit"))
        .col(string_null("local_code").unique_key())
        .to_owned()
}

/// A draft has no first day.
fn procedure_version() -> TableCreateStatement {
    Table::create()
        .table("procedure_version")
        .col(string("code"))
        .col(integer("number"))
        .col(date_null("effective_from"))
        .col(date_null("retired_from"))
        .col(big_integer("revision"))
        .col(text("body"))
        .primary_key(Index::create().col("code").col("number"))
        .foreign_key(
            ForeignKey::create()
                .name("procedure_version_of")
                .from("procedure_version", "code")
                .to("procedure", "code"),
        )
        .to_owned()
}

/// One version is in force at a time, for the last that has begun is, and no two begin on one day; a procedure has one draft;
/// and what is published never changes, except that it ends.
fn one_at_a_time(backend: DbBackend) -> Vec<String> {
    let mut statements = vec![
        "CREATE UNIQUE INDEX procedure_version_begins ON procedure_version (code, effective_from)".to_owned(),
        "CREATE UNIQUE INDEX procedure_version_drafted ON procedure_version (code) WHERE effective_from IS NULL"
            .to_owned(),
    ];
    let changed = "OLD.effective_from IS NOT NULL AND \
        (NEW.effective_from IS NULL OR NEW.effective_from <> OLD.effective_from OR NEW.body <> OLD.body)";
    if backend == DbBackend::Postgres {
        statements.push(
            "CREATE FUNCTION procedure_version_is_published() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'procedure_version_published' USING ERRCODE = 'check_violation'; END $$"
                .to_owned(),
        );
        statements.push(format!(
            "CREATE TRIGGER procedure_version_published BEFORE UPDATE ON procedure_version FOR EACH ROW \
             WHEN ({changed}) EXECUTE FUNCTION procedure_version_is_published()"
        ));
    } else {
        statements.push(format!(
            "CREATE TRIGGER procedure_version_published BEFORE UPDATE ON procedure_version WHEN {changed} \
             BEGIN SELECT RAISE(ABORT, 'procedure_version_published'); END"
        ));
    }
    statements
}

/// Which version of the calendar is in force.
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
