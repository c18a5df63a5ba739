//! The suite does not depend on its collector.

use std::time::Duration;

use tests::cast::COMMUNE;
use tests::filing::BIRTH;
use tests::{Receiver, Suite};
use tokio::net::TcpListener;

#[tokio::test]
async fn what_is_left_at_the_end_is_sent_also_by_a_process_of_one_thread() {
    let receiver = Receiver::start().await;
    let mut suite = Suite::load().await;
    receiver.listen_to(&mut suite);
    suite.set("TOKIO_WORKER_THREADS", "1");
    for setting in ["OTEL_BSP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL"] {
        suite.set(setting, "3600000");
    }
    suite.set("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2048");
    suite.restart().await;
    suite.register(BIRTH, COMMUNE).await;
    let told = || {
        let spans = receiver.spans();
        let mut names = spans.iter().map(|span| span.name.as_str());
        names.any(|name| name.ends_with("/RegisterDossier"))
    };
    assert!(!told(), "nothing is left for the end");
    assert!(suite.terminate().await.success());
    assert!(told());
    let metrics = receiver.metrics();
    assert!(
        metrics
            .iter()
            .any(|metric| metric.name == "rpc.server.call.duration")
    );
}

#[tokio::test]
async fn a_collector_that_hangs_keeps_nobody_waiting() {
    // Connections are taken by the system and never answered.
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut suite = Suite::load().await;
    let address = format!("http://{}", hanging.local_addr().unwrap());
    suite.set("OTEL_EXPORTER_OTLP_ENDPOINT", address);
    suite.set("OTEL_BSP_SCHEDULE_DELAY", "100");
    suite.set("TOKIO_WORKER_THREADS", "1");
    suite.restart().await;
    suite.register(BIRTH, COMMUNE).await;
    let began = kit::clock::monotonic();
    assert!(suite.terminate().await.success());
    let took = kit::clock::monotonic().duration_since(began);
    assert!(took < Duration::from_secs(5), "it ended after {took:?}");
}
