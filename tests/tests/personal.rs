//! Personal data at rest: sealed, found by check when altered, forgotten on request, under keys that turn while the suite serves.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "personal/dump.rs"]
mod dump;
#[path = "personal/erasure.rs"]
mod erasure;
#[path = "personal/notices.rs"]
mod notices;
#[path = "personal/rotation.rs"]
mod rotation;
#[path = "personal/sealed.rs"]
mod sealed;
#[path = "personal/seeds.rs"]
mod seeds;
#[path = "personal/spellings.rs"]
mod spellings;

use std::path::PathBuf;

use sea_orm::{ConnectionTrait as _, Statement};
use tests::Suite;

/// The file of a key for personal data.
fn key_file(suite: &Suite, number: u32) -> PathBuf {
    let folder = suite.pair().keys().join("data");
    folder.join(format!("{number}.key"))
}

/// Changes a store behind the suite's back; gives how many rows were touched.
async fn tamper(suite: &Suite, service: &str, statement: &str) -> u64 {
    let store = suite.store(service).await;
    let done = store.execute_unprepared(statement).await.unwrap();
    store.close().await.unwrap();
    done.rows_affected()
}

/// What a query that counts gives.
async fn count(suite: &Suite, service: &str, query: &str) -> i64 {
    let store = suite.store(service).await;
    let query = Statement::from_string(store.get_database_backend(), query);
    let row = store.query_one_raw(query).await.unwrap().unwrap();
    let count = row.try_get_by_index(0).unwrap();
    store.close().await.unwrap();
    count
}
