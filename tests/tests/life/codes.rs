//! The codes of a desk: one after the other, in the order of the rule set of the day, and set aside for a counter that works
//! offline.

use std::collections::BTreeSet;

use futures::future::join_all;
use prost::Message as _;
use prost_types::Timestamp;
use proto::intake::v1::code_change::Change;
use proto::intake::v1::{
    CodeChange, CodeRange, CodesReserved, CodesReturned, Dossier, OfflineReceipt,
    RegisterDossierRequest, ReserveCodesResponse,
};
use sea_orm::ConnectionTrait as _;
use tests::cast::{COMMUNE, OTHER_COMMUNE};
use tests::filing::{BIRTH, MARRIAGE};
use tests::{Actor, Suite, desk, new_request_id};
use tonic::Code;

const DAY: &str = "2017-08-28";

fn at(local: &str) -> Timestamp {
    let moment = kit::clock::from_local(local.parse().unwrap());
    kit::clock::to_timestamp(moment)
}

/// What a counter registers that gave out a code at that time.
fn offline(code: &str, local: &str) -> RegisterDossierRequest {
    RegisterDossierRequest {
        offline: Some(OfflineReceipt {
            code: code.to_owned(),
            received_at: Some(at(local)),
        }),
        ..BIRTH.at_counter(COMMUNE)
    }
}

async fn reserve(desk: &Actor, count: i32) -> ReserveCodesResponse {
    desk.ok(desk::reserve(COMMUNE, DAY, count)).await.message
}

async fn register(desk: &Actor, request: RegisterDossierRequest) -> Dossier {
    desk.ok(request).await.message.dossier.unwrap()
}

fn code(number: u32) -> String {
    format!("000.01.20.H15-170828-{number:04}")
}

fn codes(first: u32, last: u32) -> CodeRange {
    CodeRange {
        first_code: code(first),
        last_code: code(last),
    }
}

#[tokio::test]
async fn a_counter_that_was_offline_registers_under_its_codes_what_it_took_in_when_it_says() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    suite.register(BIRTH, COMMUNE).await;
    let block = reserve(&desk, 5).await;
    assert_eq!(
        (block.first_code.as_str(), block.last_code.as_str()),
        (code(2).as_str(), code(6).as_str())
    );
    // Whoever is online goes on after them.
    assert_eq!(suite.register(BIRTH, COMMUNE).await.code, code(7));

    let evening = suite.receptionist(COMMUNE).at("2017-08-28T18:00");
    let later = register(&evening, offline(&code(5), "2017-08-28T15:30:00")).await;
    let request = offline(&code(2), "2017-08-28T09:15:00");
    let earlier = register(&evening, request.clone()).await;
    assert_eq!((&later.code, &earlier.code), (&code(5), &code(2)));
    assert_eq!(later.received_at, Some(at("2017-08-28T15:30:00")));
    assert_eq!(earlier.submitted_at, Some(at("2017-08-28T09:15:00")));
    // The same day; what came after 15:00 on the next working day (R3).
    assert_eq!(earlier.appointment, Some(at("2017-08-28T17:00:00")));
    assert_eq!(later.appointment, Some(at("2017-08-29T17:00:00")));

    // The counter does not know whether it was heard.
    assert_eq!(register(&evening, request.clone()).await, earlier);
    let under_another_id = RegisterDossierRequest {
        request_id: new_request_id(),
        ..request
    };
    assert_eq!(register(&evening, under_another_id).await, earlier);

    // Each has its route, whose clock began with the receipt.
    suite.must_add_up().await;
    for dossier in [&earlier, &later] {
        let route = suite.route(&dossier.uid, COMMUNE).await;
        assert_eq!(route.transfers.len(), 1, "{}", dossier.code);
    }

    let returned = evening.ok(desk::return_codes(&block.block_uid)).await;
    assert_eq!(returned.message.voided, [codes(3, 4), codes(6, 6)]);
    evening
        .refused(
            offline(&code(3), "2017-08-28T10:00:00"),
            Code::FailedPrecondition,
            "BLOCK_RETURNED",
        )
        .await;
    evening
        .refused(
            desk::return_codes(&block.block_uid),
            Code::FailedPrecondition,
            "BLOCK_RETURNED",
        )
        .await;
    // What was registered before is still the same when it is told again.
    let again = offline(&code(2), "2017-08-28T09:15:00");
    assert_eq!(register(&evening, again).await, earlier);
    suite.must_add_up().await;
    let checked = suite.check().await.output;
    assert!(
        checked.contains("codes: dossiers 4, void 3, reserved 0,"),
        "{checked}"
    );
}

#[tokio::test]
async fn a_code_that_is_not_the_counters_to_give_out_is_refused() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T18:00");
    suite.register(BIRTH, COMMUNE).await;
    let block = reserve(&desk, 2).await;
    let time = "2017-08-28T10:00:00";
    register(&desk, offline(&block.first_code, time)).await;

    let other = RegisterDossierRequest {
        offline: offline(&block.first_code, time).offline,
        ..MARRIAGE.at_counter(COMMUNE)
    };
    let an_hour_later = offline(&block.first_code, "2017-08-28T11:00:00");
    for content in [other, an_hour_later] {
        let taken = desk
            .refused(content, Code::AlreadyExists, "CODE_TAKEN")
            .await;
        assert_eq!(taken.variable("code"), block.first_code);
    }
    // Beyond the block, given out online, another unit's, another day's.
    for (code, local) in [
        (code(4), time),
        (code(1), time),
        ("000.02.20.H15-170828-0002".to_owned(), time),
        (
            "000.01.20.H15-170825-0002".to_owned(),
            "2017-08-25T10:00:00",
        ),
    ] {
        let request = offline(&code, local);
        desk.refused(request, Code::FailedPrecondition, "CODE_NOT_RESERVED")
            .await;
    }
    // Another desk cannot register under them, nor give them back.
    let elsewhere = RegisterDossierRequest {
        receiving_unit_uid: OTHER_COMMUNE.to_owned(),
        ..offline(&block.last_code, time)
    };
    let stranger = suite.receptionist(OTHER_COMMUNE).at("2017-08-28T18:00");
    stranger
        .refused(elsewhere, Code::FailedPrecondition, "CODE_NOT_RESERVED")
        .await;
    stranger
        .refused(
            desk::return_codes(&block.block_uid),
            Code::NotFound,
            "BLOCK_NOT_FOUND",
        )
        .await;
    suite.must_add_up().await;
    let checked = suite.check().await.output;
    assert!(
        checked.contains("codes: dossiers 2, void 0, reserved 1,"),
        "{checked}"
    );
}

#[tokio::test]
async fn a_time_of_receipt_is_on_the_day_of_the_code_and_past() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let block = reserve(&desk, 1).await;
    let noon = suite.receptionist(COMMUNE).at("2017-08-28T12:00");
    for local in [
        "2017-08-28T12:00:01",
        "2017-08-27T10:00:00",
        "2017-08-29T10:00:00",
    ] {
        let request = offline(&block.first_code, local);
        let refusal = noon
            .refused(request, Code::InvalidArgument, "INVALID_FIELDS")
            .await;
        assert_eq!(refusal.fields(), ["offline.received_at"], "{local}");
    }
    let nothing = RegisterDossierRequest {
        offline: Some(OfflineReceipt::default()),
        ..BIRTH.at_counter(COMMUNE)
    };
    let refusal = noon
        .refused(nothing, Code::InvalidArgument, "INVALID_FIELDS")
        .await;
    assert_eq!(refusal.fields(), ["offline.code", "offline.received_at"]);
    register(&noon, offline(&block.first_code, "2017-08-28T12:00:00")).await;
}

#[tokio::test]
async fn what_is_no_block_is_refused() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    for (date, count, field) in [
        (DAY, 0, "count"),
        (DAY, 201, "count"),
        (DAY, -1, "count"),
        ("", 1, "date"),
        ("28/08/2017", 1, "date"),
        ("2017-08-27", 1, "date"),
        ("2017-09-29", 1, "date"),
    ] {
        let request = desk::reserve(COMMUNE, date, count);
        let refusal = desk
            .refused(request, Code::InvalidArgument, "INVALID_FIELDS")
            .await;
        assert_eq!(refusal.fields(), [field], "{date} {count}");
    }
    let request = desk::reserve(OTHER_COMMUNE, DAY, 1);
    desk.refused(request, Code::PermissionDenied, "UNIT_NOT_YOURS")
        .await;
    for reason in [String::new(), "x".repeat(1_001)] {
        let mut request = desk::return_codes("none");
        request.reason = reason;
        desk.refused(request, Code::InvalidArgument, "INVALID_FIELDS")
            .await;
    }
    let block = desk.ok(desk::reserve(COMMUNE, "2017-09-28", 200)).await;
    assert_eq!(block.last_code, "000.01.20.H15-170928-0200");
    // A call may be repeated when its day has passed, and says what it said.
    let today = desk::reserve(COMMUNE, DAY, 3);
    let first = desk.ok(today.clone()).await.message;
    let tomorrow = desk.at("2017-08-29T08:00");
    assert_eq!(tomorrow.ok(today).await.message, first);
    suite.must_add_up().await;
}

#[tokio::test]
async fn of_32_callers_at_one_desk_each_gets_the_next_numbers_and_no_two_the_same() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let calls = (0..32).map(async |index| {
        if index % 4 == 0 {
            let block = reserve(&desk, 3).await;
            return numbers(&block.first_code, &block.last_code);
        }
        let code = suite.register(BIRTH, COMMUNE).await.code;
        numbers(&code, &code)
    });
    let given: Vec<u32> = join_all(calls).await.into_iter().flatten().collect();
    let once: BTreeSet<u32> = given.iter().copied().collect();
    assert_eq!(given.len(), 24 + 8 * 3);
    assert!(once.into_iter().eq(1..=48), "{given:?}");
    suite.must_add_up().await;
}

fn numbers(first: &str, last: &str) -> Vec<u32> {
    let number = |code: &str| code.rsplit('-').next().unwrap().parse().unwrap();
    (number(first)..=number(last)).collect()
}

#[tokio::test]
async fn of_32_registrations_under_one_code_one_has_an_effect() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T18:00");
    let block = reserve(&desk, 1).await;
    let calls = (0..32).map(|_| {
        let request = offline(&block.first_code, "2017-08-28T10:00:00");
        register(&desk, request)
    });
    let registered = join_all(calls).await;
    assert!(registered.iter().all(|dossier| *dossier == registered[0]));
    suite.must_add_up().await;
    let route = suite.route(&registered[0].uid, COMMUNE).await;
    assert_eq!(route.transfers.len(), 1);
}

#[tokio::test]
async fn a_block_that_is_given_back_while_its_codes_are_registered_loses_none_and_voids_the_rest() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T18:00");
    let block = reserve(&desk, 16).await;
    let registrations = join_all((1..=16).map(|number| {
        let request = offline(&code(number), "2017-08-28T10:00:00");
        desk.call(request)
    }));
    let returned = desk.ok(desk::return_codes(&block.block_uid));
    let (registered, returned) = tokio::join!(registrations, returned);
    let voided = returned.message.voided.iter();
    let voided = voided.flat_map(|range| numbers(&range.first_code, &range.last_code));
    let taken = registered.into_iter().filter_map(Result::ok);
    let taken = taken.map(|reply| reply.message.dossier.unwrap().code);
    let mut all: Vec<u32> = taken.flat_map(|code| numbers(&code, &code)).collect();
    all.extend(voided);
    all.sort_unstable();
    assert!(all.iter().copied().eq(1..=16), "{all:?}");
    suite.must_add_up().await;
}

#[tokio::test]
async fn since_15_09_2025_a_code_has_the_largest_unit_left() {
    let suite = Suite::start().await;
    suite.begin_day("2025-09-12T08:00");
    let desk = suite.receptionist(COMMUNE);
    let before = suite.register(BIRTH, COMMUNE).await;
    assert_eq!(before.code, "000.01.20.H15-250912-0001");
    let block = desk.ok(desk::reserve(COMMUNE, "2025-09-15", 2)).await;
    assert_eq!(block.first_code, "H15.020.01-250915-0001");
    suite.begin_day("2025-09-15T08:00");
    let after = suite.register(BIRTH, COMMUNE).await;
    assert_eq!(after.code, "H15.020.01-250915-0003");
    let request = offline(&block.first_code, "2025-09-15T08:00:00");
    let from_the_block = register(&desk, request).await;
    for dossier in [&before, &after, &from_the_block] {
        let found = desk.ok(desk::by_code(&dossier.code)).await;
        assert_eq!(found.message.dossier.as_ref(), Some(dossier));
    }
    suite.must_add_up().await;
}

#[tokio::test]
async fn the_10000th_dossier_of_a_desk_and_day_has_a_fifth_digit_and_people_are_told() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    suite.register(BIRTH, COMMUNE).await;
    let store = suite.store("intake").await;
    let many = "UPDATE dossier_number SET last = 9998";
    store.execute_unprepared(many).await.unwrap();
    let reasons = async || {
        let registered = desk.ok(MARRIAGE.at_counter(COMMUNE)).await.message;
        let warnings = registered.warnings.into_iter();
        let reasons: Vec<_> = warnings.map(|warning| warning.reason).collect();
        (registered.dossier.unwrap().code, reasons)
    };
    assert_eq!(reasons().await, (code(9_999), Vec::new()));
    let (grown, told) = reasons().await;
    assert_eq!(grown, "000.01.20.H15-170828-10000");
    assert_eq!(told, ["POSSIBLE_DUPLICATE", "CODE_GREW"]);
    let found = desk.ok(desk::by_code(&grown)).await.message.dossier;
    assert_eq!(found.unwrap().code, grown);
    let checked = suite.check().await.output;
    let counted = "with more digits than their rule set has 1";
    assert!(checked.contains(counted), "{checked}");
}

#[tokio::test]
async fn what_happened_to_a_block_stands_in_the_log() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let block = reserve(&desk, 3).await;
    desk.ok(desk::return_codes(&block.block_uid)).await;
    let store = suite.store("intake").await;
    let events = kit::log::history(&store, "intake", &block.block_uid).await;
    let told = events.unwrap().into_iter().map(|event| {
        assert!(kit::copies::tells_of::<CodeChange>(&event));
        let change = kit::copies::change_of(&event);
        CodeChange::decode(change).unwrap().change.unwrap()
    });
    let (unit_uid, date) = (COMMUNE.to_owned(), DAY.to_owned());
    let expected = [
        Change::Reserved(CodesReserved {
            unit_uid: unit_uid.clone(),
            date: date.clone(),
            codes: Some(codes(1, 3)),
        }),
        Change::Returned(CodesReturned {
            unit_uid,
            date,
            voided: vec![codes(1, 3)],
            reason: "Đã có mạng trở lại".to_owned(),
        }),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
