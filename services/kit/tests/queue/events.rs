//! What every queue does with events.

use kit::log::Shard;
use kit::queue::Queue;
use proto::event::v1::Event;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// More events than a queue keeps for a listener.
const TOO_MANY: i64 = 3_000;

pub async fn published_events_are_received_in_order(queue: Queue) {
    let mut stream = queue.subscribe("intake", shard(3));
    for seq in 1..=100 {
        queue.publish(event("intake", 3, seq));
    }
    for seq in 1..=100 {
        assert_eq!(*stream.recv().await.unwrap(), event("intake", 3, seq));
    }
}

pub async fn a_listener_hears_only_its_own_shard_of_its_own_owner(queue: Queue) {
    let mut stream = queue.subscribe("intake", shard(3));
    queue.publish(event("intake", 4, 1));
    queue.publish(event("routing", 3, 1));
    queue.publish(event("intake", 3, 7));
    assert_eq!(*stream.recv().await.unwrap(), event("intake", 3, 7));
    assert_eq!(stream.try_recv(), Err(TryRecvError::Empty));
}

pub async fn every_listener_hears_every_event(queue: Queue) {
    let mut streams = [(); 2].map(|()| queue.subscribe("intake", shard(0)));
    queue.publish(event("intake", 0, 1));
    for stream in &mut streams {
        assert_eq!(*stream.recv().await.unwrap(), event("intake", 0, 1));
    }
}

pub async fn an_event_that_nobody_listens_to_is_no_fault(queue: Queue) {
    queue.publish(event("intake", 0, 1));
    drop(queue.subscribe("intake", shard(0)));
    queue.publish(event("intake", 0, 2));
    let mut stream = queue.subscribe("intake", shard(0));
    queue.publish(event("intake", 0, 3));
    // Earlier ones may come too: consumers know where they are.
    while *stream.recv().await.unwrap() != event("intake", 0, 3) {}
}

pub async fn a_slow_listener_is_told_or_sees_a_jump_and_gets_the_last_thousand(queue: Queue) {
    let mut stream = queue.subscribe("intake", shard(0));
    for seq in 1..=TOO_MANY {
        queue.publish(event("intake", 0, seq));
    }
    queue.flushed().await;
    let mut last = 0;
    let mut received = 0;
    let mut missed = false;
    while last < TOO_MANY {
        match stream.recv().await {
            Ok(event) => {
                missed |= event.seq > last + 1;
                last = event.seq;
                received += 1;
            }
            Err(RecvError::Lagged(_)) => missed = true,
            Err(RecvError::Closed) => panic!("the queue is gone"),
        }
    }
    assert!(missed, "a queue that keeps everything is no queue");
    assert!(received >= 1_000, "it kept {received}");
}

fn shard(number: i32) -> Shard {
    Shard::new(number).unwrap()
}

fn event(owner: &str, shard: i32, seq: i64) -> Event {
    Event {
        owner: owner.to_owned(),
        shard,
        seq,
        subject: format!("subject-{seq}"),
        ..Event::default()
    }
}
