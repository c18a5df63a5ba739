//! A server over a store in a folder of its own, beside identity for tokens.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use catalogue::{Catalogue, Files};
use identity::Signing;
use kit::authority::Rules;
use kit::caller::{AUDIENCE, Claims, Granted, Role, Verifier, sign};
use kit::client::{Peer, Peers};
use kit::clock::{self, Clock};
use kit::copies::UnitKind;
use kit::db::{Db, Stores};
use kit::inside::Arrivals;
use kit::keys::PrivateKey;
use kit::queue::Queue;
use kit::serve::{Ground, Health, Limits, Port};
use kit::sheet::BadRow;
use kit::tls::Tls;
use proto::catalogue::v1::GetCatalogueSummaryRequest;
use proto::catalogue::v1::procedure_service_client::ProcedureServiceClient;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status};
use tonic_types::StatusExt as _;

/// Who issues tokens here.
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
        store.take_daklak();
        store.import().await;
        store
    }

    /// Puts the province's own files into the folder.
    pub fn take_daklak(&self) {
        for file in [
            "components.csv",
            "routes.csv",
            "procedures.csv",
            "cases.csv",
            "office-hours.csv",
            "holidays.csv",
        ] {
            self.write(file, &fs::read_to_string(daklak().join(file)).unwrap());
        }
    }

    /// The store of identity beside it, with these units.
    async fn beside(&self, units: Option<PathBuf>) -> Db {
        self.stores.create("identity").await.unwrap();
        let ring = self.db.ring();
        let db = self.stores.open("identity", ring).await.unwrap();
        identity::migrate(&db).await.unwrap();
        if let Some(units) = units {
            let province = province(&units);
            identity::import(db.clone(), province).await.unwrap();
        }
        db
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

    /// Reads the files beside these communes.
    pub fn read(&self, communes: &[&str]) -> Result<Catalogue, Vec<BadRow>> {
        let files = Files {
            folder: self.folder.path(),
        };
        let communes = communes
            .iter()
            .map(|uid| ((*uid).to_owned(), UnitKind::Commune));
        catalogue::read(&files, &communes.collect())
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
    pub store: Store,
    signing: Signing,
    _stop: DropGuard,
}

impl Suite {
    /// Serves what a store has, beside the units of the province.
    pub async fn beside_units(store: Store) -> Self {
        Self::start(store, Some(daklak().join("units.csv"))).await
    }

    /// Serves what a store has, without any unit.
    pub async fn serve(store: Store) -> Self {
        Self::start(store, None).await
    }

    async fn start(store: Store, units: Option<PathBuf>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri: http::Uri = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let peers =
            Peers::new(["identity", "catalogue"].map(|name| (name.to_owned(), uri.clone())));
        let (intake, own) = (PrivateKey::generate(), PrivateKey::generate());
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
            key: own.clone(),
            tasks: port.tasks.clone(),
            stop: stop.clone(),
        };
        let db = Box::pin(store.beside(units)).await;
        let of_identity = Ground {
            db,
            ..ground.clone()
        };
        let signing = Signing::open(store.folder.path()).unwrap();
        let settings = settings(signing.clone(), &[("intake", &intake), ("catalogue", &own)]);
        let services = vec![
            identity::start(of_identity, settings).await.unwrap(),
            catalogue::start(ground).await.unwrap(),
        ];
        tokio::spawn(async move { port.serve(services).await.unwrap() });
        let suite = Self {
            channel: peers.channel("catalogue").unwrap(),
            peers,
            intake,
            store,
            signing,
            _stop: stop.drop_guard(),
        };
        suite.until_ready().await;
        suite
    }

    /// It has taken in what there is of identity.
    async fn until_ready(&self) {
        let ask = async || {
            let request = GetCatalogueSummaryRequest::default();
            self.procedures().get_catalogue_summary(request).await.ok()
        };
        kit::testing::until("the catalogue is ready", PATIENCE, ask).await;
    }

    /// The procedures, as anybody sees them.
    pub fn procedures(&self) -> ProcedureServiceClient<Peer> {
        ProcedureServiceClient::new(self.channel.clone())
    }

    /// A request of the province's administrator.
    pub fn as_admin<T>(&self, message: T) -> Request<T> {
        self.as_role(Role::ProvinceAdministrator, message)
    }

    /// A request with a token that grants a role at the province, as identity would sign it.
    pub fn as_role<T>(&self, role: Role, message: T) -> Request<T> {
        let now = clock::real().timestamp();
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: "somebody".to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now,
            exp: now + 600,
            jti: clock::new_uid(),
            grants: vec![Granted {
                role,
                at: vec!["daklak-0000".to_owned()],
                everywhere: role == Role::ProvinceAdministrator,
            }],
            rpcs: None,
            rate_class: None,
            cnf: None,
        };
        let token = sign(&claims, &self.signing.key()).unwrap();
        let mut request = Request::new(message);
        let bearer = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", bearer);
        request.set_timeout(PATIENCE);
        request
    }
}

/// How long a call may take on a machine that is busy with other tests.
pub const PATIENCE: Duration = Duration::from_mins(1);

fn settings(signing: Signing, keys: &[(&str, &PrivateKey)]) -> identity::Settings {
    let keys = keys
        .iter()
        .map(|(name, key)| ((*name).to_owned(), key.public()));
    identity::Settings {
        issuer: ISSUER.to_owned(),
        signing,
        providers: Vec::new(),
        service_keys: keys.collect(),
    }
}

/// The folder of the province's own files.
pub fn daklak() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/daklak")
}

/// The units of the province's own file.
pub fn daklak_units() -> catalogue::UnitKinds {
    province(&daklak().join("units.csv")).units().unit_kinds()
}

fn province(units: &Path) -> identity::Province {
    let files = identity::Files {
        units: Some(units),
        ..identity::Files::default()
    };
    identity::read(&files, &identity::Register::default()).unwrap()
}

/// What is wrong with a refused request, as fields and reasons.
pub fn violations<T: std::fmt::Debug>(
    result: Result<Response<T>, Status>,
    reason: &str,
) -> Vec<(String, String)> {
    let status = result.unwrap_err();
    assert_eq!(kit::failure::reason_of(&status), reason, "{status:?}");
    let details = status.get_error_details();
    let violations = details.bad_request().unwrap().field_violations.iter();
    let told = violations.map(|violation| {
        let (reason, _) = violation.description.split_once(':').unwrap();
        (violation.field.clone(), reason.to_owned())
    });
    told.collect()
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
