//! Why a transfer was declined, forwarded, recalled or returned, and what paper travels with it, which may speak of a person:
//! sealed columns.

use kit::log;
use kit::seal::{self, DataKey, Inspection, Keyring, Place};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _,
};

use super::entity::{Column, Entity, Model};
use crate::transfer::Transfer;

/// The column of the reason.
pub(super) const REASON: &str = "reason";
/// The column of the paper.
pub(super) const PAPER: &str = "paper";

/// What stands in a column, sealed; nothing where there is nothing or it was erased.
pub(super) fn seal(transfer: &Transfer, column: &'static str, text: &[u8]) -> Option<Vec<u8>> {
    let text = Some(text).filter(|text| !text.is_empty())?;
    let key = transfer.key.as_ref()?;
    Some(key.seal(place(&transfer.uid, column), text))
}

impl Model {
    /// What was sealed in a column; nothing where there is nothing or its key was erased.
    pub(super) fn opened(
        &self,
        column: &'static str,
        key: Option<&DataKey>,
    ) -> Result<Option<String>, seal::Error> {
        let sealed = if column == REASON {
            &self.reason
        } else {
            &self.paper
        };
        let Some((sealed, key)) = sealed.as_ref().zip(key) else {
            return Ok(None);
        };
        let text = String::from_utf8(key.open(place(&self.uid, column), sealed)?);
        text.map(Some).map_err(|_| seal::Error::Altered)
    }
}

fn place<'a>(uid: &'a str, column: &'static str) -> Place<'a> {
    Place {
        table: "transfer",
        column,
        row: uid,
    }
}

/// Opens the reason and the paper of every transfer that has one.
///
/// # Errors
/// When the store does not answer.
pub async fn inspect(db: &impl ConnectionTrait, ring: &Keyring) -> Result<Inspection, DbErr> {
    let sealed = Condition::any()
        .add(Column::Reason.is_not_null())
        .add(Column::Paper.is_not_null());
    let select = Entity::find().filter(sealed);
    let columns = (Column::Uid, Column::DossierUid);
    log::inspect(db, select, columns, |transfer, found| {
        let key = transfer.key(ring, &transfer.row.dossier_uid);
        let row = transfer.row;
        let opened = key.and_then(|key| {
            let reason = row.opened(REASON, key.as_ref())?;
            let paper = row.opened(PAPER, key.as_ref())?;
            Ok(reason.or(paper))
        });
        found.note(format_args!("transfer {}", row.uid), opened);
        row.uid
    })
    .await
}
