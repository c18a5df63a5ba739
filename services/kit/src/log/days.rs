//! The days of a log: each is closed by the root of a Merkle tree over all that was told since the one before, and sealed together
//! with the day before. Whoever keeps a seal elsewhere finds out a history up to it that was written anew, chain and roots and all.

use std::time::Duration;

use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use tokio_util::sync::CancellationToken;

use super::entity::{day, event};
use super::{Shard, heads};
use crate::clock::{self, Clock, Moment};
use crate::db::{Db, Sink as _, is_lost_race};
use crate::merkle::{Hash, Tree, digest};

/// A day is closed so long after its end, as those of the access log are.
const GRACE: Duration = Duration::from_mins(10);
/// How often is looked whether a day has ended.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
const PAGE: u64 = 10_000;

/// A day that was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedDay {
    /// `YYYY-MM-DD`.
    pub day: String,
    /// How many events were told since the day that was closed before.
    pub events: i64,
    /// The root of the tree over their hashes, by shard and number.
    pub root: Hash,
    /// Over the root and the seal of the day before: it stands for all days up to this one.
    pub seal: Hash,
}

/// Closes the days of a service's log as they end by this clock, until the process ends.
pub(crate) async fn close(owner: &'static str, db: Db, clock: Clock, stop: CancellationToken) {
    while stop
        .run_until_cancelled(tokio::time::sleep(LOOK_AGAIN))
        .await
        .is_some()
    {
        match close_due(&db, clock.civil()).await {
            Ok(Some(closed)) => {
                let (root, seal) = (hex(&closed.root), closed.seal_in_hex());
                let ClosedDay { day, events, .. } = closed;
                tracing::info!(
                    service = owner,
                    day,
                    events,
                    root,
                    seal,
                    "a day of the history is closed"
                );
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(service = owner, %error, "a day of the history cannot be closed; trying again");
            }
        }
    }
}

/// Closes the last day that has ended, unless that was done: with all that was told since the one before, if anything.
///
/// # Errors
/// When the store does not answer.
pub async fn close_due(db: &Db, now: Moment) -> Result<Option<ClosedDay>, DbErr> {
    let today = clock::local(now - GRACE).date();
    let day = today.pred_opt().unwrap_or(today).to_string();
    let last = day::Entity::find()
        .order_by_desc(day::Column::Number)
        .one(db.read())
        .await?;
    if last.as_ref().is_some_and(|last| last.day >= day) {
        return Ok(None);
    }
    let (from, to) = (reach_of(last.as_ref()), reach(db.read()).await?);
    let (events, root) = tree_over(db.read(), &from, &to).await?;
    let row = row(last.as_ref(), (day, events, root), &to, now);
    let closed = ClosedDay::of(&row);
    // Of several replicas the first is right: the number is taken then.
    match db.write().put::<day::Entity>(vec![row], &[]).await {
        Ok(()) => Ok(Some(closed)),
        Err(error) if is_lost_race(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The closed days in order.
pub(super) async fn all(db: &impl ConnectionTrait) -> Result<Vec<day::Model>, DbErr> {
    let days = day::Entity::find().order_by_asc(day::Column::Number);
    days.all(db).await
}

fn row(
    before: Option<&day::Model>,
    (day, events, root): (String, i64, Hash),
    reach: &[i64],
    now: Moment,
) -> day::Model {
    let reach: Vec<_> = reach.iter().map(i64::to_string).collect();
    let mut row = day::Model {
        number: before.map_or(1, |before| before.number + 1),
        day,
        events,
        root: root.to_vec(),
        reach: reach.join(","),
        seal: Vec::new(),
        closed_at: clock::micros(now),
    };
    row.seal = seal(before, &row).to_vec();
    row
}

/// What chains a closed day to the one before it.
fn seal(before: Option<&day::Model>, closed: &day::Model) -> Hash {
    let before = before.map_or(&[0; 32][..], |before| &before.seal);
    // All parts but the last have one length each.
    digest(&[
        before,
        closed.day.as_bytes(),
        &closed.events.to_be_bytes(),
        &closed.root,
        closed.reach.as_bytes(),
    ])
}

/// How far each shard reached at the end of a day.
fn reach_of(day: Option<&day::Model>) -> Vec<i64> {
    let numbers = day.map_or("", |day| &day.reach).split(',');
    let numbers = numbers.map(|number| number.parse().unwrap_or_default());
    let mut reach: Vec<i64> = numbers.collect();
    reach.resize(Shard::all().count(), 0);
    reach
}

async fn reach(db: &impl ConnectionTrait) -> Result<Vec<i64>, DbErr> {
    let heads = heads(db).await?;
    Ok(heads.into_iter().map(|head| head.seq).collect())
}

/// How many events there are between two reaches, and the root over their hashes.
async fn tree_over(
    db: &impl ConnectionTrait,
    from: &[i64],
    to: &[i64],
) -> Result<(i64, Hash), DbErr> {
    let (mut tree, mut events) = (Tree::default(), 0);
    for ((shard, from), to) in Shard::all().zip(from).zip(to) {
        let mut after = *from;
        while after < *to {
            let page: Vec<(i64, Vec<u8>)> = event::Entity::find()
                .select_only()
                .columns([event::Column::Seq, event::Column::Hash])
                .filter(event::Column::Shard.eq(shard.number()))
                .filter(event::Column::Seq.gt(after))
                .filter(event::Column::Seq.lte(*to))
                .order_by_asc(event::Column::Seq)
                .limit(PAGE)
                .into_tuple()
                .all(db)
                .await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (_, hash) in &page {
                tree.push(hash);
                events += 1;
            }
        }
    }
    Ok((events, tree.root()))
}

/// The trees of closed days, computed again while the log is read shard by shard.
pub(super) struct Trees(Vec<Grown>);

struct Grown {
    row: day::Model,
    reach: Vec<i64>,
    tree: Tree,
    events: i64,
}

impl Trees {
    pub fn of(days: Vec<day::Model>) -> Self {
        let grown = |row: day::Model| Grown {
            reach: reach_of(Some(&row)),
            tree: Tree::default(),
            events: 0,
            row,
        };
        Self(days.into_iter().map(grown).collect())
    }

    /// A row of the log, in order of shard and number. What was told after the last day belongs to none.
    pub fn push(&mut self, row: &event::Model) {
        let shard = usize::try_from(row.shard).unwrap_or_default();
        let reaches = |day: &Grown| day.reach.get(shard).is_some_and(|reach| *reach >= row.seq);
        let place = self.0.partition_point(|day| !reaches(day));
        if let Some(day) = self.0.get_mut(place) {
            day.tree.push(&row.hash);
            day.events += 1;
        }
    }

    /// The days, and those that do not fit.
    pub fn end(self) -> Days {
        let mut days = Days::default();
        let mut before: Option<day::Model> = None;
        for grown in self.0 {
            let closed = ClosedDay::of(&grown.row);
            if (grown.events, grown.tree.root()) != (closed.events, closed.root) {
                days.fault(&closed, "its entries were altered, removed or added to");
            }
            let number = before.as_ref().map_or(1, |before| before.number + 1);
            let sealed = seal(before.as_ref(), &grown.row);
            if number != grown.row.number || sealed != closed.seal {
                days.fault(
                    &closed,
                    "what it was closed with was altered, or a day before it is missing",
                );
            }
            days.closed += 1;
            days.last = Some(closed);
            before = Some(grown.row);
        }
        days
    }
}

/// What an audit found of the closed days of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// How many there are.
    pub closed: usize,
    /// The last of them.
    pub last: Option<ClosedDay>,
    /// Those that do not fit, and what is wrong with them.
    pub faults: Vec<(String, &'static str)>,
}

impl Days {
    fn fault(&mut self, closed: &ClosedDay, what: &'static str) {
        self.faults.push((closed.day.clone(), what));
    }
}

impl ClosedDay {
    fn of(row: &day::Model) -> Self {
        let hash = |bytes: &[u8]| bytes.try_into().unwrap_or_default();
        Self {
            day: row.day.clone(),
            events: row.events,
            root: hash(&row.root),
            seal: hash(&row.seal),
        }
    }

    /// The seal as it is printed.
    #[must_use]
    pub fn seal_in_hex(&self) -> String {
        hex(&self.seal)
    }
}

fn hex(hash: &Hash) -> String {
    hash.map(|byte| format!("{byte:02x}")).concat()
}
