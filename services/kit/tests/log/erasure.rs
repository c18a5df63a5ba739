//! A person can be forgotten and history still holds.

use sea_orm::{ConnectionTrait as _, Statement};

use crate::store::{SHARED, Store};

#[tokio::test]
async fn erasing_what_is_personal_keeps_the_chain_whole() {
    let store = Store::new().await;
    let erase = "UPDATE log_event SET personal = NULL WHERE subject = 'b'";
    store.tamper(4, erase).await;
    assert_eq!(store.breaks().await, []);
    store.append(5).await;
    assert_eq!(store.breaks().await, []);
}

#[tokio::test]
async fn the_same_personal_value_leaves_another_digest_every_time() {
    let store = Store::new().await;
    let count =
        format!("SELECT COUNT(DISTINCT personal_digest) FROM log_event WHERE shard = {SHARED}");
    let row = store
        .db
        .read()
        .query_one_raw(Statement::from_string(sea_orm::DbBackend::Sqlite, count));
    let digests: i64 = row.await.unwrap().unwrap().try_get_by_index(0).unwrap();
    assert_eq!(digests, 4);
}

#[tokio::test]
async fn what_is_personal_is_not_in_what_the_others_read() {
    let store = Store::new().await;
    let history = kit::log::history(store.db.read(), "intake", "b")
        .await
        .unwrap();
    assert_eq!(history.len(), 4);
    for event in history {
        let bytes = prost::Message::encode_to_vec(&event);
        assert!(!bytes.windows(6).any(|part| part == b"Y Moan"));
    }
}
