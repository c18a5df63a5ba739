//! Identity seen through its port and its files: a real server over a real store.
#![cfg(test)]

mod clients;
mod imports;
mod merging;
mod oauth;
mod parties;
mod proxies;
mod searches;
mod support;
mod tokens;
mod unit_imports;
mod units;
mod watches;
