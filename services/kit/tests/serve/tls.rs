//! TLS and mutual TLS.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use kit::client::{Peer, Peers, Way};
use kit::inside::{Arrivals, inside};
use kit::serve::{Limits, PeerCertificate};
use kit::testing::certificates::{Authority, Certified};
use kit::tls::{Error, Files, Own, Tls};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use crate::pages::{self, ask, asking};
use crate::probe::{ECHO, PATIENCE, Probe, Setting, WHO, call};
use crate::wire::Connection;

/// The files of one process, and the authority that stands behind them.
struct Place {
    folder: TempDir,
    authority: Authority,
    own: Certified,
}

impl Place {
    fn new() -> Self {
        let authority = Authority::new();
        Self {
            folder: tempfile::tempdir().unwrap(),
            own: authority.issue("suite"),
            authority,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Files without clients' certificates.
    fn files(&self) -> Files {
        Files {
            own: Some(self.own.write(self.path(), "own")),
            ca: Some(self.authority.write(self.path(), "ca.pem")),
            ..Files::default()
        }
    }

    /// Files under which clients are asked for a certificate.
    fn asking(&self, required: bool) -> Files {
        Files {
            client_ca: Some(self.authority.write(self.path(), "client-ca.pem")),
            client_required: required,
            ..self.files()
        }
    }
}

async fn serve(tls: &Tls) -> Probe {
    serve_with(tls, Limits::default(), Arrivals::none()).await
}

async fn serve_with(tls: &Tls, limits: Limits, inside: Arrivals) -> Probe {
    Probe::serve_with(Setting {
        tls: tls.clone(),
        limits,
        inside,
        ..Setting::default()
    })
    .await
}

/// Connects as a client with this certificate would, to speak this.
async fn connect(
    probe: &Probe,
    trusted: &Authority,
    own: Option<&Certified>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(trusted.pem().as_bytes()).unwrap();
    roots.add(authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match own {
        Some(own) => {
            let chain = vec![CertificateDer::from(own.der.clone())];
            let key = PrivateKeyDer::from_pem_slice(own.key.as_bytes()).unwrap();
            config.with_client_auth_cert(chain, key).unwrap()
        }
        None => config.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let stream = TcpStream::connect(probe.address).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await
}

/// Whether such a client is answered. With TLS 1.3 it learns of a refusal only when it reads.
async fn is_answered(probe: &Probe, trusted: &Authority, own: Option<&Certified>) -> bool {
    let Ok(stream) = connect(probe, trusted, own, "h2").await else {
        return false;
    };
    match Connection::over(stream).await {
        Ok(connection) => connection.send(ECHO, "", &[]).await.is_ok(),
        Err(_) => false,
    }
}

/// The certificate that the probe shows.
async fn shown(probe: &Probe, trusted: &Authority) -> Vec<u8> {
    let stream = connect(probe, trusted, None, "h2").await.unwrap();
    let (_, session) = stream.get_ref();
    session.peer_certificates().unwrap()[0].to_vec()
}

/// The way to a probe as another service has it.
fn peer(probe: &Probe, files: Files) -> Peer {
    let uri = format!("https://localhost:{}", probe.address.port());
    let way = Way::Network(uri.parse().unwrap());
    let tls = Tls::load(files).unwrap();
    let peers = Peers::over([("probe".to_owned(), way)], &tls);
    peers.channel("probe").unwrap()
}

fn expected(certified: &Certified, common_name: &str) -> String {
    let thumbprint = PeerCertificate::of(&certified.der).unwrap().thumbprint;
    format!("CN={common_name},O=Tỉnh Đắk Lắk {thumbprint:02x?}")
}

#[tokio::test]
async fn a_client_in_plain_text_is_refused_where_a_certificate_is_shown() {
    let place = Place::new();
    let probe = serve(&Tls::load(place.files()).unwrap()).await;
    let stream = TcpStream::connect(probe.address).await.unwrap();
    let answered = match Connection::over(stream).await {
        Ok(connection) => connection.send(ECHO, "", &[]).await.is_ok(),
        Err(_) => false,
    };
    assert!(!answered);
    assert!(is_answered(&probe, &place.authority, None).await);
}

#[tokio::test]
async fn clients_of_an_unknown_authority_are_refused_and_so_are_servers() {
    let (place, stranger) = (Place::new(), Authority::new());
    let forged = stranger.issue("suite");
    for required in [false, true] {
        let probe = serve(&Tls::load(place.asking(required)).unwrap()).await;
        assert!(!is_answered(&probe, &place.authority, Some(&forged)).await);
        assert!(!is_answered(&probe, &stranger, None).await);
        assert!(is_answered(&probe, &place.authority, Some(&place.own)).await);
    }
}

#[tokio::test]
async fn a_client_without_a_certificate_is_refused_only_where_one_is_required() {
    let place = Place::new();
    let probe = serve(&Tls::load(place.asking(true)).unwrap()).await;
    assert!(!is_answered(&probe, &place.authority, None).await);
    let probe = serve(&Tls::load(place.asking(false)).unwrap()).await;
    let stream = connect(&probe, &place.authority, None, "h2").await.unwrap();
    let connection = Connection::over(stream).await.unwrap();
    assert_eq!(connection.call(WHO, "", &[]).await.text(), "nobody");
}

#[tokio::test]
async fn a_certificate_that_nobody_asked_for_is_not_taken_for_verified() {
    let place = Place::new();
    let probe = serve(&Tls::load(place.files()).unwrap()).await;
    let stream = connect(&probe, &place.authority, Some(&place.own), "h2");
    let connection = Connection::over(stream.await.unwrap()).await.unwrap();
    assert_eq!(connection.call(WHO, "", &[]).await.text(), "nobody");
}

#[tokio::test]
async fn rpcs_and_pages_learn_whose_certificate_it_is() {
    let place = Place::new();
    let probe = serve(&Tls::load(place.asking(true)).unwrap()).await;
    let portal = place.authority.issue("Cổng dịch vụ công, tỉnh");
    let expected = expected(&portal, r"Cổng dịch vụ công\, tỉnh");
    let stream = connect(&probe, &place.authority, Some(&portal), "h2");
    let connection = Connection::over(stream.await.unwrap()).await.unwrap();
    assert_eq!(connection.call(WHO, "", &[]).await.text(), expected);
    assert_eq!(
        pages::text(connection.get(pages::WHO).await).await,
        expected
    );
    let stream = connect(&probe, &place.authority, Some(&portal), "http/1.1");
    let response = ask(stream.await.unwrap(), asking(pages::WHO)).await;
    assert_eq!(pages::text(response).await, expected);
    // What one connection has shown is nothing to another.
    let stream = connect(&probe, &place.authority, Some(&place.own), "h2");
    let other = Connection::over(stream.await.unwrap()).await.unwrap();
    let who = other.call(WHO, "", &[]).await.text();
    assert!(who.starts_with("CN=suite,"), "{who}");
}

#[tokio::test]
async fn services_call_each_other_under_mutual_tls() {
    let place = Place::new();
    let probe = serve(&Tls::load(place.asking(true)).unwrap()).await;
    let caller = Place {
        own: place.authority.issue("intake"),
        ..Place::new()
    };
    let files = Files {
        ca: Some(place.authority.write(caller.path(), "trusted.pem")),
        ..caller.files()
    };
    let answer = call(&peer(&probe, files.clone()), WHO, "").await.unwrap();
    assert_eq!(answer, expected(&caller.own, "intake"));
    let without = Files { own: None, ..files };
    let refusal = call(&peer(&probe, without), WHO, "").await.unwrap_err();
    assert_eq!(refusal.code(), Code::Unavailable);
    let refusal = call(&peer(&probe, caller.files()), WHO, "")
        .await
        .unwrap_err();
    assert_eq!(
        refusal.code(),
        Code::Unavailable,
        "it trusts another authority"
    );
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_accepted() {
    let place = Place::new();
    let probe = serve(&Tls::load(place.files()).unwrap()).await;
    let uri = format!("https://127.0.0.2:{}", probe.address.port());
    let way = Way::Network(uri.parse().unwrap());
    let tls = Tls::load(place.files()).unwrap();
    let peers = Peers::over([("probe".to_owned(), way)], &tls);
    let refusal = call(&peers.channel("probe").unwrap(), WHO, "").await;
    assert_eq!(refusal.unwrap_err().code(), Code::Unavailable);
}

#[tokio::test]
async fn services_of_one_process_need_no_certificate_for_each_other() {
    let place = Place::new();
    let (inside, arrivals) = inside();
    let tls = Tls::load(place.asking(true)).unwrap();
    let mut probe = serve_with(&tls, Limits::default(), arrivals).await;
    let uri = format!("http://{}", probe.address).parse().unwrap();
    let peers = Peers::over([("probe".to_owned(), Way::Inside(uri, inside))], &tls);
    let peer = peers.channel("probe").unwrap();
    assert_eq!(call(&peer, ECHO, "inside").await.unwrap(), "inside");
    assert_eq!(call(&peer, WHO, "").await.unwrap(), "nobody");
    probe.end().await;
    let refusal = call(&peer, ECHO, "").await.unwrap_err();
    assert_eq!(
        refusal.code(),
        Code::Unavailable,
        "it has ended with the port"
    );
}

#[tokio::test]
async fn a_connection_that_does_not_agree_on_tls_in_time_is_closed() {
    let place = Place::new();
    let limits = Limits {
        handshake: Duration::from_millis(100),
        ..Limits::default()
    };
    let tls = Tls::load(place.files()).unwrap();
    let probe = serve_with(&tls, limits, Arrivals::none()).await;
    let mut silent = TcpStream::connect(probe.address).await.unwrap();
    let read = tokio::time::timeout(PATIENCE, silent.read(&mut [0; 1])).await;
    assert_eq!(read.expect("it is closed").unwrap_or(0), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_certificate_that_is_renewed_is_shown_to_the_next_connection_and_open_ones_stay() {
    let place = Place::new();
    // As Kubernetes has it: the files are links into a folder that is a link itself, which is swapped.
    let link = place.path().join("..data");
    let renewed = place.authority.issue("suite");
    for (name, certified) in [("one", &place.own), ("two", &renewed)] {
        fs::create_dir(place.path().join(name)).unwrap();
        let _ = certified.write(&place.path().join(name), "own");
    }
    std::os::unix::fs::symlink("one", &link).unwrap();
    let files = Files {
        own: Some(Own {
            certificate: link.join("own.crt"),
            key: link.join("own.key"),
        }),
        ..place.files()
    };
    let tls = Tls::load(files).unwrap();
    let stop = CancellationToken::new();
    let _stop = stop.clone().drop_guard();
    tokio::spawn(tls.clone().follow(stop));
    let probe = serve(&tls).await;
    assert_eq!(shown(&probe, &place.authority).await, place.own.der);
    let open = connect(&probe, &place.authority, None, "h2").await.unwrap();
    let open = Connection::over(open).await.unwrap();
    open.call(ECHO, "", &[]).await.text();

    let next = place.path().join("..next");
    std::os::unix::fs::symlink("two", &next).unwrap();
    fs::rename(&next, &link).unwrap();
    let taken = async || (shown(&probe, &place.authority).await == renewed.der).then_some(());
    kit::testing::until("the new certificate is shown", PATIENCE, taken).await;
    assert_eq!(
        open.call(ECHO, "still here", &[]).await.text(),
        "still here"
    );
}

#[tokio::test]
async fn files_that_cannot_be_used_change_nothing() {
    let place = Place::new();
    let files = place.files();
    let own = files.own.clone().unwrap();
    let tls = Tls::load(files).unwrap();
    let probe = serve(&tls).await;
    let renewed = place.authority.issue("suite");
    // One file of two is there: as it is for a moment where somebody copies them one by one.
    fs::write(&own.certificate, &renewed.certificate).unwrap();
    assert!(matches!(tls.look_again(), Err(Error::Unusable { .. })));
    assert!(!tls.look_again().unwrap(), "it is said once");
    assert_eq!(shown(&probe, &place.authority).await, place.own.der);
    fs::write(&own.certificate, "nonsense").unwrap();
    assert!(matches!(tls.look_again(), Err(Error::Malformed { .. })));
    fs::remove_file(&own.certificate).unwrap();
    assert!(matches!(tls.look_again(), Err(Error::Read { .. })));
    assert_eq!(shown(&probe, &place.authority).await, place.own.der);
    let _ = renewed.write(place.path(), "own");
    assert!(tls.look_again().unwrap());
    assert_eq!(shown(&probe, &place.authority).await, renewed.der);
}

#[tokio::test]
async fn a_client_whose_authority_is_taken_off_the_list_is_refused_from_its_next_connection_on() {
    let place = Place::new();
    let files = place.asking(true);
    let list = files.client_ca.clone().unwrap();
    let tls = Tls::load(files).unwrap();
    let probe = serve(&tls).await;
    let other = Authority::new();
    let client = other.issue("client");
    assert!(!is_answered(&probe, &place.authority, Some(&client)).await);
    fs::write(&list, place.authority.pem() + &other.pem()).unwrap();
    assert!(tls.look_again().unwrap());
    assert!(is_answered(&probe, &place.authority, Some(&client)).await);
    fs::write(&list, place.authority.pem()).unwrap();
    assert!(tls.look_again().unwrap());
    assert!(!is_answered(&probe, &place.authority, Some(&client)).await);
}

#[test]
fn what_is_wrong_with_the_files_is_said_by_their_names() {
    let place = Place::new();
    let files = place.asking(true);
    let complaint = |change: &dyn Fn(&mut Files)| {
        let mut files = files.clone();
        change(&mut files);
        Tls::load(files).map(|_| ()).unwrap_err().to_string()
    };
    let absent = complaint(&|files| files.ca = Some("/nowhere/ca.pem".into()));
    assert!(
        absent.starts_with("cannot read /nowhere/ca.pem: "),
        "{absent}"
    );
    let key = files.own.clone().unwrap().key;
    let no_certificate = complaint(&|files| files.client_ca = Some(key.clone()));
    let expected = format!("{} has no certificate in PEM: ", key.display());
    assert!(no_certificate.starts_with(&expected), "{no_certificate}");
    let strange = place
        .authority
        .issue("another")
        .write(place.path(), "another");
    let mixed = complaint(&|files| {
        files.own = Some(Own {
            certificate: strange.certificate.clone(),
            key: key.clone(),
        });
    });
    assert!(
        mixed.contains("another.crt cannot be used with its key"),
        "{mixed}"
    );
}
