//! Taking in the logs of other services: in order per shard, each event's effect exactly once.
//!
//! The queue brings events at once; whatever it did not bring is read from the owner. A place moves in the transaction of the
//! effect, so neither a lost message nor a killed process nor a second consumer can lose or double anything.

mod progress;
mod share;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use proto::event::v1::Event;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{OnceCell, broadcast, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Span;

use crate::client::RemoteLog;
use crate::clock;
use crate::db::Db;
use crate::failure::Failure;
use crate::log::{Cause, Reach, Shard};
use crate::queue::Queue;
use crate::sabotage;
use crate::telemetry::{self, Lag, metrics};
use crate::writer::{self, Incoming, Ledger, Refused, Step, Writer};

const PAGE: i32 = 500;
const AT_ONCE: usize = 256;
/// How often an owner is asked whether the queue forgot something.
const POLL: Duration = Duration::from_millis(500);
/// How soon an owner that does not answer at the start is asked again.
const FIRST_POLL: Duration = Duration::from_millis(20);
/// How long a service that has copies of an earlier run waits for their owner.
const OWNER_AWAY: Duration = Duration::from_secs(2);
const RETRY_PARKED: Duration = Duration::from_secs(30);
const BACK_OFF: Duration = Duration::from_millis(200);

pub use progress::Progress;

pub(crate) use share::Share;

/// Reads what an event asks of a service; `None` when it is of no interest.
pub type Interpret<A> = fn(&Event) -> Result<Option<A>, prost::DecodeError>;

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
    /// Which shards are this replica's.
    pub(crate) share: Share,
    /// Whether the places of the log are there.
    pub(crate) opened: OnceCell<()>,
}

impl<L: Ledger> Consumer<L> {
    /// Starts consuming all 16 shards. What it returns ends when the service is ready as far as this log goes: everything
    /// up to the owner's heads of now is taken in, or the owner is away and the log was loaded by an earlier run.
    pub fn start(
        self,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<L> {
        let this = Arc::new(self);
        let heads = watch::Sender::new(None);
        let owner = this.log.owner();
        let loaded_before = this.progress.is_loaded(owner);
        for shard in Shard::all() {
            let worker = Arc::clone(&this).work(shard, heads.subscribe());
            spawn_until(tasks, stop, worker);
        }
        spawn_until(tasks, stop, Arc::clone(&this).poll(heads.clone()));
        spawn_until(tasks, stop, Arc::clone(&this).retry_parked());
        let mut first_heads = heads.subscribe();
        async move {
            let known = first_heads.wait_for(Option::is_some);
            let known = if loaded_before {
                // An owner that is away does not block a service that knows it from before.
                match tokio::time::timeout(OWNER_AWAY, known).await {
                    Ok(known) => known.map(|heads| *heads),
                    Err(_) => return,
                }
            } else {
                known.await.map(|heads| *heads)
            };
            // An error means that the service is stopping.
            let Ok(Some(reach)) = known else { return };
            this.progress.catch_up(owner, &reach).await;
            if let Err(error) = writer::mark_loaded(this.db.write(), owner).await {
                tracing::warn!(owner, %error, "that a log was taken in could not be noted");
            }
        }
    }

    /// Asks the owner for its heads, so that what the queue forgot is noticed.
    async fn poll(self: Arc<Self>, heads: watch::Sender<Option<Reach>>) {
        let mut pause = FIRST_POLL;
        let mut lag = Lag::new(L::OWNER, self.log.owner());
        loop {
            match self.log.read(Shard::of(""), i64::MAX, 1).await {
                Ok(page) => {
                    let reach = Reach::of(&page.heads);
                    lag.tell(Some(self.progress.behind(self.log.owner(), &reach)));
                    let reach = Some(reach);
                    heads.send_if_modified(|known| std::mem::replace(known, reach) != reach);
                    pause = POLL;
                }
                Err(status) => {
                    lag.tell(None);
                    tracing::debug!(owner = self.log.owner(), %status, "the owner of a log is away");
                }
            }
            tokio::time::sleep(pause).await;
            pause = POLL.min(pause * 2);
        }
    }

    /// Works a shard whenever it is this replica's.
    async fn work(self: Arc<Self>, shard: Shard, mut heads: watch::Receiver<Option<Reach>>) {
        let mut mine = self.share.clone();
        let owner = self.log.owner();
        self.opened.get_or_init(|| self.open_places()).await;
        loop {
            mine.wait_for(owner, shard).await;
            self.learn_place(shard).await;
            // Exactly where whoever had it before left off.
            let place = sabotage::place(self.progress.place(owner, shard));
            self.progress.set(owner, shard, place);
            let mut lost = self.share.clone();
            tokio::select! {
                () = self.take_in(shard, &mut heads) => {}
                () = lost.lose(owner, shard) => {
                    tracing::info!(owner, shard = shard.number(), "another replica works the shard");
                }
            }
        }
    }

    async fn open_places(&self) {
        while let Err(error) = writer::open_places(self.db.write(), self.log.owner()).await {
            tracing::warn!(%error, "the places of a log could not be made; trying again");
            tokio::time::sleep(BACK_OFF).await;
        }
    }

    async fn take_in(&self, shard: Shard, heads: &mut watch::Receiver<Option<Reach>>) {
        let mut stream = self.queue.subscribe(self.log.owner(), shard);
        loop {
            let place = self.progress.place(self.log.owner(), shard);
            let behind = heads.borrow().is_some_and(|reach| reach.seq(shard) > place);
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
                Ok(_)
                | Err(TryRecvError::Empty | TryRecvError::Closed | TryRecvError::Lagged(_)) => {
                    break;
                }
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

    #[tracing::instrument(name = "feed", skip_all, fields(service = L::OWNER, owner = self.log.owner(), shard = shard.number(), events = events.len()))]
    async fn apply(&self, shard: Shard, place: i64, events: Vec<Event>) -> Result<(), ()> {
        let last = events.last().map_or(place, |event| event.seq);
        for event in &events {
            telemetry::link(&event.traceparent);
        }
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
        let span = match act {
            // What was imported before anybody served is under no trace.
            Some(_) if !event.traceparent.is_empty() => self.span(&event),
            Some(_) | None => Span::none(),
        };
        let cause = Cause {
            actor: event.actor.clone(),
            at: clock::from_timestamp(&occurred_at),
            traceparent: telemetry::traceparent_of(&span),
            unit: event.unit_uid.clone(),
            request_id: event.request_id.clone(),
        };
        let step = act.map(|act| Step { act, cause });
        Ok(Incoming { event, step, span })
    }

    /// The span of one event's effect: the child of the act that the event tells of.
    fn span(&self, event: &Event) -> Span {
        let (service, owner) = (L::OWNER, self.log.owner());
        let span = tracing::info_span!(
            parent: None, "event", otel.kind = "consumer", service, owner, shard = event.shard, seq = event.seq
        );
        telemetry::adopt(&span, &event.traceparent);
        span
    }

    /// After a failure the store knows best where this shard stands.
    async fn recover(&self, shard: Shard) {
        tokio::time::sleep(BACK_OFF).await;
        self.learn_place(shard).await;
    }

    async fn learn_place(&self, shard: Shard) {
        let source = self.log.owner();
        if let Ok(places) = writer::places(self.db.read()).await {
            let key = (source.to_owned(), shard.number());
            let place = places.get(&key).copied().unwrap_or_default();
            self.progress.set(source, shard, place);
        }
    }

    async fn retry_parked(self: Arc<Self>) {
        loop {
            tokio::time::sleep(RETRY_PARKED).await;
            let Ok(parked) = writer::list_parked(self.db.read()).await else {
                continue;
            };
            let mut waiting = 0;
            let mut by_subject: BTreeMap<String, Vec<Incoming<L::Act>>> = BTreeMap::new();
            for parked in parked
                .into_iter()
                .filter(|parked| parked.source == self.log.owner())
            {
                waiting += 1;
                let subject = parked.event.subject.clone();
                if let Ok(incoming) = self.incoming(parked.event) {
                    by_subject.entry(subject).or_default().push(incoming);
                }
            }
            metrics::parked(L::OWNER, self.log.owner(), waiting);
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

fn spawn_until(
    tasks: &TaskTracker,
    stop: &CancellationToken,
    work: impl Future<Output = ()> + Send + 'static,
) {
    let stop = stop.clone();
    tasks.spawn(async move { stop.run_until_cancelled(work).await });
}
