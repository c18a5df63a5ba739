//! What every queue does so that the offers of a dossier come in the order in which they were made, however many are open.

use kit::queue::{Change, LANE_CAPACITY, Mark, Offer, Page, Queue};

use crate::taking::{
    NO_WAIT, WAIT, after, asks, change, fill, first_page, keys, know_all, mark, of_dossier, pull,
    settle_all, starving, take,
};

pub async fn a_later_offer_of_a_dossier_comes_after_an_earlier_that_found_no_room(queue: Queue) {
    know_all(&queue).await;
    fill(&queue, LANE_CAPACITY);
    queue.lanes().offer("u", of_dossier("a1", "a"));
    settle_all(&queue, LANE_CAPACITY).await;
    assert!(asks(&queue).await, "it drained");
    queue
        .lanes()
        .offer("u", after(&["a1"], of_dossier("a2", "a")));
    assert_eq!(pull(&queue, "u", NO_WAIT).await, [], "it overtook");
    assert_eq!(starving(&queue).await.as_deref(), Some("u"));
    refill_with_both(&queue).await;
    assert_eq!(keys(&pull(&queue, "u", NO_WAIT).await), ["a1", "a2"]);
    assert!(!asks(&queue).await, "all is there");
}

pub async fn an_offer_that_overtakes_none_comes_at_once_although_the_store_has_more(queue: Queue) {
    queue.lanes().refill("u", &first_page(&["a".into()])).await;
    for (key, due) in [("before the mark", 5), ("behind it", 20)] {
        let offer = Offer {
            due,
            ..of_dossier(key, key)
        };
        queue.lanes().offer("u", offer);
    }
    let all = ["a", "before the mark", "behind it"];
    assert_eq!(keys(&pull(&queue, "u", NO_WAIT).await), all);
    assert_eq!(queue.lanes().filled_to("u").await, mark(10, "z"));
}

pub async fn an_offer_that_follows_what_is_there_or_acknowledged_comes_at_once(queue: Queue) {
    let lanes = queue.lanes();
    lanes.offer("u", of_dossier("a1", "a"));
    lanes.offer("u", after(&["a1"], of_dossier("a2", "a")));
    assert_eq!(keys(&pull(&queue, "u", NO_WAIT).await), ["a1", "a2"]);
    assert!(change(&queue, "a1", 1, Change::Acknowledge).await);
    lanes.offer("u", after(&["a1", "a2"], of_dossier("a3", "a")));
    assert_eq!(keys(&pull(&queue, "u", NO_WAIT).await), ["a3"]);
}

/// The lane cannot tell what has gone from what has not come.
pub async fn an_offer_whose_earlier_one_has_gone_comes_from_the_store(queue: Queue) {
    know_all(&queue).await;
    let later = Offer {
        due: 7,
        ..of_dossier("a2", "a")
    };
    queue.lanes().offer("u", of_dossier("a1", "a"));
    queue.lanes().settle("u", "a1");
    queue.lanes().offer("u", after(&["a1"], later.clone()));
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    assert_eq!(starving(&queue).await.as_deref(), Some("u"));
    assert_eq!(queue.lanes().filled_to("u").await, mark(7, ""));
    let offers = [later];
    let page = Page {
        from: mark(7, ""),
        ..Page::of_all(&offers)
    };
    queue.lanes().refill("u", &page).await;
    assert_eq!(keys(&pull(&queue, "u", NO_WAIT).await), ["a2"]);
    assert_eq!(queue.lanes().filled_to("u").await, Mark::default());
}

pub async fn a_waiting_taker_has_the_lane_ask_for_what_was_left_out(queue: Queue) {
    know_all(&queue).await;
    let offer_and_feed = async {
        queue
            .lanes()
            .offer("u", after(&["a1"], of_dossier("a2", "a")));
        let asked = tokio::time::timeout(WAIT, queue.lanes().starving()).await;
        assert!(asked.is_ok(), "nobody asked");
        refill_with_both(&queue).await;
    };
    let (pulled, ()) = tokio::join!(pull(&queue, "u", WAIT), offer_and_feed);
    assert_eq!(keys(&pulled), ["a1", "a2"]);
}

pub async fn a_lane_that_was_wiped_leaves_out_what_might_overtake(queue: Queue) {
    know_all(&queue).await;
    queue.lanes().offer("u", of_dossier("a1", "a"));
    queue.flushed().await;
    queue.lanes().wipe().await;
    queue
        .lanes()
        .offer("u", after(&["a1"], of_dossier("a2", "a")));
    assert_eq!(pull(&queue, "u", NO_WAIT).await, []);
    refill_with_both(&queue).await;
    assert_eq!(keys(&pull(&queue, "u", NO_WAIT).await), ["a1", "a2"]);
}

/// As one with the earlier ones of many dossiers is.
pub async fn a_page_may_be_longer_than_a_lane(queue: Queue) {
    let numbers = (0..10 * LANE_CAPACITY).map(|number| number.to_string());
    let offers: Vec<Offer> = numbers.map(|key| of_dossier(&key, &key)).collect();
    assert!(!queue.lanes().refill("u", &first_page(&offers)).await);
    let taken = take(&queue, "u", 2 * LANE_CAPACITY, NO_WAIT).await;
    let expected: Vec<&str> = offers.iter().map(|offer| offer.key.as_str()).collect();
    assert_eq!(keys(&taken), expected[..LANE_CAPACITY]);
    assert_eq!(queue.lanes().filled_to("u").await, Mark::default());
}

/// What the store has of the dossier `a`.
async fn refill_with_both(queue: &Queue) {
    let both = ["a1", "a2"].map(|key| of_dossier(key, "a"));
    queue.lanes().refill("u", &Page::of_all(&both)).await;
}
