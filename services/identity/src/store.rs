//! The tables of identity: rows, and queries over sets of them.

use sea_orm::DbErr;

pub(crate) mod client;
pub(crate) mod officer;
pub(crate) mod party;
pub(crate) mod password;
pub(crate) mod position;
pub(crate) mod proxy;
pub(crate) mod register;
pub(crate) mod revocation;
pub(crate) mod unit;

/// A cell holds something that this version never writes.
fn unreadable(column: &str) -> DbErr {
    DbErr::Type(format!("the column {column} holds an unknown value"))
}
