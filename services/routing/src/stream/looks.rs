//! Looking for more. What was taken from the lane is read from the store while the next is being taken, and comes in the order in
//! which it was taken.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::future;
use futures::stream::FuturesOrdered;
use kit::authority::Scope;
use kit::clock::{self, Moment};
use kit::queue::{Delivered, Modify, Taken};
use sea_orm::DbErr;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::{QUIET, undelivered};
use crate::offers::Offers;
use crate::transfer::Transfer;

/// How many offers a subscriber takes before others have their turn.
pub(super) const AT_ONCE: usize = 16;
/// How many takings are read at once.
const READING: usize = 2;
/// When it looks again after the store did not answer.
const STORE_AWAY: Duration = Duration::from_secs(1);

/// From where a subscriber takes.
pub(super) struct Source {
    pub offers: Offers,
    /// Which transfers the caller may know of.
    pub scope: Scope,
    pub unit: String,
    pub lease: Duration,
    /// Its own name in the queue.
    pub name: String,
}

/// The looks of one subscriber.
pub(super) struct Looks {
    source: Arc<Source>,
    taking: Option<Taking>,
    reading: FuturesOrdered<JoinHandle<Looked>>,
    /// How many deliveries are being read.
    unread: usize,
    /// Whether something went back: what was taken behind it goes back, too, and nothing is taken before that. So none overtakes
    /// another of its dossier.
    goes_back: bool,
    /// When to look again although nobody rings.
    at: Instant,
    /// No look begins before, whoever rings.
    not_before: Instant,
}

/// Being taken.
struct Taking {
    most: usize,
    ends: Ends,
    taken: JoinHandle<Taken>,
}

/// When leases end: by the clock here, and as is told.
pub(super) type Ends = (Instant, Moment);

/// What came of a look.
pub(super) struct Looked {
    /// What was taken and is open still.
    open: Result<Vec<(Transfer, Delivered)>, DbErr>,
    /// What gives back all that was taken.
    back: Vec<Modify>,
    ends: Ends,
}

/// What is to be done with what came.
pub(super) enum Came {
    /// Nothing: it was taken, and is being read.
    Taken,
    /// It is open, on leases that end then.
    Open(Vec<(Transfer, Delivered)>, Ends),
    /// It goes back as if it had never been taken.
    Back(Vec<Modify>),
}

impl Looks {
    pub fn new(source: Source) -> Self {
        let now = clock::monotonic();
        Self {
            source: Arc::new(source),
            taking: None,
            reading: FuturesOrdered::new(),
            unread: 0,
            goes_back: false,
            at: now,
            not_before: now,
        }
    }

    /// When to look again, with room for so many more deliveries than are under way.
    pub fn due(&self, room: usize) -> Option<Instant> {
        let is_under_way = self.taking.is_some() || !self.reading.is_empty();
        let waits_for_it = self.goes_back && is_under_way;
        let may_look = self.taking.is_none() && self.reading.len() < READING && !waits_for_it;
        (may_look && room > self.unread).then_some(self.at.max(self.not_before))
    }

    /// Somebody rang.
    pub fn rung(&mut self) {
        self.at = clock::monotonic();
    }

    /// Begins to take what may come now. Whoever rings meanwhile has it look again at once.
    pub fn look(&mut self, room: usize) {
        let most = room.saturating_sub(self.unread).min(AT_ONCE);
        let (now, source) = (clock::monotonic(), Arc::clone(&self.source));
        // By the time at which it was asked: the lease ends no earlier than is told.
        let ends = (now + source.lease, clock::real() + source.lease);
        self.at = now + QUIET;
        self.goes_back = false;
        let take = async move {
            let Source { unit, name, .. } = &*source;
            let take = source.offers.take(unit, name, most, source.lease);
            source.offers.queue.lanes().take(&take).await
        };
        self.taking = Some(Taking {
            most,
            ends,
            taken: tokio::spawn(take.in_current_span()),
        });
    }

    /// What comes of the looks that are under way.
    ///
    /// # Errors
    /// When one was broken off.
    pub async fn next(&mut self) -> Result<Came, JoinError> {
        let Self {
            taking, reading, ..
        } = self;
        let taken = async {
            match taking {
                Some(taking) => ((&mut taking.taken).await, taking.most, taking.ends),
                None => future::pending().await,
            }
        };
        let read = async {
            match reading.next().await {
                Some(read) => read,
                None => future::pending().await,
            }
        };
        tokio::select! {
            (taken, most, ends) = taken => {
                self.taking = None;
                self.read(taken?, most, ends);
                Ok(Came::Taken)
            }
            read = read => read.map(|looked| self.came(looked)),
        }
    }

    /// Begins to read what was taken.
    fn read(&mut self, taken: Taken, most: usize, ends: Ends) {
        let now = clock::monotonic();
        // Where less came than was asked for there is no more.
        let is_all = taken.delivered.len() < most;
        let again = if is_all { now + taken.look_again } else { now };
        self.at = self.at.min(again);
        if taken.is_empty() {
            return;
        }
        self.unread += taken.delivered.len();
        let source = Arc::clone(&self.source);
        let read = async move {
            let Source {
                offers,
                scope,
                unit,
                ..
            } = &*source;
            offers.give_up(unit, taken.exhausted).await;
            Looked {
                back: taken.delivered.iter().map(undelivered).collect(),
                open: offers.open_ones(scope, unit, taken.delivered).await,
                ends,
            }
        };
        self.reading.push_back(tokio::spawn(read.in_current_span()));
    }

    fn came(&mut self, looked: Looked) -> Came {
        self.unread -= looked.back.len();
        if self.goes_back {
            return Came::Back(looked.back);
        }
        match looked.open {
            Ok(open) => Came::Open(open, looked.ends),
            Err(error) => {
                tracing::warn!(%error, "offers could not be read and are delivered later");
                self.turned_back();
                self.not_before = clock::monotonic() + STORE_AWAY;
                Came::Back(looked.back)
            }
        }
    }

    /// Something that was taken goes back.
    pub fn turned_back(&mut self) {
        self.goes_back = true;
    }

    /// What gives back all that is still under way, once it is there.
    pub async fn rest(&mut self) -> Vec<Modify> {
        let mut back = Vec::new();
        while let Some(read) = self.reading.next().await {
            back.extend(read.into_iter().flat_map(|read| read.back));
        }
        if let Some(taking) = self.taking.take()
            && let Ok(taken) = taking.taken.await
        {
            back.extend(taken.delivered.iter().map(undelivered));
        }
        back
    }
}
