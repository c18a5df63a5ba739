//! How long a call may take.

use std::sync::atomic::Ordering;

use kit::deadline::MOST;
use tonic::Code;

use crate::probe::{Probe, RELAY, Setting, TIME, WAIT, until};
use crate::wire::Connection;

#[tokio::test]
async fn a_call_whose_time_ran_out_is_told_so_and_given_up() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    let answer = connection.call(WAIT, "", &[("grpc-timeout", "50m")]).await;
    assert_eq!(
        answer.refusal(),
        (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned())
    );
    assert!(answer.headers.contains_key("motcua-trace-id"));
    let given_up = || probe.seen.given_up.load(Ordering::SeqCst);
    until("what nobody waits for is given up", given_up).await;
}

#[tokio::test]
async fn a_call_without_time_is_not_begun() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    let answer = connection.call(WAIT, "", &[("grpc-timeout", "0S")]).await;
    assert_eq!(answer.code(), Code::DeadlineExceeded);
}

#[tokio::test]
async fn a_malformed_timeout_is_refused() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    for malformed in ["soon", "5s", "123456789S", ""] {
        let answer = connection
            .call(TIME, "", &[("grpc-timeout", malformed)])
            .await;
        assert_eq!(
            answer.refusal(),
            (Code::InvalidArgument, "METADATA_MALFORMED".to_owned()),
            "{malformed}"
        );
    }
}

#[tokio::test]
async fn a_call_has_the_time_that_it_is_given_and_never_more_than_the_cap() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    let cap = MOST.as_millis();
    for (headers, most) in [
        (vec![], cap),
        (vec![("grpc-timeout", "20S")], 20_000),
        (vec![("grpc-timeout", "10H")], cap),
    ] {
        let left = connection.call(TIME, "", &headers).await.text();
        let left: u128 = left.parse().unwrap();
        assert!(left <= most && left > most - 10_000, "{left} of {most}");
    }
}

#[tokio::test]
async fn what_is_left_of_the_time_is_passed_on_to_the_next_service() {
    let next = Probe::serve().await;
    let probe = Probe::serve_with(Setting {
        elsewhere: Some(next.peer()),
        ..Setting::default()
    })
    .await;
    let connection = Connection::to(probe.address).await;
    let answer = connection.call(RELAY, "", &[("grpc-timeout", "6S")]).await;
    let left: u128 = answer.text().parse().unwrap();
    assert!(left <= 6000 && left > 1000, "{left}");
}
