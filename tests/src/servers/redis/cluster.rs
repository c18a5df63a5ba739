//! A Redis Cluster of three nodes.

use super::{Appending, Redis};
use crate::servers::free_port;

/// The first and the last hash slot of each node.
const SLOTS: [(u16, u16); 3] = [(0, 5_460), (5_461, 10_922), (10_923, 16_383)];

/// What a node says that serves, and knows who has which slots.
const WHOLE: &str = "cluster_state:ok\r\ncluster_slots_assigned:16384";

/// A cluster without replicas, which serves the slots of the nodes that are there.
pub struct RedisCluster {
    nodes: Vec<Redis>,
}

impl RedisCluster {
    /// Starts an empty one, and waits until every node knows who has which slots.
    pub async fn start() -> Self {
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for (first, last) in SLOTS {
            let bus = free_port();
            let options = format!(
                "--cluster-enabled yes --cluster-port {bus} --cluster-require-full-coverage no"
            );
            let options = options.split(' ').map(str::to_owned).collect();
            let node = Redis::start_with(Appending::Off, options).await;
            node.must_do(&format!("CLUSTER ADDSLOTSRANGE {first} {last}"));
            nodes.push(node);
            buses.push(bus);
        }
        for (node, bus) in nodes.iter().zip(buses) {
            nodes[0].must_do(&format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port));
        }
        for node in &mut nodes {
            node.until_it_says("CLUSTER INFO", WHOLE).await;
        }
        Self { nodes }
    }

    /// The number of the node that has a key.
    pub fn node_of(&self, key: &str) -> usize {
        let node = self.nodes.iter().find(|node| node.runs());
        let told = node.and_then(|node| node.say(&format!("CLUSTER KEYSLOT {key}")));
        let told = told.expect("a node answers");
        let slot: u16 = told
            .trim_start_matches(':')
            .trim()
            .parse()
            .expect("the number of a slot");
        let node = SLOTS.iter().position(|(_, last)| slot <= *last);
        node.expect("all slots are taken")
    }

    /// Kills a node with SIGKILL.
    pub fn kill(&mut self, node: usize) {
        self.nodes[node].kill();
    }

    /// Starts a node that was killed, empty, and waits until it serves.
    pub async fn restart(&mut self, node: usize) {
        let node = &mut self.nodes[node];
        node.restart().await;
        node.until_it_says("CLUSTER INFO", WHOLE).await;
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
