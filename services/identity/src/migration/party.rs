//! The tables of parties.

use kit::migration::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary, binary_null, string};

pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table("party")
        .col(string("uid").primary_key())
        .col(string("kind"))
        .col(binary_null("personal"))
        .col(big_integer("revision"))
        .to_owned()
}

/// No two parties share a number: each has a keyed hash here for every key of the ring, so that two that register it at once meet
/// also while a newer key is being taken up.
pub(super) fn number() -> TableCreateStatement {
    Table::create()
        .table("party_number")
        .col(binary("hash").primary_key())
        .col(string("party_uid"))
        .to_owned()
}

/// Finds the hashes of a party's numbers.
pub(super) fn number_of_party() -> IndexCreateStatement {
    index("party_number", "party_number_party", &["party_uid"])
}
