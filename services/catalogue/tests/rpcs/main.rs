//! The catalogue seen through its port and its files: a real server over a real store.
#![cfg(test)]

mod calendar;
mod events;
mod imports;
mod procedures;
mod support;
