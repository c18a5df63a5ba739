//! A unit is merged into another while it has work (NQ 190/2025; R16): nobody refiles, no step is redone, no clock restarts.

use std::fs;

use kit::testing::until;
use proto::identity::v1::GetCallerRequest;
use proto::intake::v1::DossierState;
use proto::routing::v1::PullTransfersRequest;
use tests::cast::{COMMUNE, OTHER_COMMUNE};
use tests::filing::BIRTH;
use tests::{Suite, desk};
use tonic::Code;

use crate::deadlines::PATIENCE;

/// From this day on the other commune does the commune's work, and nobody has to know before.
async fn merge(suite: &mut Suite, day: &str) {
    suite.terminate().await;
    let folder = suite.folder().join("reorganisation");
    fs::create_dir(&folder).unwrap();
    let rows = format!(
        "day,from,to,change,share,default,basis\n{day},{COMMUNE},{OTHER_COMMUNE},merged,whole,1,\n"
    );
    fs::write(folder.join("successions.csv"), rows).unwrap();
    let imported = suite.import(&[&folder]).await;
    assert_eq!(imported.code, Some(0), "{}", imported.complaint);
    suite.restart().await;
}

#[tokio::test]
async fn r16_what_a_merged_unit_was_offered_is_accepted_and_finished_by_its_successor() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    merge(&mut suite, "2017-08-28").await;
    let heir = suite.examiner(OTHER_COMMUNE).at("2017-08-28T09:00");
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        // A queue in Redis is refilled only after the start.
        wait: Some(prost_types::Duration {
            seconds: 10,
            nanos: 0,
        }),
        ..Default::default()
    };
    let delivered = async || heir.ok(pull.clone()).await.message.deliveries.pop();
    let offered = until("the offer is delivered", PATIENCE, delivered).await;
    let offer = offered.transfer.unwrap();
    let accepted = heir
        .ok(desk::accept(&offer))
        .await
        .message
        .transfer
        .unwrap();
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
    merge(&mut suite, "2017-08-28").await;
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

#[tokio::test]
async fn a_merger_that_is_known_in_advance_takes_effect_on_its_day_and_not_before() {
    let mut suite = Suite::start().await;
    merge(&mut suite, "2017-08-29").await;

    // The day before, the unit works as ever, and its heir has no part in it.
    let dossier = suite.register(BIRTH, COMMUNE).await;
    assert_eq!(dossier.receiving_unit_uid, COMMUNE);
    let examined = suite.work_off(COMMUNE, "2017-08-28T15:00").await;
    assert_eq!(examined.transfer.to_unit_uid, COMMUNE);
    let sign = suite.offer_to(COMMUNE).await;
    assert_eq!(sign.to_unit_uid, COMMUNE);
    suite
        .leader(OTHER_COMMUNE)
        .refused(desk::accept(&sign), Code::NotFound, "TRANSFER_NOT_FOUND")
        .await;
    suite
        .receptionist(COMMUNE)
        .refused(
            BIRTH.at_counter(OTHER_COMMUNE),
            Code::PermissionDenied,
            "UNIT_NOT_YOURS",
        )
        .await;

    // On the day the heir goes on where the unit stood, under the same code and with the same appointment.
    suite.begin_day("2017-08-29T07:30");
    let heir = suite.leader(OTHER_COMMUNE).at("2017-08-29T08:00");
    let accepted = heir.ok(desk::accept(&sign)).await;
    let held = desk::Held {
        position: accepted.position.clone(),
        transfer: accepted.message.transfer.unwrap(),
    };
    let heir = heir.at("2017-08-29T09:00").after(held.position.as_ref());
    heir.ok(desk::decide(&held)).await;
    let result = suite.take_over(OTHER_COMMUNE, "2017-08-29T10:00").await;
    assert_eq!(result.transfer.to_unit_uid, OTHER_COMMUNE);
    let returned = suite.give_back(&result, "2017-08-29T11:00").await;
    assert_eq!(returned.state(), DossierState::Returned);
    assert_eq!(
        (&returned.code, &returned.appointment, &returned.received_at),
        (&dossier.code, &dossier.appointment, &dossier.received_at)
    );

    // Officers of the unit that is no more work for its heir.
    let officer = suite.receptionist(COMMUNE).at("2017-08-29T14:00");
    let caller = officer
        .ok(GetCallerRequest {})
        .await
        .message
        .caller
        .unwrap();
    assert_eq!(caller.grants[0].unit_uids, [OTHER_COMMUNE, COMMUNE]);
    let dossier = officer.ok(BIRTH.at_counter(COMMUNE)).await;
    let dossier = dossier.message.dossier.unwrap();
    assert_eq!(dossier.receiving_unit_uid, OTHER_COMMUNE);
    suite.must_add_up().await;
}
