//! `GET /v1/openid/offers/{reference}/credential_offer` (`OpenID4VCI` 4.1.3): reading an offer does not use it up.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::WalletError;
use crate::app::Shared;

/// The offer object, until the offer ends.
pub async fn find(State(app): State<Shared>, Path(reference): Path<String>) -> Result<Response, WalletError> {
    let found = match app.offers.by_reference(&reference).await? {
        Some(object) => Some(object),
        None => app.code_offers.by_reference(&reference).await?,
    };
    match found {
        Some(object) => Ok(([(header::CACHE_CONTROL, "no-store")], Json(object)).into_response()),
        None => Err(WalletError::bad("invalid_request", "no such offer").with_status(StatusCode::NOT_FOUND)),
    }
}
