//! What is due first comes first, and is found by an index.

use kit::clock;
use kit::copies::{Calendars, UnitTable};
use kit::db::{Db, Stores};
use kit::testing;
use sea_orm::QueryTrait as _;
use tempfile::TempDir;
use worktime::{Calendar, OfficeHours};

use super::*;
use crate::change::Change;
use crate::journey::{Journey, Surroundings};
use crate::migration::Migrator;
use crate::store;
use crate::store::tests::{moment, route};
use crate::transfer::DeadLetter;

const LETTERS: i64 = 40;
const PAGE: u64 = 7;

async fn empty() -> (Db, Stores, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    (db, stores, folder)
}

/// One whose first offer was made on that day and was given up, the sooner the later it was made.
fn given_up(day: i64) -> Journey {
    let units = UnitTable::default();
    let calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let around = Surroundings {
        units: &units,
        calendar: &calendar,
    };
    let mut route = route();
    route.dossier = format!("dossier-{day}");
    let mut journey = Journey::open(route, "desk", moment(24 * day), around).unwrap();
    let uid = journey.transfers()[0].uid.clone();
    let letter = DeadLetter {
        since: moment(24 * (2 * LETTERS - day)),
        deliveries: 10,
    };
    journey.give_up(&uid, 1, letter);
    journey
}

#[tokio::test]
async fn dead_letters_are_listed_by_when_they_should_be_accepted_page_after_page() {
    let (db, _stores, _folder) = empty().await;
    let journeys: Vec<Journey> = (0..LETTERS).map(given_up).collect();
    let mut expected: Vec<(i64, String)> = journeys
        .iter()
        .map(|journey| &journey.transfers()[0])
        .map(|letter| (clock::micros(letter.due.hand_over), letter.uid.clone()))
        .collect();
    expected.sort();
    let tx = db.begin().await.unwrap();
    let changes: Vec<Change> = journeys.into_iter().map(Change::journey).collect();
    store::save(&tx, &changes).await.unwrap();
    tx.commit().await.unwrap();

    let mut listed: Vec<(i64, String)> = Vec::new();
    let mut letters = DeadLetters {
        unit: "desk".to_owned(),
        after: None,
        limit: PAGE,
    };
    loop {
        let page = dead_letters((db.read(), db.ring()), &Scope::Everything, &letters).await;
        let page = page.unwrap().into_iter();
        listed.extend(page.map(|letter| (clock::micros(letter.due.hand_over), letter.uid)));
        let last = listed.last().cloned().map(|(due, uid)| After { due, uid });
        if last == letters.after {
            break;
        }
        letters.after = last;
    }
    assert_eq!(listed, expected);
    assert!(
        !expected.is_sorted_by_key(|(_, uid)| uid),
        "by uid it is the same"
    );
}

#[tokio::test]
async fn what_is_open_of_some_dossiers_is_found_by_the_dossiers() {
    let (db, _stores, _folder) = empty().await;
    if db.is_shared() {
        // It goes by the index when there is more in the table.
        return;
    }
    let dossiers = BTreeSet::from(["one", "another"]);
    let query = of_dossiers(db.read(), "desk", &dossiers);
    let query = query.build(db.read().get_database_backend());
    let plan = plan(db.read(), query).await.unwrap();
    assert!(
        plan.contains("USING INDEX transfer_dossier (dossier_uid=?)"),
        "{plan}"
    );
}
