//! The access logs of a suite: who signed in, who was denied what, who read whose data and what for.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

#[path = "access/dossiers.rs"]
mod dossiers;
#[path = "access/transfers.rs"]
mod transfers;

use kit::access::PURPOSE;
use kit::testing::until;
use proto::intake::v1::{ListDossiersRequest, ReadEventsRequest};
use sea_orm::{ConnectionTrait as _, FromQueryResult, Statement};
use tests::cast::{AN, COMMUNE, OTHER_COMMUNE, particulars, subject};
use tests::filing::BIRTH;
use tests::rpc::Rpc;
use tests::suite::PATIENCE;
use tests::{Actor, Reply, Suite, desk, new_request_id};
use tonic::Code;

#[derive(Debug, FromQueryResult)]
struct Entry {
    kind: String,
    subject: String,
    rpc: String,
    objects: String,
    outcome: String,
    purpose: String,
    times: i64,
}

#[derive(Debug, FromQueryResult)]
struct Day {
    day: String,
    root: Option<Vec<u8>>,
}

async fn all<M: FromQueryResult>(suite: &Suite, service: &str, query: &str) -> Vec<M> {
    let store = suite.store(service).await;
    let query = Statement::from_string(store.get_database_backend(), query);
    let rows = M::find_by_statement(query).all(&store).await.unwrap();
    store.close().await.unwrap();
    rows
}

async fn entries(suite: &Suite, service: &str) -> Vec<Entry> {
    all(
        suite,
        service,
        "SELECT * FROM access_log ORDER BY day, number",
    )
    .await
}

async fn days(suite: &Suite, service: &str) -> Vec<Day> {
    all(
        suite,
        service,
        "SELECT day, root FROM access_day ORDER BY day",
    )
    .await
}

fn readings(entries: &[Entry]) -> Vec<(&str, &str, &str)> {
    entries
        .iter()
        .filter(|entry| entry.kind == "reading")
        .map(|entry| {
            let (_, rpc) = entry.rpc.split_once('/').unwrap();
            (entry.subject.as_str(), rpc, entry.purpose.as_str())
        })
        .collect()
}

/// Who was told something personal, by which rpc and what for, in the order in which it must be recorded.
#[derive(Default)]
struct Told(Vec<(String, &'static str, &'static str)>);

impl Told {
    /// Has somebody call, who is told something personal by the reply.
    async fn by<R: Rpc>(
        &mut self,
        (subject, actor): (&str, &Actor),
        request: R,
        purpose: &'static str,
    ) -> Reply<R::Reply> {
        self.note::<R>(subject, purpose);
        actor.ok(request).await
    }

    /// Somebody is told something personal otherwise.
    fn note<R: Rpc>(&mut self, subject: &str, purpose: &'static str) {
        let (_, rpc) = R::PATH.rsplit_once('/').unwrap();
        self.0.push((subject.to_owned(), rpc, purpose));
    }

    /// That, and nothing else, stands in a log.
    fn must_be_all(&self, entries: &[Entry]) {
        let told = self.0.iter();
        let told = told.map(|(subject, rpc, purpose)| (subject.as_str(), *rpc, *purpose));
        assert_eq!(readings(entries), told.collect::<Vec<_>>());
    }
}

fn denials(entries: &[Entry]) -> Vec<(&str, &str, &str, i64)> {
    let denials = entries.iter().filter(|entry| entry.kind == "denial");
    let mut denials: Vec<_> = denials
        .map(|entry| {
            let (_, rpc) = entry.rpc.split_once('/').unwrap();
            let (subject, reason) = (entry.subject.as_str(), entry.outcome.as_str());
            (subject, rpc, reason, entry.times)
        })
        .collect();
    denials.sort_unstable();
    denials
}

/// Waits until so many readings stand in the log: they are written within a second.
async fn until_recorded(suite: &Suite, count: usize) {
    until("the readings are written", PATIENCE, async || {
        (readings(&entries(suite, "intake").await).len() == count).then_some(())
    })
    .await;
}

#[tokio::test]
async fn who_read_a_dossier_is_recorded_with_the_purpose() {
    let mut suite = Suite::start().await;
    let submitted = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let dossier = submitted.message.dossier.unwrap();
    let by_uid = || desk::by_uid(&dossier.uid);
    let officer = suite.receptionist(COMMUNE);
    officer.ok(by_uid()).await;
    officer.with(PURPOSE, "complaint").ok(by_uid()).await;
    officer.ok(ListDossiersRequest::default()).await;
    let an = suite.actor(AN).subject().await;
    suite.actor(AN).ok(by_uid()).await;
    // Who asks for what he may not know is told that it is not there, as who asks for what is not: no reading, but a denial.
    for uid in [&dossier.uid, &new_request_id()] {
        suite
            .receptionist(OTHER_COMMUNE)
            .refused(desk::by_uid(uid), Code::NotFound, "DOSSIER_NOT_FOUND")
            .await;
    }
    officer
        .with(PURPOSE, "curiosity")
        .refused(by_uid(), Code::InvalidArgument, "METADATA_MALFORMED")
        .await;
    suite.everything_told().await;
    assert_eq!(suite.terminate().await.code(), Some(0));

    let recorded = entries(&suite, "intake").await;
    let desk = subject(COMMUNE, "receptionist");
    let expected = [
        (an.as_str(), "SubmitDossier", "own"),
        (&desk, "GetDossier", "handling"),
        (&desk, "GetDossier", "complaint"),
        (&desk, "ListDossiers", "handling"),
        (&an, "GetDossier", "own"),
    ];
    assert_eq!(readings(&recorded), expected);
    let mut readings = recorded.iter().filter(|entry| entry.kind == "reading");
    assert!(readings.all(|entry| entry.objects == dossier.uid));
    let stranger = subject(OTHER_COMMUNE, "receptionist");
    let denied = denials(&recorded);
    let not_there = ("GetDossier", "DOSSIER_NOT_FOUND");
    assert!(
        denied
            .iter()
            .all(|(who, rpc, why, _)| *who == stranger && (*rpc, *why) == not_there)
    );
    assert_eq!(denied.iter().map(|(.., times)| times).sum::<i64>(), 2);
    suite.must_add_up().await;
}

#[tokio::test]
async fn denials_and_sign_ins_are_recorded_without_anything_personal() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let (anyone, officer) = (suite.anonymous(), suite.receptionist(COMMUNE));
    let missing = (Code::Unauthenticated, "TOKEN_MISSING");
    for _ in 0..3 {
        let by_uid = desk::by_uid(&dossier.uid);
        anyone.refused(by_uid, missing.0, missing.1).await;
    }
    let denied = Code::PermissionDenied;
    let of_services = ReadEventsRequest::default();
    officer
        .refused(of_services, denied, "RPC_NOT_GRANTED")
        .await;
    let elsewhere = BIRTH.at_counter(OTHER_COMMUNE);
    officer.refused(elsewhere, denied, "UNIT_NOT_YOURS").await;
    let an = suite.actor(AN).subject().await;
    assert_eq!(suite.terminate().await.code(), Some(0));

    let of_intake = entries(&suite, "intake").await;
    let desk = subject(COMMUNE, "receptionist");
    let recorded = denials(&of_intake);
    // Within one second they are one entry.
    let without = recorded.iter().filter(|(who, ..)| *who == "anonymous");
    let without: i64 = without.map(|(.., times)| times).sum();
    assert_eq!(without, 3, "{recorded:?}");
    for (rpc, reason) in [
        ("ReadEvents", "RPC_NOT_GRANTED"),
        ("RegisterDossier", "UNIT_NOT_YOURS"),
    ] {
        let expected = (desk.as_str(), rpc, reason, 1);
        assert!(recorded.contains(&expected), "{recorded:?}");
    }
    let of_identity = entries(&suite, "identity").await;
    let sign_ins = of_identity.iter().filter(|entry| entry.kind == "sign_in");
    let signed_in: Vec<_> = sign_ins.map(|entry| entry.subject.as_str()).collect();
    for who in [&an, &desk, "intake", "routing"] {
        assert!(signed_in.contains(&who), "{who}: {signed_in:?}");
    }
    let (name, number) = particulars(AN);
    let told = format!("{of_intake:?}{of_identity:?}");
    assert!(!told.contains(name) && !told.contains(number));
}

#[tokio::test]
async fn what_was_written_outlives_a_killed_process_and_goes_on_where_it_was() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let read = || async {
        suite
            .receptionist(COMMUNE)
            .ok(desk::by_uid(&dossier.uid))
            .await;
    };
    read().await;
    // The registration told the dossier too.
    until_recorded(&suite, 2).await;
    suite.kill().await;
    suite.restart().await;
    let read = || async {
        suite
            .receptionist(COMMUNE)
            .ok(desk::by_uid(&dossier.uid))
            .await;
    };
    read().await;
    until_recorded(&suite, 3).await;
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_day_is_closed_when_it_has_ended_and_a_check_names_one_that_was_touched() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let desk = suite.receptionist(COMMUNE);
    desk.ok(desk::by_uid(&dossier.uid)).await;
    let tomorrow = desk.at("2017-08-29T08:00");
    tomorrow.ok(desk::by_uid(&dossier.uid)).await;
    let closed = until("the day is closed", PATIENCE, async || {
        let first = days(&suite, "intake").await.into_iter().next()?;
        first.root.is_some().then_some(first.day)
    })
    .await;
    assert_eq!(closed, "2017-08-28");
    suite.everything_told().await;
    assert_eq!(suite.terminate().await.code(), Some(0));
    suite.must_add_up().await;

    let store = suite.store("intake").await;
    let altered = "UPDATE access_log SET purpose = 'audit' WHERE day = '2017-08-28' AND number = 1";
    store.execute_unprepared(altered).await.unwrap();
    store.close().await.unwrap();
    let checked = suite.check().await;
    assert_eq!(checked.code, Some(1), "{}", checked.output);
    let named = "intake on 2017-08-28: its entries were altered, removed or added to";
    assert!(checked.output.contains(named), "{}", checked.output);
}
