//! The access log on a real store: written in batches, closed day by day, and what an audit of it finds.
#![cfg(test)]

mod days;
mod recording;
mod support;
mod tampering;
