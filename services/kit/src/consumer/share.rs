//! Which replicas of a service are alive, and so which shards are this one's.
//!
//! Each replica has a row whose beat it raises every second. Who has not been seen to raise it for [`LAPSE`], by the observer's
//! own clock, counts as gone; the shards are shared among the others by rendezvous hashing, so that one that comes or goes moves
//! only its own part. Two replicas may differ for a moment over who is alive: the places in the store, moved under lock with
//! the effect, decide then.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, IntoActiveModel as _,
    QueryFilter as _,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock;
use crate::db::Db;
use crate::log::Shard;

/// How often a replica shows that it is alive, and looks who else is.
const BEAT: Duration = Duration::from_secs(1);
/// How long a replica that shows nothing counts as alive.
const LAPSE: Duration = Duration::from_secs(3);
/// How long the row of one that is gone is kept.
const FORGET: Duration = Duration::from_mins(1);

mod entity {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "worker")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub uid: String,
        pub beat: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// This replica's share of the work.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    me: String,
    alive: watch::Receiver<Vec<String>>,
}

impl Share {
    /// Joins the replicas of the service that uses this store, until `stop`. An embedded store has one.
    pub fn join(db: &Db, tasks: &TaskTracker, stop: &CancellationToken) -> Self {
        let me = clock::new_uid();
        let (sender, alive) = watch::channel(Vec::new());
        if db.is_shared() {
            let (db, stop) = (db.clone(), stop.clone());
            let replica = Replica::new(me.clone(), sender);
            tasks.spawn(replica.live(db, stop));
        } else {
            sender.send_replace(vec![me.clone()]);
        }
        Self { me, alive }
    }

    /// Whether this replica works the shard of a log now.
    pub fn has(&self, owner: &str, shard: Shard) -> bool {
        let alive = self.alive.borrow();
        let best = alive.iter().max_by_key(|uid| weight(uid, owner, shard));
        best == Some(&self.me)
    }

    /// Ends when this replica is to work the shard; never, when the service is stopping.
    pub async fn wait_for(&mut self, owner: &str, shard: Shard) {
        while !self.has(owner, shard) {
            if self.alive.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }

    /// Ends when the shard is no longer this replica's.
    pub async fn lose(&mut self, owner: &str, shard: Shard) {
        while self.has(owner, shard) {
            if self.alive.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

fn weight(uid: &str, owner: &str, shard: Shard) -> [u8; 32] {
    Sha256::digest(format!("{uid}:{owner}:{}", shard.number())).into()
}

/// One replica that shows that it is alive.
struct Replica {
    me: String,
    alive: watch::Sender<Vec<String>>,
    /// The last beat of each, and when it was first seen here.
    seen: HashMap<String, (i64, Instant)>,
}

impl Replica {
    fn new(me: String, alive: watch::Sender<Vec<String>>) -> Self {
        Self {
            me,
            alive,
            seen: HashMap::new(),
        }
    }

    async fn live(mut self, db: Db, stop: CancellationToken) {
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = beats.tick() => {}
                () = stop.cancelled() => break,
            }
            match self.beat(&db).await {
                Ok(alive) => {
                    self.alive.send_if_modified(|known| {
                        let changed = *known != alive;
                        *known = alive;
                        changed
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the store was not told that this replica is alive");
                }
            }
        }
        // The others take over at once.
        if let Err(error) = forget(db.write(), &[self.me]).await {
            tracing::debug!(%error, "the store was not told that this replica ends");
        }
    }

    async fn beat(&mut self, db: &Db) -> Result<Vec<String>, DbErr> {
        raise(db.write(), &self.me).await?;
        let now = clock::monotonic();
        let rows = entity::Entity::find().all(db.read()).await?;
        let mut seen = HashMap::with_capacity(rows.len());
        for row in rows {
            let since = match self.seen.get(&row.uid) {
                Some((beat, since)) if *beat == row.beat => *since,
                Some(_) | None => now,
            };
            seen.insert(row.uid, (row.beat, since));
        }
        self.seen = seen;
        let silent = |since: &Instant| now.saturating_duration_since(*since);
        let gone: Vec<String> = self.those(|since| silent(since) >= FORGET);
        if !gone.is_empty() {
            forget(db.write(), &gone).await?;
        }
        Ok(self.those(|since| silent(since) < LAPSE))
    }

    fn those(&self, holds: impl Fn(&Instant) -> bool) -> Vec<String> {
        let those = self.seen.iter().filter(|(_, (_, since))| holds(since));
        let mut those: Vec<String> = those.map(|(uid, _)| uid.clone()).collect();
        those.sort();
        those
    }
}

async fn raise(db: &impl ConnectionTrait, uid: &str) -> Result<(), DbErr> {
    let row = entity::Model {
        uid: uid.to_owned(),
        beat: 1,
    };
    let one_more = Expr::col((entity::Entity, entity::Column::Beat)).add(1);
    let over = OnConflict::column(entity::Column::Uid)
        .value(entity::Column::Beat, one_more)
        .to_owned();
    entity::Entity::insert(row.into_active_model())
        .on_conflict(over)
        .exec_without_returning(db)
        .await?;
    Ok(())
}

async fn forget(db: &impl ConnectionTrait, uids: &[String]) -> Result<(), DbErr> {
    entity::Entity::delete_many()
        .filter(entity::Column::Uid.is_in(uids))
        .exec(db)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait as _;

    use super::*;

    /// How long a test waits on a busy machine.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn share(me: &str, alive: &[&str]) -> Share {
        let alive = alive.iter().map(|uid| (*uid).to_owned()).collect();
        Share {
            me: me.to_owned(),
            alive: watch::channel(alive).1,
        }
    }

    #[test]
    fn every_shard_has_one_replica_and_the_load_is_shared() {
        let all = ["a", "b", "c"];
        let shares = all.map(|me| share(me, &all));
        let mut counts = [0; 3];
        for shard in Shard::all() {
            let has: Vec<usize> = (0..3).filter(|n| shares[*n].has("intake", shard)).collect();
            assert_eq!(has.len(), 1);
            counts[has[0]] += 1;
        }
        assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    }

    #[test]
    fn who_goes_leaves_the_shards_of_the_others_where_they_are() {
        for shard in Shard::all() {
            let before = share("a", &["a", "b", "c"]).has("intake", shard);
            let after = share("a", &["a", "c"]).has("intake", shard);
            assert!(!before || after);
        }
    }

    /// A store that replicas share, where there is one.
    async fn shared_store(folder: &tempfile::TempDir) -> Option<(crate::db::Stores, Db)> {
        let (stores, db) = crate::testing::open(folder.path(), "shares").await.unwrap();
        let table = "CREATE TABLE worker (uid varchar PRIMARY KEY, beat bigint NOT NULL)";
        if !db.is_shared() {
            return None;
        }
        db.write().execute_unprepared(table).await.unwrap();
        Some((stores, db))
    }

    async fn all_shards(share: &Share) {
        for shard in Shard::all() {
            let mut share = share.clone();
            share.wait_for("intake", shard).await;
        }
    }

    #[tokio::test]
    async fn the_shards_of_a_replica_that_dies_become_those_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let Some((_stores, db)) = shared_store(&folder).await else {
            return;
        };
        let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
        let survivor = Share::join(&db, &tasks, &stop);
        let (sender, _) = watch::channel(Vec::new());
        let dying = Replica::new(clock::new_uid(), sender.clone());
        let dying = tokio::spawn(dying.live(db.clone(), CancellationToken::new()));
        let mut both = survivor.alive.clone();
        both.wait_for(|alive| alive.len() == 2).await.unwrap();
        assert!(!Shard::all().all(|shard| survivor.has("intake", shard)));
        // As after a SIGKILL: it tells nobody.
        dying.abort();
        let taken_over = tokio::time::timeout(PATIENCE, all_shards(&survivor));
        assert!(taken_over.await.is_ok(), "{:?}", survivor.alive.borrow());
        stop.cancel();
    }

    #[tokio::test]
    async fn a_replica_that_ends_hands_its_shards_over_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let Some((_stores, db)) = shared_store(&folder).await else {
            return;
        };
        let (tasks, stop, other_stop) = (
            TaskTracker::new(),
            CancellationToken::new(),
            CancellationToken::new(),
        );
        let survivor = Share::join(&db, &tasks, &stop);
        let _ending = Share::join(&db, &tasks, &other_stop);
        let mut both = survivor.alive.clone();
        both.wait_for(|alive| alive.len() == 2).await.unwrap();
        other_stop.cancel();
        // Before its last beat would lapse.
        let handed_over = tokio::time::timeout(LAPSE, all_shards(&survivor));
        assert!(handed_over.await.is_ok());
        stop.cancel();
    }
}
