//! Protobuf to domain and back, and nowhere else.

pub mod event;
pub mod explain;
pub mod query;
pub mod reference;
pub mod reply;
pub mod request;
