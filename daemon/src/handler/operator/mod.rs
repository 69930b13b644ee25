//! The management API.

pub mod authentication_providers;
pub mod change;
pub mod claim_sources;
pub mod clients;
pub mod code_offers;
pub mod configurations;
pub mod credentials;
pub mod deferred;
pub mod encryption_keys;
pub mod error;
pub mod health;
pub mod iacas;
pub mod interaction_hook;
mod notifications;
pub mod offers;
pub mod page;
pub mod plugins;
pub mod recordings;
pub mod revocations;
pub mod signers;
pub mod statuses;
pub mod token;
pub mod users;
pub mod wallet_clients;
pub mod wallet_tokens;

use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::app::App;
use crate::domain::access::Permission;
use crate::domain::saved::Saved;
use crate::handler::{credentials, has_media_type};
use crate::store::named::Deleted;
use crate::wire::fields::Detail;
use crate::wire::json::parse_object;
use error::ApiError;

/// What became of a resource that was to be saved, with `status` when it was.
pub(super) fn saved(saved: Saved<Value>, status: StatusCode, id: Uuid) -> Result<Response, ApiError> {
    match saved {
        Saved::Saved(shown) => Ok((status, Json(shown)).into_response()),
        Saved::Invalid(details) => Err(ApiError::Invalid(details)),
        Saved::Unknown => Err(ApiError::unknown(id)),
    }
}

/// What became of a resource that was to be deleted, unless a configuration names it.
pub(super) fn deleted(deleted: Deleted, id: Uuid) -> Result<StatusCode, ApiError> {
    match deleted {
        Deleted::Done => Ok(StatusCode::NO_CONTENT),
        Deleted::Unknown => Err(ApiError::unknown(id)),
        Deleted::InUse(configuration) => Err(ApiError::Conflict(format!("the configuration {configuration} names it"))),
    }
}

/// The client behind the bearer token, when its role has the permission.
pub(super) fn authorize(app: &App, headers: &HeaderMap, permission: Permission) -> Result<String, ApiError> {
    let token = credentials(headers, "Bearer").ok_or(ApiError::Unauthorized)?;
    let (client, role) = app.clients.verify(token, app.clock.now()).ok_or(ApiError::Unauthorized)?;
    if role.may(permission) { Ok(client) } else { Err(ApiError::Forbidden) }
}

/// The body as a JSON object.
pub(super) fn object(headers: &HeaderMap, body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    if !has_media_type(headers, "application/json") {
        return Err(ApiError::MediaType);
    }
    parse_object(body).map_err(|error| ApiError::Invalid(vec![Detail::body("", error.to_string())]))
}

/// A UUID in the path.
pub(super) fn path_id(name: &'static str, text: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(text).map_err(|_| {
        let detail = Detail {
            location: "params",
            param: name.into(),
            msg: "must be a UUID".into(),
            value: Some(error::shown(text)),
        };
        ApiError::Invalid(vec![detail])
    })
}

/// A time as the management API writes it: RFC 3339 with milliseconds, UTC.
pub(super) fn millis(at: Timestamp) -> String {
    format!("{at:.3}")
}
