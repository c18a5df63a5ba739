//! What an audit finds.

use crate::support::Store;

const FIRST: &str = "2017-08-28";
const SECOND: &str = "2017-08-29";
const OPEN: &str = "2017-08-30";

/// Two closed days and an open one.
async fn three_days() -> Store {
    let store = Store::new().await;
    let readings: Vec<(String, String)> = [FIRST, SECOND, OPEN]
        .iter()
        .flat_map(|day| {
            (0..5).map(move |number| (format!("{day} 08:0{number}"), format!("{day}-{number}")))
        })
        .collect();
    let readings: Vec<(&str, &str)> = readings
        .iter()
        .map(|(time, object)| (time.as_str(), object.as_str()))
        .collect();
    store.written(&readings).await;
    assert_eq!(store.close("2017-08-30 12:00").await.len(), 2);
    assert_eq!(store.faulty_days().await, [""; 0]);
    store
}

#[tokio::test]
async fn an_altered_a_removed_and_an_added_entry_of_a_closed_day_are_found() {
    for change in [
        "UPDATE access_log SET purpose = 'audit' WHERE day = '2017-08-28' AND number = 3",
        "UPDATE access_log SET occurred_at = occurred_at + 1 WHERE day = '2017-08-28' AND number = 1",
        "DELETE FROM access_log WHERE day = '2017-08-28' AND number = 2",
        "DELETE FROM access_log WHERE day = '2017-08-28'",
        "UPDATE access_log SET day = '2017-08-28', number = 6 WHERE day = '2017-08-29' AND number = 5",
        "UPDATE access_log SET subject = roles, roles = subject WHERE day = '2017-08-28' AND number = 5",
    ] {
        let store = three_days().await;
        store.tamper(change).await;
        let faulty = store.faulty_days().await;
        assert!(faulty.contains(&FIRST.to_owned()), "{change}: {faulty:?}");
    }
}

#[tokio::test]
async fn what_a_day_was_closed_with_cannot_be_made_anew_without_the_days_after_it() {
    for change in [
        "UPDATE access_day SET root = seal WHERE day = '2017-08-28'",
        "UPDATE access_day SET seal = root WHERE day = '2017-08-28'",
        "UPDATE access_day SET entries = 4 WHERE day = '2017-08-28'",
        "UPDATE access_day SET root = NULL WHERE day = '2017-08-28'",
    ] {
        let store = three_days().await;
        store.tamper(change).await;
        let faulty = store.faulty_days().await;
        assert!(faulty.contains(&FIRST.to_owned()), "{change}: {faulty:?}");
    }
}

#[tokio::test]
async fn a_whole_day_that_is_taken_out_is_missed_by_the_next() {
    let store = three_days().await;
    store
        .tamper("DELETE FROM access_log WHERE day = '2017-08-28'")
        .await;
    store
        .tamper("DELETE FROM access_day WHERE day = '2017-08-28'")
        .await;
    assert_eq!(store.faulty_days().await, [SECOND]);
}

#[tokio::test]
async fn missing_entries_of_an_open_day_are_found_and_so_is_a_day_without_its_head() {
    let store = three_days().await;
    store
        .tamper("DELETE FROM access_log WHERE day = '2017-08-30' AND number = 5")
        .await;
    assert_eq!(store.faulty_days().await, [OPEN]);
    store
        .tamper("DELETE FROM access_day WHERE day = '2017-08-30'")
        .await;
    assert_eq!(store.faulty_days().await, [OPEN]);
}
