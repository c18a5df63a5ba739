//! Deadlines seen from outside: golden rows checked by hand, explanations, and properties against a slow oracle.

#![cfg(test)]

mod explained;
mod golden;
mod holidays;
mod limits_of_search;
mod oracle;
mod properties;
mod settings;
