//! Calling the other services: whichever of their replicas answers, a token of our own.

mod address;
mod outgoing;
mod peer;
mod replica;
mod transport;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use proto::event::v1::Event;
use proto::identity::v1::issue_token_request::Proof;
use proto::identity::v1::token_service_client::TokenServiceClient;
use proto::identity::v1::{
    GetKeySetRequest, IssueTokenRequest, ReadEventsRequest, ReadEventsResponse,
};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tonic::transport::Uri;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;

use crate::caller::{KeySet, KeySource, Revoked, TOKEN_LIFE, sign_assertion};
use crate::clock;
use crate::failure::Failure;
use crate::inside::Inside;
use crate::keys::{PrivateKey, PublicKey};
use crate::log::Shard;
use crate::tls::Tls;
pub use peer::Peer;

/// A token is renewed when less than this is left of it.
const RENEW_BEFORE: Duration = Duration::from_mins(2);
/// The longest key set with what was taken back, in bytes: some 200,000 tokens of the last 11 minutes.
const LONGEST_KEY_SET: usize = 8 * 1024 * 1024;

/// How to reach a service, or a replica of it.
#[derive(Clone, Debug)]
pub enum Way {
    /// At `http://host:port` in plain text, at `https://host:port` under TLS with a certificate for that host.
    Network(Uri),
    /// Within this process, which others reach at this address.
    Inside(Uri, Inside),
}

/// Where the services of the suite are.
#[derive(Clone)]
pub struct Peers(HashMap<String, Peer>);

impl Peers {
    /// The suite's services by name at these addresses; each is connected to when it is first called. A service may have
    /// several, and a host name may stand for several: they are replicas of one another.
    #[must_use]
    pub fn new(addresses: impl IntoIterator<Item = (String, Uri)>) -> Self {
        let ways = addresses.into_iter();
        Self::over(
            ways.map(|(name, uri)| (name, Way::Network(uri))),
            &Tls::none(),
        )
    }

    /// The same over any way; what is reached under TLS shows a certificate that is accepted there.
    #[must_use]
    pub fn over(ways: impl IntoIterator<Item = (String, Way)>, tls: &Tls) -> Self {
        let mut by_name: HashMap<String, Vec<Way>> = HashMap::new();
        for (name, way) in ways {
            by_name.entry(name).or_default().push(way);
        }
        let peer = |(name, ways): (String, Vec<Way>)| (name, Peer::new(ways, tls));
        Self(by_name.into_iter().map(peer).collect())
    }

    /// The way to one service; the clients that are generated from the contract take it as their channel.
    ///
    /// # Errors
    /// `UNAVAILABLE` when no address was given for it.
    pub fn channel(&self, service: &str) -> Result<Peer, Failure> {
        let unknown = || {
            let english = format!("no address is set for the service {service}");
            Failure::unavailable("SERVICE_UNKNOWN", english, Duration::from_secs(5))
        };
        self.0.get(service).cloned().ok_or_else(unknown)
    }

    /// Fetches the keys by which tokens are verified from identity.
    #[must_use]
    pub fn key_source(&self) -> KeySource {
        let peers = self.clone();
        Arc::new(move || {
            let peers = peers.clone();
            Box::pin(async move { peers.key_set().await })
        })
    }

    async fn key_set(&self) -> Result<KeySet, Failure> {
        let client = TokenServiceClient::new(self.channel("identity")?);
        let reply = client
            .max_decoding_message_size(LONGEST_KEY_SET)
            .get_key_set(GetKeySetRequest {})
            .await
            .map_err(|status| {
                let english = format!(
                    "the keys of tokens could not be fetched: {}",
                    status.message()
                );
                Failure::unavailable("KEYS_UNAVAILABLE", english, Duration::from_secs(1))
            })?;
        let reply = reply.into_inner();
        let keys = reply.keys.iter();
        let keys = keys.filter_map(|key| PublicKey::from_bytes(&key.ed25519).ok());
        let subjects = reply.revoked_subjects.into_iter();
        Ok(KeySet {
            issuer: reply.issuer,
            keys: keys.collect(),
            revoked: Revoked {
                tokens: reply.revoked_tokens.into_iter().collect(),
                subjects: subjects
                    .filter_map(|revoked| {
                        let subject = revoked.subject_sha256.try_into().ok()?;
                        Some((subject, revoked.until))
                    })
                    .collect(),
            },
        })
    }
}

/// The token with which a service calls the others, renewed before it ends.
#[derive(Clone)]
pub struct OwnToken(Arc<OwnTokenState>);

struct OwnTokenState {
    service: &'static str,
    key: PrivateKey,
    peers: Peers,
    current: Mutex<Option<(String, Instant)>>,
}

impl OwnToken {
    /// Tokens for this service, signed for with its key.
    #[must_use]
    pub fn new(service: &'static str, key: PrivateKey, peers: Peers) -> Self {
        Self(Arc::new(OwnTokenState {
            service,
            key,
            peers,
            current: Mutex::default(),
        }))
    }

    async fn get(&self) -> Result<String, Status> {
        let mut current = self.0.current.lock().await;
        if let Some((token, renew_at)) = current.as_ref()
            && clock::monotonic() < *renew_at
        {
            return Ok(token.clone());
        }
        let token = self.issue().await?;
        *current = Some((
            token.clone(),
            clock::monotonic() + TOKEN_LIFE.saturating_sub(RENEW_BEFORE),
        ));
        Ok(token)
    }

    async fn issue(&self) -> Result<String, Status> {
        let assertion = sign_assertion(self.0.service, &self.0.key)
            .map_err(|error| Status::new(Code::Internal, error.to_string()))?;
        let mut client = TokenServiceClient::new(self.0.peers.channel("identity")?);
        let proof = Some(Proof::Assertion(assertion));
        let reply = client.issue_token(IssueTokenRequest { proof }).await?;
        Ok(reply.into_inner().token)
    }
}

/// The event log of another service, read over the network.
#[derive(Clone)]
pub struct RemoteLog {
    owner: &'static str,
    channel: Peer,
    token: OwnToken,
}

impl RemoteLog {
    /// The log that `owner` keeps.
    ///
    /// # Errors
    /// When no address is set for the owner.
    pub fn new(owner: &'static str, peers: &Peers, token: OwnToken) -> Result<Self, Failure> {
        Ok(Self {
            owner,
            channel: peers.channel(owner)?,
            token,
        })
    }

    /// Whose log it is.
    #[must_use]
    pub fn owner(&self) -> &'static str {
        self.owner
    }

    /// A page of one shard after `after`. Every owner's `EventService` has the same messages on the wire.
    ///
    /// # Errors
    /// What the owner answers.
    pub async fn read(
        &self,
        shard: Shard,
        after: i64,
        page_size: i32,
    ) -> Result<ReadEventsResponse, Status> {
        let page = ReadEventsRequest {
            shard: shard.number(),
            after,
            page_size,
            subject: String::new(),
        };
        self.ask(page).await
    }

    /// All that happened to one object, in order.
    ///
    /// # Errors
    /// What the owner answers.
    pub async fn history(&self, subject: &str) -> Result<Vec<Event>, Status> {
        let all = ReadEventsRequest {
            subject: subject.to_owned(),
            ..ReadEventsRequest::default()
        };
        Ok(self.ask(all).await?.events)
    }

    async fn ask(&self, request: ReadEventsRequest) -> Result<ReadEventsResponse, Status> {
        let mut request = Request::new(request);
        let bearer = format!("Bearer {}", self.token.get().await?);
        let value = bearer
            .parse()
            .map_err(|_| Status::internal("a token is no header value"))?;
        request.metadata_mut().insert("authorization", value);
        let path = format!("/motcua.{}.v1.EventService/ReadEvents", self.owner);
        let path = path
            .parse()
            .map_err(|_| Status::internal("an owner is no path"))?;
        let mut grpc = tonic::client::Grpc::new(self.channel.clone())
            .max_decoding_message_size(64 * 1024 * 1024);
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let codec: ProstCodec<ReadEventsRequest, ReadEventsResponse> = ProstCodec::default();
        Ok(grpc.unary(request, path, codec).await?.into_inner())
    }
}
