//! Writing to the log, day by day, and closing its days.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::entity::{day, entry};
use super::record::{Entry, leaf};
use crate::clock::{self, Moment};
use crate::db::{Db, Sink as _};
use crate::merkle::{Hash, Tree, digest};

/// A day is closed so long after its end: what waited to be written and clocks that differ a little are in it then.
const GRACE: Duration = Duration::from_mins(10);
const PAGE: u64 = 1_000;

/// A day that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How many entries it has.
    pub entries: i64,
    /// The root of the tree over them.
    pub root: [u8; 32],
}

/// Writes entries, each into the local day of its time, or the next day that is still open.
///
/// The day's row is locked, so that numbers are dense whoever writes; calls do not wait for it.
pub(super) async fn record(db: &Db, entries: &[Entry]) -> Result<(), DbErr> {
    let mut by_day: BTreeMap<NaiveDate, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        let day = clock::local(entry.at).date();
        by_day.entry(day).or_default().push(entry);
    }
    let tx = db.begin().await?;
    for (day, entries) in by_day {
        let mut day = open(&tx, day).await?;
        let numbers = day.entries + 1..;
        let rows: Vec<_> = numbers
            .zip(&entries)
            .map(|(number, entry)| entry.row(&day.day, number))
            .collect();
        day.entries = rows.last().map_or(day.entries, |row| row.number);
        tx.put::<entry::Entity>(rows, &[]).await?;
        tx.put::<day::Entity>(vec![day], &[day::Column::Entries])
            .await?;
    }
    tx.commit().await
}

/// Locks a day that is open: this one, or else the first after it.
async fn open(tx: &DatabaseTransaction, wanted: NaiveDate) -> Result<day::Model, DbErr> {
    let last_closed = last_closed(tx).await?;
    let last_closed = last_closed.and_then(|closed| closed.day.parse().ok());
    let mut wanted = last_closed.map_or(wanted, |closed| wanted.max(after(closed)));
    loop {
        let name = wanted.to_string();
        match locked(tx, &name).await? {
            Some(day) if day.root.is_none() => return Ok(day),
            Some(_) => wanted = after(wanted),
            None => make(tx, name).await?,
        }
    }
}

/// Makes a day, unless somebody else does just now, who is waited for.
async fn make(tx: &DatabaseTransaction, name: String) -> Result<(), DbErr> {
    let fresh = day::Model {
        day: name,
        entries: 0,
        root: None,
        seal: None,
        closed_at: None,
    };
    tx.put::<day::Entity>(vec![fresh], &[day::Column::Day])
        .await
}

async fn locked(tx: &DatabaseTransaction, name: &str) -> Result<Option<day::Model>, DbErr> {
    let day = day::Entity::find_by_id(name).lock_exclusive();
    day.one(tx).await
}

async fn last_closed(db: &impl ConnectionTrait) -> Result<Option<day::Model>, DbErr> {
    day::Entity::find()
        .filter(day::Column::Root.is_not_null())
        .order_by_desc(day::Column::Day)
        .one(db)
        .await
}

fn after(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

/// Closes the days that have ended, in order, and tells which.
///
/// # Errors
/// When the store does not answer.
pub async fn close_due(db: &Db, now: Moment) -> Result<Vec<Closed>, DbErr> {
    let today = clock::local(now - GRACE).date().to_string();
    let due = day::Entity::find()
        .filter(day::Column::Root.is_null())
        .filter(day::Column::Day.lt(today))
        .order_by_asc(day::Column::Day)
        .all(db.read())
        .await?;
    let mut closed = Vec::new();
    for day in due {
        let Some(day) = close(db, day, now).await? else {
            break;
        };
        closed.push(day);
    }
    Ok(closed)
}

/// Closes one day; not when entries came in meanwhile, or somebody else was first. The rows are read before the day is locked:
/// they are many, and those that are there do not change.
async fn close(db: &Db, seen: day::Model, now: Moment) -> Result<Option<Closed>, DbErr> {
    let (_, root) = tree_over(db.read(), &seen.day).await?;
    let tx = db.begin().await?;
    let before = last_closed(&tx).await?.and_then(|closed| closed.seal);
    let day = locked(&tx, &seen.day).await?.filter(|day| *day == seen);
    let Some(day) = day else {
        tx.rollback().await?;
        return Ok(None);
    };
    let closed = Closed {
        day: day.day.clone(),
        entries: day.entries,
        root,
    };
    let seal = seal(before.as_deref(), &closed);
    let row = day::Model {
        root: Some(root.to_vec()),
        seal: Some(seal.to_vec()),
        closed_at: Some(clock::micros(now)),
        ..day
    };
    let over = [day::Column::Root, day::Column::Seal, day::Column::ClosedAt];
    tx.put::<day::Entity>(vec![row], &over).await?;
    tx.commit().await?;
    Ok(Some(closed))
}

/// What chains a closed day to the one that was closed before, so that no whole day can be taken out from between.
pub(super) fn seal(before: Option<&[u8]>, day: &Closed) -> Hash {
    let entries = day.entries.to_be_bytes();
    // All parts but the first have one length.
    digest(&[
        before.unwrap_or(&[0; 32]),
        day.day.as_bytes(),
        &entries,
        &day.root,
    ])
}

/// How many rows a day has, and the root over them in the order of their numbers.
pub(super) async fn tree_over(db: &impl ConnectionTrait, day: &str) -> Result<(i64, Hash), DbErr> {
    let (mut tree, mut rows, mut last) = (Tree::default(), 0, i64::MIN);
    loop {
        let page = entry::Entity::find()
            .filter(entry::Column::Day.eq(day))
            .filter(entry::Column::Number.gt(last))
            .order_by_asc(entry::Column::Number)
            .limit(PAGE)
            .all(db)
            .await?;
        let Some(end) = page.last() else {
            return Ok((rows, tree.root()));
        };
        last = end.number;
        for row in &page {
            tree.push(&leaf(row));
            rows += 1;
        }
    }
}
