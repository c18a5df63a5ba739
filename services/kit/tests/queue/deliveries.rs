//! What every queue does with deliveries: acknowledged, extended, given back, given up, and in order per dossier.

use std::time::Duration;

use kit::clock::{from_micros, monotonic};
use kit::queue::{Change, LANE_CAPACITY, Modify, Offer, Page, Queue, Stats};

use crate::taking::{
    LEASE, MOST_DELIVERIES, NO_WAIT, WAIT, change, delivered, first_page, keys, of_dossier, pull,
    take, take_as,
};

pub async fn an_acknowledged_offer_does_not_come_again_and_no_refill_brings_it_back(queue: Queue) {
    for key in ["a", "b"] {
        queue.lanes().offer("u", key);
    }
    assert_eq!(take(&queue, "u", 1, NO_WAIT).await, [delivered("a", 1)]);
    assert!(change(&queue, "a", 1, Change::Acknowledge).await);
    queue
        .lanes()
        .refill("u", &Page::of_all(&["a".into(), "b".into()]))
        .await;
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("b", 1)]);
    let all = [pull(&queue, "u", WAIT).await, pull(&queue, "u", WAIT).await].concat();
    assert_eq!(all, [delivered("b", 2), delivered("b", 3)]);
}

pub async fn an_offer_may_be_acknowledged_twice_and_late_and_not_when_it_does_not_wait(
    queue: Queue,
) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    assert_eq!(pull(&queue, "u", WAIT).await, [delivered("a", 2)]);
    for _ in 0..2 {
        assert!(change(&queue, "a", 1, Change::Acknowledge).await);
    }
    assert!(!change(&queue, "never offered", 1, Change::Acknowledge).await);
    assert_eq!(pull(&queue, "u", 2 * LEASE).await, []);
}

pub async fn what_is_asked_for_together_is_done_in_order(queue: Queue) {
    for key in ["a", "b"] {
        queue.lanes().offer("u", key);
    }
    let all = [delivered("a", 1), delivered("b", 1)];
    assert_eq!(pull(&queue, "u", NO_WAIT).await, all);
    let asked = [
        ("a", Change::Acknowledge, true),
        ("a", Change::Extend(WAIT), false),
        ("a", Change::Acknowledge, true),
        ("b", Change::GiveBack(Duration::ZERO), true),
        ("b", Change::Extend(WAIT), false),
        ("b", Change::Acknowledge, true),
        ("never offered", Change::Acknowledge, false),
    ];
    let modify = asked.map(|(key, change, _)| Modify {
        key: key.to_owned(),
        attempt: 1,
        change,
    });
    let done = queue.lanes().modify("u", &modify).await;
    assert_eq!(done, asked.map(|(_, _, has_effect)| has_effect));
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    let stats = queue.lanes().stats("u").await.unwrap();
    assert_eq!((stats.held, stats.acknowledged), (0, 2));
}

pub async fn an_acknowledged_offer_that_is_settled_and_made_again_is_a_new_one(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    assert!(change(&queue, "a", 1, Change::Acknowledge).await);
    queue.lanes().settle("u", "a");
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
}

pub async fn after_a_wipe_an_acknowledged_offer_may_come_again(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    assert!(change(&queue, "a", 1, Change::Acknowledge).await);
    queue.lanes().wipe().await;
    queue
        .lanes()
        .refill("u", &Page::of_all(&["a".into()]))
        .await;
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
}

pub async fn acknowledged_offers_take_no_room(queue: Queue) {
    let offers = |from: usize| -> Vec<Offer> {
        let numbers = (from..from + LANE_CAPACITY).map(|number| number.to_string());
        numbers.map(|key| key.as_str().into()).collect()
    };
    queue.lanes().refill("u", &first_page(&offers(0))).await;
    let first = take(&queue, "u", LANE_CAPACITY, NO_WAIT).await;
    assert_eq!(first.len(), LANE_CAPACITY);
    for delivered in first {
        assert!(change(&queue, &delivered.offer.key, 1, Change::Acknowledge).await);
    }
    // All of the first page are acknowledged, so that the next finds room.
    assert!(queue.lanes().refill("u", &first_page(&offers(0))).await);
    queue
        .lanes()
        .refill("u", &Page::of_all(&offers(LANE_CAPACITY)))
        .await;
    let next = take(&queue, "u", LANE_CAPACITY, NO_WAIT).await;
    assert_eq!(next.len(), LANE_CAPACITY);
    assert_eq!(next[0], delivered("1000", 1));
}

pub async fn an_extended_lease_ends_later(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    let began = monotonic();
    assert!(change(&queue, "a", 1, Change::Extend(2 * LEASE)).await);
    assert_eq!(pull(&queue, "u", WAIT).await, [delivered("a", 2)]);
    assert!(
        monotonic() - began >= (2 * LEASE).mul_f32(0.99),
        "it ended early"
    );
}

pub async fn only_the_delivery_that_is_out_is_extended_or_given_back(queue: Queue) {
    queue.lanes().offer("u", "a");
    let changes = [Change::Extend(LEASE), Change::GiveBack(NO_WAIT)];
    for late in changes {
        assert!(!change(&queue, "a", 1, late).await, "it is not out");
    }
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    assert_eq!(pull(&queue, "u", WAIT).await, [delivered("a", 2)]);
    for late in changes {
        assert!(!change(&queue, "a", 1, late).await, "that lease is over");
    }
    assert!(change(&queue, "a", 2, Change::GiveBack(NO_WAIT)).await);
    assert!(!change(&queue, "a", 2, Change::GiveBack(NO_WAIT)).await);
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 3)]);
}

pub async fn an_offer_that_was_given_back_comes_at_once_and_before_later_ones(queue: Queue) {
    for key in ["a", "b"] {
        queue.lanes().offer("u", key);
    }
    assert_eq!(take(&queue, "u", 1, NO_WAIT).await, [delivered("a", 1)]);
    assert!(change(&queue, "a", 1, Change::GiveBack(NO_WAIT)).await);
    let again = [delivered("a", 2), delivered("b", 1)];
    assert_eq!(pull(&queue, "u", NO_WAIT).await, again);
}

pub async fn a_waiting_taker_gets_what_another_gives_back(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    let began = monotonic();
    let giving = change(&queue, "a", 1, Change::GiveBack(NO_WAIT));
    let (pulled, had_effect) = tokio::join!(pull(&queue, "u", WAIT), giving);
    assert!(had_effect);
    assert_eq!(pulled, [delivered("a", 2)]);
    assert!(monotonic() - began < LEASE, "it slept on");
}

pub async fn an_offer_that_was_given_back_for_later_comes_then(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    let began = monotonic();
    let delay = Duration::from_secs(3);
    assert!(change(&queue, "a", 1, Change::GiveBack(delay)).await);
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    assert_eq!(pull(&queue, "u", WAIT).await, [delivered("a", 2)]);
    let waited = monotonic() - began;
    assert!(waited >= delay.mul_f32(0.99), "it came early");
    assert!(waited < 2 * delay, "it came late");
}

pub async fn a_delivery_that_did_not_arrive_does_not_count(queue: Queue) {
    queue.lanes().offer("u", "a");
    for _ in 0..=MOST_DELIVERIES {
        assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
        assert!(change(&queue, "a", 1, Change::Undeliver).await);
    }
}

pub async fn an_offer_that_was_delivered_too_often_is_told_of_and_not_delivered(queue: Queue) {
    for key in ["a", "b"] {
        queue.lanes().offer("u", key);
    }
    for attempt in 1..=MOST_DELIVERIES {
        let taken = take_as("somebody", &queue, "u", 1, NO_WAIT).await;
        assert_eq!(taken.delivered, [delivered("a", attempt)]);
        assert_eq!(taken.exhausted, []);
        assert!(change(&queue, "a", attempt, Change::GiveBack(NO_WAIT)).await);
    }
    let taken = take_as("somebody", &queue, "u", 10, NO_WAIT).await;
    assert_eq!(taken.delivered, [delivered("b", 1)]);
    assert_eq!(taken.exhausted, [delivered("a", MOST_DELIVERIES)]);
    let taken = take_as("somebody", &queue, "u", 10, NO_WAIT).await;
    assert!(taken.is_empty(), "it was just told of");
    queue.lanes().settle("u", "a");
    queue.lanes().offer("u", "a");
    let anew = [delivered("a", 1)];
    assert_eq!(take(&queue, "u", 10, NO_WAIT).await, anew, "made anew");
}

pub async fn time_without_a_taker_is_no_delivery(queue: Queue) {
    queue.lanes().offer("u", "a");
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 1)]);
    assert_eq!(pull(&queue, "nobody's", 3 * LEASE).await, []);
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [delivered("a", 2)]);
}

pub async fn a_later_offer_of_a_dossier_waits_while_an_earlier_is_out_with_another(queue: Queue) {
    for (key, dossier) in [("a1", "a"), ("a2", "a"), ("b1", "b")] {
        queue.lanes().offer("u", of_dossier(key, dossier));
    }
    let one = take_as("one", &queue, "u", 1, NO_WAIT).await;
    assert_eq!(keys(&one.delivered), ["a1"]);
    let other = take_as("other", &queue, "u", 10, NO_WAIT).await;
    assert_eq!(keys(&other.delivered), ["b1"]);
    assert!(change(&queue, "a1", 1, Change::Acknowledge).await);
    let other = take_as("other", &queue, "u", 10, NO_WAIT).await;
    assert_eq!(keys(&other.delivered), ["a2"]);
    assert_eq!(other.delivered[0].attempt, 1, "waiting is no delivery");
}

pub async fn a_taker_that_waits_gets_a_later_offer_when_the_earlier_is_settled(queue: Queue) {
    for key in ["a1", "a2"] {
        queue.lanes().offer("u", of_dossier(key, "a"));
    }
    let one = take_as("one", &queue, "u", 1, NO_WAIT).await;
    assert_eq!(keys(&one.delivered), ["a1"]);
    let none = take_as("other", &queue, "u", 10, NO_WAIT).await;
    assert!(none.is_empty());
    let began = monotonic();
    let settle = async { queue.lanes().settle("u", "a1") };
    let (other, ()) = tokio::join!(take_as("other", &queue, "u", 10, WAIT), settle);
    assert_eq!(keys(&other.delivered), ["a2"]);
    assert!(monotonic() - began < LEASE, "it slept on");
}

pub async fn one_taker_may_have_several_offers_of_a_dossier_in_order(queue: Queue) {
    for key in ["a1", "a2", "a3"] {
        queue.lanes().offer("u", of_dossier(key, "a"));
    }
    let together = take_as("one", &queue, "u", 2, NO_WAIT).await;
    assert_eq!(keys(&together.delivered), ["a1", "a2"]);
    let last = take_as("one", &queue, "u", 2, NO_WAIT).await;
    assert_eq!(keys(&last.delivered), ["a3"]);
}

pub async fn a_later_offer_of_a_dossier_waits_for_an_earlier_that_comes_again(queue: Queue) {
    for key in ["a1", "a2"] {
        queue.lanes().offer("u", of_dossier(key, "a"));
    }
    let one = take_as("one", &queue, "u", 1, NO_WAIT).await;
    assert_eq!(keys(&one.delivered), ["a1"]);
    assert!(change(&queue, "a1", 1, Change::GiveBack(LEASE)).await);
    let none = take_as("other", &queue, "u", 10, NO_WAIT).await;
    assert!(none.is_empty(), "the earlier is to come first");
    let again = take_as("other", &queue, "u", 1, WAIT).await;
    assert_eq!(keys(&again.delivered), ["a1"]);
    assert!(change(&queue, "a1", 2, Change::Acknowledge).await);
    let last = take_as("other", &queue, "u", 10, NO_WAIT).await;
    assert_eq!(keys(&last.delivered), ["a2"]);
}

pub async fn what_a_lane_holds_is_told(queue: Queue) {
    let committed_at = from_micros(1_504_000_000_000_001);
    for key in ["a", "b", "c", "d"] {
        let offer = Offer {
            committed_at: Some(committed_at),
            ..key.into()
        };
        queue.lanes().offer("u", offer);
    }
    assert_eq!(take(&queue, "u", 3, NO_WAIT).await.len(), 3);
    assert!(change(&queue, "a", 1, Change::Acknowledge).await);
    assert!(change(&queue, "b", 1, Change::GiveBack(LEASE)).await);
    let told = Stats {
        held: 3,
        leased: 1,
        later: 1,
        acknowledged: 1,
        oldest_waiting: Some(committed_at),
    };
    assert_eq!(queue.lanes().stats("u").await, Some(told));
    let nothing = Some(Stats::default());
    assert_eq!(queue.lanes().stats("never offered").await, nothing);
}

pub async fn a_lane_that_was_never_filled_or_was_wiped_is_told_of(queue: Queue) {
    let units = ["u", "v"].map(str::to_owned);
    queue.lanes().offer("u", "a");
    queue.flushed().await;
    assert_eq!(queue.lanes().unknown(&units).await, [&units[0], &units[1]]);
    queue
        .lanes()
        .refill("u", &Page::of_all(&["a".into()]))
        .await;
    assert_eq!(queue.lanes().unknown(&units).await, [&units[1]]);
    queue.lanes().wipe().await;
    assert_eq!(queue.lanes().unknown(&units).await, [&units[0], &units[1]]);
}
