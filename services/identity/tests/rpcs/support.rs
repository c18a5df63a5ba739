//! A server over a store in a folder of its own, and callers with real tokens.

mod store;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use identity::{Settings, Signing, provider};
use kit::authority::Rules;
use kit::caller::{AUDIENCE, Claims, Granted, Role, Verifier, sign, sign_assertion};
use kit::client::{Peer, Peers, Way};
use kit::clock::{self, Clock, Moment};
use kit::identity_number::Kind;
use kit::inside::Arrivals;
use kit::keys::PrivateKey;
use kit::queue::Queue;
use kit::serve::{Ground, Health, Limits, Port};
use kit::stand_in;
use kit::testing::until;
use kit::tls::Tls;
use prost::Message as _;
use proto::identity::v1::event_service_client::EventServiceClient;
use proto::identity::v1::identity_change::Change;
use proto::identity::v1::issue_token_request::Proof;
use proto::identity::v1::token_service_client::TokenServiceClient;
use proto::identity::v1::{GetCallerRequest, IdentityChange, IssueTokenRequest, ReadEventsRequest};
use sea_orm::{ConnectionTrait as _, Statement};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

pub use store::{SUCCESSIONS_HEADER, Store, UNITS, UNITS_HEADER};

/// How soon a token that was taken back must be refused; it takes about a second.
pub const REVOKED_WITHIN: Duration = Duration::from_secs(10);

/// Who issues tokens here.
pub const ISSUER: &str = "https://motcua.example";

/// How a service shows itself.
struct Face {
    scheme: &'static str,
    tls: Tls,
    issuer: &'static str,
}

/// A running service.
pub struct Suite {
    pub store: Arc<Store>,
    pub clock: Clock,
    pub channel: Peer,
    pub address: SocketAddr,
    /// The key of the providers at which people sign in, and of the service `intake`.
    pub key: PrivateKey,
    issuer: &'static str,
    signing: Signing,
    people: Vec<provider::Settings>,
    _stop: DropGuard,
}

impl Suite {
    /// Serves the small province.
    pub async fn start() -> Self {
        Self::start_at(Clock::system()).await
    }

    /// Serves the small province at noon of this day of its own time.
    pub async fn start_on(day: &str) -> Self {
        Self::start_at(Clock::simulated(noon(day))).await
    }

    async fn start_at(clock: Clock) -> Self {
        let key = PrivateKey::generate();
        let people = stand_ins(&key);
        Self::start_trusting(people, (key, clock)).await
    }

    /// The same as [`Self::start_on`] where nobody vouches for anybody.
    pub async fn start_alone_on(day: &str) -> Self {
        let by = (PrivateKey::generate(), Clock::simulated(noon(day)));
        Self::start_trusting(Vec::new(), by).await
    }

    async fn start_trusting(people: Vec<provider::Settings>, by: (PrivateKey, Clock)) -> Self {
        let store = Store::new().await;
        store.import_small().await;
        Self::serve_at(Arc::new(store), by, people).await
    }

    /// Another server of the same service on the same store.
    pub async fn replica(&self) -> Self {
        self.replica_trusting(self.people.clone()).await
    }

    /// The same, at which officers and citizens sign in at two providers.
    pub async fn replica_with_providers(&self) -> Self {
        self.replica_trusting(stand_ins(&self.key)).await
    }

    async fn replica_trusting(&self, people: Vec<provider::Settings>) -> Self {
        let (store, clock) = (Arc::clone(&self.store), self.clock.clone());
        Self::serve_at(store, (self.key.clone(), clock), people).await
    }

    /// Lets time pass until noon of this day.
    pub fn wait_until(&self, day: &str) {
        self.clock.advance_to(noon(day));
    }

    /// What the log has told of officers and their positions, in the order of each officer.
    pub async fn told(&self) -> Vec<Change> {
        let mut log = EventServiceClient::new(self.channel.clone());
        let mut told = Vec::new();
        let token = self.signed("intake", Role::Service, &[]);
        for shard in 0..16 {
            let ask = ReadEventsRequest {
                shard,
                after: 0,
                page_size: 1_000,
                subject: String::new(),
            };
            let page = log.read_events(with(&token, ask)).await.unwrap();
            for event in page.into_inner().events {
                let change = event.change.unwrap().value;
                told.extend(IdentityChange::decode(change.as_slice()).unwrap().change);
            }
        }
        told
    }

    /// Serves what a store has.
    pub async fn serve(store: Store, key: PrivateKey) -> Self {
        let people = stand_ins(&key);
        Self::trusting(store, key, people).await
    }

    /// The same, for people who sign in at these providers.
    pub async fn trusting(
        store: Store,
        key: PrivateKey,
        providers: Vec<provider::Settings>,
    ) -> Self {
        Self::serve_at(Arc::new(store), (key, Clock::system()), providers).await
    }

    /// Serves what a store has, also beside another server, at the civil time of this clock.
    pub async fn serve_at(
        store: Arc<Store>,
        by: (PrivateKey, Clock),
        providers: Vec<provider::Settings>,
    ) -> Self {
        let plain = Face {
            scheme: "http",
            tls: Tls::none(),
            issuer: ISSUER,
        };
        Self::serve_as(plain, store, by, providers).await
    }

    /// Serves the small province under TLS, as an issuer whose name is no URL.
    pub async fn start_over(tls: Tls) -> Self {
        let (store, key) = (Store::new().await, PrivateKey::generate());
        store.import_small().await;
        let by = (key, Clock::system());
        let face = Face {
            scheme: "https",
            tls,
            issuer: "motcua",
        };
        Self::serve_as(face, Arc::new(store), by, Vec::new()).await
    }

    async fn serve_as(
        face: Face,
        store: Arc<Store>,
        (key, clock): (PrivateKey, Clock),
        providers: Vec<provider::Settings>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let Face {
            scheme,
            tls,
            issuer,
        } = face;
        let way = Way::Network(format!("{scheme}://{address}").parse().unwrap());
        let peers = Peers::over([("identity".to_owned(), way)], &tls);
        let channel = peers.channel("identity").unwrap();
        let stop = CancellationToken::new();
        let port = Port {
            listener,
            inside: Arrivals::none(),
            tls,
            limits: Limits::default(),
            health: Health::new(["identity"]).await,
            verifier: Verifier::new(peers.key_source()),
            rules: Rules::of_the_suite().unwrap(),
            clock: clock.clone(),
            reflection: false,
            tasks: TaskTracker::new(),
            stop: stop.clone(),
        };
        let ground = Ground {
            db: store.db.clone(),
            queue: Queue::in_process(),
            clock: clock.clone(),
            peers,
            key: PrivateKey::generate(),
            tasks: port.tasks.clone(),
            stop: stop.clone(),
        };
        let signing = Signing::open(store.folder.path()).unwrap();
        let settings = Settings {
            issuer: issuer.to_owned(),
            signing: signing.clone(),
            service_keys: vec![("intake".to_owned(), key.public())],
            providers: providers.clone(),
        };
        let mounted = identity::start(ground, settings).await.unwrap();
        tokio::spawn(async move { port.serve(vec![mounted]).await.unwrap() });
        Self {
            store,
            clock,
            channel,
            address,
            key,
            issuer,
            signing,
            people: providers,
            _stop: stop.drop_guard(),
        }
    }

    /// Asks for a token with an assertion.
    pub async fn issue(&self, assertion: String) -> Result<String, Status> {
        self.prove(Proof::Assertion(assertion)).await
    }

    /// Asks for a token with a proof.
    pub async fn prove(&self, proof: Proof) -> Result<String, Status> {
        let mut tokens = TokenServiceClient::new(self.channel.clone());
        let asked = IssueTokenRequest { proof: Some(proof) };
        Ok(tokens.issue_token(asked).await?.into_inner().token)
    }

    /// A token of an officer, for what it shows at its provider.
    pub async fn sign_in(&self, officer: &str) -> Result<String, Status> {
        let people = stand_in::Providers::new(self.key.clone());
        let id_token = people.officer(officer).unwrap();
        self.prove(Proof::IdToken(id_token)).await
    }

    /// A token of this caller: officers of the small province and a client as if identity had signed it, a citizen and the
    /// service `intake` from identity itself.
    pub async fn token(&self, subject: &str) -> String {
        let merged: &[&str] = &["new", "old"];
        let (role, at) = match subject {
            "admin" => (Role::ProvinceAdministrator, &["p"][..]),
            "desk" => (Role::Receptionist, merged),
            "examiner" => (Role::Examiner, merged),
            "leader" => (Role::Leader, merged),
            "client" => (Role::Client, merged),
            "citizen" => return self.citizen().await,
            _ => {
                let assertion = sign_assertion(subject, &self.key).unwrap();
                return self.issue(assertion).await.unwrap();
            }
        };
        self.signed(subject, role, at)
    }

    async fn citizen(&self) -> String {
        let people = stand_in::Providers::new(self.key.clone());
        let id_token = people.applicant("Y Moan Êban", Kind::Cccd, "066085000123");
        let id_token = id_token.unwrap();
        self.prove(Proof::IdToken(id_token)).await.unwrap()
    }

    /// A request of this caller.
    pub async fn by<T>(&self, subject: &str, message: T) -> Request<T> {
        with(&self.token(subject).await, message)
    }

    /// Asks a page of the suite with a form.
    pub async fn post(&self, page: &str, form: &[(&str, &str)]) -> (u16, serde_json::Value) {
        let url = format!("http://{}{page}", self.address);
        let answer = reqwest::Client::new().post(url).form(form).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    /// Reads a page of the suite.
    pub async fn get(&self, page: &str) -> serde_json::Value {
        let url = format!("http://{}{page}", self.address);
        let answer = reqwest::get(url).await.unwrap();
        assert!(answer.status().is_success());
        answer.json().await.unwrap()
    }
}

impl Suite {
    /// A request with a token that grants a role at units, as identity would sign it.
    pub fn as_role<T>(&self, subject: &str, role: Role, at: &[&str], message: T) -> Request<T> {
        let mut request = with(&self.signed(subject, role, at), message);
        request.set_timeout(PATIENCE);
        request
    }

    fn signed(&self, subject: &str, role: Role, at: &[&str]) -> String {
        self.sign(&self.claims(subject, role, at))
    }

    /// A token that says this, as identity would sign it.
    pub fn sign(&self, claims: &Claims) -> String {
        sign(claims, &self.signing.key()).unwrap()
    }

    /// What a token says that grants a role at units.
    pub fn claims(&self, subject: &str, role: Role, at: &[&str]) -> Claims {
        let now = clock::real().timestamp();
        Claims {
            iss: self.issuer.to_owned(),
            sub: subject.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + 600,
            jti: clock::new_uid(),
            grants: vec![Granted {
                role,
                at: at.iter().map(ToString::to_string).collect(),
                everywhere: role == Role::ProvinceAdministrator,
            }],
            rpcs: None,
            rate_class: None,
            cnf: None,
        }
    }
}

/// How long a call may take on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_mins(1);

/// Noon of a day in the province.
pub fn noon(day: &str) -> Moment {
    let day: NaiveDate = day.parse().unwrap();
    clock::from_local(day.and_hms_opt(12, 0, 0).unwrap())
}

/// What a query finds in the first column.
pub async fn texts(suite: &Suite, query: &str) -> Vec<String> {
    let db = suite.store.db.read();
    let query = Statement::from_string(db.get_database_backend(), query);
    let rows = db.query_all_raw(query).await.unwrap().into_iter();
    rows.map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// A request with this token.
pub fn with<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// Waits until a token is refused for this reason; before, it is taken.
pub async fn until_refused(suite: &Suite, token: &str, reason: &str) {
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let refused = async || {
        let asked = tokens.get_caller(with(token, GetCallerRequest {})).await;
        asked.err()
    };
    let status = until("it is refused", REVOKED_WITHIN, refused).await;
    assert_eq!(kit::failure::reason_of(&status), reason);
}

/// The providers at which people sign in with this key.
fn stand_ins(key: &PrivateKey) -> Vec<provider::Settings> {
    let settings = stand_in::Providers::new(key.clone()).settings();
    serde_json::from_value(settings).unwrap()
}

/// The province's own files.
pub fn daklak(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../deploy/daklak")
        .join(file)
}

/// A refusal has its code, its documented reason, and a text in Vietnamese, which it returns.
pub fn refused<T: std::fmt::Debug>(
    result: Result<Response<T>, Status>,
    code: Code,
    reason: &str,
) -> String {
    let status = result.unwrap_err();
    assert_eq!(
        (status.code(), kit::failure::reason_of(&status).as_str()),
        (code, reason),
        "{status:?}"
    );
    let text = status.get_details_localized_message().unwrap();
    assert_eq!(text.locale, "vi");
    assert!(
        !text.message.is_ascii(),
        "{} is not Vietnamese",
        text.message
    );
    text.message
}

/// None of these columns has this text.
pub async fn must_not_hold(suite: &Suite, columns: &[&str], text: &str) {
    let db = suite.store.db.read();
    for column in columns {
        let (table, _) = column.split_once('.').unwrap();
        let query = format!("SELECT {column} FROM {table}");
        let query = Statement::from_string(db.get_database_backend(), query);
        let rows = db.query_all_raw(query).await.unwrap();
        assert!(!rows.is_empty(), "{table} is empty");
        for row in &rows {
            let found = row.try_get_by_index::<String>(0).map(String::into_bytes);
            let found = found.or_else(|_| row.try_get_by_index::<Vec<u8>>(0));
            let found = String::from_utf8_lossy(&found.unwrap()).into_owned();
            assert!(!found.contains(text), "{column} has {text}");
        }
    }
}

/// The one number that a query gives.
pub async fn number(suite: &Suite, query: &str) -> i32 {
    let db = suite.store.db.read();
    let query = Statement::from_string(db.get_database_backend(), query);
    let row = db.query_one_raw(query).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}
