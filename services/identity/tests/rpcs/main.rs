//! Identity seen through its port and its files: a real server over a real store.
#![cfg(test)]

mod clients;
mod imports;
mod merging;
mod oauth;
mod officers;
mod parties;
mod passwords;
mod positions;
mod proxies;
mod rates;
mod readiness;
mod readings;
mod searches;
mod staff;
mod staffing;
mod support;
mod tls;
mod tokens;
mod unit_imports;
mod units;
mod watches;
