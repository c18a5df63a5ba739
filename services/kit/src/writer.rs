//! How a change is committed.
//!
//! A mutation is a [`Step`] given to the writer. For a batch of them the writer begins one transaction, has the [`Ledger`] load and
//! lock everything that the steps read, looks up the replies that were saved before, decides each in order, writes all changes,
//! appends all events, saves all replies and places, commits once and answers each for itself. So group commit is a batch size.
//! It never waits for a batch to fill, and when the store refuses a batch, its jobs are run one by one, so that one bad
//! command never fails its neighbours. What another replica was first with is decided again.

mod batch;
mod handle;
mod job;
mod parked;
mod places;
mod replies;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{DatabaseTransaction, DbErr};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

pub use handle::{Writer, respond};
pub use job::{Call, Incoming, Refused, Replied};
pub use parked::{Parked, list as list_parked};
pub(crate) use places::replace as replace_places;
pub use places::{LOADED, all as places, mark_loaded, open as open_places};

use crate::db::{self, Db, Sink, is_lost_race, is_refused_for_good};
use crate::failure::Failure;
use crate::log::{self, Cause, NewEvent, Reach};
use crate::queue::Queue;
use crate::sabotage::{self, Sabotage};
use crate::seal::DataKey;
use crate::telemetry;
use batch::Outcome;
use job::{Answer, Feed, Job, Work};

/// How many jobs share a transaction at most. Measured with the demo of 5,000 dossiers on two cores: with 1 it takes 2.8 times
/// as long and 2.6 times the CPU.
pub const BATCH: usize = 64;
/// How often a job is decided that loses races against other replicas.
const ATTEMPTS: usize = 5;
/// How many jobs wait for the writer before it says that it is overloaded.
const WAITING: usize = 1_024;

/// What a service tells the writer about its changes: how to load, decide and save.
pub trait Ledger: Send + Sync + 'static {
    /// The name of the service, which owns the log.
    const OWNER: &'static str;
    /// A command, or what a consumed event asks for.
    type Act: Send + Sync + 'static;
    /// Everything that a batch of acts reads.
    type World: Send + Sync;
    /// One row to write.
    type Change: Send + Sync;
    /// Why an act is refused.
    type Error: Into<Failure> + Send + Sync;

    /// Loads for many acts at once, locking in the order of keys.
    fn load(
        &self,
        tx: &DatabaseTransaction,
        acts: &[&Self::Act],
    ) -> impl Future<Output = Result<Self::World, DbErr>> + Send;

    /// Whether the caller may do this act at all, and for which of its units; empty where for none. Asked again when a saved
    /// reply is given a second time.
    ///
    /// # Errors
    /// The refusal.
    fn permits(&self, world: &Self::World, act: &Self::Act) -> Result<String, Self::Error>;

    /// Decides one act. Pure: what it returns is all that it does.
    ///
    /// # Errors
    /// The refusal; nothing changes.
    fn decide(
        &self,
        world: &Self::World,
        step: &Step<Self::Act>,
    ) -> Result<Effect<Self::Change>, Self::Error>;

    /// Lets the acts that follow in the batch see a change.
    fn apply(world: &mut Self::World, change: &Self::Change);

    /// Writes the changes of a batch, in order, set by set.
    fn save(
        &self,
        sink: &impl Sink,
        changes: &[Self::Change],
    ) -> impl Future<Output = Result<(), DbErr>> + Send;

    /// Told after the commit.
    fn committed(&self, _changes: &[Self::Change]) {}
}

/// One act, with who does it and when.
#[derive(Clone, Debug)]
pub struct Step<A> {
    /// What is to be done.
    pub act: A,
    /// Who causes it, when, under which trace.
    pub cause: Cause,
}

/// What an act does.
#[derive(Debug)]
pub struct Effect<C> {
    /// The rows to write, in order.
    pub changes: Vec<C>,
    /// What to tell.
    pub events: Vec<NewEvent>,
    /// The encoded reply message; empty for consumed events.
    pub reply: Vec<u8>,
    /// Whom the reply tells something personal of: it is saved under the key of that subject.
    pub about: Option<About>,
}

/// A subject with its data key.
#[derive(Clone, Debug)]
pub struct About {
    /// The subject.
    pub subject: String,
    /// Its key.
    pub key: DataKey,
}

impl About {
    /// A subject, unless it was erased: then a reply tells nothing personal of it.
    #[must_use]
    pub fn new(subject: &str, key: Option<&DataKey>) -> Option<Self> {
        key.map(|key| Self {
            subject: subject.to_owned(),
            key: key.clone(),
        })
    }
}

impl<C> Effect<C> {
    /// Nothing happens.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            changes: Vec::new(),
            events: Vec::new(),
            reply: Vec::new(),
            about: None,
        }
    }
}

/// Starts the writer of a service. It ends when `stop` is cancelled and every job that it took has been answered.
pub fn start<L: Ledger>(
    ledger: Arc<L>,
    db: Db,
    queue: Queue,
    batch: usize,
    stop: CancellationToken,
) -> (Writer<L>, impl Future<Output = ()> + Send) {
    start_telling(watch::Sender::default(), ledger, db, queue, batch, stop)
}

/// The same beside another writer of this process, whose listeners hear of its commits too.
pub(crate) fn start_beside<L: Ledger>(
    other: &Writer<L>,
    ledger: Arc<L>,
    db: Db,
    queue: Queue,
    stop: CancellationToken,
) -> (Writer<L>, impl Future<Output = ()> + Send + use<L>) {
    start_telling(other.reach().clone(), ledger, db, queue, BATCH, stop)
}

fn start_telling<L: Ledger>(
    reach: watch::Sender<Reach>,
    ledger: Arc<L>,
    db: Db,
    queue: Queue,
    batch: usize,
    stop: CancellationToken,
) -> (Writer<L>, impl Future<Output = ()> + Send) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let worker = Worker {
        ledger,
        db,
        queue,
        batch,
        reach,
    };
    let writer = Writer::new(sender, worker.reach.clone());
    (writer, worker.run(receiver, stop))
}

/// Does one act of a service that is not running, such as an import.
///
/// # Errors
/// The refusal of the service, or a store that does not answer.
pub async fn once<L: Ledger>(ledger: L, db: Db, step: Step<L::Act>) -> Result<Replied, Failure> {
    log::must_open(&db)
        .await
        .map_err(|error| db::failure(&error))?;
    let (never, queue) = (CancellationToken::new(), Queue::in_process());
    let (writer, work) = start(Arc::new(ledger), db, queue, BATCH, never);
    // The writer ends when nobody can reach it any more.
    let act = async move { writer.own(step).await };
    let (replied, ()) = tokio::join!(act, work);
    replied
}

struct Worker<L: Ledger> {
    ledger: Arc<L>,
    db: Db,
    queue: Queue,
    batch: usize,
    /// How far the log reaches by what was committed here.
    reach: watch::Sender<Reach>,
}

impl<L: Ledger> Worker<L> {
    async fn run(self, mut receiver: mpsc::Receiver<Job<L>>, stop: CancellationToken) {
        let mut last_prune = None;
        loop {
            let first = tokio::select! {
                biased;
                job = receiver.recv() => job,
                () = stop.cancelled() => { receiver.close(); receiver.recv().await }
            };
            let Some(first) = first else { return };
            let mut jobs = vec![first];
            while jobs.len() < self.batch {
                let Ok(job) = receiver.try_recv() else { break };
                jobs.push(job);
            }
            // A caller that went before its turn came is told nothing, so nothing need happen.
            jobs.retain(Job::is_wanted);
            if !jobs.is_empty() {
                self.commit(jobs).await;
            }
            self.prune(&mut last_prune).await;
        }
    }

    #[tracing::instrument(name = "batch", skip_all, fields(service = L::OWNER, jobs = jobs.len()))]
    async fn commit(&self, jobs: Vec<Job<L>>) {
        for job in &jobs {
            telemetry::link_to(&job.span);
        }
        if sabotage::is(Sabotage::AcknowledgeBeforeCommit) {
            return self.acknowledge_before_commit(jobs).await;
        }
        match batch::commit(self.ledger.as_ref(), &self.db, &jobs).await {
            Ok(outcome) => self.answer(jobs, outcome),
            Err(error) if is_lost_race(&error) || is_refused_for_good(&error) => {
                self.commit_one_by_one(jobs, &error).await;
            }
            // A store that is away is asked once, not once for each job.
            Err(error) => self.fail(jobs, &error).await,
        }
    }

    /// One bad command never fails its neighbours.
    async fn commit_one_by_one(&self, jobs: Vec<Job<L>>, error: &DbErr) {
        tracing::debug!(jobs = jobs.len(), %error, "a batch failed; its jobs are run one by one");
        for job in jobs {
            let alone = std::slice::from_ref(&job);
            match self.commit_alone(alone).await {
                Ok(outcome) => self.answer(vec![job], outcome),
                Err(error) if is_refused_for_good(&error) => self.refused(job, &error).await,
                Err(error) => self.fail(vec![job], &error).await,
            }
        }
    }

    /// Decides again where another replica was first: what it wrote is seen now.
    async fn commit_alone(&self, job: &[Job<L>]) -> Result<Outcome<L>, DbErr> {
        let mut attempt = 1;
        loop {
            match batch::commit(self.ledger.as_ref(), &self.db, job).await {
                Err(error) if is_lost_race(&error) && attempt < ATTEMPTS => attempt += 1,
                committed => return committed,
            }
        }
    }

    /// For the fault run alone.
    async fn acknowledge_before_commit(&self, jobs: Vec<Job<L>>) {
        const LATE: Duration = Duration::from_millis(50);
        match batch::prepare(self.ledger.as_ref(), &self.db, &jobs).await {
            Ok((tx, outcome)) => {
                self.answer(jobs, outcome);
                tokio::time::sleep(LATE).await;
                let _ = tx.commit().await;
            }
            Err(error) => self.fail(jobs, &error).await,
        }
    }

    /// The store refuses what one job would write. Events are then taken in one by one, and the one that is refused parks its
    /// subject, so that the others go on.
    async fn refused(&self, job: Job<L>, error: &DbErr) {
        match job {
            Job {
                work: Work::Feed(feed),
                done,
                ..
            } => {
                // The consumer may be stopping; its place is kept all the same.
                let _ = done.send(self.take_in_one_by_one(feed).await);
            }
            job => self.fail(vec![job], error).await,
        }
    }

    async fn take_in_one_by_one(&self, feed: Feed<L::Act>) -> Answer<L> {
        for single in feed.one_by_one() {
            let (job, _) = Job::new(Work::Feed(single));
            let alone = std::slice::from_ref(&job);
            match self.commit_alone(alone).await {
                Ok(mut outcome) => {
                    let answer = outcome.answers.pop();
                    self.announce(outcome);
                    answer.unwrap_or(Err(Refused::Unavailable))?;
                }
                Err(error) if is_refused_for_good(&error) => {
                    let parked = batch::park(&self.db, alone, &error).await;
                    parked.map_err(|_| Refused::Unavailable)?;
                }
                Err(_) => return Err(Refused::Unavailable),
            }
        }
        Ok(Replied::default())
    }

    fn answer(&self, jobs: Vec<Job<L>>, mut outcome: Outcome<L>) {
        let answers = std::mem::take(&mut outcome.answers);
        self.announce(outcome);
        for (job, answer) in jobs.into_iter().zip(answers) {
            job.answer(answer);
        }
    }

    fn announce(&self, outcome: Outcome<L>) {
        self.ledger.committed(&outcome.changes);
        self.reach.send_if_modified(|reach| {
            let mut is_news = false;
            for event in &outcome.events {
                is_news |= reach.raise(event);
            }
            is_news
        });
        for event in outcome.events {
            self.queue.publish(event);
        }
    }

    /// The store refused or did not answer. If the commit happened all the same, the saved replies say so.
    async fn fail(&self, jobs: Vec<Job<L>>, error: &DbErr) {
        if !is_refused_for_good(error) {
            self.db.failed();
        }
        tracing::error!(service = L::OWNER, jobs = jobs.len(), %error, "a change could not be committed");
        let calls: Vec<&Call> = jobs.iter().filter_map(Job::call).collect();
        let saved = replies::find(self.db.read(), self.db.ring(), &calls).await;
        let saved = saved.unwrap_or_default();
        for job in jobs {
            let replied = job
                .call()
                .and_then(|call| replies::of(&saved, self.db.ring(), call));
            job.answer(replied.ok_or(Refused::Unavailable));
        }
    }

    async fn prune(&self, last: &mut Option<tokio::time::Instant>) {
        const EVERY: Duration = Duration::from_hours(1);
        if last.is_some_and(|last| last.elapsed() < EVERY) {
            return;
        }
        *last = Some(crate::clock::monotonic());
        if let Err(error) = replies::prune(self.db.write()).await {
            tracing::warn!(%error, "old replies could not be removed");
        }
    }
}
