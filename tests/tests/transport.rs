//! The suite under mutual TLS.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests"
)]

use std::time::Duration;

use kit::testing::certificates::{Authority, Certified};
use proto::catalogue::v1::GetCatalogueSummaryRequest;
use proto::catalogue::v1::procedure_service_client::ProcedureServiceClient;
use proto::intake::v1::DossierState;
use tests::cast::{AN, COMMUNE};
use tests::filing::BIRTH;
use tests::servers::free_port;
use tests::suite::{PATIENCE, health_at};
use tests::{Suite, desk, program};
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic_health::pb::health_check_response::ServingStatus;

/// What a client trusts, and what it shows.
fn trust(authority: &Authority, shown: Option<&Certified>) -> ClientTlsConfig {
    let trust = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem()));
    match shown {
        Some(own) => trust.identity(Identity::from_pem(&own.certificate, &own.key)),
        None => trust,
    }
}

/// Whether a client under this trust is answered.
async fn is_answered(suite: &Suite, scheme: &str, trust: Option<ClientTlsConfig>) -> bool {
    let uri = format!("{scheme}://localhost:{}", suite.address().port());
    let mut endpoint = Endpoint::from_shared(uri).unwrap();
    if let Some(trust) = trust {
        endpoint = endpoint.tls_config(trust).unwrap();
    }
    let mut client = ProcedureServiceClient::new(endpoint.connect_lazy());
    let asked = client.get_catalogue_summary(GetCatalogueSummaryRequest::default());
    let answered = tokio::time::timeout(PATIENCE, asked).await;
    answered.expect("it is answered or refused").is_ok()
}

/// The suite, not started yet, with certificates of this authority.
async fn certified(authority: &Authority) -> Suite {
    let mut suite = Suite::load().await;
    let own = authority.issue("suite").write(suite.folder(), "suite");
    let list = authority.write(suite.folder(), "authority.pem");
    for (key, path) in [
        ("MOTCUA_TLS_CERTIFICATE", own.certificate),
        ("MOTCUA_TLS_KEY", own.key),
        ("MOTCUA_TLS_CLIENT_CA", list),
    ] {
        suite.set(key, path.display().to_string());
    }
    suite.set("MOTCUA_TLS_CLIENT_REQUIRED", "true");
    suite
}

#[tokio::test]
async fn under_mutual_tls_a_dossier_goes_its_way_and_nobody_else_is_answered() {
    let authority = Authority::new();
    let portal = authority.issue("portal");
    let mut suite = certified(&authority).await;
    let health = free_port();
    suite.set("MOTCUA_HEALTH", format!("127.0.0.1:{health}"));
    suite.trust(trust(&authority, Some(&portal)));
    suite.restart().await;

    let submitted = suite.actor(AN).ok(BIRTH.online(COMMUNE)).await;
    let dossier = submitted.message.dossier.unwrap();
    let desk = suite.receptionist(COMMUNE).at("2017-08-28T08:30");
    desk.ok(desk::receive(&dossier)).await;
    // The four services have told each other, within the process.
    let step = suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let examiner = suite.receptionist(COMMUNE).after(step.position.as_ref());
    let read = examiner.ok(desk::by_uid(&dossier.uid)).await;
    let state = read.message.dossier.unwrap().state();
    assert_eq!(state, DossierState::Processing);
    suite.complete(&step, "2017-08-28T10:00").await;
    suite.must_add_up().await;

    assert!(is_answered(&suite, "https", Some(trust(&authority, Some(&portal)))).await);
    assert!(!is_answered(&suite, "http", None).await, "in plain text");
    let without = trust(&authority, None);
    assert!(
        !is_answered(&suite, "https", Some(without)).await,
        "without a certificate"
    );
    let forged = Authority::new().issue("portal");
    let forged = trust(&authority, Some(&forged));
    assert!(
        !is_answered(&suite, "https", Some(forged)).await,
        "of another authority"
    );
    // The probes of Kubernetes speak plain text.
    assert_eq!(health_at(health).await, ServingStatus::Serving);
}

#[tokio::test]
async fn certificates_are_renewed_while_the_suite_serves() {
    let (authority, next) = (Authority::new(), Authority::new());
    let mut suite = certified(&authority).await;
    suite.set("MOTCUA_TLS_CLIENT_REQUIRED", "false");
    suite.trust(trust(&authority, None));
    suite.restart().await;
    let renewed = || is_answered(&suite, "https", Some(trust(&next, None)));
    assert!(!renewed().await);
    let _ = next.issue("suite").write(suite.folder(), "suite");
    let taken = tokio::time::timeout(PATIENCE, async {
        while !renewed().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    taken
        .await
        .expect("the next connection is shown the new one");
}

#[tokio::test]
async fn what_is_wrong_with_certificates_is_said_before_anything_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let own = Authority::new()
        .issue("suite")
        .write(folder.path(), "suite");
    let other = Authority::new()
        .issue("other")
        .write(folder.path(), "other");
    let (certificate, key, other) = (
        own.certificate.display().to_string(),
        own.key.display().to_string(),
        other.key.display().to_string(),
    );
    for (arguments, complaint) in [
        (
            vec!["--tls-certificate", "/nowhere/tls.crt", "--tls-key", &key],
            "motcua: cannot read /nowhere/tls.crt",
        ),
        (
            vec!["--tls-certificate", &certificate, "--tls-key", &other],
            "suite.crt cannot be used with its key",
        ),
        (vec!["--tls-certificate", &certificate], "--tls-key <FILE>"),
        (
            vec!["--peer", "identity=https://identity:50051"],
            "motcua: --peer identity=https://…: --tls-ca must say whose certificates to accept",
        ),
    ] {
        let data = folder.path().join("data").display().to_string();
        let serve = [
            "serve",
            "intake",
            "--listen",
            "127.0.0.1:0",
            "--data-dir",
            &data,
        ];
        let ran = program::run(serve.iter().chain(&arguments)).await;
        assert!(!matches!(ran.code, Some(0)), "{arguments:?}");
        assert!(ran.complaint.contains(complaint), "{}", ran.complaint);
        assert!(!folder.path().join("data").exists(), "nothing was begun");
    }
}
