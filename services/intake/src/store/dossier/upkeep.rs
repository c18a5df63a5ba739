//! What the operator asks of the sealed columns: whether they open, and hashes under the newest key.

use kit::db::{Db, Sink as _};
use kit::log;
use kit::seal::{Inspection, Keyring};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};

use super::entity::{Column, Entity, Model};
use super::personal::open;
use super::{Row, keyed};

/// How many are hashed anew in one transaction: whoever changes one of them waits for so many.
const AT_ONCE: u64 = 200;

/// Opens what is personal about every dossier.
///
/// # Errors
/// When the store does not answer.
pub async fn inspect(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    let columns = (Column::Uid, Column::Uid);
    log::inspect(db, Entity::find(), columns, |dossier, found| {
        let key = dossier.key(ring, &dossier.row.uid).map_err(DbErr::from);
        let row = dossier.row;
        let opened = key.and_then(|key| open(&row.uid, row.personal.as_deref(), key.as_ref()));
        found.note(format_args!("dossier {}", row.code), opened);
        row.uid
    })
    .await
}

/// Hashes every content and every word of a name under the newest key, a few at a time, and says how many were not yet.
///
/// # Errors
/// When the store does not answer, or a dossier does not open.
pub async fn rehash(db: &Db) -> Result<usize, DbErr> {
    let (ring, mut last, mut hashed) = (db.ring(), String::new(), 0);
    loop {
        let tx = db.begin().await?;
        let page = Entity::find()
            .filter(Column::Uid.gt(last.as_str()))
            .order_by_asc(Column::Uid)
            .limit(AT_ONCE)
            .lock_exclusive();
        let page = keyed(page).all(&tx).await?;
        let Some(end) = page.last() else {
            tx.rollback().await?;
            return Ok(hashed);
        };
        last.clone_from(&end.row.dossier.uid);
        let mut anew: Vec<Model> = Vec::new();
        for found in page {
            let key = found.key(ring, &found.row.dossier.uid)?;
            let Row { dossier, clock } = found.row;
            let before = (dossier.content_digest.clone(), dossier.words.clone());
            let now = Model::from_domain(&dossier.into_domain(&clock, key)?, ring)?;
            if (&now.content_digest, &now.words) != (&before.0, &before.1) {
                anew.push(now);
            }
        }
        hashed += anew.len();
        tx.put::<Entity>(anew, &[Column::ContentDigest, Column::Words])
            .await?;
        tx.commit().await?;
    }
}
