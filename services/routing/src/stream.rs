//! One subscriber of a unit's queue: what is brought to it, and what it does with that.
//!
//! It runs as a task of its own. What it waits for wakes it: the bell of its unit, its client, the end of a lease, its token. It
//! takes a few offers at a time, so that those who compete share them, and only as many as may be outstanding. It hears its client
//! while it looks for more.

mod acts;
mod inbound;
mod outstanding;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use kit::access;
use kit::authority::{Context, Scope};
use kit::caller::Pass;
use kit::clock;
use kit::failure::Failure;
use kit::queue::{Change, Delivered, Modify};
use kit::serve::explained;
use prost::Message as _;
use proto::routing::v1 as pb;
use sea_orm::DbErr;
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tracing::Instrument as _;

use crate::offers::Offers;
use crate::transfer::Transfer;
use crate::wire::queue::Subscription;
use crate::{reading, wire};
use acts::Accepted;
use outstanding::{Held, Outstanding};

pub use inbound::Inbound;

/// How many offers a subscriber takes before others have their turn.
const AT_ONCE: usize = 16;
/// How many messages of the client are taken together.
const MESSAGES: usize = 64;
/// How many acceptances are under way at once; more are read when one is done.
const ACCEPTING: usize = 64;
/// After how much time without news a stream tells that it lives.
const QUIET: Duration = Duration::from_secs(30);
/// When it looks again after the store did not answer.
const STORE_AWAY: Duration = Duration::from_secs(1);
/// How long a client has to take the end of its stream.
const PARTING: Duration = Duration::from_secs(1);

/// What goes to the client.
pub type Sent = Result<pb::StreamTransfersResponse, Status>;

/// One stream.
pub struct Subscriber {
    /// What brings offers.
    pub offers: Offers,
    /// For what may speak of a person.
    pub access: access::Log,
    /// The call.
    pub context: Context,
    /// Which transfers the caller may know of.
    pub scope: Scope,
    /// By what it was let in.
    pub pass: Pass,
    /// What it subscribed to.
    pub subscription: Subscription,
    /// What its client sends.
    pub inbound: Inbound,
    /// To its client.
    pub out: mpsc::Sender<Sent>,
    /// Cancelled when the process drains.
    pub stop: CancellationToken,
}

/// A stream that runs.
struct Running {
    offers: Offers,
    access: access::Log,
    context: Context,
    scope: Arc<Scope>,
    subscription: Subscription,
    /// Its own name in the queue.
    name: String,
    out: mpsc::Sender<Sent>,
    /// Until it is ended from here: its token holds no longer, or the process drains.
    ended: BoxFuture<'static, Failure>,
    outstanding: Outstanding,
    accepting: FuturesUnordered<BoxFuture<'static, Accepted>>,
    /// The look that is under way.
    looking: Option<JoinHandle<Looked>>,
    look_at: Instant,
    quiet_until: Instant,
}

/// What came of a look into the lane of the unit.
struct Looked {
    /// What was taken and is open still.
    open: Result<Vec<(Transfer, Delivered)>, DbErr>,
    /// What gives back all that was taken.
    back: Vec<Modify>,
    /// When the leases end: by the clock here, and as is told.
    ends: (Instant, clock::Moment),
    /// When it makes sense to look again although nobody rings.
    again: Instant,
}

/// Why a stream ends.
enum End {
    /// Its client went away.
    Gone,
    /// Its client has nothing more to say.
    Done,
    /// It cannot go on.
    Failed(Failure),
}

impl Subscriber {
    /// Brings offers until either side ends the stream; then whatever is outstanding is given back.
    pub async fn run(self) {
        let (pass, stop, mut inbound) = (self.pass, self.stop, self.inbound);
        let ended = async move {
            tokio::select! {
                () = stop.cancelled() => stopping(),
                failure = pass.outlived() => failure,
            }
        };
        let now = clock::monotonic();
        let mut running = Running {
            outstanding: Outstanding::new(self.subscription.limits),
            offers: self.offers,
            access: self.access,
            context: self.context,
            scope: Arc::new(self.scope),
            subscription: self.subscription,
            name: clock::new_uid(),
            out: self.out,
            ended: ended.boxed(),
            accepting: FuturesUnordered::new(),
            looking: None,
            look_at: now,
            quiet_until: now + QUIET,
        };
        let end = running.go_on(&mut inbound).await;
        running.finish(end).await;
    }
}

impl Running {
    async fn go_on(&mut self, inbound: &mut Inbound) -> End {
        let bell = self.offers.queue.lanes().bell(&self.subscription.unit);
        let mut rung = listen(&bell);
        let out = self.out.clone();
        loop {
            if self.is_to_look() {
                // Listens before it looks, so that nothing is missed in between.
                rung = listen(&bell);
                self.look();
            }
            let wake = self.wake_at();
            tokio::select! {
                () = out.closed() => return End::Gone,
                failure = &mut self.ended => return End::Failed(failure),
                message = inbound.message(), if self.accepting.len() < ACCEPTING => {
                    match self.hear(message, inbound).await {
                        Ok(()) => {}
                        Err(end) => return end,
                    }
                }
                Some(accepted) = self.accepting.next() => {
                    let outcomes = self.accepted(accepted);
                    if let Err(end) = self.tell(outcomes).await {
                        return end;
                    }
                }
                looked = next(&mut self.looking) => {
                    if let Err(end) = self.bring(looked).await {
                        return end;
                    }
                }
                () = &mut rung => {
                    rung = listen(&bell);
                    self.look_at = clock::monotonic();
                }
                () = tokio::time::sleep_until(wake) => {
                    if let Err(end) = self.tell_that_it_lives().await {
                        return end;
                    }
                }
            }
        }
    }

    fn is_to_look(&mut self) -> bool {
        let now = clock::monotonic();
        self.outstanding.end_leases(now);
        self.may_look() && self.look_at <= now
    }

    fn may_look(&self) -> bool {
        self.looking.is_none() && self.outstanding.room() > 0
    }

    fn wake_at(&self) -> Instant {
        let look = self.may_look().then_some(self.look_at);
        let times = look.into_iter().chain(self.outstanding.next_end());
        times.fold(self.quiet_until, Instant::min)
    }

    /// Begins to take what may come now.
    fn look(&mut self) {
        let (offers, scope) = (self.offers.clone(), Arc::clone(&self.scope));
        let (unit, lease) = (self.subscription.unit.clone(), self.subscription.lease);
        let (name, most) = (self.name.clone(), self.outstanding.room().min(AT_ONCE));
        let look = async move {
            // By the time at which it was asked: the lease ends no earlier than is told.
            let ends = (clock::monotonic() + lease, clock::real() + lease);
            let take = offers.take(&unit, &name, most, lease);
            let taken = offers.queue.lanes().take(&take).await;
            let nothing_came = taken.is_empty();
            offers.give_up(&unit, taken.exhausted).await;
            let back = taken.delivered.iter().map(undelivered).collect();
            let now = clock::monotonic();
            Looked {
                open: offers.open_ones(&scope, &unit, taken.delivered).await,
                back,
                ends,
                again: if nothing_came {
                    now + taken.look_again
                } else {
                    now
                },
            }
        };
        // Whoever rings meanwhile has it look again at once.
        self.look_at = clock::monotonic() + QUIET;
        self.looking = Some(tokio::spawn(look.in_current_span()));
    }

    /// Brings what came of a look.
    async fn bring(&mut self, looked: Option<Looked>) -> Result<(), End> {
        let Some(looked) = looked else {
            return Err(End::Failed(stopping()));
        };
        self.look_at = self.look_at.min(looked.again);
        match looked.open {
            Ok(open) => self.deliver(open, looked.ends).await,
            Err(error) => {
                tracing::warn!(%error, "offers could not be read and are delivered later");
                self.give_back(&looked.back).await;
                self.look_at = clock::monotonic() + STORE_AWAY;
                Ok(())
            }
        }
    }

    async fn give_back(&mut self, back: &[Modify]) {
        if !back.is_empty() {
            let lanes = self.offers.queue.lanes();
            lanes.modify(&self.subscription.unit, back).await;
        }
    }

    /// Brings what has room. The rest goes back in its order as if it had never been taken.
    async fn deliver(
        &mut self,
        open: Vec<(Transfer, Delivered)>,
        (ends, told_ends): (Instant, clock::Moment),
    ) -> Result<(), End> {
        let (mut deliveries, mut back) = (Vec::new(), Vec::new());
        for (transfer, delivered) in open {
            let delivery = wire::reply::delivery(&transfer, &delivered, told_ends);
            let held = Held {
                attempt: delivered.attempt,
                bytes: delivery.encoded_len(),
                ends,
                traceparent: delivered.offer.traceparent.clone(),
            };
            // Its client may have asked for less meanwhile.
            let has_room = back.is_empty() && self.outstanding.room() > 0;
            if has_room && self.outstanding.add(&delivered.offer.key, held) {
                deliveries.push(delivery);
            } else {
                back.push(undelivered(&delivered));
            }
        }
        self.give_back(&back).await;
        if deliveries.is_empty() {
            return Ok(());
        }
        self.send(pb::StreamTransfersResponse {
            deliveries,
            outcomes: Vec::new(),
        })
        .await
    }

    /// Hears a message, and those that came with it.
    async fn hear(
        &mut self,
        first: Result<Option<pb::StreamTransfersRequest>, Status>,
        inbound: &mut Inbound,
    ) -> Result<(), End> {
        let mut heard = Vec::new();
        let mut next = Some(first);
        let mut end = None;
        while let Some(message) = next {
            match message {
                Ok(Some(message)) => heard.push(message),
                Ok(None) => end = Some(End::Done),
                Err(status) => end = Some(of_client(&status)),
            }
            let more = end.is_none() && heard.len() < MESSAGES;
            next = more.then(|| inbound.message().now_or_never()).flatten();
        }
        let (outcomes, malformed) = self.act_on(heard).await;
        self.tell(outcomes).await?;
        match malformed.map(End::Failed).or(end) {
            Some(end) => Err(end),
            None => Ok(()),
        }
    }

    async fn tell(&mut self, outcomes: Vec<pb::StreamOutcome>) -> Result<(), End> {
        if outcomes.is_empty() {
            return Ok(());
        }
        self.send(pb::StreamTransfersResponse {
            deliveries: Vec::new(),
            outcomes,
        })
        .await
    }

    async fn tell_that_it_lives(&mut self) -> Result<(), End> {
        if clock::monotonic() < self.quiet_until {
            return Ok(());
        }
        self.send(pb::StreamTransfersResponse::default()).await
    }

    /// Sends a message, once what it tells is recorded, when the client has taken enough of those before. One that takes nothing
    /// does not outlive its token.
    async fn send(&mut self, message: pb::StreamTransfersResponse) -> Result<(), End> {
        let context = Context {
            at: self.offers.clock.civil(),
            ..self.context.clone()
        };
        reading::record(&self.access, &context, &message).map_err(End::Failed)?;
        self.quiet_until = clock::monotonic() + QUIET;
        tokio::select! {
            sent = self.out.send(Ok(message)) => sent.map_err(|_| End::Gone),
            failure = &mut self.ended => Err(End::Failed(failure)),
        }
    }

    /// Finishes what is under way, gives back what is outstanding, tells why it ends, and gives back what a look still brings.
    async fn finish(mut self, end: End) {
        if matches!(end, End::Done) {
            while let Some(accepted) = self.accepting.next().await {
                let outcomes = self.accepted(accepted);
                if self.tell(outcomes).await.is_err() {
                    break;
                }
            }
        }
        let back = self.outstanding.give_back_all();
        self.give_back(&back).await;
        if let End::Failed(failure) = end {
            let told = self.out.send(Err(failure.into()));
            let _ = tokio::time::timeout(PARTING, told).await;
        }
        if self.looking.is_some()
            && let Some(looked) = next(&mut self.looking).await
        {
            self.give_back(&looked.back).await;
        }
    }
}

/// What comes of the look that is under way, once; nothing where it was broken off.
async fn next(looking: &mut Option<JoinHandle<Looked>>) -> Option<Looked> {
    let Some(under_way) = looking else {
        return std::future::pending().await;
    };
    let looked = under_way.await.ok();
    *looking = None;
    looked
}

/// Hears what rings from now on.
fn listen(bell: &Arc<Notify>) -> Pin<Box<OwnedNotified>> {
    let mut rung = Box::pin(Arc::clone(bell).notified_owned());
    rung.as_mut().enable();
    rung
}

fn undelivered(delivered: &Delivered) -> Modify {
    Modify {
        key: delivered.offer.key.clone(),
        attempt: delivered.attempt,
        change: Change::Undeliver,
    }
}

/// What came instead of a message of the client.
fn of_client(status: &Status) -> End {
    explained(status).map_or(End::Gone, End::Failed)
}

fn stopping() -> Failure {
    const RETRY: Duration = Duration::from_millis(500);
    Failure::unavailable("STOPPING", "the service stops; subscribe again", RETRY)
}
