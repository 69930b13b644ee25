//! `POST /v1/oauth/challenge` (draft-ietf-oauth-attestation-based-client-auth 6.1): writes nothing, needs no authentication.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::error::WalletError;
use crate::app::Shared;

/// A fresh challenge; there is none where no wallet provider is trusted.
pub async fn create(State(app): State<Shared>) -> Result<Response, WalletError> {
    if !app.wallet_clients.policy().attestation {
        let error = WalletError::bad("invalid_request", "wallet attestations are not accepted here");
        return Err(error.with_status(StatusCode::NOT_FOUND));
    }
    let challenge = app.wallet_clients.challenge()?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(json!({ "attestation_challenge": challenge }))).into_response())
}
