//! The schema. Migrations only go forward; old and new code both run on the new schema.

use kit::migration::{Mechanisms, Replicas};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, date, date_null, string, string_null, text};

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
        "m0002_unit_party_principal"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    /// All or nothing, also when the process is killed.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [unit(), party(), principal()] {
            manager.create_table(table).await?;
        }
        manager.create_index(party_number()).await
    }
}

fn unit() -> TableCreateStatement {
    Table::create()
        .table("unit")
        .col(string("uid").primary_key())
        .col(string("code"))
        .col(string("kind"))
        .col(string("subtype"))
        .col(string("name"))
        .col(string("short_name"))
        .col(string_null("parent_uid"))
        .col(string("national_code"))
        .col(date("valid_from"))
        .col(date_null("valid_to"))
        .col(string_null("successor_uid"))
        .col(big_integer("revision"))
        .to_owned()
}

fn party() -> TableCreateStatement {
    Table::create()
        .table("party")
        .col(string("uid").primary_key())
        .col(string("kind"))
        .col(text("name"))
        .col(string("number_kind"))
        .col(string("number"))
        .col(big_integer("revision"))
        .to_owned()
}

fn party_number() -> IndexCreateStatement {
    Index::create()
        .name("party_number")
        .table("party")
        .col("number_kind")
        .col("number")
        .unique()
        .to_owned()
}

/// A principal acts for a unit or is a party, never both.
fn principal() -> TableCreateStatement {
    let unit = Expr::col("unit_uid").is_null();
    let party = Expr::col("party_uid").is_null();
    Table::create()
        .table("principal")
        .col(string("subject").primary_key())
        .col(string("role"))
        .col(string_null("unit_uid"))
        .col(string_null("party_uid"))
        .col(binary("public_key"))
        .check(unit.ne(party))
        .foreign_key(&mut reference("unit_uid", "unit"))
        .foreign_key(&mut reference("party_uid", "party"))
        .to_owned()
}

fn reference(column: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(format!("principal_{table}"))
        .from("principal", column)
        .to(table, "uid")
        .to_owned()
}
