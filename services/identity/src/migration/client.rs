//! The tables of client systems and of what was taken back.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, boolean, string, string_null, text};

pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table("client")
        .col(string("subject").primary_key())
        .col(text("name"))
        .col(string("kind"))
        .col(text("rpcs"))
        .col(text("units"))
        .col(string("rate_class"))
        .col(string_null("certificate_subject").unique_key())
        .col(text("keys"))
        .col(boolean("disabled"))
        .col(big_integer("revision"))
        .to_owned()
}

pub(super) fn revocation() -> TableCreateStatement {
    Table::create()
        .table("revocation")
        .col(string("kind"))
        .col(string("name"))
        .col(big_integer("issued_until"))
        .col(big_integer("ends"))
        .primary_key(Index::create().col("kind").col("name"))
        .to_owned()
}

pub(super) fn assertion() -> TableCreateStatement {
    Table::create()
        .table("assertion")
        .col(string("subject"))
        .col(string("jti"))
        .col(big_integer("ends"))
        .primary_key(Index::create().col("subject").col("jti"))
        .to_owned()
}
