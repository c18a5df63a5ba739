//! The tables of parties.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, string, text};

pub(super) fn table() -> TableCreateStatement {
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

/// No two parties share a number.
pub(super) fn number() -> IndexCreateStatement {
    Index::create()
        .name("party_number")
        .table("party")
        .col("number_kind")
        .col("number")
        .unique()
        .to_owned()
}
