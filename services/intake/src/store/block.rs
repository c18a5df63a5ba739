//! Codes that are set aside for counters that work offline, and those that are void.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kit::clock;
use kit::db::{Sink, among, pairs_among};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{
    ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use crate::block::{Block, Numbers, Void};

mod block {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "code_block")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub unit_uid: String,
        pub date: String,
        pub beginning: String,
        pub first: i64,
        pub last: i64,
        pub returned_at: Option<i64>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod void {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "void_number")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub unit_uid: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub date: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub first: i64,
        pub last: i64,
        pub reason: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// These blocks and all of these desks on these days, locked in order: a block is not given back while something is registered
/// under it.
///
/// # Errors
/// When the store does not answer.
pub async fn blocks(
    db: &impl ConnectionTrait,
    uids: &BTreeSet<&str>,
    desks: &BTreeSet<(String, NaiveDate)>,
) -> Result<Vec<Block>, DbErr> {
    if uids.is_empty() && desks.is_empty() {
        return Ok(Vec::new());
    }
    let days = desks
        .iter()
        .map(|(unit, date)| (unit.clone(), date.to_string()));
    let columns = [block::Column::UnitUid, block::Column::Date];
    let named = among(db, block::Column::Uid, uids.iter().copied());
    let rows = block::Entity::find()
        .filter(match (uids.is_empty(), desks.is_empty()) {
            (_, true) => named,
            (true, false) => pairs_among(db, columns, days),
            (false, false) => named.or(pairs_among(db, columns, days)),
        })
        .order_by_asc(block::Column::Uid)
        .lock_exclusive()
        .all(db)
        .await?;
    rows.into_iter().map(Block::try_from).collect()
}

/// Every block.
///
/// # Errors
/// When the store does not answer.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Block>, DbErr> {
    let rows = block::Entity::find().all(db).await?;
    rows.into_iter().map(Block::try_from).collect()
}

/// All numbers that are void.
///
/// # Errors
/// When the store does not answer.
pub async fn voids(db: &impl ConnectionTrait) -> Result<Vec<Void>, DbErr> {
    let rows = void::Entity::find().all(db).await?;
    rows.into_iter().map(Void::try_from).collect()
}

pub(super) async fn save(sink: &impl Sink, blocks: BTreeMap<&str, &Block>) -> Result<(), DbErr> {
    let rows = blocks.into_values().map(|of| block::Model {
        uid: of.uid.clone(),
        unit_uid: of.unit.clone(),
        date: of.date.to_string(),
        beginning: of.beginning.clone(),
        first: of.numbers.first.into(),
        last: of.numbers.last.into(),
        returned_at: of.returned_at.map(clock::micros),
    });
    sink.put::<block::Entity>(rows.collect(), &[block::Column::ReturnedAt])
        .await
}

/// None of them may be there: a number is void once.
pub(super) async fn save_voids(sink: &impl Sink, voids: Vec<&Void>) -> Result<(), DbErr> {
    let rows = voids.into_iter().map(|of| void::Model {
        unit_uid: of.unit.clone(),
        date: of.date.to_string(),
        first: of.numbers.first.into(),
        last: of.numbers.last.into(),
        reason: of.reason.clone(),
    });
    sink.put::<void::Entity>(rows.collect(), &[]).await
}

impl TryFrom<block::Model> for Block {
    type Error = DbErr;

    fn try_from(row: block::Model) -> Result<Self, DbErr> {
        Ok(Self {
            uid: row.uid,
            unit: row.unit_uid,
            date: date(&row.date)?,
            beginning: row.beginning,
            numbers: numbers(row.first, row.last)?,
            returned_at: row.returned_at.map(clock::from_micros),
        })
    }
}

impl TryFrom<void::Model> for Void {
    type Error = DbErr;

    fn try_from(row: void::Model) -> Result<Self, DbErr> {
        Ok(Self {
            unit: row.unit_uid,
            date: date(&row.date)?,
            numbers: numbers(row.first, row.last)?,
            reason: row.reason,
        })
    }
}

fn date(text: &str) -> Result<NaiveDate, DbErr> {
    text.parse().map_err(|_| bad_row("date"))
}

fn numbers(first: i64, last: i64) -> Result<Numbers, DbErr> {
    let number = |number: i64| u32::try_from(number).map_err(|_| bad_row("number"));
    Ok(Numbers {
        first: number(first)?,
        last: number(last)?,
    })
}

fn bad_row(what: &str) -> DbErr {
    DbErr::Type(format!("a row of codes cannot be read: {what}"))
}
