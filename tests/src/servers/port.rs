//! Ports for servers that are stopped and started again.

use std::collections::HashSet;
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Below the ports that the system gives to outgoing connections: while a server is away, a caller that dials its port
/// would otherwise now and then be connected to itself, and the server could not come back.
const RANGE: Range<u16> = 12_000..32_000;

/// The ports that this process was given, whether it listens on them by now or not.
static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// A port of 127.0.0.1 that nobody listens on, and that was not given out before.
pub fn free_port() -> u16 {
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    let free = std::iter::repeat_with(|| {
        let random = u16::from_be_bytes(kit::clock::random_bytes());
        RANGE.start + random % (RANGE.end - RANGE.start)
    });
    free.take(1_000)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok() && given.insert(*port))
        .expect("one of a thousand ports is free")
}
