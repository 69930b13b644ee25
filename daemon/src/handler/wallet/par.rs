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
use super::token::read_form;
use crate::app::{App, Shared};
use crate::base::remote::PeerCertificate;
use crate::domain::client::Client;
use crate::domain::interaction::parties::Wallet;
use crate::domain::interaction::push::Push;
use crate::domain::interaction::request::{Parameters, RequestError};

/// Where it lives below the issuer; a `DPoP` proof names it.
const PATH: &str = "/v1/oauth/par";

/// Keeps a request of a client that has proven who it is, before anything else is looked at (2.1).
pub async fn create(
    State(app): State<Shared>,
    certificate: Option<Extension<PeerCertificate>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, WalletError> {
    let form = read_form(&headers, &body)?;
    let client = authenticate(&app, &headers, &form, certificate.as_deref()).await?;
    let key = proof_key(&app, &headers, "POST", PATH, None).await?;
    let parameters = parameters(&app, &client, form).await?;
    let key = agreed(key, parameters.get("dpop_jkt").map(String::as_str))?;
    match app.interactions.push(&Wallet::from(client), &parameters, key).await? {
        Push::Refused(error) => Err(refused(error)),
        Push::Kept { request_uri, expires_in } => {
            let headers = [(header::CACHE_CONTROL, "no-cache, no-store"), (header::PRAGMA, "no-cache")];
            let body = Json(json!({ "request_uri": request_uri, "expires_in": expires_in }));
            Ok((StatusCode::CREATED, headers, body).into_response())
        }
    }
}

/// The parameters of the authorization request: those of its signed object alone, when there is one (RFC 9126 3).
async fn parameters(app: &App, client: &Client, form: Parameters) -> Result<Parameters, WalletError> {
    let Some(object) = app.interactions.object(&form).map_err(refused)? else { return Ok(form) };
    let signed = app.wallet_clients.pushed_object(client, object).await?;
    signed.map_err(|error| refused(error.into()))
}

fn refused(error: RequestError) -> WalletError {
    WalletError::bad(error.code.name(), error.why)
}
