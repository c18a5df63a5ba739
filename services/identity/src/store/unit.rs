//! The table `unit`.

use std::collections::HashMap;

use kit::db::{Sink, among};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, Iterable as _, QueryFilter,
    QueryOrder as _, QuerySelect as _,
};

use super::unreadable;
use crate::unit::{End, Page, Uid, Unit};

mod entity {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "unit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub code: String,
        pub kind: String,
        pub subtype: String,
        pub name: String,
        pub short_name: String,
        pub parent_uid: Option<String>,
        pub national_code: String,
        pub valid_from: NaiveDate,
        pub valid_to: Option<NaiveDate>,
        pub successor_uid: Option<String>,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

use entity::{Column, Entity, Model};

/// One unit.
pub(crate) async fn find(db: &impl ConnectionTrait, uid: &Uid) -> Result<Option<Unit>, DbErr> {
    Entity::find_by_id(uid.as_str())
        .one(db)
        .await?
        .map(Unit::try_from)
        .transpose()
}

/// Those of these units that exist, locked in order of uid.
pub(crate) async fn lock<'a>(
    db: &impl ConnectionTrait,
    uids: impl IntoIterator<Item = &'a Uid>,
) -> Result<Vec<Unit>, DbErr> {
    let rows = Entity::find()
        .filter(among(db, Column::Uid, uids.into_iter().map(Uid::as_str)))
        .order_by_asc(Column::Uid)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// The names of all units by uid.
pub(crate) async fn names(db: &impl ConnectionTrait) -> Result<HashMap<String, String>, DbErr> {
    let names = Entity::find()
        .select_only()
        .columns([Column::Uid, Column::Name])
        .into_tuple::<(String, String)>()
        .all(db)
        .await?;
    Ok(names.into_iter().collect())
}

/// The units that name a successor.
pub(crate) async fn succeeded(db: &impl ConnectionTrait) -> Result<Vec<Unit>, DbErr> {
    let rows = Entity::find()
        .filter(Column::SuccessorUid.is_not_null())
        .all(db)
        .await?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// A page in order of uid, with one unit more than its size when another page follows.
pub(crate) async fn page(db: &impl ConnectionTrait, page: &Page) -> Result<Vec<Unit>, DbErr> {
    let kind = page.kind.map(|kind| Column::Kind.eq(kind.as_str()));
    let after = page.after.as_ref().map(|uid| Column::Uid.gt(uid.as_str()));
    let filters = kind.into_iter().chain(after);
    let rows = filters
        .fold(Entity::find(), QueryFilter::filter)
        .order_by_asc(Column::Uid)
        .limit(page.size + 1)
        .all(db)
        .await?;
    rows.into_iter().map(Unit::try_from).collect()
}

/// Writes units over those that are there.
pub(crate) async fn save(sink: &impl Sink, units: &[&Unit]) -> Result<(), DbErr> {
    let rows = units.iter().map(|unit| Model::from(*unit)).collect();
    let over: Vec<Column> = Column::iter().collect();
    sink.put::<Entity>(rows, &over).await
}

impl TryFrom<Model> for Unit {
    type Error = DbErr;

    fn try_from(row: Model) -> Result<Self, DbErr> {
        let successor = row.successor_uid.map(Uid::new);
        Ok(Self {
            uid: Uid::new(row.uid),
            code: row.code,
            kind: row.kind.parse().map_err(|()| unreadable("unit.kind"))?,
            subtype: row.subtype,
            name: row.name,
            short_name: row.short_name,
            parent: row.parent_uid.map(Uid::new),
            national_code: row.national_code,
            valid_from: row.valid_from,
            end: row.valid_to.map(|last_day| End {
                last_day,
                successor,
            }),
            revision: row.revision,
        })
    }
}

impl From<&Unit> for Model {
    fn from(unit: &Unit) -> Self {
        let successor = unit.end.as_ref().and_then(|end| end.successor.as_ref());
        Self {
            uid: unit.uid.to_string(),
            code: unit.code.clone(),
            kind: unit.kind.as_str().to_owned(),
            subtype: unit.subtype.clone(),
            name: unit.name.clone(),
            short_name: unit.short_name.clone(),
            parent_uid: unit.parent.as_ref().map(ToString::to_string),
            national_code: unit.national_code.clone(),
            valid_from: unit.valid_from,
            valid_to: unit.end.as_ref().map(|end| end.last_day),
            successor_uid: successor.map(ToString::to_string),
            revision: unit.revision,
        }
    }
}
