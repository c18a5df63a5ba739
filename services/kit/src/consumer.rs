//! Taking in the logs of other services: in order per shard, each event's effect exactly once.
//!
//! The queue brings events at once; whatever it did not bring is read from the owner. A place moves in the transaction of the
//! effect, so neither a lost message nor a killed process nor a second consumer can lose or double anything.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use proto::event::v1::Event;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::client::RemoteLog;
use crate::clock;
use crate::db::Db;
use crate::failure::Failure;
use crate::log::{Cause, Positions, SHARDS, Shard};
use crate::queue::Queue;
use crate::writer::{self, Incoming, Ledger, Refused, Step, Writer};

const PAGE: i32 = 500;
const AT_ONCE: usize = 256;
/// How often an owner is asked whether the queue forgot something.
const POLL: Duration = Duration::from_millis(500);
const RETRY_PARKED: Duration = Duration::from_secs(30);
const BACK_OFF: Duration = Duration::from_millis(200);
/// How long a call that names `motcua-after` waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Reads what an event asks of a service; `None` when it is of no interest.
pub type Interpret<A> = fn(&Event) -> Result<Option<A>, prost::DecodeError>;

/// How far a service has taken in the logs of the others.
#[derive(Clone, Debug)]
pub struct Progress {
    owner: &'static str,
    places: watch::Sender<HashMap<(String, i32), i64>>,
}

impl Progress {
    /// The progress of a service as its store has it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(owner: &'static str, db: &Db) -> Result<Self, sea_orm::DbErr> {
        let places = writer::places(db.read()).await?;
        Ok(Self {
            owner,
            places: watch::Sender::new(places),
        })
    }

    /// Waits until everything up to these positions has been taken in.
    ///
    /// # Errors
    /// `UNAVAILABLE`, `BEHIND`, after 5 s.
    pub async fn reach(&self, positions: &Positions) -> Result<(), Failure> {
        let wanted: Vec<_> = positions.iter().filter(|position| position.owner != self.owner).collect();
        let mut places = self.places.subscribe();
        let reached = places.wait_for(|places| {
            wanted.iter().all(|position| {
                let key = (position.owner.clone(), position.shard.number());
                places.get(&key).is_some_and(|seq| *seq >= position.seq)
            })
        });
        match tokio::time::timeout(PATIENCE, reached).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Failure::unavailable(
                "BEHIND",
                "this service has not taken in the position of `motcua-after` yet",
                Duration::from_millis(500),
            )),
        }
    }

    /// Waits for the next time that anything is taken in.
    pub async fn moved(&self) {
        let mut places = self.places.subscribe();
        // An error means that the service is stopping.
        let _ = places.changed().await;
    }

    fn place(&self, source: &str, shard: Shard) -> i64 {
        let places = self.places.borrow();
        let key = (source.to_owned(), shard.number());
        places.get(&key).copied().unwrap_or_default()
    }

    fn has_begun(&self, source: &str) -> bool {
        self.places.borrow().keys().any(|(known, _)| known == source)
    }

    fn set(&self, source: &str, shard: Shard, seq: i64) {
        self.places.send_modify(|places| {
            places.insert((source.to_owned(), shard.number()), seq);
        });
    }
}

/// What a service needs to consume one log.
pub struct Consumer<L: Ledger> {
    /// The writer through which effects go.
    pub writer: Writer<L>,
    /// The consuming service's own store.
    pub db: Db,
    /// Where events come from at once.
    pub queue: Queue,
    /// Where they come from otherwise.
    pub log: RemoteLog,
    /// What they mean here.
    pub interpret: Interpret<L::Act>,
    /// How far this service is.
    pub progress: Progress,
}

impl<L: Ledger> Consumer<L> {
    /// Starts consuming all 16 shards. What it returns ends when the service is ready as far as this log goes: everything
    /// up to the owner's heads of now is taken in, or something was taken in by an earlier run.
    pub fn start(self, tasks: &TaskTracker, stop: &CancellationToken) -> impl Future<Output = ()> + Send + use<L> {
        let this = Arc::new(self);
        let heads = watch::Sender::new([0_i64; SHARDS as usize]);
        let began_before = this.progress.has_begun(this.log.owner());
        for shard in Shard::all() {
            let worker = Arc::clone(&this).work(shard, heads.subscribe());
            spawn_until(tasks, stop, worker);
        }
        spawn_until(tasks, stop, Arc::clone(&this).poll(heads.clone()));
        spawn_until(tasks, stop, Arc::clone(&this).retry_parked());
        let mut first_heads = heads.subscribe();
        async move {
            if began_before {
                return;
            }
            if first_heads.changed().await.is_err() {
                return;
            }
            let reach = *first_heads.borrow();
            let owner = this.log.owner();
            let mut places = this.progress.places.subscribe();
            let caught_up = |_: &HashMap<(String, i32), i64>| true;
            while !Shard::all().all(|shard| {
                let index = usize::try_from(shard.number()).unwrap_or_default();
                this.progress.place(owner, shard) >= reach[index]
            }) {
                if places.changed().await.is_err() {
                    return;
                }
                let _ = places.wait_for(caught_up).await;
            }
        }
    }

    /// Asks the owner for its heads, so that what the queue forgot is noticed.
    async fn poll(self: Arc<Self>, heads: watch::Sender<[i64; SHARDS as usize]>) {
        let mut first = true;
        loop {
            match self.log.read(Shard::of(""), i64::MAX, 1).await {
                Ok(page) => heads.send_if_modified(|known| {
                    let mut reach = [0; SHARDS as usize];
                    for head in page.heads {
                        if let Some(seq) = usize::try_from(head.shard).ok().and_then(|index| reach.get_mut(index)) {
                            *seq = head.seq;
                        }
                    }
                    let changed = std::mem::take(&mut first) || *known != reach;
                    *known = reach;
                    changed
                }),
                Err(status) => {
                    tracing::debug!(owner = self.log.owner(), %status, "the owner of a log is away");
                    false
                }
            };
            tokio::time::sleep(POLL).await;
        }
    }

    async fn work(self: Arc<Self>, shard: Shard, mut heads: watch::Receiver<[i64; SHARDS as usize]>) {
        let mut stream = self.queue.subscribe(self.log.owner(), shard);
        let index = usize::try_from(shard.number()).unwrap_or_default();
        loop {
            let place = self.progress.place(self.log.owner(), shard);
            let behind = heads.borrow()[index] > place;
            let next = if behind && stream.is_empty() {
                Next::Gap
            } else {
                tokio::select! {
                    biased;
                    received = stream.recv() => Next::of(received),
                    _ = heads.changed() => continue,
                }
            };
            let events = self.gather(shard, place, next, &mut stream).await;
            if !events.is_empty() && self.apply(shard, place, events).await.is_err() {
                self.recover(shard).await;
            }
        }
    }

    /// The events that follow `place`, without a gap: as the queue brought them, or else from the owner.
    async fn gather(
        &self,
        shard: Shard,
        place: i64,
        next: Next,
        stream: &mut broadcast::Receiver<Arc<Event>>,
    ) -> Vec<Event> {
        let first = match next {
            Next::Event(event) if event.seq <= place => return Vec::new(),
            Next::Event(event) if event.seq == place + 1 => event,
            Next::Event(_) | Next::Gap => return self.read(shard, place).await,
        };
        let mut events = vec![Arc::unwrap_or_clone(first)];
        while events.len() < AT_ONCE {
            let expected = place + i64::try_from(events.len()).unwrap_or_default() + 1;
            match stream.try_recv() {
                Ok(event) if event.seq == expected => events.push(Arc::unwrap_or_clone(event)),
                // A duplicate or a gap: what follows is read from the owner in the next round.
                Ok(event) if event.seq < expected => {}
                Ok(_) | Err(TryRecvError::Empty | TryRecvError::Closed | TryRecvError::Lagged(_)) => break,
            }
        }
        events
    }

    async fn read(&self, shard: Shard, place: i64) -> Vec<Event> {
        match self.log.read(shard, place, PAGE).await {
            Ok(page) => page.events,
            Err(status) => {
                tracing::warn!(owner = self.log.owner(), %status, "a log could not be read; trying again");
                tokio::time::sleep(BACK_OFF).await;
                Vec::new()
            }
        }
    }

    async fn apply(&self, shard: Shard, place: i64, events: Vec<Event>) -> Result<(), ()> {
        let last = events.last().map_or(place, |event| event.seq);
        let incoming = events.into_iter().map(|event| self.incoming(event));
        let incoming = incoming.collect::<Result<Vec<_>, _>>().map_err(|error| {
            tracing::error!(owner = self.log.owner(), %error, "an event cannot be read; its shard waits");
        })?;
        let source = self.log.owner();
        match self.writer.feed(source, shard, place, incoming).await {
            Ok(_) => {
                self.progress.set(source, shard, last);
                Ok(())
            }
            Err(Refused::OutOfTurn) => Err(()),
            Err(refused) => {
                let failure: Failure = refused.into();
                tracing::warn!(source, %failure, "events could not be taken in; trying again");
                Err(())
            }
        }
    }

    fn incoming(&self, event: Event) -> Result<Incoming<L::Act>, prost::DecodeError> {
        let act = (self.interpret)(&event)?;
        let occurred_at = event.occurred_at.unwrap_or_default();
        let cause = Cause {
            actor: event.actor.clone(),
            at: clock::from_timestamp(&occurred_at),
            traceparent: event.traceparent.clone(),
        };
        let step = act.map(|act| Step { act, cause });
        Ok(Incoming { event, step })
    }

    /// After a failure the store knows best where this shard stands.
    async fn recover(&self, shard: Shard) {
        tokio::time::sleep(BACK_OFF).await;
        let source = self.log.owner();
        if let Ok(places) = writer::places(self.db.read()).await {
            let key = (source.to_owned(), shard.number());
            self.progress.set(source, shard, places.get(&key).copied().unwrap_or_default());
        }
    }

    async fn retry_parked(self: Arc<Self>) {
        loop {
            tokio::time::sleep(RETRY_PARKED).await;
            let Ok(parked) = writer::list_parked(self.db.read()).await else {
                continue;
            };
            let mut by_subject: BTreeMap<String, Vec<Incoming<L::Act>>> = BTreeMap::new();
            for parked in parked.into_iter().filter(|parked| parked.source == self.log.owner()) {
                let subject = parked.event.subject.clone();
                if let Ok(incoming) = self.incoming(parked.event) {
                    by_subject.entry(subject).or_default().push(incoming);
                }
            }
            for events in by_subject.into_values() {
                let _ = self.writer.retry(self.log.owner(), events).await;
            }
        }
    }
}

enum Next {
    Event(Arc<Event>),
    Gap,
}

impl Next {
    fn of(received: Result<Arc<Event>, RecvError>) -> Self {
        match received {
            Ok(event) => Self::Event(event),
            Err(RecvError::Lagged(_) | RecvError::Closed) => Self::Gap,
        }
    }
}

fn spawn_until(tasks: &TaskTracker, stop: &CancellationToken, work: impl Future<Output = ()> + Send + 'static) {
    let stop = stop.clone();
    tasks.spawn(async move { stop.run_until_cancelled(work).await });
}
