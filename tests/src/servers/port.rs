//! Ports for servers that are stopped and started again.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;

/// Below the ports that the system gives to outgoing connections: while a server is away, a caller that dials its port
/// would otherwise now and then be connected to itself, and the server could not come back.
const RANGE: Range<u16> = 12_000..32_000;

/// A port of 127.0.0.1 that nobody listens on.
pub fn free_port() -> u16 {
    let free = std::iter::repeat_with(|| {
        let random = u16::from_be_bytes(kit::clock::random_bytes());
        RANGE.start + random % (RANGE.end - RANGE.start)
    });
    free.take(1_000)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of a thousand ports is free")
}
