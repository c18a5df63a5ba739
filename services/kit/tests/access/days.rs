//! Closing days.

use kit::access;
use kit::testing::until;

use crate::support::{PATIENCE, Store, at};

#[tokio::test]
async fn a_day_is_closed_ten_minutes_after_its_end_and_once() {
    let store = Store::new().await;
    store
        .written(&[
            ("2017-08-28 08:00", "d1"),
            ("2017-08-28 23:59", "d2"),
            ("2017-08-29 00:00", "d3"),
        ])
        .await;
    assert_eq!(store.close("2017-08-29 00:09").await, []);
    let first = [("2017-08-28".to_owned(), 2)];
    assert_eq!(store.close("2017-08-29 00:10").await, first);
    assert_eq!(store.close("2017-08-29 00:10").await, []);
    let second = [("2017-08-29".to_owned(), 1)];
    assert_eq!(store.close("2017-09-30 00:00").await, second);
    let audit = store.audit().await;
    assert_eq!((audit.entries, audit.closed), (3, 2));
    assert_eq!(audit.faults, []);
}

#[tokio::test]
async fn what_comes_after_a_day_was_closed_goes_to_the_next_and_keeps_its_time() {
    let store = Store::new().await;
    store.written(&[("2017-08-28 08:00", "d1")]).await;
    store.close("2017-08-29 08:00").await;
    store.written(&[("2017-08-28 09:00", "late")]).await;
    let rows = store.rows().await;
    let placed: Vec<_> = rows
        .iter()
        .map(|row| (row.day.as_str(), row.number, row.objects.as_str()))
        .collect();
    assert_eq!(placed, [("2017-08-28", 1, "d1"), ("2017-08-29", 1, "late")]);
    assert_eq!(store.audit().await.faults, []);
    // The days after it are closed too by the time that it comes.
    store.close("2017-08-30 08:00").await;
    store.written(&[("2017-08-28 09:00", "later")]).await;
    assert_eq!(store.rows().await[2].day, "2017-08-30");
}

#[tokio::test]
async fn replicas_that_close_at_once_close_each_day_once() {
    let store = Store::new().await;
    store
        .written(&[("2017-08-28 08:00", "d1"), ("2017-08-29 08:00", "d2")])
        .await;
    let closing = (0..4).map(|_| access::close_due(&store.db, at("2017-09-01 08:00")));
    let closed = futures::future::join_all(closing).await;
    let closed: usize = closed.into_iter().map(|days| days.unwrap().len()).sum();
    assert_eq!(closed, 2);
    assert_eq!(store.audit().await.faults, []);
}

#[tokio::test]
async fn the_recorder_closes_days_by_its_clock() {
    let store = Store::new().await;
    store.written(&[("2016-12-30 08:00", "d1")]).await;
    let (_log, _working) = store.record();
    let closed = async || (store.audit().await.closed > 0).then_some(());
    until("it is closed", PATIENCE, closed).await;
}
