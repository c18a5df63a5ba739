//! How a port ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kit::clock;
use kit::serve::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tonic::Code;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::probe::{PATIENCE, Probe, WAIT, until};
use crate::wire::Connection;

/// A limit that a drain must not come near.
fn never() -> Limits {
    Limits {
        drain: Duration::from_mins(10),
        ..Limits::default()
    }
}

async fn waits(probe: &Probe) {
    let waiting = || probe.seen.waiting.load(Ordering::SeqCst) == 1;
    until("the call arrives", waiting).await;
}

#[tokio::test]
async fn calls_under_way_are_answered_and_then_the_port_ends() {
    let mut probe = Probe::serve_limited(never()).await;
    let connection = Connection::to(probe.address).await;
    let _idle = Connection::to(probe.address).await;
    let release = async {
        waits(&probe).await;
        probe.stop.cancel();
        connection.told_to_end().await;
        TcpStream::connect(probe.address)
            .await
            .expect_err("nothing new is taken in");
        probe.release.add_permits(1);
    };
    let (answer, ()) = tokio::join!(connection.call(WAIT, "", &[]), release);
    assert_eq!(answer.text(), "released");
    probe.end().await;
}

#[tokio::test]
async fn a_call_that_does_not_end_is_cut() {
    let mut probe = Probe::serve_limited(Limits {
        drain: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let connection = Connection::to(probe.address).await;
    let endless = tokio::spawn(async move { connection.call(WAIT, "", &[]).await });
    waits(&probe).await;
    probe.end().await;
    assert!(endless.await.unwrap_err().is_panic(), "it got no answer");
    let given_up = || probe.seen.given_up.load(Ordering::SeqCst);
    until("its work is given up", given_up).await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_more_does_not_hold_up_the_end() {
    let mut probe = Probe::serve_limited(Limits {
        drain: Duration::from_millis(200),
        ..Limits::default()
    })
    .await;
    let mut silent = TcpStream::connect(probe.address).await.unwrap();
    silent
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .unwrap();
    probe.end().await;
}

#[tokio::test]
async fn a_watch_of_health_ends_with_the_port() {
    let mut probe = Probe::serve_limited(never()).await;
    let endpoint = Endpoint::from_shared(format!("http://{}", probe.address)).unwrap();
    let mut health = HealthClient::new(endpoint.connect_lazy());
    let request = HealthCheckRequest {
        service: "probe".to_owned(),
    };
    let mut watch = health.watch(request).await.unwrap().into_inner();
    watch.message().await.unwrap().expect("it tells what is");
    let began = clock::monotonic();
    let last = async {
        loop {
            match watch.message().await {
                Ok(Some(_)) => {}
                ended => return ended,
            }
        }
    };
    let ((), last) = tokio::join!(probe.end(), last);
    assert_eq!(last.unwrap_err().code(), Code::Unavailable);
    assert!(began.elapsed() < PATIENCE);
}
