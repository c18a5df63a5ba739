//! Deadlines seen from outside: golden rows checked by hand, explanations, and properties and many cases against slow oracles.

#![cfg(test)]

mod explained;
mod failures;
mod golden;
mod interrupted;
mod limits_of_search;
mod many;
mod office;
mod oracle;
mod properties;
mod province;
mod settings;
