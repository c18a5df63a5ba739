//! What every queue does with the offers that wait for units.

use std::collections::HashSet;

use kit::clock::monotonic;
use kit::queue::{Delivered, LANE_CAPACITY, Mark, Offer, Page, Queue};
use tokio::task::JoinSet;

use crate::taking::{
    LEASE, NO_WAIT, WAIT, asks, delivered, fill, first_page, know_all, mark, pull, settle_all,
    starving, take,
};

pub async fn an_offer_is_delivered_once_while_it_is_leased(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    let just_before = LEASE.mul_f32(0.9);
    assert_eq!(pull(&queue, "u", just_before).await, []);
}

pub async fn an_offer_whose_lease_ended_is_delivered_again_as_the_next_attempt(queue: Queue) {
    queue.lanes().offer("u", "a");
    let began = monotonic();
    for attempt in 1..=3 {
        assert_eq!(pull(&queue, "u", WAIT).await, [delivered("a", attempt)]);
    }
    assert!(monotonic() - began >= 2 * LEASE, "a lease ended early");
    assert!(monotonic() - began < 3 * LEASE, "a lapsed offer came late");
}

pub async fn an_offer_that_is_made_twice_is_one_offer(queue: Queue) {
    queue.lanes().offer("u", "a");
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
}

pub async fn a_settled_offer_is_not_delivered_again(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    queue.lanes().settle("u", "a");
    assert_eq!(pull(&queue, "u", WAIT).await, []);
}

pub async fn an_offer_that_is_settled_before_it_was_pulled_is_never_delivered(queue: Queue) {
    for key in ["a", "b"] {
        queue.lanes().offer("u", key);
    }
    queue.lanes().settle("u", "a");
    queue.lanes().settle("u", "never offered");
    queue.lanes().settle("no such unit", "b");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("b", 1)]);
}

pub async fn a_waiting_puller_wakes_when_an_offer_arrives(queue: Queue) {
    let began = monotonic();
    let offer = async { queue.lanes().offer("u", "a") };
    let (pulled, ()) = tokio::join!(pull(&queue, "u", WAIT), offer);
    assert_eq!(pulled, [delivered("a", 1)]);
    assert!(monotonic() - began < LEASE, "it slept on");
}

pub async fn a_puller_goes_empty_handed_when_its_wait_is_over(queue: Queue) {
    let began = monotonic();
    assert_eq!(pull(&queue, "u", LEASE).await, []);
    assert!(monotonic() - began >= LEASE, "it did not wait");
}

pub async fn a_lane_that_was_never_filled_asks_for_a_refill(queue: Queue) {
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    assert_eq!(starving(&queue).await.as_deref(), Some("u"));
}

pub async fn a_waiting_puller_gets_what_another_took_and_let_lapse(queue: Queue) {
    let began = monotonic();
    let offer = async { queue.lanes().offer("u", "a") };
    let (one, other, ()) = tokio::join!(pull(&queue, "u", WAIT), pull(&queue, "u", WAIT), offer);
    let mut attempts = [one, other].concat();
    attempts.sort_by_key(|delivered| delivered.attempt);
    assert_eq!(attempts, [delivered("a", 1), delivered("a", 2)]);
    assert!(monotonic() - began < 2 * LEASE, "a lapsed offer came late");
}

pub async fn an_offer_brings_its_trace_and_its_commit_with_every_delivery(queue: Queue) {
    let offer = Offer {
        key: "a".to_owned(),
        dossier: "of a".to_owned(),
        traceparent: "00-1-2-01".to_owned(),
        committed_at: Some(kit::clock::from_micros(1_504_000_000_000_001)),
        ..Offer::default()
    };
    queue.lanes().offer("u", offer.clone());
    for attempt in 1..=2 {
        let again = Delivered {
            offer: offer.clone(),
            attempt,
        };
        assert_eq!(pull(&queue, "u", WAIT).await, [again]);
    }
}

pub async fn offers_come_in_the_order_in_which_they_were_made(queue: Queue) {
    let keys: Vec<String> = (0..100).rev().map(|number| number.to_string()).collect();
    for key in &keys {
        queue.lanes().offer("u", key.as_str());
    }
    let mut pulled = Vec::new();
    while pulled.len() < keys.len() {
        let some = take(&queue, "u", 7, NO_WAIT).await;
        assert!((1..=7).contains(&some.len()));
        pulled.extend(some.into_iter().map(|delivered| delivered.offer.key));
    }
    assert_eq!(pulled, keys);
}

pub async fn an_offer_that_comes_again_comes_before_later_ones(queue: Queue) {
    for key in ["a", "b", "c"] {
        queue.lanes().offer("u", key);
    }
    assert_eq!(take(&queue, "u", 1, NO_WAIT).await, [delivered("a", 1)]);
    assert_eq!(pull(&queue, "another unit", LEASE).await, []);
    let again = [delivered("a", 2), delivered("b", 1), delivered("c", 1)];
    assert_eq!(pull(&queue, "u", NO_WAIT).await, again);
}

pub async fn units_do_not_get_each_others_offers(queue: Queue) {
    queue.lanes().offer("u", "a");
    queue.lanes().offer("v", "a");
    queue.lanes().settle("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    assert_eq!(pull(&queue, "v", NO_WAIT).await, [delivered("a", 1)]);
}

pub async fn two_pullers_never_get_the_same_offer(queue: Queue) {
    let mut pullers = JoinSet::new();
    for _ in 0..8 {
        let queue = queue.clone();
        pullers.spawn(async move {
            let mut pulled = Vec::new();
            while pulled.len() < 50 {
                let some = take(&queue, "u", 3, WAIT).await;
                for offer in some {
                    queue.lanes().settle("u", &offer.offer.key);
                    pulled.push(offer.offer.key);
                }
                tokio::task::yield_now().await;
            }
            pulled
        });
    }
    // Each puller may take two more than it needs.
    for number in 0..8 * 52 {
        queue.lanes().offer("u", number.to_string().as_str());
        tokio::task::yield_now().await;
    }
    let pulled = pullers.join_all().await.concat();
    let different: HashSet<&String> = pulled.iter().collect();
    assert!(pulled.len() >= 400);
    assert_eq!(different.len(), pulled.len());
}

pub async fn a_lane_that_never_overflowed_asks_for_nothing(queue: Queue) {
    know_all(&queue).await;
    fill(&queue, LANE_CAPACITY);
    settle_all(&queue, LANE_CAPACITY).await;
    assert!(!asks(&queue).await);
}

pub async fn a_lane_that_left_offers_out_asks_for_a_refill_when_it_drains(queue: Queue) {
    know_all(&queue).await;
    fill(&queue, LANE_CAPACITY + 5);
    assert!(!asks(&queue).await, "a full lane asks already");
    settle_all(&queue, LANE_CAPACITY).await;
    assert_eq!(starving(&queue).await.as_deref(), Some("u"));
    let left_out = ["1000", "1001", "1002", "1003", "1004"];
    let offers = left_out.map(Offer::from);
    queue.lanes().refill("u", &Page::of_all(&offers)).await;
    let keys = pull(&queue, "u", NO_WAIT).await;
    assert_eq!(keys, left_out.map(|key| delivered(key, 1)));
    assert!(
        !asks(&queue).await,
        "it asks again although nothing is left"
    );
}

pub async fn a_lane_whose_refill_left_more_behind_asks_again(queue: Queue) {
    queue
        .lanes()
        .refill("u", &first_page(&["a".into(), "b".into()]))
        .await;
    assert_eq!(pull(&queue, "u", NO_WAIT).await.len(), 2);
    assert_eq!(starving(&queue).await.as_deref(), Some("u"));
    queue
        .lanes()
        .refill("u", &Page::of_all(&["b".into(), "c".into()]))
        .await;
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("c", 1)]);
    assert!(!asks(&queue).await);
}

pub async fn a_refill_goes_on_where_the_last_ended_or_before_what_found_no_room(queue: Queue) {
    let lanes = queue.lanes();
    assert_eq!(lanes.filled_to("u").await, Mark::default());
    let page = Page {
        next: Some(mark(5, "b")),
        ..Page::of_all(&[])
    };
    lanes.refill("u", &page).await;
    assert_eq!(lanes.filled_to("u").await, mark(5, "b"));
    // Whoever looks through all of it from the beginning takes nothing back.
    let again = Page {
        next: Some(mark(3, "a")),
        ..Page::of_all(&[])
    };
    lanes.refill("u", &again).await;
    assert_eq!(lanes.filled_to("u").await, mark(5, "b"));
    // Neither does a page behind a gap.
    let behind = Page {
        from: mark(7, ""),
        next: None,
        offers: &[],
    };
    lanes.refill("u", &behind).await;
    assert_eq!(lanes.filled_to("u").await, mark(5, "b"));

    fill(&queue, LANE_CAPACITY);
    for (key, due, then) in [("later", 6, mark(5, "b")), ("earlier", 4, mark(4, ""))] {
        let offer = Offer { due, ..key.into() };
        lanes.offer("u", offer);
        queue.flushed().await;
        assert_eq!(lanes.filled_to("u").await, then, "after the {key} one");
    }
    // Nor does one of which something finds no room.
    let full = ["c".into(), "d".into()];
    let page = Page {
        from: mark(4, ""),
        next: Some(mark(9, "d")),
        offers: &full,
    };
    assert!(!lanes.refill("u", &page).await);
    assert_eq!(lanes.filled_to("u").await, mark(4, ""));
    settle_all(&queue, LANE_CAPACITY).await;
    assert!(asks(&queue).await, "it drained");
    assert!(lanes.refill("u", &page).await);
    assert_eq!(lanes.filled_to("u").await, mark(9, "d"));
    // All that is open is there: the next begins anew.
    lanes
        .refill(
            "u",
            &Page {
                from: mark(9, "d"),
                ..Page::of_all(&[])
            },
        )
        .await;
    assert_eq!(lanes.filled_to("u").await, Mark::default());
    assert!(!asks(&queue).await);
}

pub async fn after_a_wipe_nothing_is_there_and_a_refill_brings_everything_back(queue: Queue) {
    for key in ["a", "b", "c"] {
        queue.lanes().offer("u", key);
    }
    assert_eq!(take(&queue, "u", 1, NO_WAIT).await, [delivered("a", 1)]);
    queue.flushed().await;
    queue.lanes().wipe().await;
    assert_eq!(pull(&queue, "u", LEASE).await, []);
    let offers = ["a", "b", "c"].map(Offer::from);
    queue.lanes().refill("u", &Page::of_all(&offers)).await;
    let all = ["a", "b", "c"].map(|key| delivered(key, 1));
    assert_eq!(pull(&queue, "u", NO_WAIT).await, all);
}

pub async fn a_puller_that_waits_through_a_wipe_gets_what_is_refilled(queue: Queue) {
    let wipe_and_refill = async {
        queue.flushed().await;
        queue.lanes().wipe().await;
        queue
            .lanes()
            .refill("u", &Page::of_all(&["a".into()]))
            .await;
    };
    let (pulled, ()) = tokio::join!(pull(&queue, "u", WAIT), wipe_and_refill);
    assert_eq!(pulled, [delivered("a", 1)]);
}
