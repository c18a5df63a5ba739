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

mod code_block {
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

mod void_number {
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
    let columns = [code_block::Column::UnitUid, code_block::Column::Date];
    let named = among(db, code_block::Column::Uid, uids.iter().copied());
    let rows = code_block::Entity::find()
        .filter(match (uids.is_empty(), desks.is_empty()) {
            (_, true) => named,
            (true, false) => pairs_among(db, columns, days),
            (false, false) => named.or(pairs_among(db, columns, days)),
        })
        .order_by_asc(code_block::Column::Uid)
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
    let rows = code_block::Entity::find().all(db).await?;
    rows.into_iter().map(Block::try_from).collect()
}

/// All numbers that are void.
///
/// # Errors
/// When the store does not answer.
pub async fn voids(db: &impl ConnectionTrait) -> Result<Vec<Void>, DbErr> {
    let rows = void_number::Entity::find().all(db).await?;
    rows.into_iter().map(Void::try_from).collect()
}

pub(super) async fn save(sink: &impl Sink, blocks: BTreeMap<&str, &Block>) -> Result<(), DbErr> {
    let rows = blocks.into_values().map(|of| code_block::Model {
        uid: of.uid.clone(),
        unit_uid: of.unit.clone(),
        date: of.date.to_string(),
        beginning: of.beginning.clone(),
        first: of.numbers.first.into(),
        last: of.numbers.last.into(),
        returned_at: of.returned_at.map(clock::micros),
    });
    sink.put::<code_block::Entity>(rows.collect(), &[code_block::Column::ReturnedAt])
        .await
}

/// None of them may be there: a number is void once.
pub(super) async fn save_voids(sink: &impl Sink, voids: Vec<&Void>) -> Result<(), DbErr> {
    let rows = voids.into_iter().map(|of| void_number::Model {
        unit_uid: of.unit.clone(),
        date: of.date.to_string(),
        first: of.numbers.first.into(),
        last: of.numbers.last.into(),
        reason: of.reason.clone(),
    });
    sink.put::<void_number::Entity>(rows.collect(), &[]).await
}

impl TryFrom<code_block::Model> for Block {
    type Error = DbErr;

    fn try_from(row: code_block::Model) -> Result<Self, DbErr> {
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

impl TryFrom<void_number::Model> for Void {
    type Error = DbErr;

    fn try_from(row: void_number::Model) -> Result<Self, DbErr> {
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
