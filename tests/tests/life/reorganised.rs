//! A unit is merged into another while it has work (NQ 190/2025; R16): nobody refiles, no step is redone, no clock restarts.

use std::fs;

use kit::testing::until;
use proto::identity::v1::GetCallerRequest;
use proto::intake::v1::{DossierState, OfflineReceipt, RegisterDossierRequest};
use proto::routing::v1::PullTransfersRequest;
use proto::routing::v1::{DeclineTransferRequest, Transfer, TransferState};
use tests::cast::{COMMUNE, DISTRICT, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT};
use tests::{Actor, Suite, desk, new_request_id, program};
use tonic::Code;

use crate::deadlines::PATIENCE;

/// What did the work of the commune and of the district since 01/07/2025: phường Tân Lập, phường Buôn Ma Thuột.
const NEW_COMMUNE: &str = "daklak-0260";
const NEW_DISTRICT: &str = "daklak-0261";

/// From this day on the other commune does the commune's work, and nobody has to know before.
pub async fn merge(suite: &mut Suite, day: &str) {
    // A check waits until routing has heard of what was done before.
    suite.must_add_up().await;
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

/// The next offer to a unit. A queue in Redis is refilled only after the start.
async fn delivered_to(officer: &Actor, unit: &str) -> Transfer {
    let pull = PullTransfersRequest {
        unit_uid: unit.to_owned(),
        wait: Some(prost_types::Duration {
            seconds: 10,
            nanos: 0,
        }),
        ..Default::default()
    };
    let delivered = async || officer.ok(pull.clone()).await.message.deliveries.pop();
    let delivery = until("the offer is delivered", PATIENCE, delivered).await;
    delivery.transfer.unwrap()
}

#[tokio::test]
async fn r16_what_a_merged_unit_was_offered_is_accepted_and_finished_by_its_successor() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    merge(&mut suite, "2017-08-28").await;
    let heir = suite.examiner(OTHER_COMMUNE).at("2017-08-28T09:00");
    let offer = delivered_to(&heir, OTHER_COMMUNE).await;
    assert_eq!((offer.offer_epoch, offer.step_key.as_str()), (2, "examine"));
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
    let due = sign.due;
    let sign = suite.offer_to(OTHER_COMMUNE).await;
    assert_eq!((sign.offer_epoch, sign.due), (2, due));
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

#[tokio::test]
async fn r16_a_code_that_a_counter_gave_out_stays_valid_when_its_unit_ends_before() {
    let mut suite = Suite::start().await;
    let counter = suite.receptionist(COMMUNE);
    let reserve = desk::reserve(COMMUNE, "2017-08-29", 2);
    let block = counter.ok(reserve).await.message;
    merge(&mut suite, "2017-08-29").await;
    suite.begin_day("2017-08-29T07:30");
    let received = kit::clock::from_local("2017-08-29T08:30:00".parse().unwrap());
    let request = RegisterDossierRequest {
        offline: Some(OfflineReceipt {
            code: block.first_code.clone(),
            received_at: Some(kit::clock::to_timestamp(received)),
        }),
        ..BIRTH.at_counter(COMMUNE)
    };
    let counter = suite.receptionist(COMMUNE).at("2017-08-29T10:00");
    let registered =
        async |request: RegisterDossierRequest| counter.ok(request).await.message.dossier.unwrap();
    let dossier = registered(request.clone()).await;
    assert_eq!(
        (&dossier.code, dossier.receiving_unit_uid.as_str()),
        (&block.first_code, OTHER_COMMUNE)
    );
    let again = RegisterDossierRequest {
        request_id: new_request_id(),
        ..request
    };
    assert_eq!(registered(again).await, dossier, "the counter was not sure");
    // The successor's own numbers are others.
    let own = registered(BIRTH.at_counter(OTHER_COMMUNE)).await;
    assert_ne!(own.code, dossier.code);
    let returned = counter.ok(desk::return_codes(&block.block_uid)).await;
    assert_eq!(returned.message.voided[0].first_code, block.last_code);
    suite.must_add_up().await;
}

/// The transfer of a step of a dossier, as the commune sees it.
async fn of_step(suite: &Suite, dossier: &str, step: &str) -> Transfer {
    let route = suite.route(dossier, COMMUNE).await;
    let mut transfers = route.transfers.into_iter();
    transfers
        .find(|transfer| transfer.step_key == step)
        .unwrap()
}

/// Three dossiers that the commune sent to its district on the last day of both: one is offered, one held, one declined.
async fn on_the_last_day(suite: &Suite) -> [String; 3] {
    suite.begin_day("2025-06-30T07:30");
    let mut dossiers = [const { String::new() }; 3];
    for dossier in &mut dossiers {
        *dossier = suite.register(DECIDED_BY_DISTRICT, COMMUNE).await.uid;
        suite.work_off(COMMUNE, "2025-06-30T09:00").await;
    }
    let offers = suite.offers_to(DISTRICT, 3).await;
    let offer = |uid: &String| {
        let mut offers = offers.iter();
        offers.find(|offer| offer.dossier_uid == *uid).unwrap()
    };
    suite.accept(offer(&dossiers[1]), "2025-06-30T10:00").await;
    let decline = DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer(&dossiers[2]).uid.clone(),
        offer_epoch: 1,
        reason: "Chưa rõ thẩm quyền".to_owned(),
    };
    suite.examiner(DISTRICT).ok(decline).await;
    dossiers
}

#[tokio::test]
async fn r16_on_01_07_2025_the_work_of_districts_and_communes_is_their_successors_by_itself() {
    let mut suite = Suite::start().await;
    let [offered, held, declined] = on_the_last_day(&suite).await;
    let before = of_step(&suite, &held, "examine").await;
    suite.terminate().await;
    let lists = ["2024", "2025"].map(|folder| program::province().join(folder));
    for list in &lists {
        let imported = suite.import(&[list.as_path()]).await;
        assert_eq!(imported.code, Some(0), "{}", imported.complaint);
    }
    suite.restart().await;
    suite.begin_day("2025-07-01T07:30");

    let now_held = until("custody is the successor's", PATIENCE, async || {
        let transfer = of_step(&suite, &held, "examine").await;
        (transfer.to_unit_uid == NEW_DISTRICT).then_some(transfer)
    })
    .await;
    assert_eq!(now_held.state(), TransferState::Accepted);
    assert_eq!(now_held.custody_epoch, before.custody_epoch);
    assert_eq!(
        (now_held.due, now_held.accepted_at),
        (before.due, before.accepted_at)
    );
    let offer = delivered_to(&suite.examiner(DISTRICT), NEW_DISTRICT).await;
    assert_eq!((&offer.dossier_uid, offer.offer_epoch), (&offered, 2));
    assert_eq!(offer.from_unit_uid, NEW_COMMUNE);
    let back = until("the sender is the successor", PATIENCE, async || {
        let transfer = of_step(&suite, &declined, "examine").await;
        (transfer.from_unit_uid == NEW_COMMUNE).then_some(transfer)
    })
    .await;
    let commune = suite.receptionist(COMMUNE);
    let again = commune.ok(desk::forward(&back, DISTRICT)).await.message;
    assert_eq!(again.transfer.unwrap().to_unit_uid, NEW_DISTRICT);
    suite.must_add_up().await;

    goes_on(&suite, &held, now_held).await;
}

/// The district's officers go on where they stood, and the result returns to the commune's successor.
async fn goes_on(suite: &Suite, dossier: &str, transfer: Transfer) {
    let position = None;
    let held = desk::Held { transfer, position };
    let examiner = suite.examiner(DISTRICT).at("2025-07-01T08:00");
    examiner.ok(desk::complete(&held)).await;
    let sign = of_step(suite, dossier, "sign").await;
    assert_eq!(sign.to_unit_uid, NEW_DISTRICT);
    let leader = suite.leader(DISTRICT).at("2025-07-01T09:00");
    let accepted = leader.ok(desk::accept(&sign)).await;
    let signed = desk::Held {
        position: accepted.position.clone(),
        transfer: accepted.message.transfer.unwrap(),
    };
    let leader = leader.after(signed.position.as_ref());
    leader.ok(desk::decide(&signed)).await;
    let result = until("the result is offered", PATIENCE, async || {
        let route = suite.route(dossier, COMMUNE).await;
        let mut transfers = route.transfers.into_iter();
        transfers.find(|transfer| transfer.step_key == "result")
    })
    .await;
    assert_eq!(result.to_unit_uid, NEW_COMMUNE);
    let desk = suite.receptionist(COMMUNE).at("2025-07-01T10:00");
    let accepted = desk.ok(desk::accept(&result)).await;
    let transfer = accepted.message.transfer.clone().unwrap();
    let position = accepted.position.clone();
    let returned = desk
        .after(position.as_ref())
        .ok(desk::give_back(&desk::Held { transfer, position }))
        .await;
    assert_eq!(
        returned.message.dossier.unwrap().state(),
        DossierState::Returned
    );
    suite.must_add_up().await;
}
