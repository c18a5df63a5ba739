//! The table `party`, the one place for names and identity numbers, and `party_number`, by which they are found.

mod number;
mod personal;
mod upkeep;

use std::collections::BTreeSet;

use kit::authority::{Relation, Scope};
use kit::db::{Sink, among};
use kit::identity_number::IdentityNumber;
use kit::log::{Keyed, data_key_of};
use kit::seal::{DataKey, Keyring};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select, SelectModel, Selector,
};

use super::unreadable;
use crate::party::{Party, Uid};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "party")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub kind: String,
        /// All that is personal, sealed under the party's data key.
        pub personal: Option<Vec<u8>>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};
pub(crate) use upkeep::{inspect, rehash};

/// One party, if it is within the caller's scope: a desk and a client may look up anybody, a citizen only itself.
pub(crate) async fn find(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    scope: &Scope,
    uid: &Uid,
) -> Result<Option<Party>, DbErr> {
    let select = within(scope).filter(Column::Uid.eq(uid.as_str()));
    let found = domain(select, db, ring).await?;
    Ok(found.into_iter().next())
}

fn within(scope: &Scope) -> Select<Entity> {
    match scope {
        Scope::Everything => Entity::find(),
        Scope::Of(known) => Entity::find().filter(match known.get(&Relation::Own) {
            Some(parties) => Column::Uid.is_in(parties),
            None => Expr::val(false),
        }),
    }
}

/// The parties that have these numbers, locked in order of their uids.
pub(crate) async fn lock(
    (db, ring): (&impl ConnectionTrait, &Keyring),
    numbers: impl IntoIterator<Item = &IdentityNumber>,
) -> Result<Vec<Party>, DbErr> {
    let uids: BTreeSet<String> = number::holders(db, ring, numbers).await?;
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    let select = Entity::find()
        .filter(among(db, Column::Uid, uids))
        .order_by_asc(Column::Uid)
        .lock_exclusive();
    domain(select, db, ring).await
}

/// Writes new parties.
pub(crate) async fn insert(
    sink: &impl Sink,
    ring: &Keyring,
    parties: &[&Party],
) -> Result<(), DbErr> {
    let rows: Result<Vec<Model>, DbErr> = parties.iter().map(|party| row(party)).collect();
    sink.put::<Entity>(rows?, &[]).await?;
    number::insert(sink, ring, parties).await
}

async fn domain(
    select: Select<Entity>,
    db: &impl ConnectionTrait,
    ring: &Keyring,
) -> Result<Vec<Party>, DbErr> {
    let rows = keyed(select).all(db).await?;
    let mut parties = Vec::with_capacity(rows.len());
    for found in rows {
        let key = found.key(ring, &found.row.uid)?;
        parties.extend(party(found.row, key)?);
    }
    Ok(parties)
}

/// The rows with their data keys.
fn keyed(select: Select<Entity>) -> Selector<SelectModel<Keyed<Model>>> {
    let (key, name) = data_key_of(Column::Uid);
    select.expr_as(key, name).into_model()
}

/// The party of a row and its data key; nothing where it was erased.
fn party(row: Model, key: Option<DataKey>) -> Result<Option<Party>, DbErr> {
    let Some((sealed, key)) = row.personal.zip(key) else {
        return Ok(None);
    };
    let kind = row.kind.parse().map_err(|()| unreadable("party.kind"))?;
    Ok(Some(Party {
        particulars: personal::open(&row.uid, kind, &sealed, &key)?,
        uid: Uid::new(row.uid),
        revision: row.revision,
        key,
    }))
}

fn row(party: &Party) -> Result<Model, DbErr> {
    Ok(Model {
        uid: party.uid.to_string(),
        kind: party.particulars.kind.as_str().to_owned(),
        personal: Some(personal::seal(party)?),
        revision: party.revision,
    })
}
