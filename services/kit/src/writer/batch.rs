//! One transaction for many jobs.

use std::collections::HashMap;

use proto::event::v1::Event;
use sea_orm::{DatabaseTransaction, DbErr};

use super::job::{Answer, Call, Feed, Incoming, Job, Refused, Replied, Work};
use super::{About, Effect, Ledger, Step, parked, places, replies};
use crate::clock;
use crate::db::{self, Db};
use crate::failure::Failure;
use crate::log::{self, Cause, NewEvent, Position, Shard};
use crate::sabotage::{self, Sabotage};
use crate::seal::Keyring;
use crate::telemetry::metrics;

/// What a committed batch left behind.
pub(super) struct Outcome<L: Ledger> {
    /// One for each job, in order.
    pub answers: Vec<Answer<L>>,
    /// What the log tells.
    pub events: Vec<Event>,
    /// What was written.
    pub changes: Vec<L::Change>,
}

/// Runs and commits a batch.
pub(super) async fn commit<L: Ledger>(
    ledger: &L,
    db: &Db,
    jobs: &[Job<L>],
) -> Result<Outcome<L>, DbErr> {
    let began = clock::monotonic();
    let committed = async {
        let (tx, outcome) = prepare(ledger, db, jobs).await?;
        tx.commit().await?;
        Ok(outcome)
    };
    let committed = committed.await;
    metrics::batch(L::OWNER, jobs.len(), committed.is_ok(), began.elapsed());
    committed
}

/// Runs a batch up to its commit.
pub(super) async fn prepare<L: Ledger>(
    ledger: &L,
    db: &Db,
    jobs: &[Job<L>],
) -> Result<(DatabaseTransaction, Outcome<L>), DbErr> {
    let tx = db.begin().await?;
    match run(ledger, (&tx, db.ring()), jobs).await {
        Ok(outcome) => Ok((tx, outcome)),
        Err(error) => {
            // Where the connection broke, the transaction ended with it.
            let _ = tx.rollback().await;
            Err(error)
        }
    }
}

/// Parks the events of feeds whose effect the store refuses, and moves their places past them.
pub(super) async fn park<L: Ledger>(db: &Db, jobs: &[Job<L>], error: &DbErr) -> Result<(), DbErr> {
    let tx = db.begin().await?;
    let (mut parked, mut places) = (Vec::new(), HashMap::new());
    for job in jobs {
        let Work::Feed(feed) = &job.work else {
            continue;
        };
        for incoming in &feed.events {
            tracing::error!(source = feed.source, subject = incoming.event.subject, %error, "the store refuses what an event asks for; its subject is parked");
            parked.push(parked::Parked::new(
                &feed.source,
                &incoming.event,
                error.to_string(),
            ));
            places.insert(
                (feed.source.clone(), feed.shard.number()),
                incoming.event.seq,
            );
        }
    }
    parked::save(&tx, &parked, &[]).await?;
    places::save(&tx, &places).await?;
    tx.commit().await
}

async fn run<L: Ledger>(
    ledger: &L,
    (tx, ring): (&DatabaseTransaction, &Keyring),
    jobs: &[Job<L>],
) -> Result<Outcome<L>, DbErr> {
    let standing = Standing::load(tx, jobs).await?;
    let acts: Vec<&L::Act> = jobs.iter().flat_map(Job::acts).collect();
    let world = ledger.load(tx, &acts).await?;
    // After the locks: a repeated call may have waited for one that another replica was just doing.
    let calls: Vec<&Call> = jobs.iter().filter_map(Job::call).collect();
    let saved = replies::find(tx, ring, &calls).await?;
    let mut batch = Batch::new((ledger, ring), world, saved, standing);
    for (index, job) in jobs.iter().enumerate() {
        let answer = batch.decide(index, job);
        batch.answers.push(answer);
    }
    batch.save(tx, jobs).await
}

/// Where the consumers of this batch stand, and what is parked.
struct Standing {
    places: HashMap<(String, i32), i64>,
    parked: parked::Index,
}

impl Standing {
    async fn load<L: Ledger>(tx: &DatabaseTransaction, jobs: &[Job<L>]) -> Result<Self, DbErr> {
        let mut feeds: Vec<(&str, i32)> = Vec::new();
        let mut retries = false;
        for job in jobs {
            match &job.work {
                Work::Feed(feed) => feeds.push((&feed.source, feed.shard.number())),
                // Whoever works the shard, or retries in another process, waits for this one.
                Work::Retry { source, events } => {
                    retries = true;
                    let shards = events.iter().map(|incoming| incoming.event.shard);
                    feeds.extend(shards.map(|shard| (source.as_str(), shard)));
                }
                Work::Call(..) | Work::Own(_) => {}
            }
        }
        let mut standing = Self {
            places: HashMap::new(),
            parked: parked::Index::default(),
        };
        if !feeds.is_empty() {
            standing.places = places::lock(tx, &feeds).await?;
        }
        if !feeds.is_empty() || retries {
            standing.parked = parked::index(tx).await?;
        }
        Ok(standing)
    }
}

struct Batch<'a, L: Ledger> {
    ledger: &'a L,
    ring: &'a Keyring,
    world: L::World,
    saved: HashMap<(String, String), replies::Saved>,
    standing: Standing,
    moved: HashMap<(String, i32), i64>,
    park: Vec<parked::Parked>,
    unpark: Vec<parked::Parked>,
    changes: Vec<L::Change>,
    events: Vec<(usize, Cause, NewEvent)>,
    answers: Vec<Answer<L>>,
    /// Jobs that repeat an earlier one of the batch, with that one.
    repeats: Vec<(usize, usize)>,
    /// Whom the replies of jobs tell something personal of.
    about: HashMap<usize, About>,
}

impl<'a, L: Ledger> Batch<'a, L> {
    fn new(
        (ledger, ring): (&'a L, &'a Keyring),
        world: L::World,
        saved: HashMap<(String, String), replies::Saved>,
        standing: Standing,
    ) -> Self {
        Self {
            ledger,
            ring,
            world,
            saved,
            standing,
            moved: HashMap::new(),
            park: Vec::new(),
            unpark: Vec::new(),
            changes: Vec::new(),
            events: Vec::new(),
            answers: Vec::new(),
            repeats: Vec::new(),
            about: HashMap::new(),
        }
    }

    fn decide(&mut self, index: usize, job: &Job<L>) -> Answer<L> {
        match &job.work {
            Work::Call(call, step) => self.call(index, call, step),
            Work::Own(step) => self.act(index, step, &step.cause).map_err(Refused::Act),
            Work::Feed(feed) => self.feed(index, feed),
            Work::Retry { source, events } => {
                self.retry(index, source, events);
                Ok(Replied::default())
            }
        }
    }

    fn call(&mut self, index: usize, call: &Call, step: &Step<L::Act>) -> Answer<L> {
        let permitted = self.ledger.permits(&self.world, &step.act);
        let unit = permitted.map_err(Refused::Act)?;
        let key = (call.caller.clone(), call.request_id.clone());
        if let Some(saved) = self.saved.get(&key) {
            if let Some(first) = saved.index() {
                self.repeats.push((index, first));
            }
            return self.replay(saved, call);
        }
        let cause = Cause {
            unit,
            request_id: call.request_id.clone(),
            ..step.cause.clone()
        };
        let replied = self.act(index, step, &cause).map_err(Refused::Act)?;
        self.saved.insert(key, replies::Saved::fresh(call, index));
        Ok(replied)
    }

    /// The reply of before: from the store, or from an earlier job of this batch.
    fn replay(&self, saved: &replies::Saved, call: &Call) -> Answer<L> {
        if !saved.is_of(self.ring, call) {
            return Err(Refused::RequestIdReused);
        }
        match &saved.reply {
            replies::Reply::Erased => Err(Refused::Erased),
            replies::Reply::Stored(replied) => Ok(replied.clone()),
            replies::Reply::InBatch(index) => match self.answers.get(*index) {
                Some(Ok(replied)) => Ok(replied.clone()),
                Some(Err(_)) | None => Err(Refused::Unavailable),
            },
        }
    }

    fn act(
        &mut self,
        index: usize,
        step: &Step<L::Act>,
        cause: &Cause,
    ) -> Result<Replied, L::Error> {
        let Effect {
            changes,
            events,
            reply,
            about,
        } = self.ledger.decide(&self.world, step)?;
        for change in changes {
            L::apply(&mut self.world, &change);
            self.changes.push(change);
        }
        let caused = events
            .into_iter()
            .map(|event| (index, cause.clone(), event));
        self.events.extend(caused);
        if let Some(about) = about {
            self.about.insert(index, about);
        }
        Ok(Replied {
            body: reply,
            ..Replied::default()
        })
    }

    fn feed(&mut self, index: usize, feed: &Feed<L::Act>) -> Answer<L> {
        let key = (feed.source.clone(), feed.shard.number());
        let moved = self.moved.get(&key);
        let place = moved.or_else(|| self.standing.places.get(&key));
        if place.copied() != Some(feed.after) && !sabotage::is(Sabotage::NoPlace) {
            return Err(Refused::OutOfTurn);
        }
        for incoming in &feed.events {
            self.take_in(index, &feed.source, incoming);
        }
        let last = feed.events.last();
        let last = last.map_or(feed.after, |incoming| incoming.event.seq);
        self.moved.insert(key, last);
        Ok(Replied::default())
    }

    /// Applies one event, or parks it: behind others of its subject, or because it cannot be applied. One that is parked stays so.
    fn take_in(&mut self, index: usize, source: &str, incoming: &Incoming<L::Act>) {
        let Some(step) = &incoming.step else { return };
        let subject = (source.to_owned(), incoming.event.subject.clone());
        if self.standing.parked.subjects.contains(&subject) {
            let event = (source.to_owned(), incoming.event.shard, incoming.event.seq);
            if self.standing.parked.events.contains(&event) {
                return;
            }
            let reason = "an earlier event of this subject is parked".to_owned();
            self.park
                .push(parked::Parked::new(source, &incoming.event, reason));
        } else if let Err(error) = self.act(index, step, &step.cause) {
            let reason = Into::<Failure>::into(error).to_string();
            tracing::error!(
                source,
                subject = incoming.event.subject,
                reason,
                "an event cannot be applied; its subject is parked"
            );
            self.park
                .push(parked::Parked::new(source, &incoming.event, reason));
            self.standing.parked.subjects.insert(subject);
        }
    }

    /// Applies parked events in order, up to the first that still cannot be. Those that were applied meanwhile are left out.
    fn retry(&mut self, index: usize, source: &str, events: &[Incoming<L::Act>]) {
        for incoming in events {
            let key = (source.to_owned(), incoming.event.shard, incoming.event.seq);
            if !self.standing.parked.events.contains(&key) {
                continue;
            }
            let applied = match &incoming.step {
                Some(step) => self.act(index, step, &step.cause).is_ok(),
                None => true,
            };
            if !applied {
                return;
            }
            self.standing.parked.events.remove(&key);
            self.unpark
                .push(parked::Parked::new(source, &incoming.event, String::new()));
        }
    }

    /// Whether nothing is done but that places move: what would be lost is read again, and was of no interest.
    fn moves_places_alone(&self) -> bool {
        let is_said = self.saved.values().any(|saved| saved.index().is_some());
        let parks = !self.park.is_empty() || !self.unpark.is_empty();
        self.changes.is_empty() && self.events.is_empty() && !is_said && !parks
    }

    async fn save(
        mut self,
        tx: &DatabaseTransaction,
        jobs: &[Job<L>],
    ) -> Result<Outcome<L>, DbErr> {
        if self.moves_places_alone() {
            db::may_be_lost(tx).await?;
        }
        self.ledger.save(tx, &self.changes).await?;
        places::save(tx, &self.moved).await?;
        parked::save(tx, &self.park, &self.unpark).await?;
        let (indexes, events): (Vec<_>, Vec<_>) = self
            .events
            .into_iter()
            .map(|(index, cause, event)| (index, (cause, event)))
            .unzip();
        let events = log::append(tx, self.ring, L::OWNER, events).await?;
        for (index, event) in indexes.iter().zip(&events) {
            if let (Ok(replied), Some(shard)) = (&mut self.answers[*index], Shard::new(event.shard))
            {
                replied.positions.reach(Position {
                    owner: L::OWNER.to_owned(),
                    shard,
                    seq: event.seq,
                });
            }
        }
        for (repeat, first) in self.repeats {
            if let (Ok(_), Ok(replied)) = (&self.answers[repeat], &self.answers[first]) {
                self.answers[repeat] = Ok(replied.clone());
            }
        }
        let fresh = self.saved.values().filter_map(replies::Saved::index);
        let fresh = fresh.filter_map(|index| {
            Some(replies::Fresh {
                call: jobs[index].call()?,
                replied: self.answers[index].as_ref().ok()?,
                about: self.about.get(&index),
            })
        });
        replies::save(tx, self.ring, fresh).await?;
        Ok(Outcome {
            answers: self.answers,
            events,
            changes: self.changes,
        })
    }
}
