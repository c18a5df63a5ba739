//! The smallest service to serve and call: it echoes, waits, and tells how much time it has.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::extract::Request;
use axum::routing::post;
use futures::{FutureExt as _, TryFutureExt as _};
use kit::access::{self, Recorder};
use kit::authority::Rules;
use kit::caller::{KeySet, Verifier};
use kit::client::{Peer, Peers};
use kit::clock::{self, Clock};
use kit::consumer::Progress;
use kit::deadline;
use kit::inside::Arrivals;
use kit::serve::{Error, Health, Limits, Mounted, PeerCertificate, Port, Services};
use kit::tls::Tls;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Response, Status};
use tonic_prost::ProstCodec;
use tower::ServiceExt as _;

use crate::pages::pages;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(20);

const NAME: &str = "probe";
const SERVICE: &str = "motcua.probe.v1.ProbeService";
/// Answers what it was sent.
pub const ECHO: &str = "/motcua.probe.v1.ProbeService/GetEcho";
/// Answers when it is released.
pub const WAIT: &str = "/motcua.probe.v1.ProbeService/GetWait";
/// Answers the milliseconds that it has for its answer.
pub const TIME: &str = "/motcua.probe.v1.ProbeService/GetTime";
/// Answers what another service answers to the same rpc.
pub const RELAY: &str = "/motcua.probe.v1.ProbeService/GetRelay";
/// Changes something, and is away.
pub const CHANGE: &str = "/motcua.probe.v1.ProbeService/ChangeAway";
/// Changes nothing, and is away.
pub const AWAY: &str = "/motcua.probe.v1.ProbeService/GetAway";

/// Answers the subject and the thumbprint of the caller's certificate.
pub const WHO: &str = "/motcua.probe.v1.ProbeService/GetWho";
/// Would answer what it was sent, and has no rule.
pub const RULELESS: &str = "/motcua.probe.v1.ProbeService/GetRuleless";

const RPCS: [&str; 8] = [ECHO, WAIT, TIME, RELAY, CHANGE, AWAY, WHO, RULELESS];
static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let open = |rpc: &str| {
        let rpc = rpc.trim_start_matches("/motcua.").replacen(".v1", "", 1);
        format!("{rpc},anyone,any,any\n")
    };
    let ruled = RPCS.into_iter().filter(|rpc| *rpc != RULELESS);
    let rows: String = ruled.map(open).collect();
    Rules::parse(&format!("rpc,roles,relations,states\n{rows}")).unwrap()
});

/// What the service did so far.
#[derive(Default)]
pub struct Seen {
    /// Calls that arrived.
    pub calls: AtomicUsize,
    /// Calls that wait now, and the most that did at once.
    pub waiting: AtomicUsize,
    pub most_waiting: AtomicUsize,
    /// Whether a waiting call was given up.
    pub given_up: AtomicBool,
}

/// A served probe.
pub struct Probe {
    pub address: SocketAddr,
    pub seen: Arc<Seen>,
    /// A permit lets one waiting call go.
    pub release: Arc<Semaphore>,
    pub stop: CancellationToken,
    pub serving: JoinHandle<Result<(), Error>>,
    /// What was recorded, which nobody writes.
    _recorder: Recorder,
    _stop: DropGuard,
}

/// How a probe is served.
pub struct Setting {
    /// The service that it is mounted as.
    pub name: &'static str,
    pub limits: Limits,
    pub health: Option<Health>,
    pub listener: Option<TcpListener>,
    pub ready: CancellationToken,
    pub elsewhere: Option<Peer>,
    pub tls: Tls,
    pub inside: Arrivals,
    pub reflection: bool,
}

impl Default for Setting {
    fn default() -> Self {
        let ready = CancellationToken::new();
        ready.cancel();
        Self {
            name: NAME,
            limits: Limits::default(),
            health: None,
            listener: None,
            ready,
            elsewhere: None,
            tls: Tls::none(),
            inside: Arrivals::none(),
            reflection: false,
        }
    }
}

impl Probe {
    pub async fn serve() -> Self {
        Self::serve_with(Setting::default()).await
    }

    pub async fn serve_limited(limits: Limits) -> Self {
        let setting = Setting {
            limits,
            ..Setting::default()
        };
        Self::serve_with(setting).await
    }

    pub async fn serve_with(setting: Setting) -> Self {
        let listener = match setting.listener {
            Some(listener) => listener,
            None => TcpListener::bind("127.0.0.1:0").await.unwrap(),
        };
        let health = match setting.health {
            Some(health) => health,
            None => Health::new([setting.name]).await,
        };
        let (seen, release) = (Arc::new(Seen::default()), Arc::new(Semaphore::new(0)));
        let stop = CancellationToken::new();
        let port = Port {
            listener,
            limits: setting.limits,
            health,
            verifier: Verifier::new(Arc::new(|| async { Ok(KeySet::default()) }.boxed())),
            rules: &RULES,
            clock: Clock::system(),
            reflection: setting.reflection,
            inside: setting.inside,
            tls: setting.tls,
            tasks: TaskTracker::new(),
            stop: stop.clone(),
        };
        let address = port.address().unwrap();
        let (access, recorder) = access::open();
        let mounted = Mounted {
            name: setting.name,
            rpcs: rpcs(&seen, &release, setting.elsewhere.as_ref()),
            http: pages(),
            access,
            progress: Progress::of_nothing(),
            ready: async move { setting.ready.cancelled().await }.boxed(),
        };
        Self {
            address,
            seen,
            release,
            _recorder: recorder,
            serving: tokio::spawn(port.serve(vec![mounted])),
            _stop: stop.clone().drop_guard(),
            stop,
        }
    }

    /// Ends it as if its process had been killed: nothing drains.
    pub async fn kill(self) {
        self.serving.abort();
        assert!(self.serving.await.unwrap_err().is_cancelled());
    }

    /// Drains it and waits until it has ended.
    pub async fn end(&mut self) {
        self.stop.cancel();
        let ended = tokio::time::timeout(PATIENCE, &mut self.serving).await;
        ended.expect("it ends in time").unwrap().unwrap();
    }

    /// The way to it as another service has it.
    pub fn peer(&self) -> Peer {
        peer(&[self.address])
    }
}

/// The way to a probe with these replicas.
pub fn peer(addresses: &[SocketAddr]) -> Peer {
    let uris = addresses
        .iter()
        .map(|address| format!("http://{address}").parse().unwrap());
    let peers = Peers::new(uris.map(|uri| ("probe".to_owned(), uri)));
    peers.channel("probe").unwrap()
}

/// Calls an rpc of the probe.
pub async fn call(peer: &Peer, rpc: &'static str, text: &str) -> Result<String, Status> {
    let mut grpc = tonic::client::Grpc::new(peer.clone());
    let (path, request) = (
        http::uri::PathAndQuery::from_static(rpc),
        tonic::Request::new(text.to_owned()),
    );
    let codec: ProstCodec<String, String> = ProstCodec::default();
    Ok(grpc.unary(request, path, codec).await?.into_inner())
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    kit::testing::until(what, PATIENCE, async || holds().then_some(())).await;
}

fn rpcs(seen: &Arc<Seen>, release: &Arc<Semaphore>, elsewhere: Option<&Peer>) -> Services {
    let mut router = axum::Router::new();
    for rpc in RPCS {
        let (seen, release) = (Arc::clone(seen), Arc::clone(release));
        let elsewhere = elsewhere.cloned();
        let handler = move |request: Request| async move {
            let service = tower::service_fn(move |request: tonic::Request<String>| {
                let (seen, release) = (Arc::clone(&seen), Arc::clone(&release));
                let elsewhere = elsewhere.clone();
                async move {
                    seen.calls.fetch_add(1, Ordering::SeqCst);
                    let answer = match rpc {
                        ECHO | RULELESS => Ok(request.into_inner()),
                        WHO => Ok(who(request.extensions().get())),
                        WAIT => Ok(wait(&seen, &release).await),
                        TIME => Ok(time_left()),
                        RELAY => call(&elsewhere.unwrap(), TIME, "").await,
                        _ => Err(Status::unavailable("away")),
                    };
                    answer.map(Response::new)
                }
            });
            let codec: ProstCodec<String, String> = ProstCodec::default();
            Grpc::new(codec).unary(service, request).await
        };
        router = router.route(rpc, post(handler));
    }
    let answer = move |request| {
        let answered = router.clone().oneshot(request);
        answered.map_ok(|response| response.map(Body::new))
    };
    Services::new().with_named(SERVICE, tower::service_fn(answer))
}

/// What an rpc or a page knows of the certificate of whoever asks.
pub fn who(certificate: Option<&PeerCertificate>) -> String {
    certificate.map_or_else(
        || "nobody".to_owned(),
        |shown| format!("{} {:02x?}", shown.subject, shown.thumbprint),
    )
}

async fn wait(seen: &Seen, release: &Semaphore) -> String {
    struct Waiting<'a>(&'a Seen, bool);
    impl Drop for Waiting<'_> {
        fn drop(&mut self) {
            self.0.waiting.fetch_sub(1, Ordering::SeqCst);
            self.0.given_up.fetch_or(!self.1, Ordering::SeqCst);
        }
    }
    let now = seen.waiting.fetch_add(1, Ordering::SeqCst) + 1;
    seen.most_waiting.fetch_max(now, Ordering::SeqCst);
    let mut waiting = Waiting(seen, false);
    release.acquire().await.unwrap().forget();
    waiting.1 = true;
    "released".to_owned()
}

fn time_left() -> String {
    let deadline = deadline::current().expect("an rpc has a deadline");
    let left = deadline.saturating_duration_since(clock::monotonic());
    left.as_millis().to_string()
}
