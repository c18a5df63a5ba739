//! Protobuf to domain and back, and nowhere else.

pub mod codes;
mod course;
pub mod event;
pub mod explain;
pub mod filed;
pub mod national;
pub mod query;
pub mod reference;
pub mod reply;
pub mod request;
