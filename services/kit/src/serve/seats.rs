//! How many connections there may be, of one address and in all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use super::Peer;

/// The connections of one port.
#[derive(Clone)]
pub(super) struct Seats(Arc<Inner>);

struct Inner {
    per_peer: usize,
    total: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    total: usize,
    /// Whether it was said that the port is full, since it last was half empty.
    full: bool,
    by_peer: HashMap<IpAddr, Held>,
}

#[derive(Default)]
struct Held {
    count: usize,
    /// Whether it was said that the peer has too many, since it last had none.
    too_many: bool,
}

/// The right to one connection, given back when it is dropped.
pub(super) struct Seat {
    seats: Seats,
    peer: IpAddr,
}

impl Seats {
    pub fn new(per_peer: usize, total: usize) -> Self {
        Self(Arc::new(Inner {
            per_peer,
            total,
            taken: Mutex::default(),
        }))
    }

    /// A seat for one more connection of a peer; `None` when it or the port has too many. That is logged once and not for
    /// each: whoever floods the port shall not flood the log.
    pub fn take(&self, peer: IpAddr) -> Option<Seat> {
        let mut taken = self.taken();
        let taken = &mut *taken;
        if taken.total >= self.0.total {
            if !std::mem::replace(&mut taken.full, true) {
                tracing::warn!(connections = taken.total, "the port is full");
            }
            return None;
        }
        let held = taken.by_peer.entry(peer).or_default();
        if held.count >= self.0.per_peer {
            if !std::mem::replace(&mut held.too_many, true) {
                tracing::warn!(%peer, connections = held.count, "a peer has too many connections");
            }
            return None;
        }
        held.count += 1;
        taken.total += 1;
        Some(Seat {
            seats: self.clone(),
            peer,
        })
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.0.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat {
    /// Whose connection it is.
    pub fn peer(&self) -> Peer {
        Peer(self.peer)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        taken.total -= 1;
        if taken.total <= self.seats.0.total / 2 {
            taken.full = false;
        }
        if let Entry::Occupied(mut held) = taken.by_peer.entry(self.peer) {
            held.get_mut().count -= 1;
            if held.get().count == 0 {
                held.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> IpAddr {
        [192, 0, 2, last].into()
    }

    #[test]
    fn a_peer_gets_its_share_and_others_theirs() {
        let seats = Seats::new(2, 10);
        let held: Vec<_> = (0..2).map(|_| seats.take(peer(1))).collect();
        assert!(held.iter().all(Option::is_some));
        assert!(seats.take(peer(1)).is_none());
        assert!(seats.take(peer(2)).is_some());
        drop(held);
        assert!(seats.take(peer(1)).is_some());
    }

    #[test]
    fn all_peers_together_get_no_more_than_the_port_has() {
        let seats = Seats::new(2, 3);
        let held: Vec<_> = [1, 1, 2].map(|last| seats.take(peer(last))).into();
        assert!(held.iter().all(Option::is_some));
        assert!(seats.take(peer(3)).is_none());
        drop(held);
        assert!(seats.take(peer(3)).is_some());
        assert!(seats.taken().by_peer.is_empty());
    }
}
