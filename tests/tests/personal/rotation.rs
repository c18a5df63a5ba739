//! Keys turn while writers are at work, and nothing is lost.

use std::fs;
use std::time::Duration;

use proto::identity::v1::{IdentityNumber, IdentityNumberKind, PartyKind, RegisterPartyRequest};
use proto::intake::v1::Dossier;
use tests::cast::{AN, COMMUNE};
use tests::filing::BIRTH;
use tests::{Actor, Suite, new_request_id};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{count, key_file};

const WRITERS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// A wrapped key begins with its version and the number of the key that wraps it.
const UNDER_2: &str = "0100000002";

/// Hands in and withdraws until it is enough; gives what was acknowledged.
async fn write(an: Actor, enough: CancellationToken) -> Vec<Dossier> {
    let mut acknowledged = Vec::new();
    while !enough.is_cancelled() {
        let submitted = an.ok(BIRTH.online(COMMUNE)).await;
        let dossier = submitted.message.dossier.unwrap();
        let withdraw = proto::intake::v1::WithdrawDossierRequest {
            request_id: new_request_id(),
            dossier_uid: dossier.uid,
            expected_revision: 0,
            reason: "đổi ý".to_owned(),
        };
        let withdrawn = an.ok(withdraw).await;
        acknowledged.push(withdrawn.message.dossier.unwrap());
    }
    acknowledged
}

fn party() -> RegisterPartyRequest {
    RegisterPartyRequest {
        request_id: new_request_id(),
        kind: PartyKind::Business.into(),
        name: "Công ty Cà phê".to_owned(),
        identity_number: Some(IdentityNumber {
            kind: IdentityNumberKind::Mst.into(),
            value: "0100109106".to_owned(),
        }),
        ..Default::default()
    }
}

/// How many data keys of a service are wrapped under the second key, and how many are not.
async fn under_2(suite: &Suite, service: &str) -> (i64, i64) {
    let hex = match suite.pair().queue() {
        Some(_) => "encode(substring(data_key from 1 for 5), 'hex')",
        None => "lower(hex(substr(data_key, 1, 5)))",
    };
    let these = |is| {
        format!(
            "SELECT COUNT(*) FROM log_chain WHERE data_key IS NOT NULL AND {hex} {is} '{UNDER_2}'"
        )
    };
    let under = count(suite, service, &these("=")).await;
    (under, count(suite, service, &these("<>")).await)
}

async fn until_sealed_under_2(suite: &Suite) {
    let sealed = async {
        while under_2(suite, "intake").await.0 == 0 {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    let sealed = tokio::time::timeout(PATIENCE, sealed).await;
    assert!(sealed.is_ok(), "nothing is sealed under the newer key");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_turn_under_load_and_nothing_is_lost() {
    let mut suite = Suite::start().await;
    let an = suite.actor(AN);
    an.token().await;
    let desk = suite.receptionist(COMMUNE);
    let before = desk.ok(party()).await.message.party.unwrap();
    let kept = suite.register(BIRTH, COMMUNE).await;
    let enough = CancellationToken::new();
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        writers.spawn(write(an.clone(), enough.clone()));
    }
    let rotated = suite.run_keys("rotate").await;
    assert!(
        rotated.output.contains("key 2 is the newest"),
        "{rotated:?}"
    );
    until_sealed_under_2(&suite).await;
    let rewrapped = suite.run_keys("rewrap").await;
    assert!(rewrapped.output.contains("under key 2"), "{rewrapped:?}");
    for service in ["identity", "intake", "routing"] {
        let (under, other) = under_2(&suite, service).await;
        assert!(under > 0 && other == 0, "{service}: {under}, {other}");
    }
    fs::remove_file(key_file(&suite, 1)).unwrap();
    let again = desk.ok(party()).await.message.party.unwrap();
    assert_eq!(again, before, "the number is found under the newer key");
    enough.cancel();
    let acknowledged = writers.join_all().await.concat();
    assert!(!acknowledged.is_empty());
    suite.must_add_up().await;

    suite.terminate().await;
    suite.restart().await;
    for dossier in &acknowledged {
        assert_eq!(&suite.dossier(&dossier.uid, COMMUNE).await, dossier);
    }
    assert_eq!(suite.dossier(&kept.uid, COMMUNE).await, kept);
    let twin = an.ok(BIRTH.online(COMMUNE)).await;
    assert_eq!(
        twin.warnings.len(),
        1,
        "contents are found under the newer key"
    );
    suite.must_add_up().await;
}

#[tokio::test]
async fn a_suite_without_its_keys_rewraps_nothing() {
    let suite = Suite::start().await;
    suite.register(BIRTH, COMMUNE).await;
    fs::rename(key_file(&suite, 1), suite.folder().join("aside")).unwrap();
    assert_eq!(suite.run_keys("rotate").await.code, Some(0));
    let refused = suite.run_keys("rewrap").await;
    assert_eq!(refused.code, Some(1), "{}", refused.output);
    assert!(
        refused.complaint.contains("is not in the folder of keys"),
        "{}",
        refused.complaint
    );
}
