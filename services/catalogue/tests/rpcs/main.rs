//! The catalogue seen through its port and its files: a real server over a real store.
#![cfg(test)]

mod calendar;
mod drafts;
mod events;
mod exchanges;
mod imports;
mod online;
mod procedures;
mod publishing;
mod searches;
mod support;
mod watches;
