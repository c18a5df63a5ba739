//! OAuth 2.0 over HTTP, for whatever speaks it: discovery, tokens, keys, revocation.

use std::sync::Arc;

use axum::extract::{Extension, Form, State};
use axum::http::header::{CACHE_CONTROL, HOST};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kit::authority::Context;
use kit::caller::{AUDIENCE, Caller, TOKEN_LIFE};
use kit::failure::Failure;
use kit::serve::{HttpRefusal, OverTls, Pages, PeerCertificate};
use serde::Deserialize;
use serde_json::{Value, json};
use tonic::Code;

use crate::error::Error;
use crate::issuing::{Asked, Issued, Issuing};
use crate::revoking::Revoking;

const TOKEN: &str = "/oauth2/token";
const CLIENT_CREDENTIALS: &str = "client_credentials";
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
/// How long discovery and keys may be kept: a key that comes signs only when it is known here, and is asked for by its name.
const KEEP_KEYS: &str = "public, max-age=60";
const NEVER_KEEP: &str = "no-store";

#[derive(Clone)]
struct OAuth {
    issuing: Arc<Issuing>,
    revoking: Arc<Revoking>,
}

/// The pages.
pub(crate) fn pages(issuing: Arc<Issuing>, revoking: Arc<Revoking>) -> Pages {
    let oauth = OAuth { issuing, revoking };
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/.well-known/oauth-authorization-server", get(discovery))
        .route("/oauth2/jwks", get(jwks))
        .route(TOKEN, post(token))
        .route("/oauth2/revoke", post(revoke))
        .with_state(oauth)
}

/// What the suite offers (OpenID Connect Discovery 1.0; RFC 8414).
async fn discovery(
    State(oauth): State<OAuth>,
    tls: Option<Extension<OverTls>>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let issuer = oauth.issuing.settings.issuer.clone();
    let base = if issuer.contains("://") {
        issuer.trim_end_matches('/').to_owned()
    } else {
        // Without a URL of its own it is where it was asked; HTTP/2 says so in another place than HTTP/1.1.
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = uri.authority().map(Authority::as_str).or(host);
        let scheme = tls.map_or("http", |_| "https");
        format!("{scheme}://{}", host.unwrap_or("localhost"))
    };
    let signed = [
        "EdDSA", "ES256", "ES384", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    ];
    let methods = ["private_key_jwt", "tls_client_auth"];
    kept(
        KEEP_KEYS,
        json!({
            "issuer": issuer,
            "token_endpoint": format!("{base}/oauth2/token"),
            "jwks_uri": format!("{base}/oauth2/jwks"),
            "revocation_endpoint": format!("{base}/oauth2/revoke"),
            "grant_types_supported": [CLIENT_CREDENTIALS, TOKEN_EXCHANGE],
            // There is no page at which one signs in, and clients take an empty list for a missing one.
            "response_types_supported": ["none"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
            "token_endpoint_auth_methods_supported": methods,
            "token_endpoint_auth_signing_alg_values_supported": signed,
            "revocation_endpoint_auth_methods_supported": ["none"],
            "tls_client_certificate_bound_access_tokens": true,
        }),
    )
}

/// The public keys (RFC 7517).
async fn jwks(State(oauth): State<OAuth>) -> Response {
    let keys = oauth.issuing.settings.signing.public();
    let keys = keys.iter().map(kit::keys::PublicKey::to_jwk);
    let keys: Vec<Value> = keys
        .filter_map(|key| serde_json::from_str(&key).ok())
        .collect();
    kept(KEEP_KEYS, json!({ "keys": keys }))
}

/// A request for a token (RFC 6749, 7523, 8693, 8705).
#[derive(Deserialize)]
struct TokenRequest {
    #[serde(default)]
    grant_type: String,
    client_id: Option<String>,
    client_assertion_type: Option<String>,
    client_assertion: Option<String>,
    subject_token: Option<String>,
    subject_token_type: Option<String>,
    requested_token_type: Option<String>,
    scope: Option<String>,
    audience: Option<String>,
    resource: Option<String>,
    actor_token: Option<String>,
}

impl TokenRequest {
    /// A token is for all that its caller may do, and for this suite. Who asks for less, for another, or on somebody's behalf is not
    /// given more than it asked for.
    fn must_ask_for_all(&self, issuer: &str) -> Result<(), HttpRefusal> {
        let refusal = |error, description: &str| {
            Err(HttpRefusal::new(
                StatusCode::BAD_REQUEST,
                error,
                description,
            ))
        };
        if self.scope.as_deref().is_some_and(|scope| !scope.is_empty()) {
            return refusal("invalid_scope", "there are no scopes: leave `scope` out");
        }
        if self.actor_token.is_some() {
            return refusal("invalid_request", "`actor_token` is not taken");
        }
        let mut targets = self.audience.iter().chain(&self.resource);
        if targets.any(|target| target != AUDIENCE && target != issuer) {
            return refusal("invalid_target", "tokens are for this suite alone");
        }
        Ok(())
    }
}

async fn token(
    State(oauth): State<OAuth>,
    Extension(context): Extension<Context>,
    certificate: Option<Extension<PeerCertificate>>,
    form: Result<Form<TokenRequest>, axum::extract::rejection::FormRejection>,
) -> Result<Response, HttpRefusal> {
    let Form(request) = form.map_err(|rejection| bad_request(&rejection.body_text()))?;
    let asked = Asked {
        civil: context.at,
        traceparent: context.traceparent,
        by: TOKEN,
        certificate: certificate.map(|Extension(certificate)| certificate),
    };
    request.must_ask_for_all(&oauth.issuing.settings.issuer)?;
    match request.grant_type.as_str() {
        CLIENT_CREDENTIALS => {
            let issued = client_credentials(&oauth.issuing, &request, &asked).await?;
            Ok(answered(&issued, json!({})))
        }
        TOKEN_EXCHANGE => {
            let issued = exchange(&oauth.issuing, &request, &asked).await?;
            Ok(answered(
                &issued,
                json!({ "issued_token_type": ACCESS_TOKEN }),
            ))
        }
        "" => Err(bad_request("`grant_type` is missing")),
        other => Err(HttpRefusal::new(
            StatusCode::BAD_REQUEST,
            "unsupported_grant_type",
            format!("`{other}` is not among {CLIENT_CREDENTIALS} and {TOKEN_EXCHANGE}"),
        )),
    }
}

async fn client_credentials(
    issuing: &Issuing,
    request: &TokenRequest,
    asked: &Asked,
) -> Result<Issued, HttpRefusal> {
    let Some(assertion) = &request.client_assertion else {
        let client_id = request.client_id.as_deref();
        let client_id = client_id.ok_or_else(|| {
            bad_request("send `client_assertion`, or `client_id` over mutual TLS")
        })?;
        return Ok(issuing.by_certificate(client_id, asked).await?);
    };
    if request.client_assertion_type.as_deref() != Some(JWT_BEARER) {
        return Err(bad_request(&format!(
            "`client_assertion_type` must be {JWT_BEARER}"
        )));
    }
    Ok(issuing.by_assertion(assertion, asked).await?)
}

async fn exchange(
    issuing: &Issuing,
    request: &TokenRequest,
    asked: &Asked,
) -> Result<Issued, HttpRefusal> {
    let token = request.subject_token.as_deref();
    let token = token.ok_or_else(|| bad_request("`subject_token` is missing"))?;
    if request.subject_token_type.as_deref() != Some(ID_TOKEN) {
        return Err(bad_request(&format!(
            "`subject_token_type` must be {ID_TOKEN}"
        )));
    }
    let wanted = request.requested_token_type.as_deref();
    if wanted.is_some_and(|wanted| wanted != ACCESS_TOKEN) {
        return Err(bad_request(&format!(
            "`requested_token_type` must be {ACCESS_TOKEN}"
        )));
    }
    let issued = issuing.by_id_token(token, asked).await;
    issued.map_err(|error| {
        let refused: Failure = error.into();
        if refused.code() == Code::Unauthenticated {
            // OAuth 2.0 has no 401 for it, by which denials over HTTP are known.
            let (anybody, reason) = (Caller::anonymous(), refused.reason());
            issuing
                .access
                .denied(&anybody, asked.civil, asked.by, reason);
        }
        refusal_of(&refused)
    })
}

fn answered(issued: &Issued, more: Value) -> Response {
    let mut body = json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": TOKEN_LIFE.as_secs(),
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    kept(NEVER_KEEP, body)
}

#[derive(Deserialize)]
struct RevokeRequest {
    #[serde(default)]
    token: String,
}

/// Takes a token back (RFC 7009); one that is not ours is answered the same.
async fn revoke(
    State(oauth): State<OAuth>,
    Extension(context): Extension<Context>,
    form: Result<Form<RevokeRequest>, axum::extract::rejection::FormRejection>,
) -> Result<Response, HttpRefusal> {
    let Form(request) = form.map_err(|rejection| bad_request(&rejection.body_text()))?;
    if request.token.is_empty() {
        return Err(bad_request("`token` is missing"));
    }
    let revoked = oauth.revoking.revoke(&request.token, context.cause()).await;
    revoked.map_err(|failure| refusal_of(&failure))?;
    Ok(kept(NEVER_KEEP, json!({})))
}

fn kept(how_long: &'static str, body: Value) -> Response {
    let mut response = Json(body).into_response();
    let value = HeaderValue::from_static(how_long);
    response.headers_mut().insert(CACHE_CONTROL, value);
    response
}

fn bad_request(description: &str) -> HttpRefusal {
    HttpRefusal::new(StatusCode::BAD_REQUEST, "invalid_request", description)
}

impl From<Error> for HttpRefusal {
    fn from(error: Error) -> Self {
        refusal_of(&error.into())
    }
}

/// What OAuth 2.0 calls a refusal.
fn refusal_of(failure: &Failure) -> HttpRefusal {
    let (status, error) = match (failure.code(), failure.reason()) {
        (_, "ID_TOKEN_INVALID" | "NOBODY_BY_THIS_NAME" | "TOO_MUCH_GRANTED") => {
            (StatusCode::BAD_REQUEST, "invalid_request")
        }
        (Code::Unauthenticated, _) => (StatusCode::UNAUTHORIZED, "invalid_client"),
        (_, "RATE_LIMITED") => (StatusCode::TOO_MANY_REQUESTS, "temporarily_unavailable"),
        (Code::Unavailable | Code::ResourceExhausted, _) => {
            (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable")
        }
        _ => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
    };
    HttpRefusal::new(status, error, failure.to_string()).retry_after(failure.delay())
}
