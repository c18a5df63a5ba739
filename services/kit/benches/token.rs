//! What checking a cached token and a rule costs, beside what a bare tonic call costs: one rpc with 64 calls in flight, at a bare
//! server without a token, through the gate as it ships with the token where nobody looks for it, and with the token checked.
//! They take turns. `cargo bench -p kit`.
#![expect(clippy::unwrap_used, reason = "a measurement")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};
use std::task::{Context as Waker, Poll};
use std::thread;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::{BoxFuture, join_all};
use http::uri::PathAndQuery;
use kit::access;
use kit::authority::Rules;
use kit::caller::{AUDIENCE, Claims, Granted, KeySet, Role, TOKEN_LIFE, Verifier, sign};
use kit::clock::{self, Clock};
use kit::consumer::Progress;
use kit::inside::Arrivals;
use kit::keys::PrivateKey;
use kit::serve::{Health, Limits, Mounted, Pages, Port, Services};
use kit::telemetry;
use kit::tls::Tls;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Handle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::metadata::AsciiMetadataValue;
use tonic::server::NamedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::Service;

const ISSUER: &str = "https://motcua.example";
const OPEN: &str = "/motcua.bench.v1.BenchService/GetOpen";
const CHECKED: &str = "/motcua.bench.v1.BenchService/GetChecked";
const CONNECTIONS: usize = 4;
const IN_FLIGHT: u16 = 64;
/// Bytes of a request and of its reply.
const BYTES: usize = 100;
/// Where a token is looked for, and where it is not; neither is kept by the compression of headers, so that both are carried
/// at the same cost.
const READ: &str = "authorization";
const UNREAD: &str = "cookie";

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    Rules::parse(
        "rpc,roles,relations,states\n\
         bench.BenchService/GetOpen,anyone,any,any\n\
         bench.BenchService/GetChecked,receptionist leader,own,any\n\
         bench.BenchService/GetChecked,examiner,holder,any\n",
    )
    .unwrap()
});

fn main() {
    // Tests only want to see that it runs.
    let measures = std::env::args().any(|argument| argument == "--bench");
    let (rounds, each) = if measures { (101, 250) } else { (1, 10) };
    let _telemetry = telemetry::start("bench").unwrap();
    let key = PrivateKey::generate();
    let (bare, gated) = (bare(), gated(&key));
    let tokens: Vec<_> = (0..CONNECTIONS).map(|_| token(&key)).collect();
    let calls = |server, path, header| Calls {
        server,
        path,
        header,
        tokens: &tokens,
        each,
    };
    let kinds = [
        calls(&bare, OPEN, None),
        calls(&gated, OPEN, Some(UNREAD)),
        calls(&gated, CHECKED, Some(READ)),
    ];
    let clients = Builder::new_current_thread().enable_all().build().unwrap();
    let round = |_| {
        let spent = |kind: &Calls<'_>| clients.block_on(kind.spent());
        kinds.each_ref().map(spent)
    };
    // The first fills caches.
    let rounds: Vec<Round> = (0..=rounds).map(round).skip(1).collect();
    show("at the server", &rounds, |spent| spent.at_the_server);
    show("on both sides", &rounds, |spent| spent.on_both_sides);
}

fn show(place: &str, rounds: &[Round], of: fn(&Spent) -> f64) {
    let middle = |value: &dyn Fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    let [bare, open, checked] = [0, 1, 2].map(|kind| middle(&|round| of(&round[kind])));
    let added = |[bare, open, checked]: &Round| (of(checked) - of(open)) / of(bare);
    println!(
        "{place}: bare {bare:.2} µs, through the gate {open:.2} µs, with the token checked {checked:.2} µs; \
         the check adds {:.1} % of a bare call",
        100.0 * middle(&added)
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Processor time of a call in microseconds.
struct Spent {
    at_the_server: f64,
    on_both_sides: f64,
}

/// A bare call, one through the gate, and one with its token checked.
type Round = [Spent; 3];

/// Calls of one kind.
struct Calls<'a> {
    server: &'a Serving,
    path: &'static str,
    /// Where the token is.
    header: Option<&'static str>,
    /// One for each connection.
    tokens: &'a [AsciiMetadataValue],
    /// How many each of those in flight makes, one after the other.
    each: u32,
}

impl Calls<'_> {
    /// What one of them costs.
    async fn spent(&self) -> Spent {
        let channels = join_all(self.tokens.iter().map(|_| self.server.connect())).await;
        let ways = channels
            .iter()
            .zip(self.tokens)
            .cycle()
            .take(IN_FLIGHT.into());
        let flying = ways.map(|(channel, token)| tokio::spawn(self.make(channel, token)));
        let before = (self.server.used().await, used(ClockId::ProcessCPUTime));
        join_all(flying).await;
        let after = (self.server.used().await, used(ClockId::ProcessCPUTime));
        let calls = f64::from(self.each) * f64::from(IN_FLIGHT);
        let of_one = |spent: Duration| spent.as_secs_f64() * 1e6 / calls;
        Spent {
            at_the_server: of_one(after.0.saturating_sub(before.0)),
            on_both_sides: of_one(after.1.saturating_sub(before.1)),
        }
    }

    /// One of those in flight.
    fn make(
        &self,
        channel: &Channel,
        token: &AsciiMetadataValue,
    ) -> impl Future<Output = ()> + use<> {
        let (path, header, each) = (self.path, self.header, self.each);
        let (mut grpc, token) = (Grpc::new(channel.clone()), token.clone());
        async move {
            for _ in 0..each {
                let mut request = Request::new("x".repeat(BYTES));
                if let Some(header) = header {
                    request.metadata_mut().insert(header, token.clone());
                }
                let codec: ProstCodec<String, String> = ProstCodec::default();
                grpc.ready().await.unwrap();
                let path = PathAndQuery::from_static(path);
                grpc.unary(request, path, codec).await.unwrap();
            }
        }
    }
}

/// A server on a thread of its own.
struct Serving {
    address: SocketAddr,
    runtime: Handle,
}

impl Serving {
    /// Begins to serve on a new thread, until the process ends.
    fn start<F: Future + Send + 'static>(serve: impl FnOnce(TcpListener) -> F) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (handle, serving) = (runtime.handle().clone(), serve(listener));
        thread::spawn(move || drop(runtime.block_on(serving)));
        Self {
            address,
            runtime: handle,
        }
    }

    async fn connect(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.tcp_nodelay(true).connect().await.unwrap()
    }

    /// What its thread has used.
    async fn used(&self) -> Duration {
        let look = async { used(ClockId::ThreadCPUTime) };
        self.runtime.spawn(look).await.unwrap()
    }
}

/// Processor time.
fn used(by: ClockId) -> Duration {
    clock_gettime(by).try_into().unwrap()
}

fn bare() -> Serving {
    Serving::start(|listener| {
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        let server = Server::builder().add_service(Bench);
        server.serve_with_incoming(incoming)
    })
}

/// The suite's own port, as it ships.
fn gated(key: &PrivateKey) -> Serving {
    let known = KeySet {
        issuer: ISSUER.to_owned(),
        keys: vec![key.public()],
        ..KeySet::default()
    };
    let known = move || {
        let known = known.clone();
        async { Ok(known) }.boxed()
    };
    Serving::start(|listener| async {
        // Kept, so that what is recorded waits for somebody to write it.
        let (access, _recorder) = access::open();
        let port = Port {
            listener,
            inside: Arrivals::none(),
            tls: Tls::none(),
            limits: Limits::default(),
            health: Health::new(["bench"]).await,
            verifier: Verifier::new(Arc::new(known)),
            rules: &RULES,
            clock: Clock::system(),
            reflection: false,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        let bench = Mounted {
            name: "bench",
            rpcs: Services::new().with(Bench),
            http: Pages::new(),
            access,
            progress: Progress::of_nothing(),
            ready: async {}.boxed(),
        };
        port.serve(vec![bench]).await
    })
}

/// Both rpcs answer what they are sent.
#[derive(Clone)]
struct Bench;

impl NamedService for Bench {
    const NAME: &'static str = "motcua.bench.v1.BenchService";
}

impl Service<http::Request<Body>> for Bench {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Waker<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let echo = |request: Request<String>| async {
            Ok::<_, Status>(Response::new(request.into_inner()))
        };
        async move {
            let codec: ProstCodec<String, String> = ProstCodec::default();
            let mut grpc = tonic::server::Grpc::new(codec);
            Ok(grpc.unary(tower::service_fn(echo), request).await)
        }
        .boxed()
    }
}

/// The token of an officer who has two positions.
fn token(key: &PrivateKey) -> AsciiMetadataValue {
    let position = |role| Granted {
        role,
        at: (0..3).map(|_| clock::new_uid()).collect(),
        everywhere: false,
    };
    let now = clock::real().timestamp();
    let claims = Claims {
        iss: ISSUER.to_owned(),
        sub: clock::new_uid(),
        aud: AUDIENCE.to_owned(),
        iat: now,
        exp: now + i64::try_from(TOKEN_LIFE.as_secs()).unwrap(),
        jti: clock::new_uid(),
        grants: vec![position(Role::Receptionist), position(Role::Examiner)],
        rpcs: None,
        rate_class: None,
        cnf: None,
    };
    let token = sign(&claims, key).unwrap();
    format!("Bearer {token}").parse().unwrap()
}
