//! Watching: what changed, what came into scope and what left it, and a reader that does not read.

use std::collections::BTreeSet;

use futures::future::join_all;
use proto::intake::v1::{
    Dossier, ForwardDossierRequest, ListDossiersRequest, WatchDossiersRequest,
    WatchDossiersResponse,
};
use proto::routing::v1::{DeclineTransferRequest, Transfer};
use sea_orm::{ConnectionTrait as _, Statement};
use tests::cast::{AN, BINH, COMMUNE, DEPARTMENT, ENVIRONMENT, OFFICE, OTHER_COMMUNE};
use tests::filing::{BIRTH, DECIDED_BY_OFFICE, MARRIAGE};
use tests::{Actor, Suite, desk, new_request_id};
use tonic::{Code, Streaming};

use crate::deadlines::PATIENCE;

type Watch = Streaming<WatchDossiersResponse>;

fn from(cursor: &str) -> WatchDossiersRequest {
    WatchDossiersRequest {
        cursor: cursor.to_owned(),
        national_records: true,
    }
}

/// Watches from what the actor has listed on.
async fn watch(actor: &Actor) -> Watch {
    let list = actor.ok(ListDossiersRequest::default()).await.message;
    actor.follow(from(&list.cursor)).await.unwrap()
}

async fn next(watch: &mut Watch) -> WatchDossiersResponse {
    let next = tokio::time::timeout(PATIENCE, watch.message()).await;
    next.expect("something is told")
        .unwrap()
        .expect("the stream goes on")
}

/// The next that is no bookmark.
async fn next_change(watch: &mut Watch) -> (Dossier, String) {
    loop {
        let told = next(watch).await;
        if let Some(dossier) = told.dossier {
            return (dossier, told.cursor);
        }
    }
}

/// The next that left the scope, and the cursor after it. Meanwhile nothing of another is told: each earlier event of a dossier
/// tells it as it stands when the event is read.
async fn next_left(watch: &mut Watch) -> (String, String) {
    let mut before = Vec::new();
    loop {
        let told = next(watch).await;
        before.extend(told.dossier.map(|dossier| dossier.uid));
        if !told.left_scope_uid.is_empty() {
            assert!(before.iter().all(|uid| *uid == told.left_scope_uid));
            return (told.left_scope_uid, told.cursor);
        }
    }
}

#[tokio::test]
async fn a_watch_tells_from_the_list_on_what_the_caller_may_know_and_goes_on_after_a_break() {
    let suite = Suite::start().await;
    let before = suite.register(BIRTH, COMMUNE).await;
    let desk = suite.receptionist(COMMUNE);
    let list = desk.ok(ListDossiersRequest::default()).await.message;
    assert_eq!(list.dossiers[0].uid, before.uid);
    let mut watch = desk.follow(from(&list.cursor)).await.unwrap();
    suite.register(MARRIAGE, OTHER_COMMUNE).await;
    let own = suite.register(MARRIAGE, COMMUNE).await;
    let (told, cursor) = loop {
        let (told, cursor) = next_change(&mut watch).await;
        assert_eq!(told.receiving_unit_uid, COMMUNE, "a stranger's is not told");
        if told.uid == own.uid {
            break (told, cursor);
        }
    };
    assert_eq!(told.code, own.code);
    drop(watch);
    desk.ok(desk::stop(&own)).await;
    let mut watch = desk.follow(from(&cursor)).await.unwrap();
    loop {
        let told = next(&mut watch).await;
        let Some(progress) = told.national_progress else {
            continue;
        };
        // Domain.md 7: a stopped dossier is told as stopped, and never as finished.
        if progress.noi_dung_xu_ly == "Dừng giải quyết" {
            let record = told.national_record.unwrap();
            assert_eq!(
                (&*progress.trang_thai, &*record.trang_thai_ho_so),
                ("8", "8")
            );
            assert_eq!(told.dossier.unwrap().uid, own.uid);
            assert_eq!(record.ma_ho_so, own.code);
            break;
        }
    }
    // Another party sees nothing of all this but the bookmark that says so.
    let mut binh = suite.actor(BINH).follow(from(&list.cursor)).await.unwrap();
    let told = next(&mut binh).await;
    assert_eq!((told.dossier, told.left_scope_uid.as_str()), (None, ""));
    let refused = desk.follow(from("nonsense")).await.unwrap_err();
    assert_eq!(tests::Refusal::of(&refused).reason, "INVALID_FIELDS");
}

#[tokio::test]
async fn a_watch_tells_what_time_brings_without_anybody_doing_something() {
    let suite = Suite::start().await;
    let dossier = suite.register(MARRIAGE, COMMUNE).await;
    suite.everything_told().await;
    let desk = suite.receptionist(COMMUNE);
    let mut watch = watch(&desk).await;
    // Somebody asks for something else, at a time at which it is overdue.
    let later = suite.receptionist(OTHER_COMMUNE).at("2017-10-02T08:00");
    later.ok(ListDossiersRequest::default()).await;
    let (told, _) = next_change(&mut watch).await;
    assert_eq!(told.uid, dossier.uid);
}

/// A dossier that the department has offered to the provincial office, and the offer.
async fn offered_to_the_office(suite: &Suite) -> (Dossier, Transfer) {
    let dossier = suite.register(DECIDED_BY_OFFICE, DEPARTMENT).await;
    suite.work_off(DEPARTMENT, "2017-08-28T09:00").await;
    suite.work_off(DEPARTMENT, "2017-08-28T10:00").await;
    (dossier, suite.offer_to(OFFICE).await)
}

async fn decline(suite: &Suite, offer: &Transfer) {
    let decline = DeclineTransferRequest {
        request_id: new_request_id(),
        transfer_uid: offer.uid.clone(),
        offer_epoch: offer.offer_epoch,
        reason: "Không thuộc thẩm quyền".to_owned(),
    };
    suite.officer_of(offer).ok(decline).await;
}

#[tokio::test]
async fn a_dossier_comes_with_an_offer_and_leaves_with_it_when_that_is_declined() {
    let suite = Suite::start().await;
    let office = suite.receptionist(OFFICE);
    let mut watching = watch(&office).await;
    let (dossier, offer) = offered_to_the_office(&suite).await;
    // Nobody has accepted anything, nor done anything to the dossier.
    let (came, _) = next_change(&mut watching).await;
    assert_eq!(came.uid, dossier.uid);
    decline(&suite, &offer).await;
    let (left, _) = next_left(&mut watching).await;
    assert_eq!(left, dossier.uid);
    office
        .refused(
            desk::by_uid(&dossier.uid),
            Code::NotFound,
            "DOSSIER_NOT_FOUND",
        )
        .await;
    // The department has it, and hears of neither.
    suite.dossier(&dossier.uid, DEPARTMENT).await;
}

#[tokio::test]
async fn a_dossier_that_goes_on_to_another_unit_leaves_the_one_and_comes_to_the_other() {
    let suite = Suite::start().await;
    let (office, other) = (suite.receptionist(OFFICE), suite.receptionist(ENVIRONMENT));
    let (mut before, mut after) = (watch(&office).await, watch(&other).await);
    let (dossier, offer) = offered_to_the_office(&suite).await;
    next_change(&mut before).await;
    let sender = suite.receptionist(DEPARTMENT);
    sender.ok(desk::forward(&offer, ENVIRONMENT)).await;
    assert_eq!(next_left(&mut before).await.0, dossier.uid);
    assert_eq!(next_change(&mut after).await.0.uid, dossier.uid);
}

#[tokio::test]
async fn r01_a_submission_that_is_sent_on_leaves_the_unit_that_was_competent() {
    let suite = Suite::start().await;
    let submitted = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let dossier = submitted.message.dossier.unwrap();
    let send_on = |to: &str| ForwardDossierRequest {
        request_id: new_request_id(),
        dossier_uid: dossier.uid.clone(),
        expected_revision: 0,
        competent_unit_uid: to.to_owned(),
    };
    let (desk, other) = (
        suite.receptionist(COMMUNE),
        suite.receptionist(OTHER_COMMUNE),
    );
    let mut watching = watch(&other).await;
    desk.ok(send_on(OTHER_COMMUNE)).await;
    assert_eq!(next_change(&mut watching).await.0.uid, dossier.uid);
    desk.ok(send_on(COMMUNE)).await;
    assert_eq!(next_left(&mut watching).await.0, dossier.uid);
}

#[tokio::test]
async fn what_left_while_nobody_watched_is_told_to_whoever_comes_back() {
    let suite = Suite::start().await;
    let office = suite.receptionist(OFFICE);
    let mut watching = watch(&office).await;
    let (dossier, offer) = offered_to_the_office(&suite).await;
    let (_, cursor) = next_change(&mut watching).await;
    drop(watching);
    decline(&suite, &offer).await;
    suite.everything_told().await;
    let mut back = office.follow(from(&cursor)).await.unwrap();
    let (left, cursor) = next_left(&mut back).await;
    assert_eq!(left, dossier.uid);
    // Whoever has heard of it hears no more; whoever had never to do with it hears nothing.
    let mut later = office.follow(from(&cursor)).await.unwrap();
    let stranger = suite.receptionist(OTHER_COMMUNE);
    let mut stranger = stranger.follow(from("")).await.unwrap();
    for watch in [&mut later, &mut stranger] {
        let told = next(watch).await;
        assert_eq!((told.dossier, told.left_scope_uid.as_str()), (None, ""));
    }
}

/// How many are handed in while nobody reads, and by how many at once.
const DOSSIERS: usize = 500;
const AT_ONCE: usize = 20;
/// What its reader has room for: some twenty dossiers.
const ROOM: u32 = 16 * 1024;

/// Of how many dossiers watches have told, as far as the access log has it.
async fn told_by_watches(suite: &Suite) -> usize {
    let store = suite.store("intake").await;
    let query = "SELECT number FROM access_log WHERE rpc LIKE '%/WatchDossiers'";
    let query = Statement::from_string(store.get_database_backend(), query);
    store.query_all_raw(query).await.unwrap().len()
}

#[tokio::test]
async fn who_watches_and_does_not_read_holds_no_writer_and_misses_nothing() {
    let suite = Suite::start().await;
    let narrow = suite.connection(|endpoint| endpoint.initial_stream_window_size(ROOM));
    let mut slow = watch(&suite.receptionist(COMMUNE).over(narrow)).await;
    let lanes = (0..AT_ONCE).map(|_| async {
        let mut registered = Vec::new();
        for _ in 0..DOSSIERS / AT_ONCE {
            registered.push(suite.register(MARRIAGE, COMMUNE).await.uid);
        }
        registered
    });
    let registered = tokio::time::timeout(4 * PATIENCE, join_all(lanes)).await;
    let registered = registered.expect("writers go on").concat();
    let mut missing: BTreeSet<String> = registered.into_iter().collect();
    assert_eq!(missing.len(), DOSSIERS);
    // What is told is recorded within a second: it fills the way to the reader, and the rest is not even read.
    suite.everything_told().await;
    let told = told_by_watches(&suite).await;
    assert!(told < DOSSIERS / 2, "{told} were told to nobody");
    while !missing.is_empty() {
        missing.remove(&next_change(&mut slow).await.0.uid);
    }
}
