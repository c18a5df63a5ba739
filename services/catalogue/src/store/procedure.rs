//! The table `procedure`.

use kit::db::{Sink, among};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _, Iterable as _,
    QueryFilter, QueryOrder as _, QuerySelect as _,
};

use crate::procedure::{Code, Edition, Page};

mod entity {
    use chrono::NaiveDate;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "procedure")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub code: String,
        pub level: String,
        pub online_level: i32,
        pub vertical_agency: bool,
        pub version: i32,
        pub effective_from: NaiveDate,
        pub revision: i64,
        pub body: Vec<u8>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) use entity::Model as Row;
use entity::{Column, Entity};

impl Row {
    /// The edition that the row holds.
    pub(crate) fn edition(&self) -> Edition {
        Edition {
            version: self.version,
            effective_from: self.effective_from,
            revision: self.revision,
        }
    }
}

/// The procedure with this code.
pub(crate) async fn find(db: &impl ConnectionTrait, code: &str) -> Result<Option<Row>, DbErr> {
    Entity::find_by_id(code).one(db).await
}

/// Those of these procedures that exist, locked in order of code.
pub(crate) async fn lock(
    tx: &DatabaseTransaction,
    codes: impl IntoIterator<Item = &Code>,
) -> Result<Vec<Row>, DbErr> {
    Entity::find()
        .filter(among(tx, Column::Code, codes.into_iter().map(Code::as_str)))
        .order_by_asc(Column::Code)
        .lock_exclusive()
        .all(tx)
        .await
}

/// The bodies of a page in order of code, with one procedure more than its size when another page follows.
pub(crate) async fn page(db: &impl ConnectionTrait, page: &Page) -> Result<Vec<Vec<u8>>, DbErr> {
    let level = page.level.map(|level| Column::Level.eq(level.as_str()));
    let online_level = page
        .online_level
        .map(|level| Column::OnlineLevel.eq(level.number()));
    let after = page.after.as_ref().map(|code| Column::Code.gt(code));
    let filters = [level, online_level, after].into_iter().flatten();
    filters
        .fold(Entity::find(), QueryFilter::filter)
        .select_only()
        .column(Column::Body)
        .order_by_asc(Column::Code)
        .limit(page.size + 1)
        .into_tuple()
        .all(db)
        .await
}

/// How many procedures are at each online level, in order; levels without one are left out.
pub(crate) async fn count_by_online_level(
    db: &impl ConnectionTrait,
) -> Result<Vec<(i32, i64)>, DbErr> {
    Entity::find()
        .select_only()
        .column(Column::OnlineLevel)
        .column_as(Column::Code.count(), "procedures")
        .group_by(Column::OnlineLevel)
        .order_by_asc(Column::OnlineLevel)
        .into_tuple()
        .all(db)
        .await
}

/// Writes procedures over those that are there.
pub(crate) async fn save(sink: &impl Sink, procedures: &[&Row]) -> Result<(), DbErr> {
    let rows = procedures.iter().map(|row| (*row).clone()).collect();
    let over: Vec<Column> = Column::iter().collect();
    sink.put::<Entity>(rows, &over).await
}
