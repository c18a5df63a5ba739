//! Calling a service that has several replicas.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use kit::client::Peers;
use kit::clock;
use tokio::net::TcpListener;
use tonic::Code;

use crate::probe::{AWAY, CHANGE, ECHO, PATIENCE, Probe, Setting, call, peer};

/// An address at which nothing listens.
async fn nowhere() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

fn calls(probe: &Probe) -> usize {
    probe.seen.calls.load(Ordering::SeqCst)
}

#[tokio::test]
async fn calls_go_to_all_replicas_in_turn() {
    let (one, other) = (Probe::serve().await, Probe::serve().await);
    let peer = peer(&[one.address, other.address]);
    for _ in 0..20 {
        call(&peer, ECHO, "").await.unwrap();
    }
    assert_eq!((calls(&one), calls(&other)), (10, 10));
}

#[tokio::test]
async fn with_one_of_two_replicas_dead_every_call_is_answered() {
    let probe = Probe::serve().await;
    let peer = peer(&[nowhere().await, probe.address]);
    for number in 0..200 {
        let text = number.to_string();
        assert_eq!(call(&peer, ECHO, &text).await.unwrap(), text);
    }
}

#[tokio::test]
async fn with_one_of_two_replicas_killed_meanwhile_every_call_is_answered() {
    let (one, other) = (Probe::serve().await, Probe::serve().await);
    let peer = peer(&[one.address, other.address]);
    let mut one = Some(one);
    for number in 0..200 {
        if number == 50 {
            one.take().unwrap().kill().await;
        }
        call(&peer, ECHO, "").await.unwrap();
    }
    assert!(calls(&other) >= 175);
}

#[tokio::test]
async fn a_replica_that_comes_back_is_called_again() {
    let (one, other) = (Probe::serve().await, Probe::serve().await);
    let peer = peer(&[one.address, other.address]);
    let address = one.address;
    one.kill().await;
    for _ in 0..10 {
        call(&peer, ECHO, "").await.unwrap();
    }
    assert_eq!(calls(&other), 10);
    let back = Probe::serve_with(Setting {
        listener: Some(TcpListener::bind(address).await.unwrap()),
        ..Setting::default()
    })
    .await;
    let called = async || {
        call(&peer, ECHO, "").await.unwrap();
        (calls(&back) >= 5).then_some(())
    };
    kit::testing::until("it is called again", PATIENCE, called).await;
}

#[tokio::test]
async fn a_replica_that_says_nothing_costs_one_call_three_seconds_and_the_others_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let probe = Probe::serve().await;
    let peer = peer(&[silent.local_addr().unwrap(), probe.address]);
    let began = clock::monotonic();
    for _ in 0..20 {
        call(&peer, ECHO, "").await.unwrap();
    }
    let took = began.elapsed();
    assert!(took >= Duration::from_secs(3), "{took:?}");
    // After its rest it is tried once more, by one call.
    assert!(took < Duration::from_secs(9), "{took:?}");
    assert_eq!(calls(&probe), 20);
}

#[tokio::test]
async fn a_read_is_tried_again_and_what_changes_something_is_not() {
    let probe = Probe::serve().await;
    let peer = probe.peer();
    let refusal = call(&peer, CHANGE, "").await.unwrap_err();
    assert_eq!((refusal.code(), calls(&probe)), (Code::Unavailable, 1));
    let refusal = call(&peer, AWAY, "").await.unwrap_err();
    assert_eq!((refusal.code(), calls(&probe)), (Code::Unavailable, 1 + 3));
}

#[tokio::test]
async fn a_service_that_is_away_is_not_called_much_more_often_for_it() {
    let probe = Probe::serve().await;
    let peer = probe.peer();
    for _ in 0..1000 {
        call(&peer, AWAY, "").await.unwrap_err();
    }
    // A hundred and a fifth of them are repetitions at most, and ten more for each second that it takes.
    assert!(calls(&probe) < 1500, "{}", calls(&probe));
}

#[tokio::test]
async fn a_name_that_stands_for_several_sockets_leads_to_whichever_answers() {
    let probe = Probe::serve().await;
    let uri = format!("http://localhost:{}", probe.address.port());
    let peers = Peers::new([("probe".to_owned(), uri.parse().unwrap())]);
    let peer = peers.channel("probe").unwrap();
    for _ in 0..20 {
        call(&peer, ECHO, "").await.unwrap();
    }
    assert_eq!(calls(&probe), 20);
}
