//! Is the access log as it was written?

use std::collections::BTreeSet;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::Closed;
use super::days::{seal, tree_over};
use super::entity::{day, entry};

/// A day that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// What is wrong with it.
    pub what: &'static str,
}

/// What an audit of a whole access log found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// How many entries there are.
    pub entries: i64,
    /// How many days are closed.
    pub closed: usize,
    /// What does not fit.
    pub faults: Vec<Fault>,
}

/// Reads a whole access log: computes the roots of closed days again, and counts the entries of open ones.
///
/// # Errors
/// When the store does not answer.
pub async fn audit(db: &impl ConnectionTrait) -> Result<Audit, DbErr> {
    // Before the days are read: a day is written with its first entry.
    let with_entries: Vec<String> = entry::Entity::find()
        .select_only()
        .column(entry::Column::Day)
        .distinct()
        .into_tuple()
        .all(db)
        .await?;
    let days = day::Entity::find()
        .order_by_asc(day::Column::Day)
        .all(db)
        .await?;
    let mut audit = Audit::default();
    let known: BTreeSet<&str> = days.iter().map(|day| day.day.as_str()).collect();
    for day in &with_entries {
        if !known.contains(day.as_str()) {
            audit.fault(
                day,
                "what it was closed with, or how many entries it has, is missing",
            );
        }
    }
    let mut before: Option<Vec<u8>> = None;
    for day in days {
        match (&day.root, &day.seal) {
            (Some(root), Some(sealed)) => {
                audit
                    .closed(db, &day, (root, sealed), before.as_deref())
                    .await?;
                before = day.seal;
            }
            (None, None) => audit.open(db, &day).await?,
            _ => audit.fault(&day.day, "what it was closed with was altered"),
        }
    }
    Ok(audit)
}

impl Audit {
    async fn closed(
        &mut self,
        db: &impl ConnectionTrait,
        day: &day::Model,
        (root, sealed): (&[u8], &[u8]),
        before: Option<&[u8]>,
    ) -> Result<(), DbErr> {
        let (entries, found) = tree_over(db, &day.day).await?;
        self.entries += entries;
        self.closed += 1;
        if entries != day.entries || found != root {
            self.fault(&day.day, "its entries were altered, removed or added to");
        }
        let closed = Closed {
            day: day.day.clone(),
            entries: day.entries,
            root: root.try_into().unwrap_or_default(),
        };
        if seal(before, &closed) != sealed {
            self.fault(
                &day.day,
                "what it was closed with was altered, or a day before it is missing",
            );
        }
        Ok(())
    }

    /// Entries that came after the day was read are not looked at.
    async fn open(&mut self, db: &impl ConnectionTrait, day: &day::Model) -> Result<(), DbErr> {
        let entries = entry::Entity::find()
            .filter(entry::Column::Day.eq(&day.day))
            .filter(entry::Column::Number.lte(day.entries))
            .count(db)
            .await?;
        let entries = i64::try_from(entries).unwrap_or(i64::MAX);
        self.entries += entries;
        if entries != day.entries {
            self.fault(&day.day, "entries of it are missing");
        }
        Ok(())
    }

    fn fault(&mut self, day: &str, what: &'static str) {
        let day = day.to_owned();
        self.faults.push(Fault { day, what });
    }
}
