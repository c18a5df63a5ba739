//! Serving and calling over real sockets: deadlines, limits, drains, health, replicas.
#![cfg(test)]

mod deadlines;
mod drain;
mod health;
mod limits;
mod peers;
mod probe;
mod wire;
