//! From where a call comes.

use std::net::{IpAddr, Ipv6Addr};

/// The address that a connection comes from: the caller's own, or that of the gateway before it.
///
/// Every request that came over the connection has it among its extensions; one from within this process has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// What one caller has to itself: the address, or of IPv6 the network of its first 64 bits, within which it may take any.
    #[must_use]
    pub fn network(self) -> IpAddr {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.into(),
            IpAddr::V6(address) => {
                let [first, second, third, fourth, ..] = address.segments();
                Ipv6Addr::new(first, second, third, fourth, 0, 0, 0, 0).into()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(address: &str) -> IpAddr {
        Peer(address.parse().unwrap()).network()
    }

    #[test]
    fn a_caller_stays_the_same_whichever_address_of_its_network_it_takes() {
        let home = network("2001:db8:1:2:3:4:5:6");
        assert_eq!(home, network("2001:db8:1:2::1"));
        assert_ne!(home, network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        // The same machine, whether the port listens on both versions or on one.
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }
}
