//! Whoever alters sealed columns behind the suite's back is found out, and a key that is missing is named.

use std::fs;
use std::time::Duration;

use tests::cast::{AN, BINH, COMMUNE};
use tests::filing::BIRTH;
use tests::{Suite, desk};
use tonic::Code;

use super::{key_file, tamper};

/// How long a running process may take to see that the folder of keys has changed.
const SEEN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What is done to the store, and what `motcua check` then names.
const ALTERATIONS: [(&str, &str, &str); 5] = [
    (
        "intake",
        "UPDATE dossier SET personal = (SELECT personal FROM dossier WHERE uid = '?b') WHERE uid = '?a'",
        "a sealed value was altered, or moved from where it was sealed",
    ),
    (
        "intake",
        "UPDATE log_chain SET data_key = (SELECT data_key FROM log_chain WHERE subject = '?b') WHERE subject = '?a'",
        "a sealed value was altered, or moved from where it was sealed",
    ),
    (
        "intake",
        "UPDATE dossier SET personal = substr(personal, 1, length(personal) - 1) WHERE uid = '?a'",
        "a sealed value was altered",
    ),
    (
        "identity",
        "UPDATE party SET personal = (SELECT personal FROM party ORDER BY uid DESC LIMIT 1) WHERE uid = (SELECT min(uid) FROM party)",
        "party ",
    ),
    (
        "identity",
        "UPDATE officer SET name = (SELECT name FROM officer ORDER BY subject DESC LIMIT 1) WHERE subject = (SELECT min(subject) FROM officer)",
        "officer ",
    ),
];

#[tokio::test]
async fn a_sealed_value_that_was_altered_or_moved_is_found_and_not_told() {
    for (service, statement, named) in ALTERATIONS {
        let suite = Suite::start().await;
        for citizen in [AN, BINH] {
            suite.actor(citizen).token().await;
        }
        let (a, b) = (
            suite.register(BIRTH, COMMUNE).await,
            suite.register(BIRTH, COMMUNE).await,
        );
        suite.must_add_up().await;
        let statement = statement.replace("?a", &a.uid).replace("?b", &b.uid);
        assert_eq!(tamper(&suite, service, &statement).await, 1, "{statement}");
        let checked = suite.check().await;
        assert_eq!(checked.code, Some(1), "{statement}\n{}", checked.output);
        assert!(
            checked.output.contains(named) && checked.output.contains("unreadable 1"),
            "{statement}\n{}",
            checked.output
        );
        if service == "intake" {
            let desk = suite.receptionist(COMMUNE);
            desk.refused(desk::by_uid(&a.uid), Code::DataLoss, "ALTERED")
                .await;
            assert_eq!(suite.dossier(&b.uid, COMMUNE).await, b);
        }
    }
}

#[tokio::test]
async fn a_key_that_is_missing_is_named_and_nothing_wrong_is_told() {
    let mut suite = Suite::start().await;
    let dossier = suite.register(BIRTH, COMMUNE).await;
    let (key, aside) = (key_file(&suite, 1), suite.folder().join("aside"));
    fs::rename(&key, &aside).unwrap();
    let desk = suite.receptionist(COMMUNE);
    let missing = async {
        while desk.call(desk::by_uid(&dossier.uid)).await.is_ok() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let missing = tokio::time::timeout(SEEN, missing).await;
    assert!(missing.is_ok(), "a key that is gone still opens");
    let refusal = desk
        .refused(desk::by_uid(&dossier.uid), Code::Unavailable, "KEY_MISSING")
        .await;
    assert!(refusal.retry, "{refusal:?}");
    desk.refused(
        BIRTH.at_counter(COMMUNE),
        Code::Unavailable,
        "STORE_UNAVAILABLE",
    )
    .await;
    let checked = suite.check().await;
    assert_eq!(checked.code, Some(1));
    assert!(
        checked.output.contains("the key 1 (") && checked.output.contains("folder of keys"),
        "{}",
        checked.output
    );
    fs::rename(&aside, &key).unwrap();
    assert_eq!(suite.dossier(&dossier.uid, COMMUNE).await, dossier);
    suite.must_add_up().await;
    assert!(suite.terminate().await.success());
}

#[tokio::test]
async fn a_suite_does_not_start_on_stores_that_were_sealed_under_another_key() {
    let mut suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    assert!(suite.terminate().await.success());
    let (key, aside) = (key_file(&suite, 1), suite.folder().join("aside"));
    fs::rename(&key, &aside).unwrap();
    suite.begin();
    suite
        .until_it_says("which it was sealed, is not in the folder of keys", SEEN)
        .await;
    suite.kill().await;
    fs::rename(&aside, &key).unwrap();
    suite.restart().await;
    suite.must_add_up().await;
}
