//! The tables of parties.

use kit::migration::index;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_null, string, string_null, text_null,
};

pub(super) fn table() -> TableCreateStatement {
    Table::create()
        .table("party")
        .col(string("uid").primary_key())
        .col(string("kind"))
        .col(binary_null("personal"))
        .col(string_null("survivor_uid"))
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

/// Who acts for whom.
pub(super) fn proxy_grant() -> TableCreateStatement {
    Table::create()
        .table("proxy_grant")
        .col(string("uid").primary_key())
        .col(string("grantor_uid"))
        .col(string("proxy_uid"))
        .col(string("first_day"))
        .col(string("last_day"))
        .col(text_null("procedures"))
        .col(string_null("dossier_uid"))
        .col(string("recorded_by"))
        .col(big_integer("recorded_at"))
        .col(binary_null("evidence"))
        .col(big_integer_null("revoked_at"))
        .to_owned()
}

/// Finds the hashes of a party's numbers, what was merged into a party, and the proxies by and to one.
pub(super) fn indexes() -> [IndexCreateStatement; 4] {
    [
        index("party_number", "party_number_party", &["party_uid"]),
        index("party", "party_survivor", &["survivor_uid"]),
        index("proxy_grant", "proxy_grant_grantor", &["grantor_uid"]),
        index(
            "proxy_grant",
            "proxy_grant_proxy",
            &["proxy_uid", "last_day"],
        ),
    ]
}
