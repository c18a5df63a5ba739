//! What the operator runs.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use sea_orm::{ConnectionTrait as _, ExecResult};
use tests::cast::{AN, COMMUNE, DISTRICT};
use tests::filing::{BIRTH, DECIDED_BY_DISTRICT};
use tests::program::{self, Ran};
use tests::{Actor, Suite};
use tokio::task::JoinSet;
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

async fn submit_until(an: Actor, enough: CancellationToken) -> usize {
    let mut submitted = 0;
    while !enough.is_cancelled() {
        an.ok(BIRTH.online(COMMUNE)).await;
        submitted += 1;
    }
    submitted
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_check_under_load_adds_up() {
    let suite = Suite::start().await;
    let an = suite.actor(AN);
    an.token().await;
    let enough = CancellationToken::new();
    let mut load = JoinSet::new();
    for _ in 0..8 {
        load.spawn(submit_until(an.clone(), enough.clone()));
    }
    for _ in 0..4 {
        suite.register(BIRTH, COMMUNE).await;
        let held = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
        if !held.transfer.decides {
            suite.complete(&held, "2017-08-28T10:00").await;
        }
        suite.must_add_up().await;
    }
    enough.cancel();
    assert!(load.join_all().await.iter().sum::<usize>() > 0);
    suite.must_add_up().await;
}

/// A suite that ended well, with one dossier under way.
async fn at_rest() -> (Suite, String) {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    suite.work_off(COMMUNE, "2017-08-28T09:00").await;
    suite.take_over(COMMUNE, "2017-08-28T10:00").await;
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
