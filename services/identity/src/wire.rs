//! Protobuf to domain and back.

pub(crate) mod caller;
pub(crate) mod client;
pub(crate) mod import;
pub(crate) mod officer;
pub(crate) mod party;
pub(crate) mod proxy;
pub(crate) mod query;
pub(crate) mod staffing;
pub(crate) mod unit;
