//! The queue for systems: a unit's offers on a stream.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "stream/dead_letters.rs"]
mod dead_letters;
#[path = "stream/deliveries.rs"]
mod deliveries;
#[path = "stream/ends.rs"]
mod ends;
#[path = "stream/rates.rs"]
mod rates;

use proto::routing::v1::{Delivery, Transfer};

/// What was delivered.
fn transfer(delivery: &Delivery) -> &Transfer {
    delivery.transfer.as_ref().unwrap()
}

fn dossiers(deliveries: &[Delivery]) -> Vec<&str> {
    let dossiers = deliveries.iter();
    dossiers
        .map(|delivery| transfer(delivery).dossier_uid.as_str())
        .collect()
}
