//! Handing over and writing.

use std::collections::BTreeSet;
use std::time::Duration;

use kit::access::{self, Purpose, Reading, WAITING};
use kit::caller::{Caller, Role};
use kit::clock;
use tonic::{Code, Status};

use crate::support::{RPC, Row, Store, at, context, examiner, read};

const MORNING: &str = "2017-08-28 08:30";

#[tokio::test]
async fn a_reading_is_written_with_who_what_and_what_for() {
    let store = Store::new().await;
    let (log, _working) = store.record();
    let began = clock::monotonic();
    read(&log, at(MORNING), "d1").unwrap();
    let rows = store.has_rows(1).await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "it is not waited for long"
    );
    let expected = Row {
        day: "2017-08-28".to_owned(),
        number: 1,
        kind: "reading".to_owned(),
        subject: "examiner-7".to_owned(),
        roles: "examiner".to_owned(),
        // Without the unit whose work that one took over.
        units: "daklak-0007".to_owned(),
        objects: "d1".to_owned(),
        outcome: "OK".to_owned(),
        purpose: "handling".to_owned(),
        times: 1,
    };
    assert_eq!(rows, [expected]);
}

#[tokio::test]
async fn what_goes_without_saying_depends_on_who_reads_and_is_overridden_by_what_is_said() {
    let store = Store::new().await;
    let (log, working) = store.record();
    let applicant = Caller::new("an", Role::Applicant, vec!["p1".to_owned()]);
    let elsewhere = Caller::new("e", Role::Leader, vec!["daklak-0001".to_owned()]);
    let auditor = Caller::new("a", Role::Auditor, vec!["daklak-0001".to_owned()]);
    for (caller, is_handled, stated) in [
        (applicant, false, None),
        (auditor, false, None),
        (examiner(), true, None),
        (elsewhere.clone(), false, None),
        (elsewhere, false, Some(Purpose::Complaint)),
    ] {
        let mut context = context(caller, at(MORNING));
        context.purpose = stated;
        let reading = Reading {
            rpc: RPC,
            objects: vec!["d1", "d2"],
            is_handled,
        };
        log.read(&context, &reading).unwrap();
    }
    log.end();
    working.await.unwrap();
    let rows = store.rows().await;
    let purposes: Vec<_> = rows.iter().map(|row| row.purpose.as_str()).collect();
    assert_eq!(
        purposes,
        ["own", "audit", "handling", "unstated", "complaint"]
    );
    assert!(rows.iter().all(|row| row.objects == "d1 d2"), "{rows:?}");
}

#[tokio::test]
async fn a_list_without_anything_in_it_is_no_reading() {
    let store = Store::new().await;
    let (log, working) = store.record();
    let nothing = Reading {
        rpc: RPC,
        objects: Vec::new(),
        is_handled: true,
    };
    log.read(&context(examiner(), at(MORNING)), &nothing)
        .unwrap();
    log.end();
    working.await.unwrap();
    assert_eq!(store.rows().await, []);
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_read_and_denials_in_a_flood_are_counted() {
    let store = Store::new().await;
    // Nobody writes yet, as if the store were away.
    let (log, recorder) = access::open();
    for _ in 0..WAITING {
        read(&log, at(MORNING), "d1").unwrap();
    }
    let refused = Status::from(read(&log, at(MORNING), "d1").unwrap_err());
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert_eq!(kit::failure::reason_of(&refused), "OVERLOADED");
    for _ in 0..100_000 {
        log.denied(&Caller::anonymous(), at(MORNING), RPC, "TOKEN_MISSING");
    }
    log.denied(&examiner(), at(MORNING), RPC, "RPC_NOT_GRANTED");
    log.end();
    store.run(recorder).await.unwrap();
    let rows = store.rows().await;
    let (readings, denials): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.kind == "reading");
    assert_eq!(readings.len(), WAITING);
    let mut denials: Vec<_> = denials
        .iter()
        .map(|row| (row.subject.as_str(), row.outcome.as_str(), row.times))
        .collect();
    denials.sort_unstable();
    let expected = [
        ("anonymous", "TOKEN_MISSING", 100_000),
        ("examiner-7", "RPC_NOT_GRANTED", 1),
    ];
    assert_eq!(denials, expected);
}

#[tokio::test]
async fn while_the_store_refuses_readings_are_refused_in_the_end_and_none_that_was_taken_is_lost() {
    let store = Store::new().await;
    store.tamper("ALTER TABLE access_log RENAME TO away").await;
    let (log, working) = store.record();
    let mut taken = 0;
    while read(&log, at(MORNING), &format!("d{taken}")).is_ok() {
        taken += 1;
        tokio::task::yield_now().await;
    }
    assert!(taken > WAITING, "some are being written");
    store.tamper("ALTER TABLE away RENAME TO access_log").await;
    log.end();
    working.await.unwrap();
    let rows = store.rows().await;
    let objects: BTreeSet<_> = rows.iter().map(|row| row.objects.as_str()).collect();
    assert_eq!((rows.len(), objects.len()), (taken, taken));
}

#[tokio::test]
async fn several_replicas_write_one_log_with_dense_numbers() {
    let store = Store::new().await;
    let replicas: Vec<_> = (0..4).map(|_| store.record()).collect();
    for number in 0..2_000 {
        let (log, _) = &replicas[number % 4];
        read(log, at(MORNING), &format!("d{number}")).unwrap();
    }
    for (log, working) in replicas {
        log.end();
        working.await.unwrap();
    }
    let rows = store.rows().await;
    assert!((1..).zip(&rows).all(|(number, row)| row.number == number));
    let objects: BTreeSet<_> = rows.iter().map(|row| row.objects.as_str()).collect();
    assert_eq!((rows.len(), objects.len()), (2_000, 2_000));
}
