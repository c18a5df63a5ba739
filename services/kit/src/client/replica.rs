//! One replica of a service, and whether calling it makes sense just now.

use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tonic::transport::{Channel, Endpoint};

use super::address::Address;

/// In one data centre a host that does not answer by then, or not agree on TLS, is away.
const CONNECT: Duration = Duration::from_secs(1);
/// While calls are under way, a replica that says nothing for so long is asked whether it is still there …
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// … and is given up when it does not answer within this.
const KEEP_ALIVE_ANSWER: Duration = Duration::from_secs(3);
/// How long a replica is left alone after its first failure in a row; twice as long after each further one …
const FIRST_REST: Duration = Duration::from_secs(1);
/// … up to this.
const LONGEST_REST: Duration = Duration::from_secs(30);

/// One replica of a service.
pub(super) struct Replica {
    at: SocketAddr,
    channel: Channel,
    standing: Mutex<Standing>,
}

#[derive(Default)]
enum Standing {
    #[default]
    Works,
    /// It failed so many times in a row, and rests.
    Fails { times: u32, until: Instant },
}

impl Replica {
    /// The replica of an address at this socket, which is connected to when it is first called.
    pub fn new(at: SocketAddr, address: &Address) -> Option<Self> {
        let endpoint = Endpoint::from_shared(format!("http://{at}")).ok()?;
        let endpoint = endpoint
            .origin(address.origin().clone())
            .connect_timeout(CONNECT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_ANSWER);
        Some(Self {
            at,
            channel: address.transport().connect(at, &endpoint),
            standing: Mutex::default(),
        })
    }

    pub fn at(&self) -> SocketAddr {
        self.at
    }

    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Whether to call it now. After its rest one call tries whether it is back, and the others stay away until they know.
    pub fn may_be_called(&self, now: Instant) -> bool {
        let mut standing = self.standing();
        match *standing {
            Standing::Works => true,
            Standing::Fails { until, .. } if now < until => false,
            Standing::Fails { times, .. } => {
                *standing = Standing::fails(times + 1, now);
                true
            }
        }
    }

    /// When its rest ends; `None` when it works.
    pub fn rests_until(&self) -> Option<Instant> {
        match *self.standing() {
            Standing::Works => None,
            Standing::Fails { until, .. } => Some(until),
        }
    }

    pub fn answered(&self) {
        *self.standing() = Standing::Works;
    }

    /// A call failed. What fails during its rest was counted with the first. Tells whether it worked until now.
    pub fn failed(&self, now: Instant) -> bool {
        let mut standing = self.standing();
        match *standing {
            Standing::Works => {
                *standing = Standing::fails(1, now);
                return true;
            }
            Standing::Fails { until, .. } if now < until => {}
            Standing::Fails { times, .. } => *standing = Standing::fails(times + 1, now),
        }
        false
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    fn fails(times: u32, now: Instant) -> Self {
        let doubled = 1_u32
            .checked_shl(times.saturating_sub(1))
            .unwrap_or(u32::MAX);
        let until = now + FIRST_REST.saturating_mul(doubled).min(LONGEST_REST);
        Self::Fails { times, until }
    }
}

#[cfg(test)]
mod tests {
    use tonic::transport::Uri;

    use super::super::Way;
    use super::*;
    use crate::clock;
    use crate::tls::Tls;

    fn replica() -> Replica {
        let address = Way::Network(Uri::from_static("http://intake"));
        let address = Address::of(address, &Tls::none()).unwrap();
        Replica::new(([127, 0, 0, 1], 1).into(), &address).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_replica_that_fails_rests_for_a_second_and_then_for_twice_as_long_each_time() {
        let (replica, mut now) = (replica(), clock::monotonic());
        replica.failed(now);
        for rest in [1, 2, 4, 8, 16, 30, 30] {
            let rest = Duration::from_secs(rest);
            assert!(!replica.may_be_called(now + rest - Duration::from_millis(1)));
            now += rest;
            assert!(replica.may_be_called(now), "{rest:?}");
            replica.failed(now);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_at_a_time_tries_whether_it_is_back() {
        let (replica, now) = (replica(), clock::monotonic());
        replica.failed(now);
        let after_its_rest = now + FIRST_REST;
        assert!(replica.may_be_called(after_its_rest));
        assert!(!replica.may_be_called(after_its_rest));
        replica.answered();
        assert!(replica.may_be_called(after_its_rest));
    }

    #[tokio::test(start_paused = true)]
    async fn many_calls_that_fail_at_once_count_as_one() {
        let (replica, now) = (replica(), clock::monotonic());
        for _ in 0..100 {
            replica.failed(now);
        }
        assert!(replica.may_be_called(now + FIRST_REST));
    }
}
