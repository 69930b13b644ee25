//! `POST /oauth/token`: client credentials for a management access token.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::error::ApiError;
use crate::app::Shared;
use crate::domain::access::clients::TOKEN_LIFETIME;
use crate::handler::has_media_type;
use crate::wire::form::parse_form;
use crate::wire::json::parse_object;

/// Exchanges credentials, as JSON or as a form.
pub async fn create(State(app): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Some(request) = members(&headers, &body) else {
        return refuse(StatusCode::BAD_REQUEST, "invalid_request", "send client_id, client_secret and grant_type");
    };
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("grant_type") != "client_credentials" {
        return refuse(StatusCode::BAD_REQUEST, "unsupported_grant_type", "grant_type must be client_credentials");
    }
    let now = app.clock.now();
    match app.clients.token(text("client_id"), text("client_secret"), now) {
        Ok(Some(token)) => {
            let expires_in = TOKEN_LIFETIME.as_secs();
            let body = json!({ "access_token": token, "expires_in": expires_in, "token_type": "Bearer" });
            ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
        }
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "access_denied", "Unauthorized"),
        Err(failure) => ApiError::from(failure).into_response(),
    }
}

fn members(headers: &HeaderMap, body: &[u8]) -> Option<Map<String, Value>> {
    if has_media_type(headers, "application/json") {
        return parse_object(body).ok();
    }
    let form = has_media_type(headers, "application/x-www-form-urlencoded").then(|| parse_form(body).ok())??;
    Some(form.into_iter().map(|(name, value)| (name, value.into())).collect())
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}
