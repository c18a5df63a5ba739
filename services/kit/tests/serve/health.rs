//! What health checks are told.

use std::net::SocketAddr;

use kit::serve::Health;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::probe::{ECHO, PATIENCE, Probe, Setting, WAIT, until};
use crate::wire::Connection;

fn client(address: SocketAddr) -> HealthClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).unwrap();
    HealthClient::new(endpoint.connect_lazy())
}

async fn status(client: &HealthClient<Channel>, service: &str) -> i32 {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let reply = client.clone().check(request).await.unwrap();
    reply.into_inner().status
}

/// Waits until both the service and the process are told to be so.
async fn becomes(client: &HealthClient<Channel>, expected: ServingStatus) {
    let expected = expected as i32;
    for service in ["probe", ""] {
        let told = async || (status(client, service).await == expected).then_some(());
        kit::testing::until("health checks are told", PATIENCE, told).await;
    }
}

#[tokio::test]
async fn the_health_port_answers_from_before_the_start_until_the_end() {
    let health = Health::new(["probe"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = client(listener.local_addr().unwrap());
    let port = health.answer_on(listener);
    becomes(&client, ServingStatus::NotServing).await;

    let ready = CancellationToken::new();
    let mut probe = Probe::serve_with(Setting {
        health: Some(health),
        ready: ready.clone(),
        ..Setting::default()
    })
    .await;
    let connection = Connection::to(probe.address).await;
    let answer = connection.call(ECHO, "", &[]).await;
    assert_eq!(answer.refusal(), (Code::Unavailable, "STARTING".to_owned()));
    becomes(&client, ServingStatus::NotServing).await;

    ready.cancel();
    becomes(&client, ServingStatus::Serving).await;
    connection.call(ECHO, "", &[]).await.text();

    let drain = async {
        let waiting = || probe.seen.waiting.load(std::sync::atomic::Ordering::SeqCst) == 1;
        until("the call arrives", waiting).await;
        probe.stop.cancel();
        becomes(&client, ServingStatus::NotServing).await;
        probe.release.add_permits(1);
    };
    let (answer, ()) = tokio::join!(connection.call(WAIT, "", &[]), drain);
    assert_eq!(answer.text(), "released", "it was served while it drained");
    probe.end().await;
    becomes(&client, ServingStatus::NotServing).await;
    drop(port);
}

#[tokio::test]
async fn the_health_port_answers_nothing_but_health_checks() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _port = Health::new(["probe"]).await.answer_on(listener);
    let connection = Connection::to(address).await;
    let answer = connection.call(ECHO, "", &[]).await;
    assert_eq!(answer.code(), Code::Unimplemented);
}

#[tokio::test]
async fn health_is_told_on_the_port_of_the_calls_too() {
    let probe = Probe::serve().await;
    becomes(&client(probe.address), ServingStatus::Serving).await;
}
