//! A unit is merged into another while it has work (NQ 190/2025; R16): nobody refiles, no step is redone.

use std::fs;

use proto::intake::v1::DossierState;
use proto::routing::v1::PullTransfersRequest;
use tests::cast::{COMMUNE, OTHER_COMMUNE};
use tests::filing::BIRTH;
use tests::{Suite, desk, program};

/// The province's units, with one of them merged into another.
fn merged(unit: &str, into: &str) -> String {
    let units = fs::read_to_string(program::province().join("units.csv")).unwrap();
    let header = units
        .lines()
        .next()
        .map(|line| format!("{line},successor\n"));
    let rows = units.lines().skip(1).map(|line| {
        if line.starts_with(unit) {
            format!("{line}2017-08-27,{into}\n")
        } else {
            format!("{line},\n")
        }
    });
    header.into_iter().chain(rows).collect()
}

async fn merge(suite: &mut Suite, unit: &str, into: &str) {
    suite.terminate().await;
    let folder = suite.folder().join("reorganisation");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("units.csv"), merged(unit, into)).unwrap();
    let imported = suite.import(&[&folder]).await;
    assert_eq!(imported.code, Some(0), "{}", imported.complaint);
    suite.restart().await;
}

#[tokio::test]
async fn what_a_merged_unit_was_offered_is_accepted_and_finished_by_its_successor() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    merge(&mut suite, COMMUNE, OTHER_COMMUNE).await;
    let heir = suite.examiner(OTHER_COMMUNE).at("2017-08-28T09:00");
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        ..Default::default()
    };
    let offered = heir.ok(pull).await.message.deliveries;
    let offer = offered[0].transfer.as_ref().unwrap();
    let accepted = heir.ok(desk::accept(offer)).await.message.transfer.unwrap();
    let held = desk::Held {
        transfer: accepted,
        position: None,
    };
    heir.ok(desk::complete(&held)).await;
    let sign = suite.take_over(OTHER_COMMUNE, "2017-08-28T10:00").await;
    assert_eq!(sign.transfer.to_unit_uid, OTHER_COMMUNE);
    suite.decide(&sign, "2017-08-28T11:00").await;
    let result = suite.take_over(OTHER_COMMUNE, "2017-08-28T14:00").await;
    let returned = suite.give_back(&result, "2017-08-28T15:00").await;
    assert_eq!(
        (returned.state(), returned.code),
        (DossierState::Returned, dossier.code)
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn what_is_handed_in_at_a_merged_unit_is_its_successors() {
    let mut suite = Suite::start().await;
    merge(&mut suite, COMMUNE, OTHER_COMMUNE).await;
    let desk = suite.receptionist(OTHER_COMMUNE);
    let dossier = desk
        .ok(BIRTH.at_counter(COMMUNE))
        .await
        .message
        .dossier
        .unwrap();
    assert_eq!(dossier.receiving_unit_uid, OTHER_COMMUNE);
    assert_eq!(
        suite.offer_to(OTHER_COMMUNE).await.to_unit_uid,
        OTHER_COMMUNE
    );
}
