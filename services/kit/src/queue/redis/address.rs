//! Where Redis is, and connecting to it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::ClusterClientBuilder;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{RoutingInfo, SingleNodeRoutingInfo};
use redis::sentinel::{SentinelClient, SentinelNodeConnectionInfo, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, IntoConnectionInfo as _, Pipeline, RedisFuture,
    RedisResult, Value,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longer than a reader blocks.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a node of a cluster is tried that sends elsewhere or is away, and how many milliseconds lie between, so that what
/// goes to the others does not wait for it.
const TRIES: u32 = 4;
const BETWEEN_TRIES: (u64, u64) = (10, 100);

/// Where the Redis of a suite is.
#[derive(Clone)]
pub enum Address {
    /// One server: `redis://host:port/number`, `rediss://` over TLS.
    Server(String),
    /// The master that these sentinels name: `redis+sentinel://host:port,host:port/service`.
    Sentinel {
        /// The sentinels' own URLs.
        sentinels: Vec<String>,
        /// What they call the master.
        service: String,
        /// `user:password` of the master, where it asks for one.
        login: Option<String>,
    },
    /// A cluster, by some of its nodes: `redis+cluster://host:port,host:port`.
    Cluster(Vec<String>),
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORMS: &str = "must be redis://host:port, rediss://host:port, redis+sentinel://host:port,host:port/service or redis+cluster://host:port,host:port";
        let address = match text.split_once("://") {
            Some(("redis" | "rediss", _)) => Self::Server(text.to_owned()),
            Some(("redis+cluster", rest)) => Self::Cluster(nodes(rest)),
            Some(("redis+sentinel", rest)) => {
                let (login, rest) = login(rest);
                let (hosts, service) = rest.split_once('/').ok_or(FORMS)?;
                Self::Sentinel {
                    sentinels: nodes(hosts),
                    service: service.to_owned(),
                    login: login.map(str::to_owned),
                }
            }
            _ => return Err(FORMS.to_owned()),
        };
        let readable = |url: &String| url.as_str().into_connection_info().is_ok();
        let all_readable = match &address {
            Self::Server(url) => readable(url),
            Self::Sentinel { sentinels, .. } => sentinels.iter().all(readable),
            Self::Cluster(nodes) => nodes.iter().all(readable),
        };
        all_readable.then_some(address).ok_or(FORMS.to_owned())
    }
}

fn login(rest: &str) -> (Option<&str>, &str) {
    match rest.rsplit_once('@') {
        Some((login, hosts)) => (Some(login), hosts),
        None => (None, rest),
    }
}

/// The URL of each node, all with the same login.
fn nodes(rest: &str) -> Vec<String> {
    let (login, hosts) = login(rest);
    let login = login.map(|login| format!("{login}@")).unwrap_or_default();
    let hosts = hosts.trim_end_matches('/').split(',');
    hosts.map(|host| format!("redis://{login}{host}")).collect()
}

/// Without a password.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server(_) => "Redis",
            Self::Sentinel { .. } => "Redis behind sentinels",
            Self::Cluster(_) => "Redis Cluster",
        })
    }
}

impl Address {
    pub(super) async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT_TIMEOUT))
            .set_response_timeout(Some(ANSWER_TIMEOUT));
        match self {
            Self::Server(url) => {
                let client = Client::open(url.as_str())?;
                let connecting = client.get_multiplexed_async_connection_with_config(&config);
                connecting.await.map(Connection::Server)
            }
            Self::Sentinel {
                sentinels,
                service,
                login,
            } => {
                let mut node = SentinelNodeConnectionInfo::default();
                if let Some(login) = login {
                    let as_server = format!("redis://{login}@localhost");
                    let info = as_server.as_str().into_connection_info()?;
                    node = node.set_redis_connection_info(info.redis_settings().clone());
                }
                let mut client = SentinelClient::build(
                    sentinels.iter().map(String::as_str).collect(),
                    service,
                    Some(node),
                    SentinelServerType::Master,
                )?;
                let connecting = client.get_async_connection_with_config(&config);
                connecting.await.map(Connection::Server)
            }
            Self::Cluster(nodes) => {
                let client = ClusterClientBuilder::new(nodes.iter().map(String::as_str))
                    .connection_timeout(CONNECT_TIMEOUT)
                    .response_timeout(ANSWER_TIMEOUT)
                    .retries(TRIES)
                    .min_retry_wait(BETWEEN_TRIES.0)
                    .max_retry_wait(BETWEEN_TRIES.1)
                    .build()?;
                client.get_async_connection().await.map(Connection::Cluster)
            }
        }
    }
}

/// A connection to whatever Redis is.
#[derive(Clone)]
pub(super) enum Connection {
    Server(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Connection {
    /// Whether it need not be made again after an error: it leads to a cluster of which some node answers.
    pub async fn mends_itself(&mut self) -> bool {
        match self {
            Self::Server(_) => false,
            Self::Cluster(cluster) => {
                let anywhere = RoutingInfo::SingleNode(SingleNodeRoutingInfo::Random);
                let answered = cluster.route_command(redis::cmd("PING"), anywhere).await;
                answered.is_ok()
            }
        }
    }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Server(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Server(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Server(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_address_is_read() {
        let server: Address = "redis://:secret@r:6379/3".parse().unwrap();
        assert!(matches!(&server, Address::Server(_)));
        assert!(!format!("{server:?}").contains("secret"));
        let sentinel: Address = "redis+sentinel://:pw@a:1,b:2/motcua".parse().unwrap();
        let Address::Sentinel {
            sentinels, service, ..
        } = sentinel
        else {
            panic!("no sentinel");
        };
        assert_eq!((sentinels.len(), service.as_str()), (2, "motcua"));
        let cluster: Address = "redis+cluster://:pw@a:1,b:2".parse().unwrap();
        let Address::Cluster(nodes) = cluster else {
            panic!("no cluster");
        };
        assert_eq!(nodes, ["redis://:pw@a:1", "redis://:pw@b:2"]);
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in ["", "r:6379", "http://r", "redis+sentinel://a:1"] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
