//! The table `calendar`.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, IntoActiveModel as _,
    QuerySelect as _,
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
pub(crate) async fn save(db: &impl ConnectionTrait, calendars: &[&Row]) -> Result<(), DbErr> {
    if calendars.is_empty() {
        return Ok(());
    }
    let rows = calendars
        .iter()
        .map(|row| (*row).clone().into_active_model());
    let replace = OnConflict::column(Column::Key)
        .update_columns([Column::Revision, Column::Body])
        .to_owned();
    Entity::insert_many(rows)
        .on_conflict(replace)
        .exec_without_returning(db)
        .await?;
    Ok(())
}
