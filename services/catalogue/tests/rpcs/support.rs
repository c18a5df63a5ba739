//! A server over a store in a folder of its own, beside identity for tokens.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use catalogue::{Catalogue, Files};
use kit::authority::Rules;
use kit::caller::{AUDIENCE, Claims, Granted, Role, Verifier, sign};
use kit::client::{Peer, Peers};
use kit::clock::{self, Clock};
use kit::db::{Db, Stores};
use kit::inside::Arrivals;
use kit::keys::PrivateKey;
use kit::queue::Queue;
use kit::serve::{Ground, Health, Limits, Port};
use kit::sheet::BadRow;
use kit::tls::Tls;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

const ISSUER: &str = "motcua";

/// An empty store of the catalogue, and a folder of files that a test may change.
pub struct Store {
    pub folder: TempDir,
    pub db: Db,
    stores: Stores,
}

impl Store {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let (stores, db) = kit::testing::open(&data, "catalogue").await.unwrap();
        catalogue::migrate(&db).await.unwrap();
        Self { folder, db, stores }
    }

    /// A store with all that the province has.
    pub async fn of_daklak() -> Self {
        let store = Self::new().await;
        for file in [
            "components.csv",
            "routes.csv",
            "procedures.csv",
            "office-hours.csv",
            "holidays.csv",
        ] {
            store.write(file, &fs::read_to_string(daklak().join(file)).unwrap());
        }
        store.import().await;
        store
    }

    pub fn write(&self, name: &str, content: &str) {
        fs::write(self.folder.path().join(name), content).unwrap();
    }

    /// Replaces text that stands in a file once.
    pub fn replace(&self, name: &str, from: &str, to: &str) {
        let content = fs::read_to_string(self.folder.path().join(name)).unwrap();
        assert_eq!(content.matches(from).count(), 1);
        self.write(name, &content.replace(from, to));
    }

    pub fn read(&self, units: &[&str]) -> Result<Catalogue, Vec<BadRow>> {
        let files = Files {
            folder: self.folder.path(),
        };
        catalogue::read(
            &files,
            &units.iter().map(|unit| (*unit).to_owned()).collect(),
        )
    }

    pub async fn import(&self) {
        catalogue::import(self.db.clone(), self.read(&[]).unwrap())
            .await
            .unwrap();
    }

    /// How many events the log has.
    pub async fn events(&self) -> i64 {
        let heads = kit::log::heads(self.db.read()).await.unwrap();
        heads.iter().map(|head| head.seq).sum()
    }
}

/// A running service.
pub struct Suite {
    pub channel: Peer,
    /// The peers as the service `intake` would have them, and its key.
    pub peers: Peers,
    pub intake: PrivateKey,
    signing: identity::Signing,
    _stop: DropGuard,
    _store: Store,
}

impl Suite {
    /// Serves what a store has.
    pub async fn serve(store: Store) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: http::Uri = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let peers =
            Peers::new(["identity", "catalogue"].map(|name| (name.to_owned(), uri.clone())));
        let intake = PrivateKey::generate();
        let stop = CancellationToken::new();
        let port = Port {
            listener,
            inside: Arrivals::none(),
            tls: Tls::none(),
            limits: Limits::default(),
            health: Health::new(["identity", "catalogue"]).await,
            verifier: Verifier::new(peers.key_source()),
            rules: Rules::of_the_suite().unwrap(),
            clock: Clock::system(),
            reflection: false,
            tasks: TaskTracker::new(),
            stop: stop.clone(),
        };
        let ground = Ground {
            db: store.db.clone(),
            queue: Queue::in_process(),
            clock: port.clock.clone(),
            peers: peers.clone(),
            key: PrivateKey::generate(),
            tasks: port.tasks.clone(),
            stop: stop.clone(),
        };
        store.stores.create("identity").await.unwrap();
        let db = store
            .stores
            .open("identity", store.db.ring())
            .await
            .unwrap();
        identity::migrate(&db).await.unwrap();
        let of_identity = Ground {
            db,
            ..ground.clone()
        };
        let settings = settings(&store, &intake);
        let signing = settings.signing.clone();
        let services = vec![
            identity::start(of_identity, settings).await.unwrap(),
            catalogue::start(ground).await.unwrap(),
        ];
        tokio::spawn(async move { port.serve(services).await.unwrap() });
        Self {
            channel: peers.channel("catalogue").unwrap(),
            peers,
            intake,
            signing,
            _stop: stop.drop_guard(),
            _store: store,
        }
    }

    /// A request of an officer of the province with this role.
    pub fn as_role<T>(&self, role: Role, message: T) -> Request<T> {
        let now = clock::real().timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "officer".to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + 600,
            jti: clock::new_uid(),
            grants: vec![Granted {
                role,
                at: vec!["p".to_owned()],
                everywhere: false,
            }],
            rpcs: None,
            rate_class: None,
            cnf: None,
        };
        let token = sign(&claims, &self.signing.key()).unwrap();
        let mut request = Request::new(message);
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request
    }
}

fn settings(store: &Store, intake: &PrivateKey) -> identity::Settings {
    identity::Settings {
        issuer: ISSUER.to_owned(),
        signing: identity::Signing::open(store.folder.path()).unwrap(),
        providers: Vec::new(),
        service_keys: vec![("intake".to_owned(), intake.public())],
    }
}

/// The folder of the province's own files.
pub fn daklak() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/daklak")
}

/// The units of the province's own file.
pub fn daklak_units() -> BTreeSet<String> {
    let units = daklak().join("units.csv");
    let files = identity::Files {
        units: Some(&units),
        ..identity::Files::default()
    };
    let province = identity::read(&files, &identity::Register::default()).unwrap();
    province.units().unit_uids()
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
