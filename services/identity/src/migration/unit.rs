//! The tables of units.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, date, date_null, string, string_null, text_null};

/// What lasts of a unit, and its end.
pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table("unit")
        .col(string("uid").primary_key())
        .col(string("kind"))
        .col(date_null("valid_to"))
        .col(text_null("succession"))
        .col(big_integer("revision"))
        .to_owned()
}

/// How units are described from a day on.
pub(super) fn period() -> TableCreateStatement {
    let key = Index::create().col("unit_uid").col("valid_from").to_owned();
    Table::create()
        .table("unit_period")
        .col(string("unit_uid"))
        .col(date("valid_from"))
        .col(string("code"))
        .col(string("subtype"))
        .col(string("name"))
        .col(string("short_name"))
        .col(string_null("parent_uid"))
        .col(string("national_code"))
        .primary_key(&mut key.clone())
        .foreign_key(
            ForeignKey::create()
                .name("unit_period_unit")
                .from("unit_period", "unit_uid")
                .to("unit", "uid"),
        )
        .to_owned()
}
