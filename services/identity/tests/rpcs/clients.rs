//! Client systems: registered, with keys that are exchanged, disabled at once.

use identity::{Files, NewAdministrator};
use kit::caller::sign_assertion;
use kit::keys::PrivateKey;
use proto::identity::v1 as pb;
use proto::identity::v1::client_service_client::ClientServiceClient;
use proto::identity::v1::token_service_client::TokenServiceClient;
use tonic::{Code, Response, Status};
use tonic_types::StatusExt as _;

use super::staff::registration as registration_of;
use super::support::{Suite, refused, until_refused, with};

const GET_DOSSIER: &str = "motcua.intake.v1.DossierService/GetDossier";

pub fn registration() -> pb::ClientRegistration {
    pb::ClientRegistration {
        name: "Phần mềm một cửa ngành tài nguyên".to_owned(),
        kind: pb::ClientKind::System.into(),
        rpcs: vec![GET_DOSSIER.to_owned()],
        unit_uids: vec!["old".to_owned()],
        rate_class: pb::RateClass::High.into(),
        certificate_subject: String::new(),
        everywhere: false,
    }
}

pub fn register(client_id: &str, keys: &[&PrivateKey]) -> pb::RegisterClientRequest {
    pb::RegisterClientRequest {
        request_id: format!("register-{client_id}"),
        client_id: client_id.to_owned(),
        registration: Some(registration()),
        jwks: keys.iter().map(|key| key.public().to_jwk()).collect(),
    }
}

fn clients(suite: &Suite) -> ClientServiceClient<kit::client::Peer> {
    ClientServiceClient::new(suite.channel.clone())
}

pub async fn registered(
    suite: &Suite,
    request: pb::RegisterClientRequest,
) -> Result<Response<pb::RegisterClientResponse>, Status> {
    let request = suite.by("admin", request).await;
    clients(suite).register_client(request).await
}

#[tokio::test]
async fn a_registered_client_gets_tokens_for_its_units_rpcs_and_rate() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    let reply = registered(&suite, register("tnmt", &[&key])).await.unwrap();
    let client = reply.into_inner().client.unwrap();
    assert_eq!((client.revision, client.disabled), (1, false));
    let token = suite.issue(sign_assertion("tnmt", &key).unwrap()).await;
    let token = token.unwrap();
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let told = tokens
        .get_caller(with(&token, pb::GetCallerRequest {}))
        .await;
    let told = told.unwrap().into_inner();
    assert_eq!(told.rate_class(), pb::RateClass::High);
    assert!(told.rpcs.iter().any(|rpc| rpc == GET_DOSSIER));
    assert!(!told.rpcs.iter().any(|rpc| rpc.ends_with("/SubmitDossier")));
    let grants = told.caller.unwrap().grants;
    assert_eq!(grants[0].role(), pb::Role::Client);
    // The unit that it is registered for was merged into another.
    assert_eq!(grants[0].unit_uids, ["new", "old"]);
    let own = pb::GetPartyRequest {
        uid: "somebody".to_owned(),
    };
    let mut parties = pb::party_service_client::PartyServiceClient::new(suite.channel.clone());
    let asked = parties.get_party(with(&token, own)).await;
    refused(asked, Code::PermissionDenied, "RPC_NOT_GRANTED");
}

#[tokio::test]
async fn a_portal_is_registered_for_all_units_and_a_linked_system_for_some() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    let asking = |request_id: &str, more: pb::ClientRegistration| pb::RegisterClientRequest {
        request_id: request_id.to_owned(),
        registration: Some(pb::ClientRegistration {
            everywhere: true,
            ..more
        }),
        ..register("portal", &[&key])
    };
    let none_named = || pb::ClientRegistration {
        unit_uids: Vec::new(),
        ..registration()
    };
    let linked = pb::ClientRegistration {
        kind: pb::ClientKind::LinkedSystem.into(),
        ..none_named()
    };
    for (request_id, wrong, field) in [
        ("a", registration(), "registration.unit_uids"),
        ("b", linked, "registration.everywhere"),
    ] {
        let asked = registered(&suite, asking(request_id, wrong)).await;
        let text = refused(asked, Code::InvalidArgument, "INVALID_FIELDS");
        assert!(text.starts_with(field), "{text}");
    }
    let portal = registered(&suite, asking("c", none_named())).await.unwrap();
    let portal = portal.into_inner().client.unwrap().registration.unwrap();
    assert!(portal.everywhere && portal.unit_uids.is_empty());
    let token = suite.issue(sign_assertion("portal", &key).unwrap()).await;
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let asked = with(&token.unwrap(), pb::GetCallerRequest {});
    let told = tokens.get_caller(asked).await.unwrap().into_inner();
    let grants = told.caller.unwrap().grants;
    assert_eq!(grants[0].role(), pb::Role::Client);
    assert!(grants[0].everywhere && grants[0].unit_uids.is_empty());
}

#[tokio::test]
async fn only_the_province_administers_clients() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    let request = suite.by("leader", register("tnmt", &[&key])).await;
    let asked = clients(&suite).register_client(request).await;
    refused(asked, Code::PermissionDenied, "RPC_NOT_GRANTED");
    let list = suite.by("desk", pb::ListClientsRequest::default()).await;
    let asked = clients(&suite).list_clients(list).await;
    refused(asked, Code::PermissionDenied, "RPC_NOT_GRANTED");
}

#[tokio::test]
async fn the_same_registration_twice_is_one_and_another_of_the_name_is_refused() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    registered(&suite, register("tnmt", &[&key])).await.unwrap();
    let again = pb::RegisterClientRequest {
        request_id: "again".to_owned(),
        ..register("tnmt", &[&key])
    };
    let reply = registered(&suite, again).await.unwrap().into_inner();
    assert_eq!(reply.client.unwrap().revision, 1);
    let other = pb::RegisterClientRequest {
        request_id: "other".to_owned(),
        ..register("tnmt", &[&PrivateKey::generate()])
    };
    let asked = registered(&suite, other).await;
    refused(asked, Code::AlreadyExists, "CLIENT_EXISTS");
    let mut nowhere = register("other", &[&key]);
    nowhere.registration.as_mut().unwrap().unit_uids = vec!["nowhere".to_owned()];
    let asked = registered(&suite, nowhere).await;
    refused(asked, Code::NotFound, "UNIT_NOT_FOUND");
}

#[tokio::test]
async fn all_that_is_wrong_with_a_registration_is_told_at_once() {
    let suite = Suite::start().await;
    let request = pb::RegisterClientRequest {
        request_id: "wrong".to_owned(),
        client_id: "intake".to_owned(),
        registration: Some(pb::ClientRegistration {
            rpcs: vec![
                "motcua.intake.v1.DossierService/RecordDecision".to_owned(),
                GET_DOSSIER.to_owned(),
            ],
            ..registration()
        }),
        jwks: vec!["{}".to_owned()],
    };
    let status = registered(&suite, request).await.unwrap_err();
    let details = status.get_error_details();
    let violations = &details.bad_request().unwrap().field_violations;
    let fields: Vec<_> = violations
        .iter()
        .map(|violation| violation.field.as_str())
        .collect();
    assert_eq!(fields, ["registration.rpcs[0]", "jwks[0]", "client_id"]);
}

#[tokio::test]
async fn a_key_is_exchanged_while_both_are_valid() {
    let suite = Suite::start().await;
    let [old, new, third] = [(); 3].map(|()| PrivateKey::generate());
    registered(&suite, register("tnmt", &[&old])).await.unwrap();
    let add = |key: &PrivateKey, request_id: &str| pb::AddClientKeyRequest {
        request_id: request_id.to_owned(),
        client_id: "tnmt".to_owned(),
        expected_revision: 0,
        jwk: key.public().to_jwk(),
    };
    let request = suite.by("admin", add(&new, "add")).await;
    let added = clients(&suite).add_client_key(request).await.unwrap();
    assert_eq!(added.into_inner().client.unwrap().keys.len(), 2);
    let request = suite.by("admin", add(&third, "third")).await;
    let asked = clients(&suite).add_client_key(request).await;
    refused(asked, Code::FailedPrecondition, "KEYS_FULL");
    for key in [&old, &new] {
        assert!(
            suite
                .issue(sign_assertion("tnmt", key).unwrap())
                .await
                .is_ok()
        );
    }
    let remove = pb::RemoveClientKeyRequest {
        request_id: "remove".to_owned(),
        client_id: "tnmt".to_owned(),
        expected_revision: 2,
        kid: old.public().kid(),
    };
    let stale = pb::RemoveClientKeyRequest {
        request_id: "stale".to_owned(),
        expected_revision: 1,
        ..remove.clone()
    };
    let request = suite.by("admin", stale).await;
    let asked = clients(&suite).remove_client_key(request).await;
    refused(asked, Code::Aborted, "REVISION_CHANGED");
    let request = suite.by("admin", remove).await;
    clients(&suite).remove_client_key(request).await.unwrap();
    let asked = suite.issue(sign_assertion("tnmt", &old).unwrap()).await;
    refused(
        asked.map(Response::new),
        Code::Unauthenticated,
        "ASSERTION_INVALID",
    );
    assert!(
        suite
            .issue(sign_assertion("tnmt", &new).unwrap())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_client_that_is_disabled_gets_no_token_and_its_tokens_end() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    registered(&suite, register("tnmt", &[&key])).await.unwrap();
    let token = suite.issue(sign_assertion("tnmt", &key).unwrap()).await;
    let token = token.unwrap();
    let disable = pb::DisableClientRequest {
        request_id: "disable".to_owned(),
        client_id: "tnmt".to_owned(),
        expected_revision: 0,
    };
    let request = suite.by("admin", disable).await;
    let disabled = clients(&suite).disable_client(request).await.unwrap();
    assert!(disabled.into_inner().client.unwrap().disabled);
    let asked = suite.issue(sign_assertion("tnmt", &key).unwrap()).await;
    refused(
        asked.map(Response::new),
        Code::Unauthenticated,
        "CLIENT_DISABLED",
    );
    until_refused(&suite, &token, "TOKEN_REVOKED").await;
    let enable = pb::EnableClientRequest {
        request_id: "enable".to_owned(),
        client_id: "tnmt".to_owned(),
        expected_revision: 0,
    };
    let request = suite.by("admin", enable).await;
    clients(&suite).enable_client(request).await.unwrap();
    assert!(
        suite
            .issue(sign_assertion("tnmt", &key).unwrap())
            .await
            .is_ok()
    );
    until_refused(&suite, &token, "TOKEN_REVOKED").await;
}

#[tokio::test]
async fn the_pages_of_the_list_bring_every_client_once() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    for name in ["c", "a", "b"] {
        registered(&suite, register(name, &[&key])).await.unwrap();
    }
    let mut names = Vec::new();
    let mut page_token = String::new();
    loop {
        let list = pb::ListClientsRequest {
            page_size: 2,
            page_token,
        };
        let page = clients(&suite)
            .list_clients(suite.by("admin", list).await)
            .await;
        let page = page.unwrap().into_inner();
        names.extend(page.clients.into_iter().map(|client| client.client_id));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn a_client_an_officer_and_a_service_never_have_one_name() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    registered(&suite, register("tnmt", &[&key])).await.unwrap();
    let asked = suite.administrator();
    let asked = asked.register_officer(registration_of("tnmt", "new")).await;
    refused(asked, Code::AlreadyExists, "SUBJECT_TAKEN");
    suite.administrator().register("lan", "new").await;
    let asked = registered(&suite, register("lan", &[&key])).await;
    refused(asked, Code::AlreadyExists, "SUBJECT_TAKEN");
    let service = suite.administrator();
    let service = service.register_officer(registration_of("intake", "new"));
    refused(service.await, Code::InvalidArgument, "INVALID_FIELDS");
    let first = NewAdministrator {
        subject: "tnmt".to_owned(),
        name: "Nguyễn Thị Lan".to_owned(),
        password: None,
        force: true,
    };
    let made = identity::create_administrator(suite.store.db.clone(), first).await;
    assert_eq!(made.unwrap_err().reason(), "SUBJECT_TAKEN");
}

#[tokio::test]
async fn an_officer_of_a_file_with_the_name_of_a_client_is_named_by_line() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    registered(&suite, register("tnmt", &[&key])).await.unwrap();
    let before = suite.store.events().await;
    let officers = "subject,name\nlan,Nguyễn Thị Lan\ntnmt,Trần Văn Minh\n";
    let officers = suite.store.write("officers.csv", officers);
    let files = Files {
        officers: Some(&officers),
        ..Files::default()
    };
    let province = identity::read(&files, &suite.store.known().await).unwrap();
    let refused = identity::import(suite.store.db.clone(), province).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.reason(), "POSITIONS_REFUSED");
    let named = "officers.csv:3: column `subject`: SUBJECT_TAKEN";
    assert!(refused.to_string().contains(named), "{refused}");
    assert_eq!(suite.store.events().await, before);
}

#[tokio::test]
async fn a_certificate_subject_is_bound_to_one_client() {
    let (suite, key) = (Suite::start().await, PrivateKey::generate());
    let bound = |client_id: &str| {
        let mut request = register(client_id, &[&key]);
        let registration = request.registration.as_mut().unwrap();
        registration.certificate_subject = "CN=tnmt".to_owned();
        request
    };
    registered(&suite, bound("tnmt")).await.unwrap();
    let second = registered(&suite, bound("thue")).await;
    refused(second, Code::AlreadyExists, "CERTIFICATE_TAKEN");
}
