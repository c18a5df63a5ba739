//! The tables of those who may have tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, string, string_null};

/// A principal acts for a unit or is a party, never both.
pub(super) fn principal() -> TableCreateStatement {
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
