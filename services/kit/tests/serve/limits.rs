//! What one port bears.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures::future::join_all;
use kit::serve::Limits;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tonic::Code;

use crate::probe::{ECHO, PATIENCE, Probe, WAIT, until};
use crate::wire::Connection;

/// Longer than a test waits: what is closed was closed for another reason.
const NEVER: Duration = Duration::from_hours(1);

/// Waits until the other side has closed a connection.
async fn closed(mut stream: TcpStream) {
    let mut buffer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut buffer));
    // A reset closes it as well.
    let _ = read.await.expect("it is closed");
}

/// A connection that comes from another address of this machine.
async fn connect_from(from: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind((IpAddr::from(from), 0).into()).unwrap();
    socket.connect(to).await.unwrap()
}

#[tokio::test]
async fn a_connection_that_does_not_begin_is_closed_and_others_stay() {
    let probe = Probe::serve_limited(Limits {
        handshake: Duration::from_millis(100),
        ..Limits::default()
    })
    .await;
    let begun = Connection::to(probe.address).await;
    let silent = TcpStream::connect(probe.address).await.unwrap();
    let mut slow = TcpStream::connect(probe.address).await.unwrap();
    slow.write_all(b"PRI * HTTP").await.unwrap();
    closed(silent).await;
    closed(slow).await;
    assert_eq!(
        begun.call(ECHO, "still here", &[]).await.text(),
        "still here"
    );
}

#[tokio::test]
async fn a_preface_in_pieces_is_a_beginning() {
    let probe = Probe::serve().await;
    let mut stream = TcpStream::connect(probe.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in [b"PRI * HTTP/2.0\r\n".as_slice(), b"\r\nSM\r\n\r\n"] {
        stream.write_all(piece).await.unwrap();
        tokio::task::yield_now().await;
    }
    // An empty SETTINGS frame; the server's own begins with the same type.
    stream
        .write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0])
        .await
        .unwrap();
    let mut answer = [0; 9];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[3], 4, "{answer:?}");
}

#[tokio::test]
async fn a_peer_with_too_many_connections_is_refused_and_others_are_served() {
    let probe = Probe::serve_limited(Limits {
        per_peer: 3,
        handshake: NEVER,
        ..Limits::default()
    })
    .await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let connection = Connection::to(probe.address).await;
        assert_eq!(connection.call(ECHO, "held", &[]).await.text(), "held");
        held.push(connection);
    }
    closed(TcpStream::connect(probe.address).await.unwrap()).await;
    let of_another = connect_from([127, 0, 0, 2], probe.address).await;
    let of_another = Connection::over(of_another).await.unwrap();
    assert_eq!(of_another.call(ECHO, "other", &[]).await.text(), "other");
    for connection in held {
        connection.driver.abort();
    }
    let again = tokio::time::timeout(PATIENCE, async {
        loop {
            let stream = TcpStream::connect(probe.address).await.unwrap();
            let Ok(connection) = Connection::over(stream).await else {
                continue;
            };
            if connection.send(ECHO, "", &[]).await.is_ok() {
                return;
            }
        }
    });
    again
        .await
        .expect("whoever closed connections may open others");
}

#[tokio::test]
async fn the_port_takes_no_more_connections_than_it_bears() {
    let probe = Probe::serve_limited(Limits {
        total: 2,
        handshake: NEVER,
        ..Limits::default()
    })
    .await;
    let first = Connection::to(probe.address).await;
    first.call(ECHO, "", &[]).await.text();
    let second = connect_from([127, 0, 0, 2], probe.address).await;
    let second = Connection::over(second).await.unwrap();
    second.call(ECHO, "", &[]).await.text();
    closed(connect_from([127, 0, 0, 3], probe.address).await).await;
}

#[tokio::test]
async fn metadata_over_16_kib_is_refused_in_our_own_words() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    let (fits, too_long) = ("x".repeat(15 * 1024), "x".repeat(17 * 1024));
    let answer = connection.call(ECHO, "fits", &[("x-note", &fits)]).await;
    assert_eq!(answer.text(), "fits");
    let answer = connection.call(ECHO, "", &[("x-note", &too_long)]).await;
    assert_eq!(
        answer.refusal(),
        (Code::ResourceExhausted, "METADATA_TOO_LARGE".to_owned())
    );
    assert_eq!(probe.seen.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_header_list_over_64_kib_is_refused_before_it_is_read_and_the_connection_stays() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    let too_long = "x".repeat(70 * 1024);
    let answer = connection.send(ECHO, "", &[("x-note", &too_long)]).await;
    assert_eq!(answer.unwrap().status(), 431);
    assert_eq!(connection.call(ECHO, "stays", &[]).await.text(), "stays");
    assert_eq!(probe.seen.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_peer_that_does_not_say_that_it_is_still_there_is_given_up_and_others_stay() {
    let probe = Probe::serve_limited(Limits {
        keep_alive: Duration::from_millis(50),
        keep_alive_answer: Duration::from_millis(500),
        ..Limits::default()
    })
    .await;
    let answering = Connection::to(probe.address).await;
    let mut silent = TcpStream::connect(probe.address).await.unwrap();
    silent
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    closed(silent).await;
    assert_eq!(answering.call(ECHO, "here", &[]).await.text(), "here");
}

#[tokio::test]
async fn a_message_over_4_mib_is_refused_in_our_own_words() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    let fits = "x".repeat(4 * 1024 * 1024 - 16);
    assert_eq!(
        connection.call(ECHO, &fits, &[]).await.text().len(),
        fits.len()
    );
    let too_long = "x".repeat(4 * 1024 * 1024 + 16);
    let answer = connection.call(ECHO, &too_long, &[]).await;
    assert_eq!(
        answer.refusal(),
        (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".to_owned())
    );
    assert_eq!(probe.seen.calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_connection_has_at_most_128_calls_under_way_and_the_others_wait_their_turn() {
    let probe = Probe::serve().await;
    let connection = Connection::to(probe.address).await;
    // Until the server's settings are there, a client may begin as many as it likes.
    connection.call(ECHO, "", &[]).await.text();
    let calls = join_all((0..200).map(|_| connection.call(WAIT, "", &[])));
    let release = async {
        let full = || probe.seen.waiting.load(Ordering::SeqCst) >= 128;
        until("128 calls arrive", full).await;
        probe.release.add_permits(200);
    };
    let (answers, ()) = tokio::join!(calls, release);
    assert!(answers.iter().all(|answer| answer.text() == "released"));
    assert_eq!(probe.seen.most_waiting.load(Ordering::SeqCst), 128);
}

#[tokio::test]
async fn an_old_connection_ends_when_its_calls_have_been_answered() {
    let probe = Probe::serve_limited(Limits {
        age: Duration::from_millis(300),
        ..Limits::default()
    })
    .await;
    let connection = Connection::to(probe.address).await;
    let release = async {
        connection.told_to_end().await;
        probe.release.add_permits(1);
    };
    let (answer, ()) = tokio::join!(connection.call(WAIT, "", &[]), release);
    assert_eq!(answer.text(), "released");
    let ended = tokio::time::timeout(PATIENCE, connection.driver).await;
    ended.expect("it ends").unwrap();
    Connection::to(probe.address)
        .await
        .call(ECHO, "", &[])
        .await
        .text();
}

#[tokio::test]
async fn calls_on_an_old_connection_are_cut_after_its_grace() {
    let probe = Probe::serve_limited(Limits {
        age: Duration::from_millis(50),
        grace: Duration::from_millis(50),
        ..Limits::default()
    })
    .await;
    let connection = Connection::to(probe.address).await;
    let sent = connection.send(WAIT, "", &[]);
    let sent = tokio::time::timeout(PATIENCE, sent).await;
    sent.expect("it is cut").unwrap_err();
}
