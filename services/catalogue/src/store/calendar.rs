//! The tables `calendar`, which says what version is in force, and `calendar_version`, which has all.

use chrono::NaiveDate;
use kit::db::Sink;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub revision: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod version {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar_version")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision: i64,
        pub announced_on: Date,
        pub basis: String,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use version::Model as Row;

/// A version without what is in it.
pub(crate) type Listed = (i64, NaiveDate, String);

/// The newest version, or the newest that had been announced by a day.
pub(crate) async fn newest(
    db: &impl ConnectionTrait,
    key: &str,
    by: Option<NaiveDate>,
) -> Result<Option<Row>, DbErr> {
    let mut select = version::Entity::find()
        .filter(version::Column::Key.eq(key))
        .order_by_desc(version::Column::Revision);
    if let Some(by) = by {
        select = select.filter(version::Column::AnnouncedOn.lte(by));
    }
    select.one(db).await
}

/// One version.
pub(crate) async fn find(
    db: &impl ConnectionTrait,
    key: &str,
    revision: i64,
) -> Result<Option<Row>, DbErr> {
    version::Entity::find_by_id((key.to_owned(), revision))
        .one(db)
        .await
}

/// The versions before one, newest first; before none: the newest.
pub(crate) async fn list(
    db: &impl ConnectionTrait,
    key: &str,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Listed>, DbErr> {
    version::Entity::find()
        .select_only()
        .columns([
            version::Column::Revision,
            version::Column::AnnouncedOn,
            version::Column::Basis,
        ])
        .filter(version::Column::Key.eq(key))
        .filter(version::Column::Revision.lt(before.unwrap_or(i64::MAX)))
        .order_by_desc(version::Column::Revision)
        .limit(limit)
        .into_tuple()
        .all(db)
        .await
}

/// The version in force, locked: whoever makes the next one waits here.
pub(crate) async fn lock(tx: &DatabaseTransaction, key: &str) -> Result<Option<Row>, DbErr> {
    let head = entity::Entity::find_by_id(key).lock_exclusive();
    match head.one(tx).await? {
        Some(head) => find(tx, key, head.revision).await,
        None => Ok(None),
    }
}

/// Writes the next versions, and which is in force with them.
pub(crate) async fn save(sink: &impl Sink, versions: &[&Row]) -> Result<(), DbErr> {
    let head = versions.last().map(|row| entity::Model {
        key: row.key.clone(),
        revision: row.revision,
    });
    let head = head.into_iter().collect();
    sink.put::<entity::Entity>(head, &[entity::Column::Revision])
        .await?;
    let rows = versions.iter().map(|row| (*row).clone()).collect();
    sink.put::<version::Entity>(rows, &[]).await
}
