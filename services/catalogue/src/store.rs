//! The tables of the catalogue: rows, and queries over sets of them.

pub(crate) mod calendar;
pub(crate) mod procedure;
