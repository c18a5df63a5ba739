//! OAuth 2.0 as plain HTTP clients see it.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use kit::caller::sign_assertion;
use kit::clock;
use kit::keys::PrivateKey;
use kit::stand_in;
use kit::testing::until;
use proto::identity::v1 as pb;
use proto::identity::v1::party_service_client::PartyServiceClient;
use proto::identity::v1::token_service_client::TokenServiceClient;
use proto::identity::v1::{GetCallerRequest, Role};
use serde_json::{Value, json};

use super::support::{ISSUER, Store, Suite, texts, until_refused, with};

const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
/// How soon a signing key that came must sign; it takes about a second.
const NOTICED_WITHIN: Duration = Duration::from_secs(10);
const SSO: &str = "https://sso.example";
const VNEID: &str = "https://vneid.example";

fn provider(name: &str, issuer: &str, people: &str, key: &PrivateKey) -> Value {
    let jwk: Value = serde_json::from_str(&key.public().to_jwk()).unwrap();
    json!({
        "name": name, "issuer": issuer, "audience": "motcua-daklak", "people": people,
        "claims": {"subject": "preferred_username", "name": "name", "numbers": {"cccd": "citizen_id"}},
        "jwks": {"keys": [jwk]},
    })
}

/// The small province, whose officers and citizens sign in at two providers with this key.
async fn suite() -> Suite {
    let (store, key) = (Store::new().await, PrivateKey::generate());
    store.import_small().await;
    let providers = json!([
        provider("sso", SSO, "officers", &key),
        provider("vneid", VNEID, "applicants", &key),
    ]);
    let providers = serde_json::from_value(providers).unwrap();
    Suite::trusting(store, key, providers).await
}

fn id_token(issuer: &str, more: &Value, key: &PrivateKey) -> String {
    let mut claims = json!({"iss": issuer, "aud": "motcua-daklak", "sub": "x"});
    let more = more.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(more);
    stand_in::id_token(claims, key).unwrap()
}

async fn exchanged(suite: &Suite, id_token: &str) -> (u16, Value) {
    let form = [
        ("grant_type", EXCHANGE),
        ("subject_token", id_token),
        ("subject_token_type", ID_TOKEN),
    ];
    suite.post("/oauth2/token", &form).await
}

async fn by_assertion(suite: &Suite, assertion: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion),
    ];
    suite.post("/oauth2/token", &form).await
}

#[tokio::test]
async fn discovery_leads_to_keys_that_verify_a_token_for_an_assertion() {
    let suite = suite().await;
    let document = suite.get("/.well-known/openid-configuration").await;
    assert_eq!(document["issuer"], ISSUER);
    assert_eq!(document["token_endpoint"], format!("{ISSUER}/oauth2/token"));
    let same = suite.get("/.well-known/oauth-authorization-server").await;
    assert_eq!(same, document);
    let assertion = sign_assertion("intake", &suite.key).unwrap();
    let (status, answer) = by_assertion(&suite, &assertion).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        (&answer["token_type"], &answer["expires_in"]),
        (&json!("Bearer"), &json!(600))
    );
    let token = answer["access_token"].as_str().unwrap();
    let keys: JwkSet = serde_json::from_value(suite.get("/oauth2/jwks").await).unwrap();
    let kid = decode_header(token).unwrap().kid.unwrap();
    let key = DecodingKey::from_jwk(keys.find(&kid).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&["motcua"]);
    let claims = decode::<Value>(token, &key, &validation).unwrap().claims;
    assert_eq!(claims["sub"], "intake");
}

#[tokio::test]
async fn a_citizen_who_signed_in_elsewhere_is_one_party_each_time() {
    let suite = suite().await;
    let citizen = json!({"name": "H'Hoa Niê", "citizen_id": "066185000321"});
    let mut parties = Vec::new();
    for _ in 0..2 {
        let token = id_token(VNEID, &citizen, &suite.key);
        let (status, answer) = exchanged(&suite, &token).await;
        assert_eq!(status, 200, "{answer}");
        let token = answer["access_token"].as_str().unwrap();
        let mut tokens = TokenServiceClient::new(suite.channel.clone());
        let told = tokens.get_caller(with(token, GetCallerRequest {})).await;
        let grants = told.unwrap().into_inner().caller.unwrap().grants;
        assert_eq!(grants[0].role(), Role::Applicant);
        parties.push(grants[0].party_uids.clone());
    }
    // Registered at the first, known at the second.
    assert_eq!(parties[0], parties[1]);
}

/// The grants of a citizen who signed in elsewhere.
async fn grants_of(suite: &Suite, name: &str, cccd: &str) -> Vec<pb::Grant> {
    let citizen = json!({"name": name, "citizen_id": cccd});
    let (status, answer) = exchanged(suite, &id_token(VNEID, &citizen, &suite.key)).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let told = tokens.get_caller(with(token, GetCallerRequest {})).await;
    told.unwrap().into_inner().caller.unwrap().grants
}

#[tokio::test]
async fn a_token_is_for_all_that_was_merged_and_for_those_who_gave_the_power() {
    let suite = suite().await;
    let own = grants_of(&suite, "H'Hoa Niê", "066185000321").await;
    let own = own[0].party_uids[0].clone();
    let twin = grants_of(&suite, "H'Hoa Niê", "054185000321").await;
    let twin = twin[0].party_uids[0].clone();
    let grantor = grants_of(&suite, "Y Bình Êban", "066085000777").await;
    let grantor = grantor[0].party_uids[0].clone();
    let mut parties = PartyServiceClient::new(suite.channel.clone());
    let merge = pb::MergePartiesRequest {
        request_id: "merge".to_owned(),
        merged_uid: twin.clone(),
        survivor_uid: own.clone(),
        ..Default::default()
    };
    let merge = suite.by("desk", merge).await;
    parties.merge_parties(merge).await.unwrap();
    let today = clock::local(clock::real()).date().to_string();
    let whole = pb::GrantProxyRequest {
        request_id: "whole".to_owned(),
        grantor_uid: grantor.clone(),
        proxy_uid: own.clone(),
        first_day: today.clone(),
        last_day: today,
        evidence: "Giấy ủy quyền số 12".to_owned(),
        ..Default::default()
    };
    let limited = pb::GrantProxyRequest {
        request_id: "limited".to_owned(),
        grantor_uid: twin.clone(),
        proxy_uid: grantor.clone(),
        procedure_codes: vec!["1.001193".to_owned()],
        ..whole.clone()
    };
    for grant in [whole, limited] {
        let grant = suite.by("desk", grant).await;
        parties.grant_proxy(grant).await.unwrap();
    }
    for cccd in ["066185000321", "054185000321"] {
        let grants = grants_of(&suite, "H'Hoa Niê", cccd).await;
        let told: Vec<_> = grants
            .iter()
            .map(|grant| (grant.role(), grant.party_uids.clone()))
            .collect();
        let expected = [
            (Role::Applicant, vec![own.clone(), twin.clone()]),
            (Role::Proxy, vec![grantor.clone()]),
        ];
        assert_eq!(told, expected);
    }
    // What is limited to some procedures lets nobody act for everything.
    let grants = grants_of(&suite, "Y Bình Êban", "066085000777").await;
    assert_eq!(grants.len(), 1);
}

#[tokio::test]
async fn what_is_refused_says_why_as_oauth_has_it() {
    let suite = suite().await;
    let officer = |name: &str| id_token(SSO, &json!({"preferred_username": name}), &suite.key);
    let forged = id_token(
        SSO,
        &json!({"preferred_username": "lan"}),
        &PrivateKey::generate(),
    );
    let elsewhere = id_token("https://elsewhere.example", &json!({}), &suite.key);
    for token in [&officer("nobody-here"), &forged, &elsewhere] {
        let (status, answer) = exchanged(&suite, token).await;
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("invalid_request")),
            "{answer}"
        );
    }
    let (status, answer) = by_assertion(&suite, "nonsense").await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
    let assertion = sign_assertion("intake", &suite.key).unwrap();
    assert_eq!(by_assertion(&suite, &assertion).await.0, 200);
    let (status, answer) = by_assertion(&suite, &assertion).await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
    let description = answer["error_description"].as_str().unwrap();
    assert!(description.contains("used before"), "{description}");
    let forms: [&[(&str, &str)]; 4] = [
        &[],
        &[("grant_type", "client_credentials")],
        &[("grant_type", EXCHANGE)],
        &[
            ("grant_type", EXCHANGE),
            ("subject_token", "x"),
            ("subject_token_type", "y"),
        ],
    ];
    for form in forms {
        let (status, answer) = suite.post("/oauth2/token", form).await;
        assert_eq!(
            (status, &answer["error"]),
            (400, &json!("invalid_request")),
            "{answer}"
        );
    }
    let password = [("grant_type", "password")];
    let (status, answer) = suite.post("/oauth2/token", &password).await;
    assert_eq!(
        (status, &answer["error"]),
        (400, &json!("unsupported_grant_type"))
    );
}

#[tokio::test]
async fn whoever_is_denied_over_http_is_recorded_under_the_page() {
    let suite = suite().await;
    let officer = json!({"preferred_username": "lan"});
    let forged = id_token(SSO, &officer, &PrivateKey::generate());
    // OAuth 2.0 has 400 for the one and 401 for the other.
    assert_eq!(exchanged(&suite, &forged).await.0, 400);
    assert_eq!(by_assertion(&suite, "nonsense").await.0, 401);
    for reason in ["ID_TOKEN_INVALID", "UNAUTHENTICATED"] {
        let query = format!(
            "SELECT rpc || ' ' || subject FROM access_log \
             WHERE kind = 'denial' AND outcome = '{reason}'"
        );
        let denied = async || texts(&suite, &query).await.pop();
        let denied = until("it is recorded", NOTICED_WITHIN, denied).await;
        assert_eq!(denied, "/oauth2/token anonymous", "{reason}");
    }
}

#[tokio::test]
async fn a_token_is_taken_back_over_http_too() {
    let suite = suite().await;
    let token = suite.token("desk").await;
    let (status, _) = suite.post("/oauth2/revoke", &[("token", &token)]).await;
    assert_eq!(status, 200);
    until_refused(&suite, &token, "TOKEN_REVOKED").await;
    let (status, _) = suite.post("/oauth2/revoke", &[("token", "nonsense")]).await;
    assert_eq!(status, 200);
    let (status, _) = suite.post("/oauth2/revoke", &[]).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn a_signing_key_is_exchanged_while_it_serves() {
    let suite = suite().await;
    let old = suite.token("intake").await;
    let new = PrivateKey::generate();
    let file = suite.store.folder.path().join("token-signing-2.pem");
    new.save(&file).unwrap();
    // As old as it must be to sign.
    let long_ago = clock::real() - chrono::TimeDelta::minutes(3);
    let made = std::fs::File::open(&file).unwrap();
    made.set_modified(long_ago.into()).unwrap();
    let published = async || {
        let keys = suite.get("/oauth2/jwks").await;
        (keys["keys"].as_array().unwrap().len() == 2).then_some(())
    };
    until("the new key is published", NOTICED_WITHIN, published).await;
    let token = suite.token("intake").await;
    let kid = decode_header(&token).unwrap().kid.unwrap();
    assert_eq!(kid, new.public().kid());
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    for token in [&old, &token] {
        assert!(
            tokens
                .get_caller(with(token, GetCallerRequest {}))
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn an_officer_who_signed_in_elsewhere_has_the_roles_of_its_positions() {
    let suite = suite().await;
    let administrator = suite.administrator();
    administrator.register("lan", "new").await;
    administrator.assign("lan", Role::Receptionist, "new").await;
    administrator.assign("lan", Role::Clerk, "p").await;
    let officer = json!({"preferred_username": "lan"});
    let (status, answer) = exchanged(&suite, &id_token(SSO, &officer, &suite.key)).await;
    assert_eq!(status, 200, "{answer}");
    let token = answer["access_token"].as_str().unwrap();
    let mut tokens = TokenServiceClient::new(suite.channel.clone());
    let told = tokens.get_caller(with(token, GetCallerRequest {})).await;
    let grants = told.unwrap().into_inner().caller.unwrap().grants;
    let mut roles: Vec<(Role, &str)> = grants
        .iter()
        .map(|grant| (grant.role(), grant.unit_uids[0].as_str()))
        .collect();
    roles.sort_by_key(|(_, unit)| *unit);
    assert_eq!(roles, [(Role::Receptionist, "new"), (Role::Clerk, "p")]);
}

#[tokio::test]
async fn an_officer_who_is_disabled_does_not_sign_in_elsewhere_either() {
    let suite = suite().await;
    suite.administrator().register("lan", "new").await;
    let officer = json!({"preferred_username": "lan"});
    let signed_in = exchanged(&suite, &id_token(SSO, &officer, &suite.key)).await;
    assert_eq!(signed_in.0, 200, "{}", signed_in.1);
    let disable = pb::DisableOfficerRequest {
        request_id: "disable".to_owned(),
        subject: "lan".to_owned(),
        expected_revision: 0,
    };
    let disabled = suite.administrator().disable_officer(disable).await;
    assert!(disabled.is_ok());
    let refused = exchanged(&suite, &id_token(SSO, &officer, &suite.key)).await;
    assert_eq!(refused.0, 400, "{}", refused.1);
}
