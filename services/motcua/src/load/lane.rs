//! The queue alone: offers are put into the lane of one unit, taken out on lease and settled, through Redis and nothing else of the
//! suite.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kit::clock;
use kit::queue::{Address, Delivered, Offer, Queue, Take};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::error::Error;

/// Bytes that an offer carries.
pub const OFFER_BYTES: usize = 1_000;
const UNIT: &str = "yardstick";
const AT_MOST: usize = 100;
const MOST_DELIVERIES: u32 = 10;
/// Longer than a run, so that no offer comes twice.
const LEASE: Duration = Duration::from_mins(10);

/// One lane, and who takes from it until this is dropped.
pub struct Lane {
    queue: Queue,
    filler: String,
    waiting: Arc<Waiting>,
    _pulling: JoinSet<()>,
    _stop: DropGuard,
}

/// Who waits for the settlement of which offer.
#[derive(Default)]
struct Waiting(Mutex<HashMap<String, oneshot::Sender<()>>>);

impl Lane {
    /// A lane in this Redis.
    ///
    /// # Errors
    /// When the address is none.
    pub fn open(redis: &str) -> Result<Self, Error> {
        let address: Address = redis
            .parse()
            .map_err(|_| Error::NoAddress(redis.to_owned()))?;
        let stop = CancellationToken::new();
        let queue = Queue::shared(&address, &TaskTracker::new(), &stop);
        let waiting = Arc::new(Waiting::default());
        let mut pulling = JoinSet::new();
        pulling.spawn(pull(queue.clone(), Arc::clone(&waiting)));
        Ok(Self {
            queue,
            filler: "x".repeat(OFFER_BYTES),
            waiting,
            _pulling: pulling,
            _stop: stop.drop_guard(),
        })
    }

    /// One offer, until Redis has forgotten it.
    ///
    /// # Errors
    /// When nobody takes it any more.
    pub async fn pass_one(&self) -> Result<(), Error> {
        let key = clock::new_uid();
        let (settled, done) = oneshot::channel();
        self.waiting.lock().insert(key.clone(), settled);
        let offer = Offer {
            dossier: key.clone(),
            key,
            traceparent: self.filler.clone(),
            committed_at: Some(clock::real()),
            ..Offer::default()
        };
        self.queue.lanes().offer(UNIT, offer);
        done.await.map_err(|_| Error::Empty("settlement"))
    }
}

impl Waiting {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As a stream of the suite does: it looks again when the bell rings, or where there may be more than it asked for.
async fn pull(queue: Queue, waiting: Arc<Waiting>) {
    let take = Take {
        unit: UNIT,
        subscriber: UNIT,
        most: AT_MOST,
        lease: LEASE,
        most_deliveries: MOST_DELIVERIES,
    };
    let bell = queue.lanes().bell(UNIT);
    loop {
        let mut rung = std::pin::pin!(bell.notified());
        rung.as_mut().enable();
        let taken = queue.lanes().take(&take).await;
        let is_all = taken.delivered.len() < AT_MOST;
        if !taken.delivered.is_empty() {
            tokio::spawn(settle(queue.clone(), Arc::clone(&waiting), taken.delivered));
        }
        if is_all {
            let _ = tokio::time::timeout(taken.look_again, rung).await;
        }
    }
}

/// The next are taken while these are being settled.
async fn settle(queue: Queue, waiting: Arc<Waiting>, delivered: Vec<Delivered>) {
    for delivered in &delivered {
        queue.lanes().settle(UNIT, &delivered.offer.key);
    }
    queue.flushed().await;
    let mut waiting = waiting.lock();
    for delivered in delivered {
        if let Some(settled) = waiting.remove(&delivered.offer.key) {
            let _ = settled.send(());
        }
    }
}
