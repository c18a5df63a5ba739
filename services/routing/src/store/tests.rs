//! A journey as it was left is what is loaded.

use std::collections::BTreeSet;

use kit::clock::{self, Moment};
use kit::copies::{Calendars, Copy, UNIT, UnitTable};
use kit::queue::Mark;
use kit::testing;
use proto::identity::v1 as pb;
use worktime::{Calendar, OfficeHours};

use super::*;
use crate::act::Resumed;
use crate::journey::Surroundings;
use crate::migration::Migrator;
use crate::route::{Filed, Limit, Part, Pause, Planned, Route, Slice, Step, UnitRule, Why};
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
        unit_rule: None,
        role: kit::caller::Role::Examiner,
        slice: Slice::Percent(20),
        part: Part::Sole,
        decides: false,
        waits_for_paper: true,
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
        stopped_at: None,
        suspended_by: None,
        calendar: 1,
        steps: vec![step],
        filed: None,
        custody_epoch: 0,
        open: true,
        key: None,
    }
}

/// The journey of a route that begins at its desk, where no unit has ended.
pub(crate) fn opened(route: Route) -> Journey {
    let units = UnitTable::default();
    let calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let around = Surroundings {
        units: &units,
        calendar: &calendar,
    };
    Journey::open(route, "desk", moment(0), around).unwrap()
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
    let still = standing_still(&tx, loaded.transfers()).await.unwrap();
    tx.commit().await.unwrap();
    (loaded, still.suspended)
}

#[tokio::test]
async fn an_offer_that_was_given_up_is_kept_as_a_dead_letter_until_it_is_delivered_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let mut journey = opened(route());
    let uid = journey.transfers()[0].uid.clone();
    let letter = DeadLetter {
        since: moment(1),
        deliveries: 10,
    };
    journey.give_up(&uid, 1, letter);
    let (mut given_up, _) = saved(&db, &journey).await;
    assert_eq!(given_up.transfers()[0].dead_letter, Some(letter));
    let dead = OpenOffers {
        dead_letters: 1,
        ..OpenOffers::default()
    };
    assert_eq!(open_offer_counts(db.read(), "desk").await.unwrap(), dead);
    assert!(units_with_offers(db.read()).await.unwrap().is_empty());
    assert!(
        open_offers(db.read(), "desk", &Mark::default(), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let dossiers = dossiers_of_dead_letters(db.read(), "desk").await.unwrap();
    assert_eq!(dossiers, ["dossier"]);

    assert_eq!(given_up.redrive("desk", None), [uid]);
    let (anew, _) = saved(&db, &given_up).await;
    assert_eq!(anew.transfers()[0].dead_letter, None);
    let open = OpenOffers {
        to_be_delivered: 1,
        ..OpenOffers::default()
    };
    assert_eq!(open_offer_counts(db.read(), "desk").await.unwrap(), open);
    assert_eq!(units_with_offers(db.read()).await.unwrap(), ["desk"]);
}

/// A journey of which the step of a consulted unit waits for the clock of the dossier, which stood still at hour 2.
pub(crate) fn on_hold(around: Surroundings<'_>) -> Journey {
    let mut route = route();
    let beside = |key: &str, after: &[&str], unit: &str| Step {
        key: key.to_owned(),
        after: after.iter().map(|&before| before.to_owned()).collect(),
        unit: unit.to_owned(),
        part: Part::Consulted,
        ..route.steps[0].clone()
    };
    let steps = [
        beside("ask", &[], "asked"),
        beside("conclude", &["ask"], "concluding"),
    ];
    route.steps.extend(steps);
    let mut journey = Journey::open(route, "desk", moment(0), around).unwrap();
    let first: Vec<String> = journey
        .transfers()
        .iter()
        .map(|transfer| transfer.uid.clone())
        .collect();
    for uid in &first {
        journey.accept(uid, 1, moment(1)).unwrap();
    }
    let [lead, asked] = first.try_into().unwrap();
    journey.clock_stopped(&lead, moment(2));
    journey.complete(&asked, 2, moment(3), around).unwrap();
    journey
}

#[tokio::test]
async fn an_offer_on_hold_is_open_and_not_delivered_before_the_clock_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let units = UnitTable::default();
    let calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let around = Surroundings {
        units: &units,
        calendar: &calendar,
    };
    let journey = on_hold(around);
    let (mut waiting, _) = saved(&db, &journey).await;
    let of = |journey: &Journey| {
        let mut transfers = journey.transfers().iter();
        let of_step = transfers.find(|transfer| transfer.work.key == "conclude");
        of_step.unwrap().clone()
    };
    assert!(of(&waiting).on_hold);
    let held = OpenOffers {
        on_hold: 1,
        ..OpenOffers::default()
    };
    let counts = open_offer_counts(db.read(), "concluding").await;
    assert_eq!(counts.unwrap(), held);
    assert_eq!(open_transfers(db.read()).await.unwrap().len(), 1);
    assert!(units_with_offers(db.read()).await.unwrap().is_empty());
    let found = open_offers(db.read(), "concluding", &Mark::default(), 10).await;
    assert_eq!(found.unwrap(), []);
    let alarmed = alarmed(db.read(), i64::MAX, 10).await.unwrap();
    assert_eq!(alarmed, Vec::<String>::new());

    let resumed = Resumed {
        dossier: "dossier".to_owned(),
        pause: Pause {
            from: moment(2),
            to: moment(26),
            why: Why::Asked,
        },
        restarts: false,
        due: moment(124),
    };
    waiting.clock_resumed(&resumed, around).unwrap();
    let (goes_on, _) = saved(&db, &waiting).await;
    let offer = of(&goes_on);
    assert!(!offer.on_hold);
    assert_eq!(offer.offered_at, moment(26));
    let found = open_offers(db.read(), "concluding", &Mark::default(), 10).await;
    let found = found.unwrap();
    assert_eq!((found.len(), found[0].offer_epoch), (1, 1));
    assert_eq!(found[0].hand_over_due, clock::micros(offer.due.hand_over));
    assert_eq!(units_with_offers(db.read()).await.unwrap(), ["concluding"]);
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
    journey.clock_stopped(&uid, moment(2));
    journey.corrected("another", moment(2), around).unwrap();
    let (mut stopped, waiting) = saved(&db, &journey).await;
    assert_eq!(stopped.route, journey.route);
    assert_eq!(waiting, BTreeSet::from([uid]));

    for restarts in [false, true] {
        let pause = Pause {
            from: moment(2),
            to: moment(26),
            why: Why::Asked,
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

/// The desk examines, and whoever the rule names signs after it.
fn ruled(rule: UnitRule, unit: &str) -> Route {
    let route = route();
    let sign = Step {
        key: "sign".to_owned(),
        after: vec!["examine".to_owned()],
        unit: unit.to_owned(),
        unit_rule: Some(rule),
        ..route.steps[0].clone()
    };
    Route {
        filed: Some(Filed {
            case_key: "standard".to_owned(),
            receiving: "desk".to_owned(),
            competent: "district".to_owned(),
        }),
        steps: vec![route.steps[0].clone(), sign],
        ..route
    }
}

#[tokio::test]
async fn what_a_dossier_was_filed_with_is_kept_and_so_is_where_its_steps_go_by_a_newer_rule() {
    let folder = tempfile::tempdir().unwrap();
    let (_stores, db) = testing::open(folder.path(), "routing").await.unwrap();
    kit::migration::up::<Migrator>(&db).await.unwrap();
    let calendar = Calendars::of_all(Calendar::weekly(OfficeHours::standard(), []));
    let mut units = UnitTable::default();
    for uid in ["desk", "district"] {
        let unit = pb::Unit {
            uid: uid.to_owned(),
            kind: pb::UnitKind::District.into(),
            periods: vec![pb::UnitPeriod {
                valid_from: "2004-01-01".to_owned(),
                ..pb::UnitPeriod::default()
            }],
            ..pb::Unit::default()
        };
        units.take(&Copy::new(UNIT, uid, &unit));
    }
    let around = Surroundings {
        units: &units,
        calendar: &calendar,
    };
    let planned = ruled(UnitRule::Receiving, "desk");
    let journey = Journey::open(planned.clone(), "desk", moment(0), around).unwrap();
    let (mut loaded, _) = saved(&db, &journey).await;
    assert_eq!(loaded.route, planned);

    let rule = Planned {
        step: planned.steps[1].clone(),
        unit_rule: UnitRule::Competent,
    };
    let on = clock::local(moment(0)).date();
    let examine = loaded.transfers()[0].uid.clone();
    loaded.follow(&examine, &[rule], (&units, on));
    let (followed, _) = saved(&db, &loaded).await;
    assert_eq!(followed.route, ruled(UnitRule::Competent, "district"));
}
