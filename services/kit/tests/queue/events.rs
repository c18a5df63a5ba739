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
    assert_eq!(*stream.recv().await.unwrap(), event("intake", 0, 3));
}

pub async fn a_slow_listener_lags_and_is_told(queue: Queue) {
    let mut stream = queue.subscribe("intake", shard(0));
    for seq in 1..=TOO_MANY {
        queue.publish(event("intake", 0, seq));
    }
    let Err(RecvError::Lagged(missed)) = stream.recv().await else {
        panic!("it is not told that it missed events");
    };
    let first_kept = i64::try_from(missed).unwrap() + 1;
    assert!(TOO_MANY - first_kept >= 1_000, "it missed {missed}");
    for seq in first_kept..=TOO_MANY {
        assert_eq!(stream.recv().await.unwrap().seq, seq);
    }
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
