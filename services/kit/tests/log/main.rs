//! The log: history that shows when it was touched, and that tells nothing of persons.
#![cfg(test)]

mod days;
mod erasure;
mod personal;
mod store;
mod tampering;
