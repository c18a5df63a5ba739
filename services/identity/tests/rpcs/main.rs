//! Identity seen through its port and its files: a real server over a real store.
#![cfg(test)]

mod imports;
mod merging;
mod parties;
mod proxies;
mod support;
mod tokens;
mod units;
