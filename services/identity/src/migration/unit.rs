//! The tables of units.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, date, date_null, string, string_null};

pub(super) fn table() -> TableCreateStatement {
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
