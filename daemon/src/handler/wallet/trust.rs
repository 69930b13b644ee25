//! What verifiers need, for anyone: the list of root certificates behind `mdoc_iacas_uri`, and the CRLs.

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::error::WalletError;
use super::etag;
use crate::app::Shared;

/// How long either document may be kept, seconds: a revoked signer becomes known within the hour.
const MAX_AGE: i64 = 3600;

/// `GET /v1/openid/iacas`: `{"iacas":[{"certificate":"<base64 DER>"}]}`.
pub async fn iacas(State(app): State<Shared>, headers: HeaderMap) -> Result<Response, WalletError> {
    let anchors = app.trust.anchors(app.clock.now())?;
    let anchor = |der: &Vec<u8>| json!({ "certificate": STANDARD.encode(der) });
    let body = json!({ "iacas": anchors.iter().map(anchor).collect::<Vec<Value>>() });
    Ok(cached(&headers, "application/json", body.to_string().into_bytes(), MAX_AGE))
}

/// `GET /v2/credentials/mobile/iacas/{id}/crl` (RFC 5280 5, RFC 2585 3): the CRL of a managed IACA, DER.
pub async fn crl(State(app): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    let Some(crl) = Uuid::try_parse(&id).ok().and_then(|id| app.trust.crl(id)) else {
        let body = json!({ "code": "NotFound", "message": "Resource Not Found" });
        return (StatusCode::NOT_FOUND, Json(body)).into_response();
    };
    let left = crl.next_update.as_second().saturating_sub(app.clock.now().as_second());
    cached(&headers, "application/pkix-crl", crl.der, left.clamp(0, MAX_AGE))
}

/// A document that may be kept for `max_age` seconds; only its headers for one who has it already (RFC 9110 13.1.2).
pub(super) fn cached(headers: &HeaderMap, kind: &'static str, body: Vec<u8>, max_age: i64) -> Response {
    let tag = etag::tag(&body);
    let fresh = etag::is_known(headers, &tag);
    let (status, body) = if fresh { (StatusCode::NOT_MODIFIED, Body::empty()) } else { (StatusCode::OK, body.into()) };
    let mut response = (status, [(header::CACHE_CONTROL, format!("public, max-age={max_age}"))], body).into_response();
    let out = response.headers_mut();
    out.insert(header::ETAG, tag);
    out.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if !fresh {
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}
