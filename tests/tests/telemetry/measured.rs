//! What is measured.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::receiver::{attribute, points};
use tests::{Receiver, Suite, desk};
use tonic::Code;

use super::told;

/// Waits until a metric has a point that is told by these attributes, and says its value.
async fn value(receiver: &Receiver, name: &str, told_by: &[(&str, &str)]) -> f64 {
    let fits = |attributes: &[KeyValue]| {
        let mut wanted = told_by.iter();
        wanted.all(|(key, value)| attribute(attributes, key) == *value)
    };
    let latest = |receiver: &Receiver| {
        let metrics = receiver.metrics().into_iter().rev();
        let mut points = metrics
            .filter(|metric| metric.name == name)
            .flat_map(|metric| points(&metric));
        points
            .find(|(attributes, _)| fits(attributes))
            .map(|(_, value)| value)
    };
    receiver.until(&format!("{name} {told_by:?}"), latest).await
}

async fn play(suite: &Suite) {
    suite.register(BIRTH, COMMUNE).await;
    suite.take_over(COMMUNE, "2017-08-28T09:00").await;
    let nothing = desk::by_uid("nothing");
    let desk = suite.receptionist(COMMUNE);
    desk.refused(nothing, Code::NotFound, "DOSSIER_NOT_FOUND")
        .await;
}

#[tokio::test]
async fn calls_are_counted_by_rpc_and_status() {
    let (suite, receiver) = told().await;
    play(&suite).await;
    for (method, status) in [
        ("motcua.intake.v1.DossierService/RegisterDossier", "OK"),
        ("motcua.intake.v1.DossierService/GetDossier", "NOT_FOUND"),
        ("motcua.routing.v1.TransferService/AcceptTransfer", "OK"),
    ] {
        let told_by = [
            ("rpc.system.name", "grpc"),
            ("rpc.method", method),
            ("rpc.response.status_code", status),
        ];
        let calls = value(&receiver, "rpc.server.call.duration", &told_by).await;
        assert!((calls - 1.0).abs() < f64::EPSILON, "{method}: {calls}");
    }
}

#[tokio::test]
async fn batches_jobs_copies_and_deliveries_are_measured() {
    let (suite, receiver) = told().await;
    play(&suite).await;
    for service in ["intake", "routing"] {
        let of = [("motcua.service", service)];
        let waiting = value(&receiver, "motcua.writer.jobs.waiting", &of).await;
        assert!(waiting >= 0.0, "{service}: {waiting}");
        let committed = [("motcua.service", service), ("motcua.outcome", "committed")];
        for name in ["motcua.writer.batch.size", "motcua.writer.batch.duration"] {
            assert!(value(&receiver, name, &committed).await >= 1.0, "{name}");
        }
    }
    let copy = [("motcua.service", "routing"), ("motcua.owner", "intake")];
    assert!(value(&receiver, "motcua.copy.behind", &copy).await >= 0.0);
    assert!(value(&receiver, "motcua.copy.age", &copy).await >= 0.0);
    let first = [("motcua.redelivered", "false")];
    let delivered = value(&receiver, "motcua.transfer.deliveries", &first).await;
    assert!((delivered - 1.0).abs() < f64::EPSILON, "{delivered}");
}

#[tokio::test]
async fn everything_is_told_under_the_name_of_the_service_and_the_run() {
    let (suite, receiver) = told().await;
    play(&suite).await;
    let resource = receiver
        .until("resource", |receiver| receiver.resources().pop())
        .await;
    assert_eq!(attribute(&resource, "service.name"), "motcua");
    assert!(!attribute(&resource, "service.instance.id").is_empty());
}
