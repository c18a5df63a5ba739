//! Identity seen through its port and its files: a real server over a real store.
#![cfg(test)]

mod imports;
mod parties;
mod support;
mod tokens;
mod units;
mod watches;
