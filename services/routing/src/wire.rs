//! Protobuf to domain and back, and nowhere else.

pub mod event;
pub mod plan;
pub mod query;
pub mod reply;
pub mod request;
mod staff;
