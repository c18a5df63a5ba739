//! What applicants have to be told: the data of each text are in the history, and sealed wherever it is kept.

use kit::clock;
use prost::Message as _;
use proto::intake::v1::dossier_change::Change;
use proto::intake::v1::{
    ClockStopped, DeadlineReason, Dossier, DossierChange, GetHistoryRequest, HandedIn,
    PostponeAppointmentRequest, StopReason, SupplementDossierRequest,
};
use tests::cast::{AN, COMMUNE, particulars};
use tests::filing::MARRIAGE;
use tests::{Suite, desk, new_request_id};

use super::spellings::Texts;

const MISSING: &str = "Thiếu chữ ký của bà Zqwxmiss Niê";
const DUTY: &str = "Lệ phí của bà Zqwxduty Niê";
const APOLOGY: &str = "Chờ xác minh bà Zqwxsorry Niê";
const BASIS: &str = "NĐ 61/2018 Điều 19";
const AMOUNT: i64 = 500_000;
/// What is personal of these texts.
pub const WORDS: [&str; 3] = ["Zqwxmiss", "Zqwxduty", "Zqwxsorry"];

/// What the history has of one change: as everybody hears it, and what is personal of the dossier after it.
struct Told {
    change: Change,
    envelope: Vec<u8>,
    after: Dossier,
}

async fn told(suite: &Suite, dossier: &Dossier) -> Vec<Told> {
    let ask = GetHistoryRequest {
        dossier_uid: dossier.uid.clone(),
    };
    let entries = suite.leader(COMMUNE).ok(ask).await.message.entries;
    let told = entries.into_iter().filter_map(|entry| {
        let event = entry.event.filter(|event| event.owner == "intake")?;
        let change = DossierChange::decode(kit::copies::change_of(&event)).unwrap();
        Some(Told {
            change: change.change?,
            envelope: event.encode_to_vec(),
            after: entry
                .particulars
                .unwrap_or_default()
                .after
                .unwrap_or_default(),
        })
    });
    told.collect()
}

/// The stop of the clock for this, and what is personal of the dossier after it.
fn stopped_for(told: &[Told], reason: StopReason) -> (&ClockStopped, &Dossier) {
    let stopped = told.iter().find_map(|told| match &told.change {
        Change::ClockStopped(stopped) if stopped.reason() == reason => Some((stopped, &told.after)),
        _ => None,
    });
    stopped.expect("the clock was stopped")
}

/// A dossier whose applicant gets a receipt, is asked for a supplement and a payment, and then for patience.
pub async fn asked_and_put_off(suite: &Suite) -> Dossier {
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let examiner = suite
        .officer_of(&held.transfer)
        .after(held.position.as_ref());
    let mut missing = desk::ask_supplement(&held, "evidence");
    MISSING.clone_into(&mut missing.items[0].reason);
    examiner.at("2017-08-28T10:00").ok(missing).await;
    let supplement = SupplementDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        components: vec![HandedIn {
            component_key: "evidence".to_owned(),
            originals: 1,
            copies: 1,
        }],
        ..SupplementDossierRequest::default()
    };
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T11:00");
    desk.ok(supplement).await;
    let mut duty = desk::ask_payment(&held, &[AMOUNT]);
    DUTY.clone_into(&mut duty.payments[0].name);
    let asked = examiner.at("2017-08-28T14:00").ok(duty).await;
    let owed = &asked.message.dossier.as_ref().unwrap().payments[0];
    let cashier = suite.cashier(COMMUNE).at("2017-08-28T15:00");
    cashier.ok(desk::confirm(&dossier, owed)).await;
    let new_appointment = "2017-09-06T17:00:00".parse().unwrap();
    let new_appointment = clock::to_timestamp(clock::from_local(new_appointment));
    let postpone = PostponeAppointmentRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        new_appointment: Some(new_appointment),
        reason: APOLOGY.to_owned(),
        legal_basis: BASIS.to_owned(),
    };
    let leader = suite.leader(COMMUNE).at("2017-08-28T16:00");
    leader.ok(postpone).await;
    dossier
}

#[tokio::test]
async fn a_notice_has_the_data_of_its_text_and_what_is_personal_of_them_is_sealed() {
    let suite = Suite::start().await;
    let dossier = asked_and_put_off(&suite).await;
    let told = told(&suite, &dossier).await;

    // The receipt.
    let Change::Received(received) = &told[0].change else {
        panic!("it was received: {:?}", told[0].change);
    };
    assert_eq!(received.appointment, dossier.appointment);
    assert_eq!(told[0].after.applicant, dossier.applicant);

    let (stopped, after) = stopped_for(&told, StopReason::Supplement);
    assert!(stopped.places == ["evidence"] && stopped.answer_by.is_some());
    let asked = after.supplement.as_ref().unwrap();
    assert_eq!(asked.items[0].reason, MISSING);

    let (stopped, after) = stopped_for(&told, StopReason::Payment);
    let (order, owed) = (&stopped.orders[0], &after.payments[0]);
    assert_eq!(order.order_uid, owed.order_uid);
    assert_eq!((order.amount_vnd, owed.name.as_str()), (AMOUNT, DUTY));

    let moved = told.iter().find_map(|told| match &told.change {
        Change::DeadlineMoved(moved) => Some((moved, told.after.adjustments.last()?)),
        _ => None,
    });
    let (moved, apology) = moved.unwrap();
    assert_eq!(moved.reason(), DeadlineReason::Postponed);
    assert_eq!((moved.from, moved.to), (apology.from, apology.to));
    assert_eq!((&*apology.reason, &*apology.legal_basis), (APOLOGY, BASIS));

    suite.everything_told().await;
    let (name, number) = particulars(AN);
    let mut places: Vec<Vec<u8>> = told.into_iter().map(|told| told.envelope).collect();
    places.extend(["intake", "routing"].map(|service| suite.store_dump(service)));
    places.extend(suite.queue_dump().await);
    let texts = Texts::of([name, number].into_iter().chain(WORDS));
    for place in &places {
        assert_eq!(texts.found_in(place), [""; 0], "to be read there");
    }
}
