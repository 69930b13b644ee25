//! `POST /v1/openid/nonce` (`OpenID4VCI` section 7): writes nothing, needs no authentication.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::WalletError;
use crate::app::Shared;
use crate::domain::Failure;

/// A fresh nonce.
pub async fn create(State(app): State<Shared>) -> Result<Response, WalletError> {
    let nonce = app.nonces.issue(app.clock.now(), app.random.as_ref()).map_err(Failure::from)?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "c_nonce": nonce }))).into_response())
}
