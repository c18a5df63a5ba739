//! Why a transfer was declined or forwarded, which may speak of a person: a sealed column.

use kit::log;
use kit::seal::{self, DataKey, Inspection, Keyring, Place};
use sea_orm::{ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use super::entity::{Column, Entity};
use crate::transfer::Transfer;

/// The reason, sealed; nothing where there is none or it was erased.
pub(super) fn seal(transfer: &Transfer) -> Option<Vec<u8>> {
    let reason = Some(transfer.reason.as_bytes()).filter(|reason| !reason.is_empty())?;
    let key = transfer.key.as_ref()?;
    Some(key.seal(place(&transfer.uid), reason))
}

/// What was sealed; nothing where there is nothing or its key was erased.
pub(super) fn open(
    uid: &str,
    sealed: Option<&[u8]>,
    key: Option<&DataKey>,
) -> Result<Option<String>, seal::Error> {
    let Some((sealed, key)) = sealed.zip(key) else {
        return Ok(None);
    };
    let reason = String::from_utf8(key.open(place(uid), sealed)?);
    reason.map(Some).map_err(|_| seal::Error::Altered)
}

fn place(uid: &str) -> Place<'_> {
    Place {
        table: "transfer",
        column: "reason",
        row: uid,
    }
}

/// Opens the reason of every transfer that has one.
///
/// # Errors
/// When the store does not answer.
pub async fn inspect(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    let select = Entity::find().filter(Column::Reason.is_not_null());
    let columns = (Column::Uid, Column::DossierUid);
    log::inspect(db, select, columns, |transfer, found| {
        let key = transfer.key(ring, &transfer.row.dossier_uid);
        let row = transfer.row;
        let opened = key.and_then(|key| open(&row.uid, row.reason.as_deref(), key.as_ref()));
        found.note(format_args!("transfer {}", row.uid), opened);
        row.uid
    })
    .await
}
