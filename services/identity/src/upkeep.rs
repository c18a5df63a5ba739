//! What the operator does to identity's personal data.

use kit::db::Db;
use sea_orm::DbErr;

use crate::store;

/// Hashes every number under the keys that the ring has now, a few at a time, and says how many parties were not yet.
///
/// # Errors
/// When the store does not answer, or a party does not open.
pub async fn rehash(db: &Db) -> Result<usize, DbErr> {
    store::party::rehash(db).await
}
