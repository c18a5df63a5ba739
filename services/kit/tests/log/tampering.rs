//! Whoever writes to the tables behind the suite's back is found out.

use crate::store::{OWN, SHARED, Store};

#[tokio::test]
async fn an_untouched_log_is_whole() {
    let store = Store::new().await;
    let audit = kit::log::audit(store.db.read(), store.db.ring());
    let audit = audit.await.unwrap();
    assert_eq!((audit.events, audit.breaks), (12, vec![]));
}

#[tokio::test]
async fn an_altered_value_of_any_column_is_found_at_its_row() {
    let alterations = [
        "change = x'00'",
        "change = x''",
        "actor = 'somebody else'",
        "unit = 'another'",
        "request_id = 'another'",
        "occurred_at = occurred_at + 1",
        "type_url = 'type.googleapis.com/another'",
    ];
    for alteration in alterations {
        let store = Store::new().await;
        let row = format!("UPDATE log_event SET {alteration} WHERE shard = {OWN} AND seq = 2");
        store.tamper(1, &row).await;
        assert_eq!(store.broken_rows().await, [(OWN, 2)], "{alteration}");
    }
}

#[tokio::test]
async fn an_altered_row_whose_hash_is_made_to_fit_breaks_the_row_after_it() {
    let store = Store::new().await;
    let forged = format!(
        "UPDATE log_event SET (change, hash) = \
         (SELECT change, hash FROM log_event WHERE shard = {OWN} AND seq = 1) \
         WHERE shard = {OWN} AND seq = 2"
    );
    store.tamper(1, &forged).await;
    assert_eq!(store.broken_rows().await, [(OWN, 2), (OWN, 3)]);
}

#[tokio::test]
async fn an_altered_hash_is_found() {
    let store = Store::new().await;
    let hash = format!("UPDATE log_event SET hash = x'00' WHERE shard = {OWN} AND seq = 4");
    store.tamper(1, &hash).await;
    assert_eq!(store.broken_rows().await, [(OWN, 4)]);
}

#[tokio::test]
async fn a_row_that_is_given_to_another_dossier_is_found() {
    let store = Store::new().await;
    let stolen = format!("UPDATE log_event SET subject = 'a' WHERE shard = {SHARED} AND seq = 8");
    store.tamper(1, &stolen).await;
    assert_eq!(store.broken_rows().await, [(SHARED, 8)]);
}

#[tokio::test]
async fn two_rows_that_changed_places_are_found() {
    let store = Store::new().await;
    for (from, to) in [(2, 20), (3, 2), (20, 3)] {
        let moved = format!("UPDATE log_event SET seq = {to} WHERE shard = {OWN} AND seq = {from}");
        store.tamper(1, &moved).await;
    }
    let broken = store.broken_rows().await;
    assert!(
        broken.contains(&(OWN, 2)) && broken.contains(&(OWN, 3)),
        "{broken:?}"
    );
}

#[tokio::test]
async fn an_altered_personal_part_is_found() {
    let alterations = [
        "personal = x'00'",
        "personal = personal || x'21'",
        "personal_digest = x'00'",
        "personal_digest = NULL",
    ];
    for alteration in alterations {
        let store = Store::new().await;
        let row = format!("UPDATE log_event SET {alteration} WHERE shard = {SHARED} AND seq = 4");
        store.tamper(1, &row).await;
        assert_eq!(store.broken_rows().await, [(SHARED, 4)], "{alteration}");
    }
}

#[tokio::test]
async fn a_personal_part_that_is_added_later_is_found() {
    let store = Store::new().await;
    let added = format!(
        "UPDATE log_event SET personal = x'{}' WHERE shard = {OWN} AND seq = 1",
        "00".repeat(40)
    );
    store.tamper(1, &added).await;
    assert_eq!(store.broken_rows().await, [(OWN, 1)]);
}

#[tokio::test]
async fn a_personal_part_that_was_moved_to_another_row_is_found() {
    let store = Store::new().await;
    let moved = format!(
        "UPDATE log_event SET (personal, personal_digest) = \
         (SELECT personal, personal_digest FROM log_event WHERE shard = {SHARED} AND seq = 2) \
         WHERE shard = {SHARED} AND seq = 4"
    );
    store.tamper(1, &moved).await;
    assert_eq!(store.broken_rows().await, [(SHARED, 4)]);
    let store = Store::new().await;
    let moved = moved.replace("(personal, personal_digest)", "personal");
    let moved = moved.replace("SELECT personal, personal_digest", "SELECT personal");
    store.tamper(1, &moved).await;
    assert_eq!(store.broken_rows().await, [(SHARED, 4)]);
}

#[tokio::test]
async fn a_data_key_that_was_altered_or_taken_from_another_is_found() {
    let store = Store::new().await;
    store
        .tamper(
            1,
            "UPDATE log_chain SET data_key = x'00' WHERE subject = 'b'",
        )
        .await;
    assert_eq!(store.broken_rows().await.len(), 4);
}

#[tokio::test]
async fn a_row_that_is_removed_from_the_middle_is_found() {
    let store = Store::new().await;
    let gone = format!("DELETE FROM log_event WHERE shard = {SHARED} AND seq = 3");
    store.tamper(1, &gone).await;
    let breaks = store.breaks().await;
    let whats: Vec<_> = breaks
        .iter()
        .map(|broken| (broken.seq, broken.what))
        .collect();
    assert_eq!(
        whats,
        [
            (4, "rows before it are missing"),
            (5, "it or the row before it was altered"),
        ]
    );
}

#[tokio::test]
async fn the_first_row_of_a_shard_is_missed() {
    let store = Store::new().await;
    let gone = format!("DELETE FROM log_event WHERE shard = {OWN} AND seq = 1");
    store.tamper(1, &gone).await;
    assert_eq!(store.broken_rows().await, [(OWN, 2)]);
}

#[tokio::test]
async fn rows_that_are_removed_from_the_end_are_found() {
    let store = Store::new().await;
    let gone = format!("DELETE FROM log_event WHERE shard = {OWN} AND seq > 2");
    store.tamper(2, &gone).await;
    assert_eq!(store.broken_rows().await, [(OWN, 4)]);
}

#[tokio::test]
async fn rows_that_are_removed_from_the_end_are_missed_even_if_the_head_is_lowered() {
    let store = Store::new().await;
    let gone = format!("DELETE FROM log_event WHERE shard = {OWN} AND seq > 2");
    store.tamper(2, &gone).await;
    let lowered = format!("UPDATE log_head SET seq = 2 WHERE shard = {OWN}");
    store.tamper(1, &lowered).await;
    let breaks = store.breaks().await;
    let whats: Vec<_> = breaks
        .iter()
        .map(|broken| (broken.subject.as_str(), broken.what))
        .collect();
    assert_eq!(whats, [("c", "the last row of its history is missing")]);
}

#[tokio::test]
async fn a_whole_shard_that_is_removed_is_found() {
    let store = Store::new().await;
    store
        .tamper(4, &format!("DELETE FROM log_event WHERE shard = {OWN}"))
        .await;
    assert_eq!(store.broken_rows().await, [(OWN, 4)]);
}

#[tokio::test]
async fn a_row_that_is_inserted_is_found() {
    let store = Store::new().await;
    for dossier in ["c", "invented"] {
        let next = 5 + i64::from(dossier == "invented");
        let inserted = format!(
            "INSERT INTO log_event SELECT shard, {next}, '{dossier}', actor, unit, request_id, occurred_at, \
             traceparent, type_url, change, personal, personal_digest, hash \
             FROM log_event WHERE shard = {OWN} AND seq = 4"
        );
        store.tamper(1, &inserted).await;
    }
    assert_eq!(store.broken_rows().await, [(OWN, 5), (OWN, 6)]);
}

#[tokio::test]
async fn what_is_appended_after_an_alteration_does_not_hide_it() {
    let store = Store::new().await;
    let altered = format!("UPDATE log_event SET change = x'00' WHERE shard = {OWN} AND seq = 4");
    store.tamper(1, &altered).await;
    store.append(5).await;
    assert_eq!(store.broken_rows().await, [(OWN, 4)]);
}
