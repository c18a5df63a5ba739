//! What depends on how the connection is made: certificates, and the address that is told.

use axum::body::to_bytes;
use http::Request;
use kit::caller::{Claims, Confirmation, Role};
use kit::keys::PrivateKey;
use kit::testing::certificates::{Authority, Certified};
use kit::tls::{Files, PeerCertificate, Tls};
use proto::identity::v1::GetCallerRequest;
use proto::identity::v1::token_service_client::TokenServiceClient;
use serde_json::Value;
use tempfile::TempDir;
use tonic::Code;
use tonic::body::Body;
use tower::ServiceExt as _;

use super::clients::{register, registered};
use super::support::{Suite, refused, with};

/// A suite under TLS, and who certifies it and its clients.
struct Certifying {
    suite: Suite,
    authority: Authority,
    own: Certified,
    _folder: TempDir,
}

impl Certifying {
    async fn start() -> Self {
        let (folder, authority) = (tempfile::tempdir().unwrap(), Authority::new());
        let own = authority.issue("suite");
        let ca = authority.write(folder.path(), "ca.crt");
        let tls = Tls::load(Files {
            own: Some(own.write(folder.path(), "own")),
            client_ca: Some(ca.clone()),
            client_required: false,
            ca: Some(ca),
        });
        Self {
            suite: Suite::start_over(tls.unwrap()).await,
            authority,
            own,
            _folder: folder,
        }
    }

    fn url(&self, page: &str) -> String {
        format!("https://{}{page}", self.suite.address)
    }

    /// An HTTP client that shows this certificate, or none.
    fn http(&self, shown: Option<&Certified>) -> reqwest::Client {
        let trusted = reqwest::Certificate::from_pem(self.authority.pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().add_root_certificate(trusted);
        let client = match shown {
            Some(Certified {
                certificate, key, ..
            }) => {
                let pem = format!("{certificate}{key}");
                client.identity(reqwest::Identity::from_pem(pem.as_bytes()).unwrap())
            }
            None => client,
        };
        client.build().unwrap()
    }

    /// Registers a client system that this certificate is bound to.
    async fn register(&self, client_id: &str, certificate: &Certified) {
        let mut request = register(client_id, &[&PrivateKey::generate()]);
        let registration = request.registration.as_mut().unwrap();
        registration.certificate_subject = PeerCertificate::of(&certificate.der).unwrap().subject;
        registered(&self.suite, request).await.unwrap();
    }
}

#[tokio::test]
async fn a_certificate_gives_a_token_to_the_client_that_it_is_bound_to_and_to_no_other() {
    let certifying = Certifying::start().await;
    let [tnmt, thue] = ["tnmt", "thue"].map(|name| certifying.authority.issue(name));
    certifying.register("tnmt", &tnmt).await;
    certifying.register("thue", &thue).await;
    let ask = async |client_id: &str, shown: Option<&Certified>| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
        ];
        let asked = certifying.http(shown).post(certifying.url("/oauth2/token"));
        let answer = asked.form(&form).send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.unwrap())
    };
    let (status, answer) = ask("tnmt", Some(&tnmt)).await;
    assert_eq!(status, 200, "{answer}");
    for (client_id, shown) in [
        ("thue", Some(&tnmt)),
        ("tnmt", Some(&thue)),
        ("intake", Some(&tnmt)),
        ("nobody", Some(&tnmt)),
        ("tnmt", None),
    ] {
        let (status, answer) = ask(client_id, shown).await;
        assert_eq!(status, 401, "{client_id}: {answer}");
        assert_eq!(answer["error"], "invalid_client", "{client_id}");
    }
}

#[tokio::test]
async fn a_token_of_whatever_kind_that_is_bound_to_a_certificate_is_taken_only_with_it() {
    let certifying = Certifying::start().await;
    let suite = &certifying.suite;
    let bound_to = |certificate: &Certified| {
        let shown = PeerCertificate::of(&certificate.der).unwrap();
        suite.sign(&Claims {
            cnf: Some(Confirmation::of(&shown.thumbprint)),
            ..suite.claims("lan", Role::Receptionist, &["new"])
        })
    };
    // Its own channel shows the suite's own certificate.
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let own = bound_to(&certifying.own);
    let taken = tokens.get_caller(with(&own, GetCallerRequest {})).await;
    taken.unwrap();
    let of_another = bound_to(&certifying.authority.issue("another"));
    let refusal = tokens.get_caller(with(&of_another, GetCallerRequest {}));
    refused(refusal.await, Code::Unauthenticated, "CERTIFICATE_REQUIRED");
}

#[tokio::test]
async fn an_issuer_without_a_url_is_where_and_how_it_was_asked() {
    const DISCOVERY: &str = "/.well-known/openid-configuration";
    let certifying = Certifying::start().await;
    let base = certifying.url("");
    let asked = certifying.http(None).get(certifying.url(DISCOVERY)).send();
    let over_http_1: Value = asked.await.unwrap().json().await.unwrap();
    // HTTP/2 has no `host`.
    let request = Request::get(DISCOVERY).body(Body::empty()).unwrap();
    let asked = certifying.suite.channel.clone().oneshot(request).await;
    let body = to_bytes(axum::body::Body::new(asked.unwrap().into_body()), 1 << 16).await;
    let over_http_2: Value = serde_json::from_slice(&body.unwrap()).unwrap();
    for document in [over_http_1, over_http_2] {
        assert_eq!(document["token_endpoint"], format!("{base}/oauth2/token"));
        assert_eq!(document["jwks_uri"], format!("{base}/oauth2/jwks"));
    }
}
