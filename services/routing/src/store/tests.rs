//! A journey as it was left is what is loaded.

use std::collections::BTreeSet;

use kit::clock::{self, Moment};
use kit::copies::{Calendars, UnitTable};
use kit::testing;
use worktime::{Calendar, OfficeHours};

use super::*;
use crate::act::Resumed;
use crate::journey::Surroundings;
use crate::migration::Migrator;
use crate::route::{Limit, Part, Pause, Route, Slice, Step};
use crate::transfer::DeadLetter;

pub(crate) fn moment(hours: i64) -> Moment {
    clock::from_micros((1_503_882_000 + hours * 3_600) * 1_000_000)
}

pub(crate) fn route() -> Route {
    let step = Step {
        key: "examine".to_owned(),
        name: "Thẩm định".to_owned(),
        after: Vec::new(),
        unit: "desk".to_owned(),
        role: kit::caller::Role::Examiner,
        slice: Slice::Percent(20),
        part: Part::Sole,
        decides: false,
    };
    Route {
        dossier: "dossier".to_owned(),
        code: "000.00.01.H15-170828-0001".to_owned(),
        procedure: "1.001193".to_owned(),
        returning: "desk".to_owned(),
        received_at: moment(0),
        appointment: moment(100),
        limit: Limit {
            from: moment(0),
            to: moment(100),
        },
        pauses: Vec::new(),
        suspended_by: None,
        calendar: 1,
        steps: vec![step],
        custody_epoch: 0,
        open: true,
        key: None,
    }
}

/// What is loaded after the journey was saved, and the transfers of it that wait for the applicant.
async fn saved(db: &kit::db::Db, journey: &Journey) -> (Journey, BTreeSet<String>) {
    let tx = db.begin().await.unwrap();
    save(&tx, &[Change::journey(journey.clone())])
        .await
        .unwrap();
    let dossiers = BTreeSet::from(["dossier".to_owned()]);
    let loaded = journeys(&tx, db.ring(), &dossiers).await.unwrap();
    let loaded = loaded.into_iter().next().unwrap();
    let waiting = suspended(&tx, loaded.transfers()).await.unwrap();
    tx.commit().await.unwrap();
    (loaded, waiting)
}

#[tokio::test]
async fn an_offer_that_was_given_up_is_kept_as_a_dead_letter_until_it_is_delivered_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let units = UnitTable::default();
    let calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let around = Surroundings {
        units: &units,
        calendar: &calendar,
    };
    let mut journey = Journey::open(route(), "desk", moment(0), around).unwrap();
    let uid = journey.transfers()[0].uid.clone();
    let letter = DeadLetter {
        since: moment(1),
        deliveries: 10,
    };
    journey.give_up(&uid, 1, letter);
    let (mut given_up, _) = saved(&db, &journey).await;
    assert_eq!(given_up.transfers()[0].dead_letter, Some(letter));
    assert_eq!(open_offer_counts(db.read(), "desk").await.unwrap(), (0, 1));
    assert!(units_with_offers(db.read()).await.unwrap().is_empty());
    assert!(
        open_offers(db.read(), "desk", None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let dossiers = dossiers_of_dead_letters(db.read(), "desk").await.unwrap();
    assert_eq!(dossiers, ["dossier"]);

    assert_eq!(given_up.redrive("desk", None), [uid]);
    let (anew, _) = saved(&db, &given_up).await;
    assert_eq!(anew.transfers()[0].dead_letter, None);
    assert_eq!(open_offer_counts(db.read(), "desk").await.unwrap(), (1, 0));
    assert_eq!(units_with_offers(db.read()).await.unwrap(), ["desk"]);
}

#[tokio::test]
async fn a_clock_that_stands_still_and_goes_on_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let units = UnitTable::default();
    let calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let around = Surroundings {
        units: &units,
        calendar: &calendar,
    };
    let journey = Journey::open(route(), "desk", moment(0), around).unwrap();
    let (mut journey, waiting) = saved(&db, &journey).await;
    assert!(waiting.is_empty());

    let uid = journey.transfers()[0].uid.clone();
    journey.accept(&uid, 1, moment(1)).unwrap();
    journey.clock_stopped(&uid);
    journey.corrected("another", moment(2), around).unwrap();
    let (mut stopped, waiting) = saved(&db, &journey).await;
    assert_eq!(stopped.route, journey.route);
    assert_eq!(waiting, BTreeSet::from([uid]));

    for restarts in [false, true] {
        let pause = Pause {
            from: moment(2),
            to: moment(26),
        };
        let resumed = Resumed {
            dossier: "dossier".to_owned(),
            pause,
            restarts,
            due: moment(124),
        };
        stopped.clock_resumed(&resumed, around).unwrap();
        let (resumed, waiting) = saved(&db, &stopped).await;
        assert_eq!(resumed.route, stopped.route);
        assert_eq!(resumed.transfers(), stopped.transfers());
        assert!(waiting.is_empty());
    }
}
