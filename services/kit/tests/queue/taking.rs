//! Taking offers, as the rules do it.

use std::time::Duration;

use kit::queue::{Change, Delivered, Mark, Modify, Offer, Page, Queue, Take, Taken};

pub const LEASE: Duration = Duration::from_secs(2);
/// Longer than a lease: long enough for whatever should come.
pub const WAIT: Duration = Duration::from_secs(10);
pub const NO_WAIT: Duration = Duration::ZERO;
/// After so many deliveries the rules give up.
pub const MOST_DELIVERIES: u32 = 3;

pub async fn pull(queue: &Queue, unit: &str, wait: Duration) -> Vec<Delivered> {
    take(queue, unit, 100, wait).await
}

pub async fn take(queue: &Queue, unit: &str, most: usize, wait: Duration) -> Vec<Delivered> {
    take_as("somebody", queue, unit, most, wait).await.delivered
}

pub async fn take_as(
    subscriber: &str,
    queue: &Queue,
    unit: &str,
    most: usize,
    wait: Duration,
) -> Taken {
    queue.flushed().await;
    let take = Take {
        unit,
        subscriber,
        most,
        lease: LEASE,
        most_deliveries: MOST_DELIVERIES,
    };
    queue.lanes().pull(&take, wait).await
}

/// Changes one delivery of the unit `u`; whether it had an effect.
pub async fn change(queue: &Queue, key: &str, attempt: u32, change: Change) -> bool {
    let modify = Modify {
        key: key.to_owned(),
        attempt,
        change,
    };
    queue.lanes().modify("u", &[modify]).await == [true]
}

pub fn delivered(key: &str, attempt: u32) -> Delivered {
    Delivered {
        offer: key.into(),
        attempt,
    }
}

/// An offer of a dossier.
pub fn of_dossier(key: &str, dossier: &str) -> Offer {
    Offer {
        dossier: dossier.to_owned(),
        ..key.into()
    }
}

/// The first page of what is open; the store has more.
pub fn first_page(offers: &[Offer]) -> Page<'_> {
    let next = Mark {
        due: 10,
        key: "z".to_owned(),
    };
    Page {
        next: Some(next),
        ..Page::of_all(offers)
    }
}

/// The keys of what was taken.
pub fn keys(delivered: &[Delivered]) -> Vec<&str> {
    let keys = delivered.iter();
    keys.map(|delivered| delivered.offer.key.as_str()).collect()
}
