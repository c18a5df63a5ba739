//! What a service stands on.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use sea_orm::DbErr;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access;
use crate::client::{OwnToken, Peers, RemoteLog};
use crate::clock::Clock;
use crate::consumer::{Consumer, Interpret, Progress, Share};
use crate::db::Db;
use crate::failure::Failure;
use crate::keys::PrivateKey;
use crate::log;
use crate::queue::Queue;
use crate::writer::{self, Ledger, Writer};

/// What a service stands on.
#[derive(Clone)]
pub struct Ground {
    /// Its own store.
    pub db: Db,
    /// The queue that all services share.
    pub queue: Queue,
    /// Civil time.
    pub clock: Clock,
    /// The other services.
    pub peers: Peers,
    /// The service's own key, with which it asks identity for tokens.
    pub key: PrivateKey,
    /// Everything that runs beside the rpcs.
    pub tasks: TaskTracker,
    /// Cancelled when the process should end.
    pub stop: CancellationToken,
}

/// Why a service does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its store refused.
    #[error("the store refused: {0}")]
    Store(#[from] DbErr),
    /// Another service's address is missing.
    #[error(transparent)]
    Peer(#[from] Failure),
}

impl Ground {
    /// Starts the service's writer, and what closes the days of its log.
    #[must_use]
    pub fn write<L: Ledger>(&self, ledger: Arc<L>) -> Writer<L> {
        let (writer, work) = writer::start(
            ledger,
            self.db.clone(),
            self.queue.clone(),
            writer::BATCH,
            self.stop.clone(),
        );
        self.tasks.spawn(work);
        let closing = log::close_days(
            L::OWNER,
            self.db.clone(),
            self.clock.clone(),
            self.stop.clone(),
        );
        self.tasks.spawn(closing);
        writer
    }

    /// Starts another writer beside the service's own, as another replica would have: for long work, so that in a shared store
    /// calls wait for it only where they touch the same objects.
    #[must_use]
    pub fn write_beside<L: Ledger>(&self, own: &Writer<L>, ledger: Arc<L>) -> Writer<L> {
        let (writer, work) = writer::start_beside(
            own,
            ledger,
            self.db.clone(),
            self.queue.clone(),
            self.stop.clone(),
        );
        self.tasks.spawn(work);
        writer
    }

    /// Starts what writes the service's access log.
    #[must_use]
    pub fn record(&self, owner: &'static str) -> access::Log {
        let (log, recorder) = access::open();
        let work = recorder.run(owner, self.db.clone(), self.clock.clone());
        self.tasks.spawn(work);
        log
    }

    /// The log of another service, read as this one.
    ///
    /// # Errors
    /// When the owner's address is missing.
    pub fn log_of(
        &self,
        owner: &'static str,
        reader: &'static str,
    ) -> Result<RemoteLog, StartError> {
        let token = OwnToken::new(reader, self.key.clone(), self.peers.clone());
        Ok(RemoteLog::new(owner, &self.peers, token)?)
    }

    /// Starts to take in the logs of other services. What it returns ends when the service is ready as far as they go.
    ///
    /// # Errors
    /// When an owner's address is missing.
    pub fn consume<L: Ledger>(
        &self,
        writer: &Writer<L>,
        progress: &Progress,
        sources: &[(&'static str, Interpret<L::Act>)],
    ) -> Result<BoxFuture<'static, ()>, StartError> {
        let token = OwnToken::new(L::OWNER, self.key.clone(), self.peers.clone());
        let share = Share::join(&self.db, &self.tasks, &self.stop);
        let (stop, following) = (self.stop.clone(), progress.clone().follow(self.db.clone()));
        self.tasks
            .spawn(async move { stop.run_until_cancelled(following).await });
        let mut ready = Vec::with_capacity(sources.len());
        for (owner, interpret) in sources {
            let consumer = Consumer {
                writer: writer.clone(),
                db: self.db.clone(),
                queue: self.queue.clone(),
                log: RemoteLog::new(owner, &self.peers, token.clone())?,
                interpret: *interpret,
                progress: progress.clone(),
                share: share.clone(),
                opened: OnceCell::new(),
            };
            ready.push(consumer.start(&self.tasks, &self.stop));
        }
        Ok(join_all(ready).map(|_| ()).boxed())
    }
}
