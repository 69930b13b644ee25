//! `POST /v1/oauth/par` (RFC 9126): a wallet sends its authorization request in advance.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;

use super::client::authenticate;
use super::dpop::{agreed, proof_key};
use super::error::WalletError;
use crate::app::Shared;
use crate::base::remote::PeerCertificate;
use crate::domain::interaction::parties::Wallet;
use crate::domain::interaction::push::Push;
use crate::handler::has_media_type;
use crate::wire::form::parse_form;

/// Where it lives below the issuer; a `DPoP` proof names it.
const PATH: &str = "/v1/oauth/par";

/// Keeps a request of a client that has proven who it is, before anything else is looked at (2.1).
pub async fn create(
    State(app): State<Shared>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    if !has_media_type(&headers, "application/x-www-form-urlencoded") {
        let error = WalletError::bad("invalid_request", "send application/x-www-form-urlencoded");
        return Err(error.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let form =
        parse_form(&body).map_err(|_| WalletError::bad("invalid_request", "a parameter is repeated or not UTF-8"))?;
    let certificate = certificate.as_ref().map(|Extension(certificate)| certificate);
    let client = authenticate(&app, &headers, &form, certificate).await?;
    let key = proof_key(&app, &headers, "POST", PATH, None).await?;
    let key = agreed(key, form.get("dpop_jkt").map(String::as_str))?;
    match app.interactions.push(&Wallet::from(client), &form, key).await? {
        Push::Refused(error) => Err(WalletError::bad(error.code.name(), error.why)),
        Push::Kept { request_uri, expires_in } => {
            let headers = [(header::CACHE_CONTROL, "no-cache, no-store"), (header::PRAGMA, "no-cache")];
            let body = Json(json!({ "request_uri": request_uri, "expires_in": expires_in }));
            Ok((StatusCode::CREATED, headers, body).into_response())
        }
    }
}
