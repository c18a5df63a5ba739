//! What the operator asks of the sealed column: whether it opens, and hashes under the keys of now.

use kit::db::Db;
use kit::log::{self, keyed};
use kit::seal::{Inspection, Keyring};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::entity::{Column, Entity};
use super::{number, party};

/// How many are hashed anew in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: u64 = 200;

/// Opens what is personal about every party.
pub(crate) async fn inspect(
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Inspection, DbErr> {
    let columns = (Column::Uid, Column::Uid);
    log::inspect(db, Entity::find(), columns, |keyed, found| {
        let uid = keyed.row.uid.clone();
        let key = keyed.key(ring, &uid).map_err(DbErr::from);
        let opened = key.and_then(|key| party(keyed.row, key));
        found.note(format_args!("party {uid}"), opened);
        uid
    })
    .await
}

/// Hashes every number under the keys of now, a few parties at a time, and says how many were not yet.
pub(crate) async fn rehash(db: &Db) -> Result<usize, DbErr> {
    let (ring, mut last, mut renewed) = (db.ring(), String::new(), 0);
    loop {
        let tx = db.begin().await?;
        let page = Entity::find()
            .filter(Column::Uid.gt(last.as_str()))
            .order_by_asc(Column::Uid)
            .limit(AT_ONCE)
            .lock_exclusive();
        let page = keyed(page, Column::Uid).all(&tx).await?;
        let Some(end) = page.last() else {
            tx.rollback().await?;
            return Ok(renewed);
        };
        last.clone_from(&end.row.uid);
        for keyed in page {
            let key = keyed.key(ring, &keyed.row.uid)?;
            if let Some(party) = party(keyed.row, key)?
                && number::renew(&tx, ring, &party).await?
            {
                renewed += 1;
            }
        }
        tx.commit().await?;
    }
}
