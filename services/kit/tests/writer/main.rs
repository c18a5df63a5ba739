//! The writer, driven by the smallest real service over a real store.
#![cfg(test)]

#[path = "../support/counter.rs"]
mod counter;

mod batches;
mod order;
mod overload;
mod repeats;
mod schema;
