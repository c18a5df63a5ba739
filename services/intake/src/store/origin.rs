//! Under which codes other systems have handed dossiers in: for ever.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kit::db::{Sink, pairs_among};
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _};

use crate::dossier::Origin;

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "origin")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub system: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub dossier_uid: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The dossiers that were handed in under these codes.
///
/// # Errors
/// When the store does not answer.
pub async fn origins(
    db: &impl ConnectionTrait,
    origins: BTreeSet<&Origin>,
) -> Result<HashMap<Origin, String>, DbErr> {
    if origins.is_empty() {
        return Ok(HashMap::new());
    }
    let pairs = origins
        .into_iter()
        .map(|origin| (origin.system.as_str(), origin.code.as_str()));
    let columns = [entity::Column::System, entity::Column::Code];
    let rows = entity::Entity::find()
        .filter(pairs_among(db, columns, pairs))
        .all(db)
        .await?;
    let known = rows.into_iter().map(|row| {
        let (system, code) = (row.system, row.code);
        (Origin { system, code }, row.dossier_uid)
    });
    Ok(known.collect())
}

/// None of them may be there: the schema says so to replicas that write at once.
pub(super) async fn save(sink: &impl Sink, origins: BTreeMap<&Origin, &str>) -> Result<(), DbErr> {
    let rows = origins.into_iter().map(|(origin, dossier)| entity::Model {
        system: origin.system.clone(),
        code: origin.code.clone(),
        dossier_uid: dossier.to_owned(),
    });
    sink.put::<entity::Entity>(rows.collect(), &[]).await
}
