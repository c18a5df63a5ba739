//! Each day is closed by a root over what was told in it, once, and whoever rewrites history behind it is found out.

use chrono::DateTime;
use futures::future::join_all;
use kit::clock::Moment;
use kit::log::{self, ClosedDay, Days};

use crate::store::{OWN, SHARED, Store};

fn at(time: &str) -> Moment {
    let time = DateTime::parse_from_rfc3339(&format!("{time}:00+07:00"));
    time.unwrap().to_utc()
}

async fn close(store: &Store, time: &str) -> Option<ClosedDay> {
    log::close_due(&store.db, at(time)).await.unwrap()
}

async fn days(store: &Store) -> Days {
    let audit = log::audit(store.db.read(), store.db.ring());
    audit.await.unwrap().days
}

/// Two closed days, and what was told since.
async fn two_days() -> (Store, [ClosedDay; 2]) {
    let store = Store::new().await;
    let first = close(&store, "2017-08-29T00:10").await.unwrap();
    store.append(5).await;
    let second = close(&store, "2017-08-30T08:00").await.unwrap();
    store.append(6).await;
    (store, [first, second])
}

#[tokio::test]
async fn a_day_is_closed_ten_minutes_after_its_end_with_all_that_was_told_since_the_last() {
    let store = Store::new().await;
    let first = close(&store, "2017-08-29T00:10").await.unwrap();
    assert_eq!((first.day.as_str(), first.events), ("2017-08-28", 12));
    store.append(5).await;
    for again in ["2017-08-29T00:10", "2017-08-29T23:59", "2017-08-30T00:09"] {
        assert_eq!(close(&store, again).await, None, "{again}");
    }
    let second = close(&store, "2017-08-30T00:10").await.unwrap();
    assert_eq!((second.day.as_str(), second.events), ("2017-08-29", 3));
    assert_ne!(first.root, second.root);
    // A day on which nothing was told is closed too: what comes next belongs to the next.
    let nothing = close(&store, "2017-08-31T08:00").await.unwrap();
    assert_eq!((nothing.day.as_str(), nothing.events), ("2017-08-30", 0));
    store.append(6).await;
    assert_eq!(close(&store, "2017-08-31T08:05").await, None);
    let found = days(&store).await;
    assert_eq!((found.closed, found.last), (3, Some(nothing)));
    assert_eq!(found.faults, []);
}

#[tokio::test]
async fn of_several_replicas_one_closes_a_day() {
    let store = Store::new().await;
    let at = at("2017-08-29T08:00");
    let closing = (0..8).map(|_| log::close_due(&store.db, at));
    let closed = join_all(closing).await;
    assert_eq!(closed.into_iter().filter_map(Result::unwrap).count(), 1);
    assert_eq!(days(&store).await.faults, []);
}

#[tokio::test]
async fn a_history_that_was_rewritten_with_its_whole_chain_does_not_have_the_root_of_its_day() {
    let (store, _) = two_days().await;
    // The fifth change of `c` belongs to the second day; nothing comes after the sixth, so its hash stands for the chain.
    let rewritten = format!(
        "UPDATE log_event SET hash = x'{}' WHERE shard = {OWN} AND seq = 5",
        "ab".repeat(32)
    );
    store.tamper(1, &rewritten).await;
    let faults = days(&store).await.faults;
    let named: Vec<_> = faults.iter().map(|(day, _)| day.as_str()).collect();
    assert_eq!(named, ["2017-08-29"], "{faults:?}");
}

#[tokio::test]
async fn rows_that_are_taken_from_a_closed_day_are_missed_in_it() {
    let (store, _) = two_days().await;
    let removed = format!("DELETE FROM log_event WHERE shard = {SHARED} AND seq <= 2");
    store.tamper(2, &removed).await;
    let faults = days(&store).await.faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].0, "2017-08-28");
}

#[tokio::test]
async fn what_a_day_was_closed_with_cannot_be_altered_or_taken_away() {
    let touched = [
        (
            "UPDATE log_day SET root = x'00' WHERE number = 1",
            "2017-08-28",
        ),
        (
            "UPDATE log_day SET events = 11 WHERE number = 1",
            "2017-08-28",
        ),
        (
            "UPDATE log_day SET day = '2017-08-27' WHERE number = 1",
            "2017-08-27",
        ),
        (
            "UPDATE log_day SET reach = '0,0,0,0' WHERE number = 1",
            "2017-08-28",
        ),
        (
            "UPDATE log_day SET seal = x'00' WHERE number = 1",
            "2017-08-29",
        ),
        ("DELETE FROM log_day WHERE number = 1", "2017-08-29"),
    ];
    for (touch, day) in touched {
        let (store, _) = two_days().await;
        store.tamper(1, touch).await;
        let faults = days(&store).await.faults;
        assert!(
            faults.iter().any(|(named, _)| named == day),
            "{touch}: {faults:?}"
        );
    }
}
