//! Which dossiers have which codes.

use std::collections::HashMap;

use kit::db::among;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::entity::{Column, Entity};
use crate::code::DossierCode;

/// The uids of the dossiers that have one of these codes.
///
/// # Errors
/// When the store does not answer.
pub async fn coded(
    db: &impl ConnectionTrait,
    codes: Vec<DossierCode>,
) -> Result<HashMap<DossierCode, String>, DbErr> {
    if codes.is_empty() {
        return Ok(HashMap::new());
    }
    let codes = codes.iter().map(DossierCode::as_str);
    let rows: Vec<(String, String)> = Entity::find()
        .select_only()
        .columns([Column::Code, Column::Uid])
        .filter(among(db, Column::Code, codes))
        .into_tuple()
        .all(db)
        .await?;
    let row = |(code, uid)| (DossierCode::stored(code), uid);
    Ok(rows.into_iter().map(row).collect())
}
