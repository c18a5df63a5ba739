//! One subscriber of a unit's queue: what is brought to it, and what it does with that.
//!
//! It runs as a task of its own. What it waits for wakes it: the bell of its unit, its client, the end of a lease, its token. It
//! takes a few offers at a time, so that those who compete share them, and only as many as may be outstanding. It hears its client
//! while it looks for more, and looks for more while it does what its client asked.

mod acts;
mod inbound;
mod looks;
mod outstanding;
#[cfg(test)]
mod tests;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, Fuse};
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
use tokio::sync::futures::OwnedNotified;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::offers::Offers;
use crate::transfer::Transfer;
use crate::wire::queue::Subscription;
use crate::{reading, wire};
use acts::{Accepted, Changed};
use looks::{Came, Ends, Looks, Source};
use outstanding::{Held, Outstanding};

pub use inbound::Inbound;

/// How many messages of the client are taken together.
const MESSAGES: usize = 64;
/// How many acceptances are under way at once; more are read when one is done.
const ACCEPTING: usize = 64;
/// After how much time without news a stream tells that it lives.
const QUIET: Duration = Duration::from_secs(30);
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
    subscription: Subscription,
    out: mpsc::Sender<Sent>,
    /// Until it is ended from here: its token holds no longer, or the process drains.
    ended: Fuse<BoxFuture<'static, Failure>>,
    outstanding: Outstanding,
    accepting: FuturesUnordered<BoxFuture<'static, Accepted>>,
    /// What its client asked for last of what it has outstanding, while that is being done.
    changing: Option<JoinHandle<Changed>>,
    looks: Looks,
    quiet_until: Instant,
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
        let source = Source {
            offers: self.offers.clone(),
            scope: self.scope,
            unit: self.subscription.unit.clone(),
            lease: self.subscription.lease,
            name: clock::new_uid(),
        };
        let mut running = Running {
            outstanding: Outstanding::new(self.subscription.limits),
            offers: self.offers,
            access: self.access,
            context: self.context,
            subscription: self.subscription,
            out: self.out,
            ended: ended.boxed().fuse(),
            accepting: FuturesUnordered::new(),
            changing: None,
            looks: Looks::new(source),
            quiet_until: clock::monotonic() + QUIET,
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
                self.looks.look(self.outstanding.room());
            }
            let wake = self.wake_at();
            let hears = self.changing.is_none() && self.accepting.len() < ACCEPTING;
            let went_on = tokio::select! {
                () = out.closed() => Err(End::Gone),
                failure = &mut self.ended => Err(End::Failed(failure)),
                message = inbound.message(), if hears => self.hear(message, inbound).await,
                changed = next(&mut self.changing) => match changed {
                    Some(changed) => {
                        let outcomes = self.changed(changed);
                        self.tell(outcomes).await
                    }
                    None => Err(End::Failed(stopping())),
                },
                Some(accepted) = self.accepting.next() => {
                    let outcomes = self.accepted(accepted);
                    self.tell(outcomes).await
                }
                came = self.looks.next() => match came {
                    Ok(came) => self.bring(came).await,
                    Err(_broken_off) => Err(End::Failed(stopping())),
                },
                () = &mut rung => {
                    rung = listen(&bell);
                    self.looks.rung();
                    Ok(())
                }
                () = tokio::time::sleep_until(wake) => self.tell_that_it_lives().await,
            };
            if let Err(end) = went_on {
                return end;
            }
        }
    }

    fn is_to_look(&mut self) -> bool {
        let now = clock::monotonic();
        if self.leases_may_end() {
            self.outstanding.end_leases(now);
        }
        let due = self.looks.due(self.outstanding.room());
        due.is_some_and(|due| due <= now)
    }

    fn wake_at(&self) -> Instant {
        let look = self.looks.due(self.outstanding.room());
        let ends = self.outstanding.next_end();
        let ends = ends.filter(|_| self.leases_may_end());
        let times = look.into_iter().chain(ends);
        times.fold(self.quiet_until, Instant::min)
    }

    /// What is just being extended has not ended.
    fn leases_may_end(&self) -> bool {
        self.changing.is_none()
    }

    /// Brings what came of a look.
    async fn bring(&mut self, came: Came) -> Result<(), End> {
        match came {
            Came::Taken => Ok(()),
            Came::Open(open, ends) => self.deliver(open, ends).await,
            Came::Back(back) => {
                self.give_back(&back).await;
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
        (ends, told_ends): Ends,
    ) -> Result<(), End> {
        let (mut brought, mut deliveries, mut back) = (Vec::new(), Vec::new(), Vec::new());
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
                brought.push((transfer, delivered));
            } else {
                back.push(undelivered(&delivered));
            }
        }
        if !back.is_empty() {
            self.looks.turned_back();
            self.give_back(&back).await;
        }
        if deliveries.is_empty() {
            return Ok(());
        }
        self.offers.brought(&brought).await;
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
        self.act_on(heard).await?;
        end.map_or(Ok(()), Err)
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
        if let Some(changed) = finished(&mut self.changing).await {
            let outcomes = self.changed(changed);
            let is_heard = matches!(end, End::Done);
            let parting = if is_heard { Duration::MAX } else { PARTING };
            let _ = tokio::time::timeout(parting, self.tell(outcomes)).await;
        }
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
        let rest = self.looks.rest().await;
        self.give_back(&rest).await;
    }
}

/// What comes of what is under way, once; nothing where it was broken off. What is not under way never comes.
async fn next<T>(under_way: &mut Option<JoinHandle<T>>) -> Option<T> {
    if under_way.is_none() {
        return std::future::pending().await;
    }
    finished(under_way).await
}

/// The same; nothing where it is not under way.
async fn finished<T>(under_way: &mut Option<JoinHandle<T>>) -> Option<T> {
    let done = under_way.as_mut()?.await.ok();
    *under_way = None;
    done
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
