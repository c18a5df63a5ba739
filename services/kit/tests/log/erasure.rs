//! A person can be forgotten, and history still holds.

use kit::log::data_keys;
use kit::seal::{Error, Keyring};
use sea_orm::{ConnectionTrait as _, Statement};

use crate::store::{SHARED, Store};

#[tokio::test]
async fn erasing_a_person_keeps_the_chain_whole_and_leaves_nothing_to_read() {
    let mut store = Store::new().await;
    store.erase().await;
    assert_eq!(store.breaks().await, []);
    let keys = data_keys(store.db.read(), store.db.ring(), ["b"].into()).await;
    assert_eq!(keys.unwrap().len(), 0);
    store.append(5).await;
    assert_eq!(store.breaks().await, []);
    let of_b = "UPDATE log_event SET personal = NULL WHERE subject = 'b' AND personal IS NOT NULL";
    store.tamper(4, of_b).await;
    assert_eq!(store.breaks().await, [], "the chain needs no personal part");
}

#[tokio::test]
async fn what_is_personal_is_sealed_in_the_log() {
    let store = Store::new().await;
    assert!(!store.holds(b"Y Moan").await);
    let planted = format!(
        "UPDATE log_event SET personal = x'{}' WHERE shard = {SHARED} AND seq = 2",
        "59204d6f616e"
    );
    store.tamper(1, &planted).await;
    assert!(store.holds(b"Y Moan").await, "the test sees what is there");
}

#[tokio::test]
async fn an_audit_without_the_key_names_the_rows_that_it_cannot_read() {
    let store = Store::new().await;
    let empty = Keyring::empty();
    let audit = kit::log::audit(store.db.read(), &empty).await.unwrap();
    let whats: Vec<_> = audit.breaks.iter().map(|broken| broken.what).collect();
    assert_eq!(
        whats, ["the key of its personal part does not open"; 4],
        "only `b` has personal parts"
    );
}

#[tokio::test]
async fn data_keys_are_wrapped_anew_and_open_without_the_key_of_before() {
    let store = Store::new().await;
    let folder = store.keys();
    assert_eq!(kit::log::rewrap(&store.db).await.unwrap(), 0);
    assert_eq!(Keyring::rotate(&folder).unwrap(), 2);
    let rotated = store.open_again().await;
    assert_eq!(kit::log::rewrap(&rotated).await.unwrap(), 1);
    std::fs::remove_file(folder.join("1.key")).unwrap();
    let without = Keyring::read(&folder).unwrap();
    let audit = kit::log::audit(store.db.read(), &without).await.unwrap();
    assert_eq!(audit.breaks, []);
}

#[tokio::test]
async fn a_key_that_was_erased_is_not_wrapped_anew() {
    let mut store = Store::new().await;
    store.erase().await;
    Keyring::rotate(&store.keys()).unwrap();
    let rotated = store.open_again().await;
    assert_eq!(kit::log::rewrap(&rotated).await.unwrap(), 0);
}

#[tokio::test]
async fn a_data_key_says_whose_key_is_missing() {
    let store = Store::new().await;
    let keys = data_keys(store.db.read(), &Keyring::empty(), ["b"].into()).await;
    let key = keys.unwrap().remove("b").unwrap();
    assert!(matches!(key, Err(Error::KeyMissing(_))), "{key:?}");
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
