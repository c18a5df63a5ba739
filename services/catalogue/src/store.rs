//! The tables of the catalogue.

pub(crate) mod calendar;
pub(crate) mod known;
pub(crate) mod procedure;
