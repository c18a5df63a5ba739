//! Many finished dossiers at once, for measuring on full stores.
//!
//! The decisions are the services' own; they are made in memory, without rpcs and without a commit for each. The rows go by COPY
//! to a `PostgreSQL` store that has none yet, all in one transaction.

use std::sync::Arc;

use proto::event::v1::Event;
use sea_orm::{ConnectionTrait, DbErr, EntityTrait as _, QuerySelect as _, TransactionTrait as _};
use tokio_util::sync::CancellationToken;
use tracing::Span;

use crate::authority::Context;
use crate::clock;
use crate::consumer::Interpret;
use crate::db::{Copying, Db, Sink as _};
use crate::failure::Failure;
use crate::log::{self, Cause, Ends, Shard};
use crate::queue::Queue;
use crate::writer::{self, Effect, Incoming, Ledger, Step, Writer};

const PAGE: u64 = 1_000;

/// Why a store is not filled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody's dossiers are in it.
    #[error(
        "the store of {0} is in use: it has a log of its own, and only a store without one is filled"
    )]
    InUse(&'static str),
    /// It is of one process.
    #[error("only a PostgreSQL store is filled; name one with --store")]
    Embedded,
    /// The store.
    #[error("the store refuses: {0}")]
    Store(#[from] DbErr),
    /// The service.
    #[error("{0}")]
    Refused(Failure),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Refused(failure)
    }
}

/// One service whose store is being filled.
pub struct Filling<L: Ledger> {
    ledger: L,
    db: Db,
    copying: Copying,
    world: Option<L::World>,
    ends: Ends,
    changes: Vec<L::Change>,
    rows: Vec<log::event::Model>,
}

impl<L: Ledger> Filling<L> {
    /// Begins with a store that has no log. The logs of the services that `sources` names are taken in first.
    ///
    /// # Errors
    /// When it has a log, is embedded, or refuses.
    pub async fn begin(
        make_ledger: impl Fn() -> L,
        db: Db,
        sources: &[(&'static str, &Db, Interpret<L::Act>)],
    ) -> Result<Self, Error> {
        must_be_empty(L::OWNER, &db).await?;
        let (never, queue) = (CancellationToken::new(), Queue::in_process());
        let ledger = Arc::new(make_ledger());
        let (writer, work) = writer::start(ledger, db.clone(), queue, writer::BATCH, never);
        let taking_in = async {
            // The writer ends when nobody can reach it any more.
            let writer = writer;
            for (owner, source, interpret) in sources {
                take_in(&writer, &db, (owner, source), *interpret).await?;
            }
            Ok::<(), Error>(())
        };
        tokio::join!(taking_in, work).0?;
        Ok(Self {
            ledger: make_ledger(),
            copying: Copying::begin(&db).await?,
            db,
            world: None,
            ends: Ends::at_the_beginning(),
            changes: Vec::new(),
            rows: Vec::new(),
        })
    }

    /// Loads what these acts read; what was loaded before is forgotten.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn load(&mut self, acts: &[&L::Act]) -> Result<(), Error> {
        let tx = self.db.read().begin().await?;
        self.world = Some(self.ledger.load(&tx, acts).await?);
        Ok(tx.rollback().await?)
    }

    /// Does one act, and tells what it told.
    ///
    /// # Errors
    /// The refusal of the service; nothing has changed then.
    pub fn act(&mut self, step: &Step<L::Act>) -> Result<Vec<Event>, Error> {
        let Some(world) = &mut self.world else {
            return Err(DbErr::Custom("nothing is loaded".to_owned()).into());
        };
        let permitted = self.ledger.permits(world, &step.act);
        let effect = permitted.and_then(|unit| Ok((self.ledger.decide(world, step)?, unit)));
        let (effect, unit) = effect.map_err(Into::<Failure>::into)?;
        let Effect {
            changes, events, ..
        } = effect;
        let cause = Cause {
            unit,
            ..step.cause.clone()
        };
        for change in changes {
            L::apply(world, &change);
            self.changes.push(change);
        }
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            let row = self.ends.append(self.db.ring(), cause.clone(), event)?;
            self.rows.push(row.clone());
            told.push(log::envelope(L::OWNER, row));
        }
        Ok(told)
    }

    /// Does what a call asks for, and tells what it told.
    ///
    /// # Errors
    /// The refusal of the service; nothing has changed then.
    pub fn call(&mut self, context: &Context, act: L::Act) -> Result<Vec<Event>, Error> {
        let cause = context.cause();
        self.act(&Step { act, cause })
    }

    /// Takes in one event of another service, and tells what that told.
    ///
    /// # Errors
    /// The refusal of the service, or an event that cannot be read.
    pub fn hear(
        &mut self,
        event: &Event,
        interpret: Interpret<L::Act>,
    ) -> Result<Vec<Event>, Error> {
        let read = interpret(event).map_err(|error| DbErr::Type(error.to_string()))?;
        let Some(act) = read else {
            return Ok(Vec::new());
        };
        let cause = cause(event);
        self.act(&Step { act, cause })
    }

    /// Writes what was done since the last time.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn write(&mut self) -> Result<(), Error> {
        let changes = std::mem::take(&mut self.changes);
        self.ledger.save(&self.copying, &changes).await?;
        let rows = std::mem::take(&mut self.rows);
        self.copying.put::<log::event::Entity>(rows, &[]).await?;
        Ok(self.ends.save_chains(&self.copying).await?)
    }

    /// How far its log reaches.
    #[must_use]
    pub fn reach(&self) -> Vec<(i32, i64)> {
        let heads = self.ends.heads().iter();
        heads.map(|(shard, seq)| (*shard, *seq)).collect()
    }

    /// Notes that the log of another service was taken in so far, and commits.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn finish(self, other: &'static str, reach: &[(i32, i64)]) -> Result<(), Error> {
        self.copying.clear::<log::head::Entity>().await?;
        self.ends.save_heads(&self.copying).await?;
        let mut places = writer::places(self.db.read()).await?;
        places.insert((other.to_owned(), writer::LOADED), 1);
        for (shard, seq) in reach {
            places.insert((other.to_owned(), *shard), *seq);
        }
        writer::replace_places(&self.copying, &places).await?;
        Ok(self.copying.commit().await?)
    }
}

/// Whether a store may be filled: it is a `PostgreSQL` database whose service has no log.
///
/// # Errors
/// When it may not, or does not answer.
pub async fn must_be_empty(service: &'static str, db: &Db) -> Result<(), Error> {
    if !db.is_shared() {
        return Err(Error::Embedded);
    }
    let first = log::event::Entity::find().limit(1).all(db.read()).await?;
    if first.is_empty() {
        return Ok(());
    }
    Err(Error::InUse(service))
}

/// Lets the planner of a store that was filled know of its rows.
///
/// # Errors
/// When the store refuses.
pub async fn analyze(db: &Db) -> Result<(), Error> {
    // As one: it takes longer than any call of a service.
    let analyze = "SET statement_timeout = 0; ANALYZE; RESET statement_timeout";
    db.write().execute_unprepared(analyze).await?;
    Ok(())
}

/// Takes the whole log of another service in, as its consumer would.
async fn take_in<L: Ledger>(
    writer: &Writer<L>,
    db: &Db,
    (owner, source): (&'static str, &Db),
    interpret: Interpret<L::Act>,
) -> Result<(), Error> {
    writer::open_places(db.write(), owner).await?;
    let places = writer::places(db.read()).await?;
    for shard in Shard::all() {
        let key = (owner.to_owned(), shard.number());
        let mut place = places.get(&key).copied().unwrap_or_default();
        loop {
            let page = log::page(source.read(), owner, shard, place, PAGE).await?;
            let Some(last) = page.last().map(|event| event.seq) else {
                break;
            };
            let mut events = Vec::with_capacity(page.len());
            for event in page {
                let act = interpret(&event).map_err(|error| DbErr::Type(error.to_string()))?;
                let cause = cause(&event);
                events.push(Incoming {
                    step: act.map(|act| Step { act, cause }),
                    span: Span::none(),
                    event,
                });
            }
            let fed = writer.feed(owner, shard, place, events).await;
            fed.map_err(Into::<Failure>::into)?;
            place = last;
        }
    }
    Ok(writer::mark_loaded(db.write(), owner).await?)
}

fn cause(event: &Event) -> Cause {
    Cause {
        actor: event.actor.clone(),
        at: clock::from_timestamp(&event.occurred_at.unwrap_or_default()),
        traceparent: String::new(),
        unit: event.unit_uid.clone(),
        request_id: event.request_id.clone(),
    }
}
