//! The connections to one run of the suite.

use std::net::SocketAddr;

use tonic::transport::{Channel, Endpoint};

use super::error::Error;

const ACT_CONNECTIONS: usize = 2;
const PULL_CONNECTIONS: usize = 4;

/// The connections to one run of the suite.
pub struct Link {
    /// Which run.
    pub run: usize,
    /// Where it listens.
    pub address: SocketAddr,
    acts: Vec<Channel>,
    pulls: Vec<Channel>,
}

impl Link {
    /// Connections that are made when they are first used.
    ///
    /// # Errors
    /// When the address is none.
    pub fn new(run: usize, address: SocketAddr) -> Result<Self, Error> {
        let endpoint = Endpoint::from_shared(format!("http://{address}"));
        let endpoint = endpoint
            .map_err(|error| Error::NotServing(error.to_string()))?
            .tcp_nodelay(true);
        let connect = |count| (0..count).map(|_| endpoint.connect_lazy()).collect();
        Ok(Self {
            run,
            address,
            acts: connect(ACT_CONNECTIONS),
            pulls: connect(PULL_CONNECTIONS),
        })
    }

    /// The connection for an act, in turn.
    #[must_use]
    pub fn for_acts(&self, turn: usize) -> &Channel {
        &self.acts[turn % ACT_CONNECTIONS]
    }

    /// The connection for long polls of a lane.
    #[must_use]
    pub fn for_pulls(&self, lane: usize) -> &Channel {
        &self.pulls[lane % PULL_CONNECTIONS]
    }
}
