//! What verifiers of SD-JWT VCs may load, for anyone: the issuer's keys, and the metadata of its types.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::error::WalletError;
use super::trust::cached;
use crate::app::Shared;
use crate::base::key::PublicKey;
use crate::domain::configuration::CredentialFormat;
use crate::domain::configuration::types::TYPES;
use crate::wire::jwk;

/// How long keys may be kept, seconds: a new one signs a week after it is published.
const KEYS_MAX_AGE: i64 = 3600;
/// How long type metadata may be kept, seconds. It changes with its configuration, unless its digest is in credentials.
const TYPE_MAX_AGE: i64 = 300;

/// `GET /.well-known/jwt-vc-issuer` (SD-JWT VC 3): for verifiers that go by `iss` and `kid` instead of certificates.
pub async fn issuer(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, WalletError> {
    let keys = app.trust.published_keys(CredentialFormat::DcSdJwt, app.clock.now())?;
    let keys: Vec<_> = keys.iter().map(published).collect();
    let body = json!({ "issuer": app.site.issuer, "jwks": { "keys": keys } });
    Ok(cached(&headers, "application/json", body.to_string().into_bytes(), KEYS_MAX_AGE))
}

fn published(key: &PublicKey) -> Value {
    let mut members: Map<String, Value> = serde_json::from_str(&jwk::print(key)).unwrap_or_default();
    members.insert("kid".into(), jwk::thumbprint(key).into());
    members.insert("use".into(), "sig".into());
    members.insert("alg".into(), jwk::algorithm(key).into());
    members.into()
}

/// `GET /v1/credentials/sd-jwt/types/{name}` (SD-JWT VC 4.3): the type whose `vct` is this URL.
pub async fn type_metadata(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, WalletError> {
    let vct = app.site.url(&format!("{TYPES}{name}"));
    let Some(document) = app.configurations.type_metadata(&vct).await? else {
        let body = json!({ "code": "NotFound", "message": "Resource Not Found" });
        return Ok((StatusCode::NOT_FOUND, Json(body)).into_response());
    };
    let mut response = cached(&headers, "application/json", document, TYPE_MAX_AGE);
    // Nothing in it is to be run by a browser that opens it (SD-JWT VC 7.2).
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}
