//! However many offers are open, the head of every lane is back soon after the queue lost everything.

use kit::clock;
use kit::copies::{Calendars, UnitTable};
use kit::db::Stores;
use kit::queue::{Change, Modify, Take};
use kit::testing;
use sea_orm::ConnectionTrait as _;
use tempfile::TempDir;
use worktime::{Calendar, OfficeHours};

use super::*;
use crate::change::Change as Write;
use crate::journey::{Journey, Surroundings};
use crate::migration::Migrator;
use crate::store::tests::{moment, on_hold, route};

const IN_TIME: Duration = Duration::from_secs(10);
/// As many units as the province had in 2017 …
const PROVINCE: usize = 218;
/// … each with a full lane; a program that was not optimised would mostly measure itself.
const OF_EACH: usize = if cfg!(debug_assertions) {
    LANE_CAPACITY / 5
} else {
    LANE_CAPACITY
};

struct Filled {
    db: Db,
    queue: Queue,
    _stores: Stores,
    _folder: TempDir,
}

impl Filled {
    /// So many open offers to each of these units.
    async fn with(units: &[&str], offers: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (stores, db) = testing::open(folder.path(), "routing").await.unwrap();
        kit::migration::up::<Migrator>(&db).await.unwrap();
        let (table, calendar) = (
            UnitTable::default(),
            Calendars::of_all(Calendar::weekly(OfficeHours::standard(), [])),
        );
        let around = Surroundings {
            units: &table,
            calendar: &calendar,
        };
        let open = |unit: &str, number: usize| {
            let mut route = route();
            route.dossier = format!("{unit}-{number}");
            unit.clone_into(&mut route.steps[0].unit);
            let journey = Journey::open(route, "desk", moment(0), around);
            Write::journey(journey.unwrap())
        };
        let numbers = 0..offers;
        let changes: Vec<Write> = units
            .iter()
            .flat_map(|unit| numbers.clone().map(|number| open(unit, number)))
            .collect();
        let tx = db.begin().await.unwrap();
        store::save(&tx, &changes).await.unwrap();
        tx.commit().await.unwrap();
        let queue = testing::redis_queue().await;
        Self {
            db,
            queue: queue.unwrap_or_else(Queue::in_process),
            _stores: stores,
            _folder: folder,
        }
    }

    /// As many to each of these too, whose names are as long.
    async fn and_to(&self, units: &[String]) {
        let tx = self.db.begin().await.unwrap();
        let execute = async |statement: &str| {
            tx.execute_unprepared(statement).await.unwrap();
        };
        execute("CREATE TEMPORARY TABLE more AS SELECT * FROM transfer").await;
        for unit in units {
            let from = unit.len() + 1;
            execute(&format!(
                "UPDATE more SET to_unit = '{unit}', uid = '{unit}' || substr(uid, {from})"
            ))
            .await;
            execute("INSERT INTO transfer SELECT * FROM more").await;
        }
        execute("DROP TABLE more").await;
        tx.commit().await.unwrap();
    }

    /// Until each of these has so many in its lane.
    async fn until_they_hold(&self, units: &[String], offers: usize) {
        for unit in units {
            testing::until("the head is there", IN_TIME, async || {
                (self.holds(unit).await == offers).then_some(())
            })
            .await;
        }
    }

    async fn take(&self, unit: &str) -> Vec<String> {
        let take = Take {
            unit,
            subscriber: "somebody",
            most: LANE_CAPACITY,
            lease: Duration::from_mins(1),
            most_deliveries: 10,
        };
        let taken = self.queue.lanes().take(&take).await.delivered;
        taken.into_iter().map(|taken| taken.offer.key).collect()
    }

    async fn holds(&self, unit: &str) -> usize {
        let stats = self.queue.lanes().stats(unit).await;
        stats.map_or(0, |stats| stats.held)
    }
}

#[tokio::test]
async fn a_refill_goes_past_what_is_acknowledged_and_brings_all_in_time() {
    let filled = Filled::with(&["desk"], 2_500).await;
    let mut seen = std::collections::BTreeSet::new();
    let starving = Starving {
        unit: "desk".to_owned(),
        anew: false,
    };
    // At the end it has all, and the next looks through all.
    for (expected, most_read) in [(1_000, 1_000), (1_000, 1_000), (500, 500), (0, 2_500)] {
        let read = feed(&filled.db, &filled.queue, &starving).await.unwrap();
        assert_eq!(read, most_read);
        assert_eq!(filled.holds("desk").await, expected);
        let keys = filled.take("desk").await;
        assert_eq!(keys.len(), expected);
        let acknowledge = keys.iter().map(|key| Modify {
            key: key.clone(),
            attempt: 1,
            change: Change::Acknowledge,
        });
        let acknowledge: Vec<Modify> = acknowledge.collect();
        filled.queue.lanes().modify("desk", &acknowledge).await;
        seen.extend(keys);
    }
    assert_eq!(seen.len(), 2_500);
}

#[tokio::test]
async fn after_a_wipe_the_head_of_every_lane_is_back_in_time_also_where_nobody_takes() {
    let units = ["a", "b", "c"];
    let filled = Filled::with(&units, 1_200).await;
    let keeping = tokio::spawn(keep_lanes_full(filled.db.clone(), filled.queue.clone()));
    for _ in 0..2 {
        let began = clock::monotonic();
        for unit in units {
            testing::until("the head is there", IN_TIME, async || {
                (filled.holds(unit).await == LANE_CAPACITY).then_some(())
            })
            .await;
        }
        assert!(clock::monotonic() - began < IN_TIME, "it came late");
        filled.queue.lanes().wipe().await;
    }
    keeping.abort();
}

#[tokio::test]
async fn what_is_on_hold_is_in_no_lane_also_after_a_wipe() {
    let filled = Filled::with(&["concluding"], 2).await;
    let (table, calendar) = (
        UnitTable::default(),
        Calendars::of_all(Calendar::weekly(OfficeHours::standard(), [])),
    );
    let journey = on_hold(Surroundings {
        units: &table,
        calendar: &calendar,
    });
    let tx = filled.db.begin().await.unwrap();
    let saved = store::save(&tx, &[Write::journey(journey)]).await;
    saved.unwrap();
    tx.commit().await.unwrap();
    for _ in 0..2 {
        let read = refill(&filled.db, &filled.queue, "concluding", Mark::default()).await;
        assert_eq!(read.unwrap(), 2);
        assert_eq!(filled.holds("concluding").await, 2);
        filled.queue.lanes().wipe().await;
    }
}

#[tokio::test]
async fn after_a_wipe_the_lanes_of_a_whole_province_are_back_in_time() {
    let units = (0..PROVINCE).map(|number| format!("unit-{number:03}"));
    let units: Vec<String> = units.collect();
    let filled = Filled::with(&[units[0].as_str()], OF_EACH).await;
    filled.and_to(&units[1..]).await;
    let keeping = tokio::spawn(keep_lanes_full(filled.db.clone(), filled.queue.clone()));
    filled.until_they_hold(&units, OF_EACH).await;
    filled.queue.lanes().wipe().await;
    let began = clock::monotonic();
    filled.until_they_hold(&units, OF_EACH).await;
    assert!(clock::monotonic() - began < IN_TIME, "it came late");
    keeping.abort();
}

#[tokio::test]
async fn what_is_asked_of_the_store_goes_by_its_index() {
    let filled = Filled::with(&["a"], 1).await;
    if filled.db.is_shared() {
        // It goes by the index when there is more in the table.
        return;
    }
    let plan = store::plan_of_units(filled.db.read()).await.unwrap();
    assert!(
        plan.contains("USING COVERING INDEX transfer_offers"),
        "{plan}"
    );
    assert!(!plan.contains("SCAN transfer"), "{plan}");
}

#[test]
fn the_offers_of_a_dossier_come_as_they_were_made_and_dossiers_by_when_they_are_due() {
    let offer = |uid: &str, dossier: &str, offered_at, hand_over_due| OpenOffer {
        uid: uid.to_owned(),
        offer_epoch: 1,
        dossier_uid: dossier.to_owned(),
        offered_at,
        hand_over_due,
    };
    let mut page = [
        offer("late", "a", 9, 1),
        offer("b", "b", 5, 2),
        offer("early", "a", 1, 3),
    ];
    in_order_per_dossier(&mut page);
    let uids = page.map(|offer| offer.uid);
    assert_eq!(uids, ["early", "b", "late"]);
}
