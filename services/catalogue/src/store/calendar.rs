//! The table `calendar`.

use kit::db::Sink;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, QuerySelect as _};

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "calendar")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub revision: i64,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use entity::Model as Row;
use entity::{Column, Entity};

/// The calendar with this key.
pub(crate) async fn find(db: &impl ConnectionTrait, key: &str) -> Result<Option<Row>, DbErr> {
    Entity::find_by_id(key).one(db).await
}

/// The same, locked.
pub(crate) async fn lock(tx: &DatabaseTransaction, key: &str) -> Result<Option<Row>, DbErr> {
    Entity::find_by_id(key).lock_exclusive().one(tx).await
}

/// Writes calendars over those that are there.
pub(crate) async fn save(sink: &impl Sink, calendars: &[&Row]) -> Result<(), DbErr> {
    let rows = calendars.iter().map(|row| (*row).clone()).collect();
    sink.put::<Entity>(rows, &[Column::Revision, Column::Body])
        .await
}
