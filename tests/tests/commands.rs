//! What the operator runs.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use futures::future::join_all;
use proto::routing::v1::{PullTransfersRequest, Transfer};
use sea_orm::{ConnectionTrait as _, ExecResult};
use tests::cast::{AN, COMMUNE, DISTRICT};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT};
use tests::program::{self, Ran};
use tests::subscriber::seconds;
use tests::{Suite, desk};
use tokio_util::sync::CancellationToken;

async fn show(suite: &Suite, code: &str) -> Ran {
    suite.run("show", [code]).await
}

/// Changes a store behind the suite's back.
async fn tamper(suite: &Suite, service: &str, statement: &str) -> ExecResult {
    let store = suite.store(service).await;
    let done = store.execute_unprepared(statement).await.unwrap();
    store.close().await.unwrap();
    done
}

/// Hands dossiers in, has them received and works off what is offered, until it is enough; how many steps it ended.
async fn work_until(suite: &Suite, enough: &CancellationToken) -> usize {
    let (an, desk) = (suite.actor(AN), suite.receptionist(COMMUNE));
    let pull = PullTransfersRequest {
        unit_uid: COMMUNE.to_owned(),
        max_transfers: 4,
        wait: Some(seconds(1)),
        lease: None,
    };
    let mut ended = 0;
    while !enough.is_cancelled() {
        let submitted = an.ok(BIRTH.online(COMMUNE)).await.message.dossier.unwrap();
        desk.ok(desk::receive(&submitted)).await;
        let pulled = suite.examiner(COMMUNE).ok(pull.clone()).await.message;
        let offers = pulled.deliveries.into_iter();
        for offer in offers.filter_map(|delivery| delivery.transfer) {
            work_off(suite, &offer).await;
            ended += 1;
        }
    }
    ended
}

/// Accepts a step of a birth and ends it.
async fn work_off(suite: &Suite, offer: &Transfer) {
    if offer.step_key == "result" {
        let held = suite.accept(offer, "2017-08-28T11:00").await;
        suite.give_back(&held, "2017-08-28T11:00").await;
    } else if offer.decides {
        let held = suite.accept(offer, "2017-08-28T10:00").await;
        suite.decide(&held, "2017-08-28T10:00").await;
    } else {
        let held = suite.accept(offer, "2017-08-28T09:00").await;
        suite.complete(&held, "2017-08-28T09:00").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_under_load_adds_up() {
    let suite = Suite::start().await;
    let enough = CancellationToken::new();
    let load = join_all((0..8).map(|_| work_until(&suite, &enough)));
    let checks = async {
        for _ in 0..4 {
            suite.register(BIRTH, COMMUNE).await;
            suite.must_add_up().await;
        }
        enough.cancel();
    };
    let (ended, ()) = tokio::join!(load, checks);
    assert!(ended.iter().sum::<usize>() > 0);
    suite.must_add_up().await;
}

/// A suite that ended well, with one dossier under way, and another that is offered.
async fn at_rest() -> (Suite, String) {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    suite.take_over(COMMUNE, "2017-08-28T10:00").await;
    suite.register(BIRTH, COMMUNE).await;
    suite.everything_told().await;
    assert_eq!(suite.terminate().await.code(), Some(0));
    suite.must_add_up().await;
    (suite, dossier.uid)
}

#[tokio::test]
async fn an_altered_row_of_history_is_found_and_named() {
    for (service, statement) in [
        (
            "intake",
            "UPDATE log_event SET actor = 'somebody-else' WHERE subject = '?' AND seq = (SELECT min(seq) FROM log_event WHERE subject = '?')",
        ),
        (
            "routing",
            "UPDATE log_event SET occurred_at = occurred_at - 1 WHERE subject = '?' AND seq = (SELECT max(seq) FROM log_event WHERE subject = '?')",
        ),
        (
            "intake",
            "UPDATE log_event SET personal = substr(personal, 2) WHERE subject = '?' AND personal IS NOT NULL",
        ),
        (
            "routing",
            "DELETE FROM log_event WHERE subject = '?' AND seq = (SELECT min(seq) + 1 FROM log_event WHERE subject = '?')",
        ),
    ] {
        let (suite, dossier) = at_rest().await;
        let done = tamper(&suite, service, &statement.replace('?', &dossier)).await;
        assert_eq!(done.rows_affected(), 1, "{statement}");
        let checked = suite.check().await;
        assert_eq!(checked.code, Some(1), "{statement}\n{}", checked.output);
        assert!(
            checked.output.contains(&format!("{dossier} at ")),
            "{statement}\n{}",
            checked.output
        );
    }
}

#[tokio::test]
async fn a_custodian_that_was_altered_behind_the_log_is_found() {
    let (suite, _) = at_rest().await;
    tamper(
        &suite,
        "routing",
        "UPDATE holding SET custodian = 'daklak-0036' WHERE until IS NULL",
    )
    .await;
    let checked = suite.check().await;
    assert_eq!(checked.code, Some(1), "{}", checked.output);
    assert!(
        !checked.output.contains("log and tables differ 0"),
        "{}",
        checked.output
    );
}

/// What a check says once routing's tables were changed like this behind its back, where `?` is the dossier under way.
async fn found_after(statement: &str) -> String {
    let (suite, dossier) = at_rest().await;
    let done = tamper(&suite, "routing", &statement.replace('?', &dossier)).await;
    assert!(done.rows_affected() > 0, "{statement}");
    let checked = suite.check().await;
    assert_eq!(checked.code, Some(1), "{statement}\n{}", checked.output);
    checked.output
}

#[tokio::test]
async fn a_pair_of_units_of_whose_offers_one_went_astray_is_found() {
    let found = found_after("DELETE FROM transfer WHERE state = 1").await;
    assert!(found.contains("unbalanced 1"), "{found}");
}

#[tokio::test]
async fn a_branch_without_a_custodian_is_found() {
    let release = "UPDATE holding SET until = since WHERE until IS NULL AND dossier_uid = '?'";
    let found = found_after(release).await;
    assert!(!found.contains("without custodian 0"), "{found}");
}

#[tokio::test]
async fn a_received_dossier_without_a_route_is_found() {
    let mut suite = Suite::start().await;
    suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    suite.everything_told().await;
    assert_eq!(suite.terminate().await.code(), Some(0));
    suite.must_add_up().await;
    // As if its desk had received it and routing had never heard of that.
    let receive = "UPDATE dossier SET state = 2 WHERE state = 1";
    let done = tamper(&suite, "intake", receive).await;
    assert_eq!(done.rows_affected(), 1);
    let checked = suite.check().await;
    assert_eq!(checked.code, Some(1), "{}", checked.output);
    let found = "without custodian 1, with two 0, offered twice 0";
    assert!(checked.output.contains(found), "{}", checked.output);
}

#[tokio::test]
async fn a_branch_with_two_custodians_is_found() {
    let double = "INSERT INTO holding (transfer_uid, ordinal, dossier_uid, step_key, custodian, since) \
        SELECT transfer_uid, ordinal + 1, dossier_uid, step_key, 'daklak-0036', since \
        FROM holding WHERE until IS NULL AND dossier_uid = '?'";
    let found = found_after(double).await;
    assert!(found.contains("with two 1"), "{found}");
}

#[tokio::test]
async fn a_step_that_two_transfers_offer_at_once_is_found() {
    let double = "UPDATE transfer SET state = 1, step_key = 'examine' WHERE dossier_uid = '?'";
    let found = found_after(double).await;
    assert!(found.contains("offered twice 1"), "{found}");
}

#[tokio::test]
async fn show_tells_of_a_dossier_on_one_screen_without_personal_data() {
    let suite = Suite::start().await;
    let desk = suite.receptionist(COMMUNE);
    let registered = desk.ok(DECIDED_BY_DISTRICT.at_counter(COMMUNE)).await;
    let code = &registered.dossier.as_ref().unwrap().code;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    let held = suite.take_over(DISTRICT, "2017-08-28T10:00").await;
    suite.must_add_up().await;
    let shown = show(&suite, code).await;
    assert_eq!(shown.code, Some(0), "{}", shown.complaint);
    for wanted in [
        code.as_str(),
        "DOSSIER_STATE_PROCESSING",
        "Who was responsible",
        "Phường Tân Lập",
        "Thành phố Buôn Ma Thuột",
        "28/08/2017 10:00",
        &held.transfer.uid,
        "COMPLETED",
        "examine: accepted",
        "Received",
        &registered.trace,
    ] {
        assert!(
            shown.output.contains(wanted),
            "`{wanted}` is not in\n{}",
            shown.output
        );
    }
    assert!(!registered.trace.is_empty());
    for personal in ["H'An", "066088000001", "0905123456"] {
        assert!(!shown.output.contains(personal), "{}", shown.output);
    }
}

#[tokio::test]
async fn show_of_an_unknown_or_malformed_code_says_so() {
    let suite = Suite::start().await;
    let unknown = show(&suite, "000.01.20.H15-170828-0042").await;
    assert_eq!(unknown.code, Some(1));
    assert!(
        unknown
            .complaint
            .contains("there is no dossier 000.01.20.H15-170828-0042"),
        "{}",
        unknown.complaint
    );
    let malformed = show(&suite, "nonsense").await;
    assert_eq!(malformed.code, Some(1));
    assert!(
        malformed.complaint.contains("is no dossier code"),
        "{}",
        malformed.complaint
    );
}

#[tokio::test]
async fn help_names_every_subcommand_and_a_wrong_one_is_refused() {
    let help = program::run(["--help"]).await;
    assert_eq!(help.code, Some(0));
    for subcommand in ["serve", "demo", "import", "check", "show", "keys", "erase"] {
        assert!(help.output.contains(subcommand), "{}", help.output);
        let help = program::run([subcommand, "--help"]).await;
        assert!(
            help.code == Some(0) && help.output.contains("Usage:"),
            "{}",
            help.output
        );
    }
    let wrong = program::run(["serv"]).await;
    assert_eq!(wrong.code, Some(2));
    let wrong = program::run(["serve", "payments"]).await;
    assert!(
        wrong.code == Some(2) && wrong.complaint.contains("must be all, identity"),
        "{}",
        wrong.complaint
    );
}

#[tokio::test]
async fn the_first_administrator_gets_a_password_to_use_once_and_a_second_needs_force() {
    // Without the cast, among whom is an administrator.
    let suite = Suite::empty();
    let imported = suite.import(&[&program::province()]).await;
    assert_eq!(imported.code, Some(0), "{}", imported.complaint);
    let create = async |more: &[&str]| {
        let arguments = ["create", "lan", "--name", "Nguyễn Thị Lan"];
        suite.run("admin", [&arguments, more].concat()).await
    };
    let made = create(&[]).await;
    assert_eq!(made.code, Some(0), "{}", made.complaint);
    assert!(made.output.contains("one-time password"), "{}", made.output);
    let second = create(&[]).await;
    assert_eq!(second.code, Some(1));
    let reason = "ADMINISTRATOR_EXISTS";
    assert!(second.complaint.contains(reason), "{}", second.complaint);
    let forced = create(&["--force"]).await;
    assert_eq!(forced.code, Some(0), "{}", forced.complaint);
    assert_ne!(forced.output, made.output);
}
