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

/// The same, which was made after these of its dossier.
pub fn after(earlier: &[&str], offer: Offer) -> Offer {
    let earlier = earlier.iter().map(|&key| key.to_owned());
    Offer {
        earlier: earlier.collect(),
        ..offer
    }
}

/// A place in the store.
pub fn mark(due: i64, key: &str) -> Mark {
    Mark {
        due,
        key: key.to_owned(),
    }
}

/// The first page of what is open; the store has more.
pub fn first_page(offers: &[Offer]) -> Page<'_> {
    Page {
        next: Some(mark(10, "z")),
        ..Page::of_all(offers)
    }
}

/// The keys of what was taken.
pub fn keys(delivered: &[Delivered]) -> Vec<&str> {
    let keys = delivered.iter();
    keys.map(|delivered| delivered.offer.key.as_str()).collect()
}

/// A lane that has all that is open in the store, which is nothing yet.
pub async fn know_all(queue: &Queue) {
    queue.lanes().refill("u", &Page::of_all(&[])).await;
}

/// Offers `0`, `1`, `2` … to the unit `u`.
pub fn fill(queue: &Queue, offers: usize) {
    for number in 0..offers {
        queue.lanes().offer("u", number.to_string().as_str());
    }
}

/// Pulls and settles whatever waits for the unit `u`, which must be so many offers.
pub async fn settle_all(queue: &Queue, offers: usize) {
    let pulled = take(queue, "u", offers + 1, NO_WAIT).await;
    assert_eq!(pulled.len(), offers);
    for offer in pulled {
        queue.lanes().settle("u", &offer.offer.key);
    }
}

/// The unit whose lane asks for a refill, if one does soon.
pub async fn starving(queue: &Queue) -> Option<String> {
    queue.flushed().await;
    let starving = tokio::time::timeout(Duration::from_secs(1), queue.lanes().starving());
    starving.await.ok().map(|starving| starving.unit)
}

pub async fn asks(queue: &Queue) -> bool {
    starving(queue).await.is_some()
}
