//! The way to one service: its replicas in turn, without those that fail, and another one where a call may be repeated.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _, join_all};
use http::{Request, Response};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;
use tower::retry::budget::{Budget as _, TpsBudget};

use super::Way;
use super::address::Address;
use super::outgoing::{Attempt, Outgoing};
use super::replica::Replica;
use crate::clock;
use crate::telemetry::metrics;
use crate::tls::Tls;

/// How old a name server's answer may be when a call is made.
const LOOK_UP_AGAIN: Duration = Duration::from_secs(5);
/// How often a call is tried.
const ATTEMPTS: usize = 3;
/// Repetitions may add a fifth to what is called within this time, and these per second: a suite in trouble is not made
/// worse by its own calls.
const BUDGET: Duration = Duration::from_secs(10);
const BUDGET_PER_SECOND: u32 = 10;
const BUDGET_SHARE: f32 = 0.2;

/// The way to one service, over all its replicas.
#[derive(Clone)]
pub struct Peer(Arc<Inner>);

struct Inner {
    addresses: Vec<Address>,
    /// Whether no name has to be looked up.
    is_fixed: bool,
    known: Mutex<Known>,
    turn: AtomicUsize,
    budget: TpsBudget,
}

struct Known {
    replicas: Vec<Arc<Replica>>,
    look_up_at: Instant,
}

impl Peer {
    pub(super) fn new(ways: Vec<Way>, tls: &Tls) -> Self {
        let addresses = ways.into_iter().filter_map(|way| Address::of(way, tls));
        let addresses: Vec<_> = addresses.collect();
        let mut known = Known {
            replicas: Vec::new(),
            look_up_at: clock::monotonic(),
        };
        for address in &addresses {
            if let Some(at) = address.fixed() {
                known.add(at, address);
            }
        }
        Self(Arc::new(Inner {
            is_fixed: addresses.iter().all(|address| address.fixed().is_some()),
            addresses,
            known: Mutex::new(known),
            turn: AtomicUsize::new(0),
            budget: TpsBudget::new(BUDGET, BUDGET_PER_SECOND, BUDGET_SHARE),
        }))
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let call = Outgoing::of(request).await?;
        self.0.budget.deposit();
        let mut tried = Vec::new();
        loop {
            let replicas = self.replicas().await;
            let Some(replica) = self.next(&replicas, &tried) else {
                return Err(Status::unavailable("no replica of the service is known"));
            };
            tried.push(replica.at());
            let may_repeat = call.is_repeatable() && tried.len() < ATTEMPTS;
            let is_last = !may_repeat || replicas.iter().all(|one| tried.contains(&one.at()));
            match call.attempt(&replica, is_last).await {
                Attempt::Answered(response) => {
                    replica.answered();
                    return Ok(response);
                }
                Attempt::Failed(failure) => {
                    if replica.failed(clock::monotonic()) {
                        metrics::ejected(call.service());
                    }
                    if !may_repeat || call.is_late() || !self.0.budget.withdraw() {
                        return failure;
                    }
                    metrics::retried(call.service());
                }
                Attempt::TooLate => {
                    return Err(Status::deadline_exceeded(
                        "the time left was too short for the call",
                    ));
                }
            }
        }
    }

    /// The next replica in turn that works and was not tried for this call; when there is none, the one that was tried
    /// least and whose rest ends first.
    fn next(&self, replicas: &[Arc<Replica>], tried: &[SocketAddr]) -> Option<Arc<Replica>> {
        let now = clock::monotonic();
        let turn = self.0.turn.fetch_add(1, Ordering::Relaxed);
        let (before, from) = replicas.split_at(turn.checked_rem(replicas.len())?);
        let in_turn = || from.iter().chain(before);
        let works = in_turn()
            .filter(|replica| !tried.contains(&replica.at()))
            .find(|replica| replica.may_be_called(now));
        let times_tried =
            |replica: &Replica| tried.iter().filter(|at| **at == replica.at()).count();
        let least_bad = || in_turn().min_by_key(|one| (times_tried(one), one.rests_until()));
        works.or_else(least_bad).cloned()
    }

    /// The replicas as far as they are known. When the name server was asked long ago, it is asked again meanwhile.
    async fn replicas(&self) -> Vec<Arc<Replica>> {
        let (replicas, is_due) = self.known().look(clock::monotonic());
        if self.0.is_fixed {
            return replicas;
        }
        if replicas.is_empty() {
            self.look_up().await;
            return self.known().replicas.clone();
        }
        if is_due {
            let this = self.clone();
            tokio::spawn(async move { this.look_up().await });
        }
        replicas
    }

    async fn look_up(&self) {
        let asked = self.0.addresses.iter().map(|address| async move {
            let sockets = address.look_up().await;
            (address, sockets)
        });
        let mut found = Vec::new();
        let mut is_whole = true;
        for (address, sockets) in join_all(asked).await {
            match sockets {
                Ok(sockets) => found.extend(sockets.into_iter().map(|at| (at, address))),
                Err(error) => {
                    tracing::warn!(address = %address.origin(), %error, "a name could not be looked up");
                    is_whole = false;
                }
            }
        }
        self.known().take_over(&found, is_whole);
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The replicas, and whether it is time to look their names up again, which is then the caller's to do.
    fn look(&mut self, now: Instant) -> (Vec<Arc<Replica>>, bool) {
        let is_due = self.look_up_at <= now;
        if is_due {
            self.look_up_at = now + LOOK_UP_AGAIN;
        }
        (self.replicas.clone(), is_due)
    }

    /// New replicas are added; those that are gone are left out when the answer is whole.
    fn take_over(&mut self, found: &[(SocketAddr, &Address)], is_whole: bool) {
        for (at, address) in found {
            self.add(*at, address);
        }
        if is_whole {
            self.replicas
                .retain(|replica| found.iter().any(|(at, _)| replica.at() == *at));
        }
    }

    fn add(&mut self, at: SocketAddr, address: &Address) {
        if !self.replicas.iter().any(|replica| replica.at() == at) {
            let replica = Replica::new(at, address);
            self.replicas.extend(replica.map(Arc::new));
        }
    }
}

impl tower::Service<Request<Body>> for Peer {
    type Response = Response<Body>;
    type Error = Status;
    type Future = BoxFuture<'static, Result<Response<Body>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.clone().send(request).boxed()
    }
}

#[cfg(test)]
mod tests {
    use tonic::transport::Uri;

    use super::*;

    fn at(last: u8) -> SocketAddr {
        ([192, 0, 2, last], 50051).into()
    }

    fn sockets(known: &Known) -> Vec<SocketAddr> {
        known.replicas.iter().map(|replica| replica.at()).collect()
    }

    #[tokio::test]
    async fn a_name_that_stands_for_other_hosts_by_now_leads_to_these() {
        let way = Way::Network(Uri::from_static("http://intake:50051"));
        let address = Address::of(way, &Tls::none()).unwrap();
        let mut known = Known {
            replicas: Vec::new(),
            look_up_at: clock::monotonic(),
        };
        known.take_over(&[(at(1), &address), (at(2), &address)], true);
        let stays = Arc::clone(&known.replicas[1]);
        known.take_over(&[(at(3), &address), (at(2), &address)], true);
        assert_eq!(sockets(&known), [at(2), at(3)]);
        assert!(Arc::ptr_eq(&known.replicas[0], &stays));
        known.take_over(&[], false);
        assert_eq!(
            sockets(&known),
            [at(2), at(3)],
            "a name server that is away changes nothing"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn names_are_looked_up_again_every_five_seconds() {
        let now = clock::monotonic();
        let mut known = Known {
            replicas: Vec::new(),
            look_up_at: now,
        };
        let due = [0, 1, 4999, 5000, 5001, 10_000].map(|milliseconds| {
            let (_, is_due) = known.look(now + Duration::from_millis(milliseconds));
            is_due
        });
        assert_eq!(due, [true, false, false, true, false, true]);
    }
}
