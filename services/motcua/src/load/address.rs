//! Where the services are.

use std::str::FromStr;

use tonic::transport::{Channel, Endpoint};

use super::error::Error;

/// The address of one service, or of all of them.
#[derive(Clone, Debug)]
pub struct Address {
    service: Option<String>,
    endpoint: Endpoint,
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (service, url) = match text.split_once('=') {
            Some((service, url)) => (Some(service.to_owned()), url),
            None => (None, text),
        };
        let endpoint = Endpoint::from_shared(url.to_owned())
            .map_err(|error| format!("`{url}` is no URL: {error}"))?;
        Ok(Self {
            service,
            endpoint: endpoint.tcp_nodelay(true),
        })
    }
}

/// So many connections to a service, over all its addresses in turn.
///
/// # Errors
/// When it has none.
pub fn connect(
    addresses: &[Address],
    service: &str,
    connections: usize,
) -> Result<Vec<Channel>, Error> {
    let serves = |address: &&Address| address.service.as_deref().is_none_or(|of| of == service);
    let of_service: Vec<_> = addresses.iter().filter(serves).collect();
    if of_service.is_empty() {
        return Err(Error::NoAddress(service.to_owned()));
    }
    let count = connections.max(of_service.len());
    let in_turn = of_service.iter().cycle().take(count);
    Ok(in_turn
        .map(|address| address.endpoint.connect_lazy())
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_replica_of_a_service_gets_connections_and_an_unnamed_address_serves_all() {
        let parse = |text: &str| text.parse::<Address>().unwrap();
        let named = [
            parse("intake=http://127.0.0.1:1"),
            parse("intake=http://127.0.0.1:2"),
            parse("routing=http://127.0.0.1:3"),
        ];
        assert_eq!(connect(&named, "intake", 1).unwrap().len(), 2);
        assert_eq!(connect(&named, "routing", 4).unwrap().len(), 4);
        assert!(connect(&named, "identity", 4).is_err());
        let all = [parse("http://127.0.0.1:1")];
        assert_eq!(connect(&all, "identity", 4).unwrap().len(), 4);
    }
}
