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
use crate::transfer::offer_of_key;

const IN_TIME: Duration = Duration::from_secs(10);
/// As many units as the province had in 2017 …
const PROVINCE: usize = 218;
/// … each with a full lane; a program that was not optimised would mostly measure itself.
const OF_EACH: usize = if cfg!(debug_assertions) {
    LANE_CAPACITY / 5
} else {
    LANE_CAPACITY
};
/// On so many days the offers were made, one after the other, so that each is due with some others.
const DAYS: usize = 28;

struct Filled {
    db: Db,
    queue: Queue,
    /// The keys of all offers: what is due first comes first, then by uid.
    by_due: Vec<String>,
    _stores: Stores,
    _folder: TempDir,
}

impl Filled {
    /// So many open offers to each of these units.
    async fn with(units: &[&str], offers: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (stores, db) = testing::open(folder.path(), "routing").await.unwrap();
        kit::migration::up::<Migrator>(&db).await.unwrap();
        let journeys = journeys(units, offers);
        let mut by_due: Vec<_> = journeys
            .iter()
            .map(|journey| &journey.transfers()[0])
            .map(|offer| (offer.due.hand_over, offer.offer_key()))
            .collect();
        by_due.sort();
        let changes: Vec<Write> = journeys.into_iter().map(Write::journey).collect();
        let tx = db.begin().await.unwrap();
        store::save(&tx, &changes).await.unwrap();
        tx.commit().await.unwrap();
        let queue = testing::redis_queue().await;
        Self {
            db,
            queue: queue.unwrap_or_else(Queue::in_process),
            by_due: by_due.into_iter().map(|(_, key)| key).collect(),
            _stores: stores,
            _folder: folder,
        }
    }

    /// These offers are of one dossier and were made in this order.
    async fn of_one_dossier(&self, keys: &[&String]) {
        let tx = self.db.begin().await.unwrap();
        for (number, key) in keys.iter().enumerate() {
            let (uid, _) = offer_of_key(key).unwrap();
            tx.execute_unprepared(&format!(
                "UPDATE transfer SET dossier_uid = 'one', offered_at = {number} WHERE uid = '{uid}'"
            ))
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
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
                "UPDATE more SET to_unit = '{unit}', uid = '{unit}' || substr(uid, {from}), \
                 dossier_uid = '{unit}' || substr(dossier_uid, {from})"
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

    async fn acknowledge(&self, unit: &str, keys: &[String]) {
        let acknowledge = keys.iter().map(|key| Modify {
            key: key.clone(),
            attempt: 1,
            change: Change::Acknowledge,
        });
        let acknowledge: Vec<Modify> = acknowledge.collect();
        self.queue.lanes().modify(unit, &acknowledge).await;
    }

    /// What comes to a unit that takes and acknowledges all that is in its lane, which is then refilled, so many times over.
    async fn comes(&self, unit: &str, times: usize) -> Vec<String> {
        let mut came = Vec::new();
        for _ in 0..times {
            feed(&self.db, &self.queue, &asking(unit)).await.unwrap();
            let keys = self.take(unit).await;
            self.acknowledge(unit, &keys).await;
            came.extend(keys);
        }
        came
    }

    async fn holds(&self, unit: &str) -> usize {
        let stats = self.queue.lanes().stats(unit).await;
        stats.map_or(0, |stats| stats.held)
    }
}

/// So many dossiers that go to each of these units.
fn journeys(units: &[&str], of_each: usize) -> Vec<Journey> {
    let (table, calendar) = (
        UnitTable::default(),
        Calendars::of_all(Calendar::weekly(OfficeHours::standard(), [])),
    );
    let around = Surroundings {
        units: &table,
        calendar: &calendar,
    };
    let mut journeys = Vec::new();
    for unit in units {
        for number in 0..of_each {
            let mut route = route();
            route.dossier = format!("{unit}-{number}");
            (*unit).clone_into(&mut route.steps[0].unit);
            let day = i64::try_from(number % DAYS).unwrap();
            let journey = Journey::open(route, "desk", moment(24 * day), around);
            journeys.push(journey.unwrap());
        }
    }
    journeys
}

/// A lane that drained.
fn asking(unit: &str) -> Starving {
    Starving {
        unit: unit.to_owned(),
        anew: false,
    }
}

#[tokio::test]
async fn a_refill_goes_past_what_is_acknowledged_and_brings_all_in_time() {
    let filled = Filled::with(&["desk"], 2_500).await;
    let mut seen = std::collections::BTreeSet::new();
    // At the end it has all, and the next looks through all.
    for (expected, most_read) in [(1_000, 1_000), (1_000, 1_000), (500, 500), (0, 2_500)] {
        let read = feed(&filled.db, &filled.queue, &asking("desk")).await;
        assert_eq!(read.unwrap(), most_read);
        assert_eq!(filled.holds("desk").await, expected);
        let keys = filled.take("desk").await;
        assert_eq!(keys.len(), expected);
        filled.acknowledge("desk", &keys).await;
        seen.extend(keys);
    }
    assert_eq!(seen.len(), 2_500);
}

#[tokio::test]
async fn a_lane_is_refilled_with_what_is_due_first_page_after_page() {
    let filled = Filled::with(&["desk"], 2_500).await;
    assert_eq!(filled.comes("desk", 3).await, filled.by_due);
    assert!(!filled.by_due.is_sorted(), "by uid it is the same");
}

#[tokio::test]
async fn an_earlier_offer_of_a_dossier_comes_before_a_later_one_although_it_is_due_last() {
    let filled = Filled::with(&["desk"], 1_500).await;
    let (first, last) = (&filled.by_due[0], &filled.by_due[1_499]);
    filled.of_one_dossier(&[last, first]).await;
    let mut expected = filled.by_due.clone();
    expected.rotate_right(1);
    assert_eq!(filled.comes("desk", 2).await, expected);
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
    let open = |uid: &str, dossier: &str, offered_at, hand_over_due| OpenOffer {
        uid: uid.to_owned(),
        offer_epoch: 1,
        dossier_uid: dossier.to_owned(),
        offered_at,
        hand_over_due,
    };
    let page = [
        open("later", "a", 5, 1),
        open("b", "b", 5, 2),
        open("earlier", "a", 3, 3),
    ];
    let elsewhere = [
        open("first", "a", 1, 9),
        open("last", "a", 9, 9),
        page[0].clone(),
    ];
    let offers = in_order_per_dossier(&page, &elsewhere);
    let keys: Vec<&str> = offers.iter().map(|offer| offer.key.as_str()).collect();
    assert_eq!(keys, ["first:1", "earlier:1", "later:1", "b:1"]);
}
