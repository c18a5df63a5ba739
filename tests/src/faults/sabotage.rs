//! What is broken on purpose, so that a check that cannot turn red is found out.

use rand::RngExt as _;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};

use super::dice::Dice;

/// What can be built wrong into the services: each is read from `MOTCUA_SABOTAGE` under the feature `sabotage`.
pub const BUILT_IN: [&str; 6] = [
    "acknowledge-before-commit",
    "group-at-end",
    "no-place",
    "maxlen-10",
    "offer-epoch-ignored",
    "custody-at-offer",
];

/// What the harness does to the store itself.
pub const ROW_DELETED: &str = "history-row-deleted";

/// Deletes one row of intake's history, behind the services' back.
pub async fn delete_a_row(intake: &DatabaseConnection, dice: Dice) {
    let count = Statement::from_string(
        DbBackend::Postgres,
        "SELECT count(*) AS rows FROM log_event",
    );
    let row = intake.query_one_raw(count).await.ok().flatten();
    let rows: i64 = row
        .and_then(|row| row.try_get("", "rows").ok())
        .unwrap_or(1);
    let which = dice.on("row", 0).random_range(0..rows);
    let delete = format!(
        "DELETE FROM log_event WHERE (shard, seq) IN \
         (SELECT shard, seq FROM log_event ORDER BY shard, seq OFFSET {which} LIMIT 1)"
    );
    let deleted = intake.execute_unprepared(&delete).await;
    assert!(
        deleted.is_ok_and(|done| done.rows_affected() == 1),
        "a row is deleted"
    );
}
