//! Serving and calling over real sockets: deadlines, limits, drains, health, replicas, TLS, plain HTTP.
#![cfg(test)]

mod deadlines;
mod drain;
mod health;
mod limits;
mod pages;
mod peers;
mod probe;
mod reflection;
mod rules;
mod tls;
mod wire;
