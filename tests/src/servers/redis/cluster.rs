//! A Redis Cluster of three nodes.

use super::{Appending, Redis};
use crate::servers::free_port;

/// The first and the last hash slot of each node.
const SLOTS: [(u16, u16); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];

/// A cluster without replicas.
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts an empty one, and waits until every node knows who has which slots.
    pub async fn start() -> Self {
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for (first, last) in SLOTS {
            let bus = free_port();
            let (enabled, port) = ("--cluster-enabled yes", format!("--cluster-port {bus}"));
            let options = [enabled, &port].map(|option| option.split(' ').map(str::to_owned));
            let options = options.into_iter().flatten().collect();
            let node = Redis::start_with(Appending::Off, options).await;
            node.must_do(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"));
            nodes.push(node);
            buses.push(bus);
        }
        for (node, bus) in nodes.iter().zip(buses) {
            nodes[0].must_do(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port));
        }
        for node in &mut nodes {
            node.until_it_says("CLUSTER INFO", "cluster_state:ok").await;
        }
        Self { nodes }
    }

    /// `redis+cluster://127.0.0.1:PORT,127.0.0.1:PORT,…`.
    pub fn url(&self) -> String {
        let nodes = self.nodes.iter();
        let nodes: Vec<String> = nodes
            .map(|node| format!("127.0.0.1:{}", node.port))
            .collect();
        format!("redis+cluster://{}", nodes.join(","))
    }
}
