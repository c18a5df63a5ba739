//! Protobuf to domain and back, and nowhere else.

pub mod event;
pub mod manifest;
mod paper;
pub mod plan;
pub mod query;
pub mod queue;
pub mod reply;
pub mod request;
mod staff;
